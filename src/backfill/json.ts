/** Plain JSON, as it travels in histories. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Bytes of the value as JSON in UTF-8. */
export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** An object whose fields are not known yet. */
export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
