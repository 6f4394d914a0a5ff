/** Quotes a text, whatever is in it, as one word of a POSIX shell. */
export function quote(text: string): string {
    return /^[A-Za-z0-9_/:.,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Lines for `eval` that set the variables and put a folder in front of PATH, unless PATH has it already: evaluating
 * them twice changes nothing.
 */
export function exportLines(variables: Record<string, string>, pathFolder: string): string[] {
    const folder = quote(pathFolder);
    return [
        ...Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`),
        `case ":$PATH:" in *:${folder}:*) ;; *) export PATH=${folder}:"$PATH" ;; esac`,
    ];
}
