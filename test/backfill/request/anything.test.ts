// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of templates.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, parseCommand } from '../../../src/backfill/commands/command.js';
import { describeIssues, show } from '../../../src/backfill/request/issue.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { request } from '../../../src/backfill/request/schema.js';
import { issuesOf, january } from '../../support/january.js';

describe('whatever is sent', () => {
  const anything = fc.oneof(
    fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    fc.json().map((text) => JSON.parse(text)),
    fc.json({ stringUnit: 'binary' }).map((text) => JSON.parse(text.replaceAll('"a"', '"__proto__"'))),
    fc.constantFrom(Symbol('x'), NaN, Number.POSITIVE_INFINITY, '\ud800', '\u0000', () => 1),
  );
  const fields = Object.keys(request.shape);
  /** A good request with one of its fields gone bad, or of one of its parts. */
  const almost = fc.oneof(
    fc.tuple(fc.constantFrom(...fields), anything).map(([field, value]) => ({ ...january, [field]: value })),
    fc
      .record({ id: anything, start: anything, end: anything, window: anything })
      .map((one) => ({ ...january, customers: [one] })),
    fc.record({ input: anything, encoding: anything, messageType: anything }).map((child) => ({ ...january, child })),
    fc.record({ max: anything, perCustomer: anything }).map((parallelism) => ({ ...january, parallelism })),
  );

  it('a request is read or refused, and never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(anything, almost), (input) => {
        const parsed = parseRequest(input);
        if (parsed.ok) return;
        expect(parsed.issues.length).toBeGreaterThan(0);
        expect(describeIssues(parsed.issues)).toMatch(/expected .*, got /s);
        expect(describeIssues(parsed.issues)).not.toContain('Invalid input');
      }),
      { numRuns: 400 },
    );
  });

  it('a command is read or refused with a sentence, and never thrown at', () => {
    const names = fc.oneof(fc.constantFrom(...Object.keys(COMMANDS)), fc.string({ unit: 'binary' }));
    const argument = fc.oneof(
      anything,
      fc.record(
        { customer: anything, day: anything, max: anything, customers: anything, by: anything },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(names, argument, (name, input) => {
        const command = parseCommand(name, input);
        if ('refused' in command) {
          expect(command.refused).toMatch(/unknown command|: .*expected .*, got /s);
          expect(command.refused).not.toContain('Invalid input');
        } else expect(COMMANDS).toHaveProperty(command.name);
      }),
      { numRuns: 400 },
    );
  });

  it('deep nesting, huge texts and very many fields do no harm', () => {
    let deep: unknown = '${who}';
    for (let i = 0; i < 10_000; i++) deep = i % 2 ? [deep] : { deep };
    const huge = 'x'.repeat(2_000_000);
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    for (const value of [deep, huge, wide, [huge], Array(50_000).fill(null)]) {
      for (const field of fields) {
        const parsed = parseRequest({ ...january, [field]: value });
        if (!parsed.ok) expect(describeIssues(parsed.issues).length).toBeLessThan(50_000);
      }
      for (const input of [value, { customer: value, day: value, customers: value }]) {
        expect(parseRequest(input).ok).toBe(false);
        for (const name of Object.keys(COMMANDS)) parseCommand(name, input);
      }
    }
    expect(issuesOf({ ...january, child: { input: deep } })).toMatchObject({
      [Object.keys(issuesOf({ ...january, child: { input: deep } }))[0]!]: {
        expected: expect.stringMatching(/at most 50 levels/),
      },
    });
    expect(parseCommand(huge, {})).toMatchObject({ refused: expect.stringMatching(/^unknown command "x{40}"/) });
  });

  it('a value is shown short, whatever it is', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(show(value).length).toBeLessThanOrEqual(82);
      }),
      { numRuns: 300 },
    );
  });
});
