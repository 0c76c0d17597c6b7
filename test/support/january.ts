/** A good request, and how tests read one. */
import { parseRequest } from '../../src/backfill/request/request.js';

export const january = { customers: ['cvs', 'oportun'], start: '2026-01-01', end: '2026-02-01' };

/** The issues of an input, by field. */
export function issuesOf(input: unknown) {
  const parsed = parseRequest(input);
  if (parsed.ok) throw new Error('accepted');
  return Object.fromEntries(parsed.issues.map(({ field, expected, got }) => [field, { expected, got }]));
}
