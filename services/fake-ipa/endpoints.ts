import type { Clock } from "./clock.js";

/** How long a URL that did not answer is asked last. */
const AVOID_MS = 15_000;

/**
 * The URLs of one service that any of several servers gives, such as the API of every conductor.
 *
 * Callers are spread over the URLs by their key; a URL that did not answer is asked after the others for a while, by all callers: otherwise
 * each of some hundred agents would find out by itself and wait for its own timeout.
 */
export class Endpoints {
    private readonly avoidUntil = new Map<string, number>();

    constructor(
        private readonly urls: readonly string[],
        private readonly clock: Clock,
    ) {}

    /** All URLs, in the order in which the caller shall try them. */
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
