import './start-up-signals.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions, Runtime, type TelemetryOptions } from '@temporalio/worker';
import pino from 'pino';
import { connectionFromEnvironment } from './connection.js';
import { createOrchestrator } from './orchestrator.js';
import { startedUp } from './start-up-signals.js';

/** The orchestrator's worker as a process: wiring only. README.md lists the environment variables. */
const log = pino({ name: 'backfill-scorecards' });

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
const write = (level: Level) => (message: string, meta?: object) => log[level](meta ?? {}, message);
Runtime.install({
  logger: {
    log: (level, message, meta) => write(level.toLowerCase() as Level)(message, meta),
    ...{
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
  },
  telemetryOptions: metrics(process.env.BACKFILL_METRICS_ADDRESS),
});

function metrics(bindAddress: string | undefined): TelemetryOptions {
  return bindAddress ? { metrics: { prometheus: { bindAddress } } } : {};
}

/** A worker that starts before its server, or while it is away, waits: the order of their starts does not matter. */
async function connected(options: NativeConnectionOptions): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      const reason = (error as Error).message;
      log.warn(
        { address: options.address, reason },
        'no Temporal server answers; is TEMPORAL_ADDRESS right? Trying again',
      );
      await sleep(1_000);
    }
  }
}

try {
  const { connectionOptions, namespace } = connectionFromEnvironment();
  const connection = await connected(connectionOptions);
  const worker = await createOrchestrator({ connection, namespace, environment: process.env });
  log.info({ address: connectionOptions.address, namespace, taskQueue: worker.options.taskQueue }, 'worker ready');
  const running = worker.run();
  // A worker that runs is shut down by the SDK's own handlers.
  startedUp();
  await running;
  await connection.close();
} catch (error) {
  log.fatal(error, 'the worker can not go on; does the namespace exist?');
  process.exitCode = 1;
}
