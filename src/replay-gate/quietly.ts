import { DefaultLogger, Runtime } from '@temporalio/worker';
import { replayGate } from './replay-gate.js';

/** The gate for a process that is no worker: the SDK writes nothing between the lines of an answer, and has ended afterwards. */
export async function withReplayGate<T>(work: (gate: typeof replayGate) => Promise<T>): Promise<T> {
  const filter = { core: 'OFF', other: 'OFF' } as never;
  const runtime = Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    telemetryOptions: { logging: { filter, forward: {} } },
  });
  try {
    return await work(replayGate);
  } finally {
    await runtime.shutdown();
  }
}
