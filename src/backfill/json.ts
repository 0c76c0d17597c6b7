/** Plain JSON, as it travels in histories. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Bytes of the value as JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
