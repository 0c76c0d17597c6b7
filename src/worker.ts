import { NativeConnection, Runtime, type TelemetryOptions } from '@temporalio/worker';
import pino from 'pino';
import { connectionFromEnvironment } from './connection.js';
import { createOrchestrator } from './orchestrator.js';

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

try {
  const { connectionOptions, namespace } = connectionFromEnvironment();
  const connection = await NativeConnection.connect(connectionOptions);
  const worker = await createOrchestrator({ connection, namespace, environment: process.env });
  log.info({ address: connectionOptions.address, namespace, taskQueue: worker.options.taskQueue }, 'worker ready');
  await worker.run();
  await connection.close();
} catch (error) {
  log.fatal(error, 'the worker can not go on; is TEMPORAL_ADDRESS right, and does the namespace exist?');
  process.exitCode = 1;
}
