/** Entry of the plugin `pulumi-resource-command`. */
import { main } from "../shared/service";
import { commandProvider } from "./provider";
import { endAll } from "./run";

void main(commandProvider, endAll);
