import { describe, expect, it } from 'vitest';
import { commandNamed, parseCommand } from '../../../src/backfill/commands/command.js';

describe("a command's name", () => {
  it.each(['resetDay', 'reset-day', 'reset_day', 'RESETDAY', 'resetday'])('may be written %s', (name) => {
    expect(commandNamed(name)).toBe('resetDay');
  });

  it.each([
    ['resetDays', 'did you mean resetDay?'],
    ['puase', 'did you mean pause?'],
    ['retry', 'did you mean retryFailed?'],
    ['stop', 'there are pause, resume'],
    ['add-customer', 'did you mean addCustomers?'],
    ['drop table', 'there are pause, resume'],
    ['', 'there are pause, resume'],
  ])('that is none, %j, is refused with what there is', (name, hint) => {
    const { refused } = parseCommand(name, {}) as { refused: string };
    expect(refused).toContain(`unknown command ${JSON.stringify(name)}`);
    expect(refused).toContain(hint);
  });

  it('needs no argument where every field is optional', () => {
    expect(parseCommand('pause', undefined)).toEqual({ name: 'pause' });
    expect(parseCommand('finish', null)).toEqual({ name: 'finish' });
  });
});

describe("a bad command's argument", () => {
  it.each<[string, unknown, RegExp]>([
    ['resetDay', { customer: 'cvs' }, /resetDay: day: expected a UTC day.*got nothing/],
    ['resetDay', {}, /customer: .*day: /],
    ['skipDay', { customer: 'cvs', day: 20_260_101 }, /day: .*got 20260101/],
    ['pause', { customr: 'cvs' }, /pause: customr: expected no such field, got "cvs"/],
    ['pause', 'cvs', /pause: input: expected one object \{customer\?, reason\?, by\?\}, got "cvs"/],
    ['setParallelism', { max: 0 }, /max: expected a whole number from 1 to 1,?000, got 0/],
    ['setParallelism', { max: 10_001 }, /got 10001/],
    ['setParallelism', {}, /at least one of max, perCustomer and adaptive/],
    ['setParallelism', { adaptive: 'yes', max: 2 }, /true or false/],
    ['removeCustomer', {}, /customer: expected an id/],
    ['pause', { reason: 'x'.repeat(501) }, /at most 500 characters/],
  ])('of %s, %j, is refused by field', (name, argument, sentence) => {
    expect(parseCommand(name, argument)).toEqual({ refused: expect.stringMatching(sentence) });
  });
});
