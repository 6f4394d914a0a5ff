/**
 * The versions of the plugins that are replaced. Each is the version of the npm package whose tokens and types the
 * replacement serves: a program's package asks for exactly that plugin.
 */
export const VERSIONS = {
    /** The release of Pulumi whose protocol the language host speaks, which is the version of @pulumi/pulumi. */
    nodejs: "3.276.0",
    docker: "5.2.0",
    random: "4.21.2",
    command: "1.2.1",
} as const;
