/**
 * An error that the user can mend (configuration, machine, fleet), as opposed to a bug of ours. Its message is all that
 * is shown: where it was thrown says nothing to a user.
 */
export class UserError extends Error {
    constructor(message: string) {
        super(message);
        this.name = new.target.name;
        this.stack = message;
    }
}
