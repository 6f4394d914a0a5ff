/**
 * Errors of the agent's API, with the names and texts of ironic-python-agent. Ironic reads `faultstring` of a refused
 * request, and `type`, `message` and `details` of a failed command (ironic/drivers/modules/agent_client.py).
 */
export class AgentError extends Error {
    constructor(
        readonly type: string,
        readonly code: number,
        readonly summary: string,
        readonly details: string,
    ) {
        super(`${summary}: ${details}`);
        this.name = type;
    }

    /** The error in the form that a command's `command_error` has. */
    serialize(): { type: string; code: number; message: string; details: string } {
        return { type: this.type, code: this.code, message: this.summary, details: this.details };
    }
}

export const notFound = (what: string, id: string): AgentError =>
    new AgentError("RequestedObjectNotFoundError", 404, "Not found", `${what} with id ${id} not found.`);
export const invalidCommand = (details: string): AgentError =>
    new AgentError("InvalidCommandError", 400, "Invalid command", details);
export const unauthorized = (): AgentError => new AgentError("Unauthorized", 401, "401 Unauthorized", "Token invalid.");
/** Ironic tries again later (AgentInProgress) if the status is 409 and the text contains "agent is busy". */
export const agentIsBusy = (command: string): AgentError =>
    new AgentError("AgentIsBusy", 409, "Agent is busy", `executing command ${command}`);
export const badRequest = (details: string): AgentError =>
    new AgentError("InvalidContentError", 400, "Invalid request body", details);
export const executionError = (details: string): AgentError =>
    new AgentError("CommandExecutionError", 500, "Command execution failed", details);
