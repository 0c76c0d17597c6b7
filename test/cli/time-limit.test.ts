import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { withTimeLimit } from '../../src/cli/time-limit.js';

/** Collects garbage, as `--expose-gc` allows. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    gc();
    await sleep(10);
  }
}

describe('work with a time limit', () => {
  it('is forgotten once it is done, so that a day of watching does not keep every answer in memory', async () => {
    const whole = new AbortController();
    const answers: WeakRef<object>[] = [];
    for (let i = 0; i < 50; i++) {
      await withTimeLimit(60_000, whole.signal, async (limited) => {
        // The client adds a listener for each call, and removes none.
        const answer = { bytes: new Uint8Array(1_000) };
        answers.push(new WeakRef(answer));
        limited.addEventListener('abort', () => answer.bytes.fill(0));
      });
    }
    await collect();
    expect(answers.filter((answer) => answer.deref()).length).toBeLessThan(5);
  });

  it('ends with the signal, and with its time', async () => {
    const whole = new AbortController();
    const forever = (limited: AbortSignal) =>
      new Promise((_, reject) => limited.addEventListener('abort', () => reject(limited.reason)));
    const work = withTimeLimit(60_000, whole.signal, forever);
    whole.abort(new Error('the operator quits'));
    await expect(work).rejects.toThrow('the operator quits');
    await expect(withTimeLimit(60_000, whole.signal, forever)).rejects.toThrow('the operator quits');
    await expect(withTimeLimit(1, new AbortController().signal, forever)).rejects.toThrow('no answer within');
  });
});
