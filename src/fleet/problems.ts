import type { z } from 'zod';
import { nearest } from '../backfill/nearest.js';
import { type Issue, pathText, show } from '../backfill/request/issue.js';
import { fleetJsonSchema, type JsonSchema } from './schema.js';

/** Something wrong in a fleet file: where, and what. */
export interface Problem {
  path: readonly PropertyKey[];
  /** Whether the name of the field is wrong, rather than its value. */
  name: boolean;
  message: string;
}

/** What zod found in the values of a fleet file. */
export function problemsOf(error: z.ZodError, input: unknown): Problem[] {
  return flattenAll(error.issues, input, []);
}

/** What the parser of a run's input found in the defaults at `base`. */
export function defaultsProblem({ field, expected, got }: Issue, base: readonly PropertyKey[]): Problem {
  const path = [...base, ...pathOf(field)];
  const unknown = expected === 'no such field';
  return {
    path,
    name: unknown,
    message: `${pathText(path)}: ${unknown ? 'there is no such field' : `expected ${expected}, got ${got}`}`,
  };
}

function flattenAll(issues: z.core.$ZodIssue[], input: unknown, base: readonly PropertyKey[]): Problem[] {
  // A misspelt field is also missing: no need to report that the fields of its object do not fit together.
  const misspelt = issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => pathText(path));
  return issues
    .filter(({ code, path }) => code !== 'custom' || !misspelt.includes(pathText(path)))
    .flatMap((issue) => flatten(issue, input, base));
}

function flatten(issue: z.core.$ZodIssue, input: unknown, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownName(path, name));
  if (issue.code === 'invalid_key') {
    return [{ path, name: true, message: `${pathText(path)}: expected ${issue.issues[0]?.message}` }];
  }
  if (issue.code === 'invalid_union') {
    // The branch whose type fits has a better message than "none of these".
    const best = issue.errors.find((branch) =>
      branch.every(({ path, code }) => path.length > 0 || code !== 'invalid_type'),
    );
    if (best) return flattenAll(best, input, path);
  }
  return [{ path, name: false, message: `${labelOf(path)}expected ${issue.message}, got ${gotAt(input, path)}` }];
}

/** Empty for the file as a whole. */
const labelOf = (path: readonly PropertyKey[]) => (path.length === 0 ? '' : `${pathText(path)}: `);

function unknownName(path: readonly PropertyKey[], name: string): Problem {
  const known = fieldsAt(fleetJsonSchema(), path);
  const suggestion = nearest(name, known);
  const hint = suggestion ? `did you mean ${suggestion}?` : `known are ${known.join(', ')}`;
  const at = [...path, name];
  return { path: at, name: true, message: `${pathText(at)}: there is no such field; ${hint}` };
}

/** The names that an object at this path may have. */
function fieldsAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const [part, ...rest] = path;
  const branches = [schema, ...(schema.anyOf ?? [])];
  if (part === undefined) return branches.flatMap(({ properties }) => Object.keys(properties ?? {}));
  return branches.flatMap(({ properties, additionalProperties, items }) => {
    const next = typeof part === 'number' ? items : (properties?.[String(part)] ?? additionalProperties);
    return typeof next === 'object' ? fieldsAt(next, rest) : [];
  });
}

/** The value at this path, but never where a secret may have been written by mistake. */
function gotAt(input: unknown, path: readonly PropertyKey[]): string {
  let value = input;
  for (const part of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  const hidden = path.some((part) => SECRET_FIELDS.has(part));
  if (value === undefined || value === null) return 'nothing';
  if (hidden && typeof value !== 'object') return `a ${typeof value === 'string' ? 'text' : typeof value}`;
  if (typeof value === 'object' && !Array.isArray(value)) return fieldsText(Object.keys(value));
  return show(value);
}

/** A connection string or key is a secret, and an address may contain a password. */
const SECRET_FIELDS = new Set<PropertyKey>(['apiKey', 'url', 'tls', 'address']);

function fieldsText(names: string[]): string {
  if (names.length === 0) return 'an empty object';
  return names.length > 8 ? `an object of ${names.length} fields` : `an object with ${names.join(', ')}`;
}

/** `retry.timeout[0]` as a path. For a name that contains a dot, the path ends at the field before it. */
const pathOf = (field: string): PropertyKey[] =>
  field === 'input'
    ? []
    : [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) => (index ? Number(index) : part));
