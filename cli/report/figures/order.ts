/** The numbers in ascending order. */
export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
