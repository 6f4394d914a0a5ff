/** Entry of the language host `pulumi-language-nodejs`. */
import { serve } from "../shared/serve";
import { languageHost } from "./host";
import { endAll } from "./processes";

// The engine gives its address last; options of older protocols (-root=, -typescript=) come before it.
const engineAddress =
    process.argv
        .slice(2)
        .filter((argument) => !argument.startsWith("-"))
        .at(-1) ?? "";
void serve(languageHost(engineAddress), endAll);
