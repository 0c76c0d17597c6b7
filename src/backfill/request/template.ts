import { formatInstant } from '../hours/calendar.js';
import type { Interval } from '../hours/interval.js';
import { type Json, jsonBytes } from '../json.js';
import type { Issue } from './issue.js';

const PLACEHOLDERS = ['customerId', 'startTime', 'endTime'] as const;
const MAX_DEPTH = 50;
/** It is part of every window's start, and travels with the run's state. */
const MAX_BYTES = 64 * 1024;
/** More than a person reads; a payload has room for a million. */
const MAX_ISSUES = 100;
const placeholder = /\$\{([^}]*)\}?/g;

/** What a child is started with unless the request says otherwise: one argument. */
export const defaultTemplate: Json = [
  { customerId: `\${customerId}`, startTime: `\${startTime}`, endTime: `\${endTime}` },
];

/**
 * What is wrong with a template, the first hundred issues. Never throws, however deep it is.
 *
 * @param whole each placeholder has to be in it: a child that does not get its customer or its hours reindexes the wrong
 *   ones, or everything, window after window
 */
export function checkTemplate(template: unknown, field: string, { whole }: { whole: boolean }): Issue[] {
  const issues: Issue[] = [];
  const used = new Set<string>();
  const known = PLACEHOLDERS.map((name) => `\${${name}}`).join(', ');
  const visit = (value: unknown, path: string, depth: number): void => {
    if (issues.length >= MAX_ISSUES) return;
    if (depth > MAX_DEPTH) {
      issues.push({ field: path.slice(0, 80), expected: `JSON at most ${MAX_DEPTH} levels deep`, got: 'more' });
    } else if (typeof value === 'string') {
      for (const [text, name] of value.matchAll(placeholder)) {
        if (issues.length >= MAX_ISSUES) return;
        used.add(text);
        if (!PLACEHOLDERS.some((known) => text === `\${${known}}` && name === known)) {
          issues.push({ field: path, expected: `only the placeholders ${known}`, got: text.slice(0, 80) });
        }
      }
    } else if (Array.isArray(value)) {
      value.forEach((item, i) => {
        visit(item, `${path}[${i}]`, depth + 1);
      });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (key.includes('${')) {
          issues.push({ field: path, expected: 'placeholders in values, not in names', got: key.slice(0, 80) });
        }
        visit(item, `${path}.${key.slice(0, 80)}`, depth + 1);
      }
    }
  };
  visit(template, field, 0);
  if (issues.length > 0) return issues;
  const unused = PLACEHOLDERS.map((name) => `\${${name}}`).filter((text) => !used.has(text));
  if (whole && unused.length > 0) {
    const expected = `${known}, or child.partialInput: true if the child needs no more`;
    issues.push({ field, expected, got: `nothing for ${unused.join(', ')}` });
  }
  const bytes = bytesOf(template);
  if (bytes > MAX_BYTES) {
    issues.push({ field, expected: `JSON of at most ${MAX_BYTES / 1024} KB`, got: `${bytes} bytes` });
  }
  return issues;
}

/** Of what is no JSON, and comes from no payload, nothing is known. */
function bytesOf(template: unknown): number {
  try {
    return jsonBytes(template);
  } catch {
    return 0;
  }
}

/**
 * The arguments of one window's child: the template with its placeholders filled in. A list is the list of
 * arguments; anything else is the one argument.
 */
export function fillTemplate(template: Json, customer: string, [from, to]: Interval): Json[] {
  const values = { customerId: customer, startTime: formatInstant(from), endTime: formatInstant(to) };
  const fill = (value: Json): Json => {
    if (typeof value === 'string') {
      return value.replace(placeholder, (text, name: string) => values[name as keyof typeof values] ?? text);
    }
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
    }
    return value;
  };
  const filled = fill(template);
  return Array.isArray(filled) ? filled : [filled];
}
