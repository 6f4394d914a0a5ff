import { builtinModules } from "node:module";
import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** Which of our folders a folder may import: arrows point down only. `test/` may import all. */
const LAYERS = {
    lib: [],
    plan: [],
    services: [],
    plugins: [],
    toolchain: ["plan", "lib", "plugins"],
    machine: ["toolchain", "plan", "lib"],
    tasks: ["toolchain", "plan", "lib"],
    sdks: [],
    components: ["tasks", "plan", "lib", "sdks"],
    prepare: ["components", "tasks", "machine", "toolchain", "plan", "lib"],
    "index.ts": ["prepare", "components", "tasks", "machine", "toolchain", "plan", "lib"],
    cli: ["prepare", "components", "tasks", "machine", "toolchain", "plan", "lib"],
};

const layerZones = Object.entries(LAYERS).map(([layer, below]) => ({
    target: `./${layer}`,
    from: ".",
    except: [layer, ...below, "node_modules"].map((path) => `./${path}`),
    message: `${layer} may import ${below.join(", ") || "no other folder"}: see LAYERS in eslint.config.mjs.`,
}));

export default tseslint.config(
    // sdks/ is written by Pulumi's generator.
    { ignores: ["node_modules/", "dist/", ".lab/", "sdks/"] },
    js.configs.recommended,
    tseslint.configs.recommended,
    {
        plugins: { "import-x": importX },
        settings: {
            "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".mjs", ".js", ".json"] })],
            // The plugin parses imported files only with a parser that it knows. Without this line it sees no circle.
            "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
        },
        rules: {
            curly: "error",
            eqeqeq: "error",
            // The prefix tells Node's own modules from packages.
            "no-restricted-imports": [
                "error",
                {
                    paths: builtinModules
                        .filter((name) => !name.startsWith("node:"))
                        .map((name) => ({ name, message: `Write node:${name}.` })),
                },
            ],
            "import-x/no-cycle": "error",
            "import-x/no-restricted-paths": ["error", { basePath: import.meta.dirname, zones: layerZones }],
            "import-x/order": [
                "error",
                {
                    groups: ["builtin", "external", ["parent", "sibling", "index"]],
                    alphabetize: { order: "asc", caseInsensitive: true },
                    "newlines-between": "never",
                },
            ],
        },
    },
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.recommendedTypeChecked],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
            // Interfaces want promises. Without await, async still makes a function reject instead of throw.
            "@typescript-eslint/require-await": "off",
        },
    },
    {
        // Tests read JSON without a schema, since the assertion on a value is its check. They also reject with values
        // that are no errors.
        files: ["test/**/*.ts"],
        rules: Object.fromEntries(
            [
                ...["argument", "assignment", "call", "member-access", "return"].map((use) => `no-unsafe-${use}`),
                "prefer-promise-reject-errors",
            ].map((rule) => [`@typescript-eslint/${rule}`, "off"]),
        ),
    },
    {
        files: ["test/**/*.test.ts"],
        rules: {
            "no-restricted-syntax": [
                "error",
                {
                    selector: "CallExpression[callee.property.name=/^(skip|only)$/]",
                    message: "Call skipBecause with a reason, which the report of npm test tells. Leave no `only`.",
                },
            ],
        },
    },
    {
        files: ["**/*.mjs"],
        languageOptions: { globals: { process: "readonly", console: "readonly" } },
    },
);
