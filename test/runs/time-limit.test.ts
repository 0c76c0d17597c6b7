import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { NoAnswerInTime, withTimeLimit } from '../../src/runs/time-limit.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('Work with a time limit', () => {
  const never = new AbortController().signal;

  it('ends at the limit, or with the signal, whichever comes first', async () => {
    const waits = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await expect(withTimeLimit(5, never, waits)).rejects.toBeInstanceOf(NoAnswerInTime);
    const stopped = new AbortController();
    const work = withTimeLimit(60_000, stopped.signal, waits);
    stopped.abort(new Error('quit'));
    await expect(work).rejects.toThrow('quit');
    await expect(withTimeLimit(60_000, stopped.signal, waits)).rejects.toThrow('quit');
    expect(await withTimeLimit(60_000, never, async () => 'done')).toBe('done');
  });

  it('is forgotten when it is done: `watch` and `serve` kept every answer of Temporal, and grew by gigabytes an hour', async () => {
    const answers: WeakRef<object>[] = [];
    for (let i = 0; i < 100; i++) {
      await withTimeLimit(60_000, never, async (signal) => {
        const answer = { runs: new Array(1_000).fill(i) };
        answers.push(new WeakRef(answer));
        // As Temporal's client does for each call; it never removes its listener.
        signal.addEventListener('abort', () => answer.runs.length);
      });
    }
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    expect(answers.filter((answer) => answer.deref()).length).toBeLessThan(5);
  });
});
