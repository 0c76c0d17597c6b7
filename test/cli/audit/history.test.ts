import { defaultPayloadConverter } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { LogView } from '../../../src/backfill/views/log.js';
import { merged } from '../../../src/cli/audit/entries.js';
import { sentIn } from '../../../src/cli/audit/history.js';
import type { HistoryEvent } from '../../../src/runs/history.js';

const payloads = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)!] });
const at = (seconds: number) => ({ eventTime: { seconds: BigInt(seconds) as never, nanos: 0 } });
const time = (seconds: number) => new Date(seconds * 1_000).toISOString();

const events: HistoryEvent[] = [
  { ...at(1), workflowExecutionSignaledEventAttributes: { signalName: 'unrelated', identity: 'x@host' } },
  {
    ...at(2),
    workflowExecutionSignaledEventAttributes: {
      signalName: 'reset-day',
      input: payloads({ customer: 'cvs', day: '2026-01-15', by: 'ana' }),
      identity: 'ana@laptop',
    },
  },
  {
    ...at(3),
    workflowExecutionUpdateAcceptedEventAttributes: {
      acceptedRequest: {
        meta: { updateId: 'u', identity: 'bob@bastion' },
        input: { name: 'pause', args: payloads({}) },
      },
    },
  },
  {
    ...at(4),
    workflowExecutionUpdateCompletedEventAttributes: {
      meta: { updateId: 'u' },
      outcome: { success: payloads({ command: 'pause', did: 'paused', status: 'paused' }) },
    },
  },
  { ...at(5), workflowExecutionCancelRequestedEventAttributes: { identity: 'cat@laptop' } },
];

describe('The histories of a run', () => {
  it('say who sent which command, and what an Update answered', () => {
    expect(sentIn(events)).toEqual([
      { at: time(2), what: 'resetDay', by: 'ana', identity: 'ana@laptop', did: undefined },
      { at: time(3), what: 'pause', by: undefined, identity: 'bob@bastion', did: 'paused' },
      { at: time(5), what: 'cancel', by: undefined, identity: 'cat@laptop', did: undefined },
    ]);
  });

  it('list a command once: what the log still has is its own, with the identity where nobody said who', () => {
    const entry = (seconds: number, what: string): LogView => ({
      at: time(seconds),
      what,
      effect: `effect of ${what}`,
      fact: { kind: 'cancelRequested' } as never,
    });
    const { older, logged } = merged(sentIn(events), [entry(4, 'pause'), entry(4, 'decision'), entry(5, 'cancel')]);
    expect(older).toEqual([
      expect.objectContaining({ what: 'resetDay', by: 'ana', effect: expect.stringMatching(/^accepted or refused/) }),
    ]);
    expect(logged.map(({ what, by, effect }) => [what, by, effect])).toEqual([
      ['pause', 'bob@bastion', 'effect of pause'],
      ['decision', null, 'effect of decision'],
      ['cancel', 'cat@laptop', 'effect of cancel'],
    ]);
    expect(merged(sentIn(events), []).older).toHaveLength(3);
  });
});
