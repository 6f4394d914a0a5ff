import { builtinModules } from "node:module";
import js from "@eslint/js";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["node_modules/", "dist/", ".lab/"] },
    js.configs.recommended,
    ...tseslint.configs.recommended,
    {
        plugins: { "import-x": importX },
        settings: {
            "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".mjs", ".js", ".json"] })],
            // What is imported with its own import statements is parsed, too: without this a circle goes unseen.
            "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
        },
        rules: {
            curly: "error",
            eqeqeq: "error",
            // One way to import Node's own modules, by which they are told from packages.
            "no-restricted-imports": [
                "error",
                {
                    paths: builtinModules
                        .filter((name) => !name.startsWith("node:"))
                        .map((name) => ({ name, message: `Write node:${name}.` })),
                },
            ],
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
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            // A promise nobody waits for is an error nobody sees.
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
        },
    },
    {
        files: ["**/*.mjs"],
        languageOptions: { globals: { process: "readonly", console: "readonly" } },
    },
);
