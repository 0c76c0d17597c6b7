import { HOURS_PER_DAY, parseDay } from '../hours/calendar.js';
import { type Fields, isFields } from '../json.js';
import { type Issue, pathText, show } from './issue.js';
import { MAX_DAYS } from './last-days.js';
import { MAX_CUSTOMERS } from './schema.js';
import { checkTemplate } from './template.js';

/** What no single field shows: checked on the raw input, so that it is named beside all else that is wrong. */
export function crossChecks(input: unknown): Issue[] {
  const { start, end, customers, child, parallelism, probe } = fields(input);
  const { input: template, partialInput, encoding, messageType } = fields(child);
  const issues = [...checkRange(start, end, 'end'), ...checkCustomers(customers, ['customers'], start, end)];
  const { min, max } = fields(parallelism);
  if (typeof min === 'number' && typeof max === 'number' && min > max) {
    issues.push({ field: 'parallelism.min', expected: `at most parallelism.max, ${max}`, got: show(min) });
  }
  issues.push(...checkLoads(fields(probe)));
  if (template !== undefined) issues.push(...checkTemplate(template, 'child.input', { whole: partialInput !== true }));
  if (encoding === 'json/protobuf') {
    const expected = 'the full name of the protobuf message, since child.encoding is "json/protobuf"';
    if (messageType === undefined) issues.push({ field: 'child.messageType', expected, got: 'nothing' });
    if (Array.isArray(template) && template.length !== 1) {
      issues.push({ field: 'child.input', expected: 'exactly one argument with "json/protobuf"', got: show(template) });
    }
  } else if (messageType !== undefined) {
    issues.push({
      field: 'child.messageType',
      expected: 'only with child.encoding "json/protobuf"',
      got: show(messageType),
    });
  }
  return issues;
}

/** A database that is critical before it is high would never be slowed down for, only stopped at. */
function checkLoads({ maxLoad, criticalLoad }: Record<string, unknown>): Issue[] {
  const most = fields(maxLoad);
  return Object.entries(fields(criticalLoad)).flatMap(([metric, critical]): Issue[] => {
    const max = most[metric];
    if (typeof max !== 'number' || typeof critical !== 'number' || critical >= max) return [];
    const field = pathText(['probe', 'criticalLoad', metric]);
    return [{ field, expected: `at least probe.maxLoad.${metric}, ${max}`, got: show(critical) }];
  });
}

export function checkCustomers(customers: unknown, path: PropertyKey[], start: unknown, end: unknown): Issue[] {
  if (!Array.isArray(customers) || customers.length > MAX_CUSTOMERS) return [];
  const first = new Map<unknown, number>();
  return customers.flatMap((customer: unknown, i): Issue[] => {
    const own = fields(customer);
    const id = typeof customer === 'string' ? customer : own.id;
    const issues: Issue[] = [];
    if (typeof id === 'string') {
      const earlier = first.get(id);
      if (earlier === undefined) first.set(id, i);
      else {
        const expected = `each customer once (it is at ${pathText([...path, earlier])} already)`;
        issues.push({ field: pathText([...path, i]), expected, got: show(id) });
      }
    }
    if (own.start !== undefined || own.end !== undefined) {
      issues.push(
        ...checkRange(
          own.start ?? start,
          own.end ?? end,
          pathText([...path, i, own.end === undefined ? 'start' : 'end']),
        ),
      );
    }
    return issues;
  });
}

function checkRange(start: unknown, end: unknown, field: string): Issue[] {
  const from = typeof start === 'string' ? parseDay(start) : undefined;
  const to = typeof end === 'string' ? parseDay(end) : undefined;
  if (from === undefined || to === undefined) return [];
  if (to <= from)
    return [{ field, expected: `an end after the start, ${start}; the end is exclusive`, got: show(end) }];
  if (to - from > MAX_DAYS * HOURS_PER_DAY) {
    return [{ field, expected: `at most ${MAX_DAYS} days after ${start}`, got: show(end) }];
  }
  return [];
}

const fields = (value: unknown): Fields => (isFields(value) ? value : {});
