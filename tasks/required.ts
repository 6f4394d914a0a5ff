/** The value of a variable of the environment. @throws Error when it is missing: only the program sets it */
export function required(variable: string): string {
    const value = process.env[variable];
    if (!value) {
        throw new Error(`${variable} is not set: this is run by the Pulumi program, not by hand`);
    }
    return value;
}
