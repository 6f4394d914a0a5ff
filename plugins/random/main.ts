/** Entry of the plugin `pulumi-resource-random`. */
import { main } from "../shared/service";
import { randomProvider } from "./provider";

void main(randomProvider);
