import type { Clock } from "./clock.js";

/** How long a URL that did not answer is tried last, in milliseconds. */
const AVOID_MS = 15_000;

/**
 * The URLs of a service that several servers offer, such as the API of every conductor.
 *
 * Callers are spread over the URLs by their key. For a while after a URL did not answer, all callers try it last:
 * otherwise each of several hundred agents would wait for a timeout of its own.
 */
export class Endpoints {
    private readonly avoidUntil = new Map<string, number>();

    constructor(
        private readonly urls: readonly string[],
        private readonly clock: Clock,
    ) {}

    /** All URLs, in the order in which the caller tries them. */
    order(key: string): string[] {
        let hash = 0;
        for (const char of key) {
            hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
        }
        const first = hash % this.urls.length;
        const turned = [...this.urls.slice(first), ...this.urls.slice(0, first)];
        const now = this.clock.now();
        const avoided = (url: string): boolean => (this.avoidUntil.get(url) ?? 0) > now;
        return [...turned.filter((url) => !avoided(url)), ...turned.filter(avoided)];
    }

    failed(url: string): void {
        this.avoidUntil.set(url, this.clock.now() + AVOID_MS);
    }

    answered(url: string): void {
        this.avoidUntil.delete(url);
    }
}
