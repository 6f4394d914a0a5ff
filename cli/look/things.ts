/** What a person may look at. */
export const THINGS = ["host", "cluster"] as const;
export type Thing = (typeof THINGS)[number];
