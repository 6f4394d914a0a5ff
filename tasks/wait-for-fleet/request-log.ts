/** Counts the requests to the API server by what they ask for. */
export class RequestLog {
    private readonly counts = new Map<string, number>();

    /** Notes a request, and sends it. @param what kind of the objects, in plural */
    count<Answer>(what: string, request: () => Promise<Answer>): Promise<Answer> {
        this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
        return request();
    }

    /** The numbers so far, which begin anew. */
    take(): Record<string, number> {
        const taken = Object.fromEntries([...this.counts].sort(([a], [b]) => a.localeCompare(b)));
        this.counts.clear();
        return taken;
    }
}
