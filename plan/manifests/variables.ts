import { ManifestError } from "./documents";

/** `${NAME}`, `${NAME:=default}`, `${NAME=default}`, `${NAME:-default}` and `${NAME-default}`. */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[=-]([^}]*))?\}/g;

/** A value that holds one of these could end the YAML scalar it is put into, or start another. */
const UNSAFE = /[\n\r${}]|: | #/;

/**
 * Expands the variables of a provider's components the way clusterctl does, on the text and before it is parsed:
 * `${FAST_TRACK:='false'}` must become a quoted YAML string, which it no longer can once parsed.
 *
 * @param text YAML with variables.
 * @param values by name; what is not given falls back to the default in the text.
 * @throws ManifestError naming every variable without value and default, every value given for a variable that is
 *   not in the text, and every value that cannot stand inside a YAML scalar.
 */
export function expandVariables(text: string, values: Readonly<Record<string, string>> = {}): string {
    const problems: string[] = [];
    const seen = new Set<string>();
    for (const [name, value] of Object.entries(values)) {
        if (UNSAFE.test(value)) {
            problems.push(`the value of ${name} cannot stand inside a YAML scalar: ${JSON.stringify(value)}`);
        }
    }
    const missing = new Set<string>();
    const expanded = text.replace(VARIABLE, (_match, name: string, fallback: string | undefined) => {
        seen.add(name);
        const value = Object.hasOwn(values, name) ? values[name] : fallback;
        if (value === undefined) {
            missing.add(name);
            return "";
        }
        return value;
    });
    problems.push(...[...missing].map((name) => `${name} has neither a value nor a default`));
    problems.push(
        ...Object.keys(values)
            .filter((name) => !seen.has(name))
            .map((name) => `${name} is given but not used by these manifests`),
    );
    if (problems.length > 0) {
        throw new ManifestError(`variables of the manifests: ${problems.join("; ")}`);
    }
    return expanded;
}
