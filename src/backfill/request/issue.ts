import type { z } from 'zod';

/** One wrong field: where it stands, what was expected there, what was got. */
export interface Issue {
  field: string;
  expected: string;
  got: string;
}

const MAX_ISSUES = 50;
const MAX_SHOWN = 80;

/**
 * The text with halves of characters replaced, as a cut in the middle of an emoji leaves them. Temporal's messages are UTF-8,
 * which has no such thing: sent in a failure, one would end the worker, and each one after it that takes the task.
 */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** A value as an operator would recognise it, short for any size. Never throws. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) {
    const size = Array.isArray(value) ? value.length : Object.keys(value).length;
    if (size > 8) return Array.isArray(value) ? `a list of ${size}` : `an object of ${size} fields`;
  }
  try {
    const text = JSON.stringify(value) ?? String(value);
    return wellFormed(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
  } catch {
    return `a ${typeof value} that is not JSON`;
  }
}

/** Every issue in one sentence, for a failure's or a rejection's message. */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, MAX_ISSUES)
    .map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`);
  const rest = issues.length - shown.length;
  return wellFormed(shown.join('; ') + (rest > 0 ? `; and ${rest} more` : ''));
}

/** Turns what zod found into issues. Schemas give what they expect as their error message. */
export function issuesOf(error: z.ZodError, input: unknown): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, input, []));
}

function flatten(issue: z.core.$ZodIssue, input: unknown, base: PropertyKey[]): Issue[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: pathText([...path, key]),
      expected: 'no such field',
      got: show(valueAt(input, [...path, key])),
    }));
  }
  if (issue.code === 'invalid_union') {
    // The branch that fits in type but not in detail says more than "none of these".
    const telling = issue.errors.find((branch) => branch.length > 0 && branch.every((inner) => goesDeeper(inner)));
    if (telling) return telling.flatMap((inner) => flatten(inner, input, path));
  }
  return [{ field: pathText(path), expected: issue.message, got: show(valueAt(input, path)) }];
}

const goesDeeper = (issue: z.core.$ZodIssue) => issue.path.length > 0 || issue.code === 'unrecognized_keys';

export function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'input';
  return path
    .map((part, i) =>
      typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part).slice(0, MAX_SHOWN)}`,
    )
    .join('');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) {
      return typeof value === 'string' && part === 'id' ? value : undefined;
    }
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
