/** Entry of the plugin `pulumi-resource-docker`. */
import { main } from "../shared/service";
import { dockerProvider } from "./provider";

void main(dockerProvider);
