import './worker/signals.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions, Runtime } from '@temporalio/worker';
import pino from 'pino';
import { connectionFromEnvironment } from './connection.js';
import { createOrchestrator } from './orchestrator.js';
import { serveHealth } from './worker/health.js';
import { keepAsking, Readiness } from './worker/readiness.js';
import { drainOnSignal } from './worker/signals.js';
import { endUnlessReady } from './worker/start-timeout.js';
import { telemetry } from './worker/telemetry.js';

/** The orchestrator's worker as a process: wiring only. docs/production.md lists its environment variables. */
const log = pino({ name: 'backfill-scorecards' });
const { BACKFILL_HEALTH_ADDRESS, BACKFILL_METRICS_ADDRESS, BACKFILL_START_TIMEOUT } = process.env;

/** A worker that starts before its server, or while it is away, waits: the order of their starts does not matter. */
async function connected(options: NativeConnectionOptions, readiness: Readiness): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect(options);
    } catch (error) {
      const reason = (error as Error).message;
      readiness.unreachable(`Temporal does not answer: ${reason}`);
      log.warn(
        { address: options.address, reason },
        'no Temporal server answers; is TEMPORAL_ADDRESS right? Trying again',
      );
      await sleep(1_000);
    }
  }
}

try {
  Runtime.install({ ...telemetry(log, BACKFILL_METRICS_ADDRESS), shutdownSignals: [] });
  const readiness = new Readiness();
  if (BACKFILL_HEALTH_ADDRESS) await serveHealth(BACKFILL_HEALTH_ADDRESS, readiness);
  if (BACKFILL_START_TIMEOUT) endUnlessReady(BACKFILL_START_TIMEOUT, readiness, log);
  const { connectionOptions, namespace } = connectionFromEnvironment();
  const connection = await connected(connectionOptions, readiness);
  const worker = await createOrchestrator({ connection, namespace, environment: process.env });
  log.info({ address: connectionOptions.address, namespace, taskQueue: worker.options.taskQueue }, 'worker ready');
  readiness.created(worker);
  const running = worker.run();
  drainOnSignal(() => worker.getState() === 'RUNNING' && worker.shutdown());
  const asking = new AbortController();
  void keepAsking(connection, namespace, readiness, asking.signal);
  await running;
  asking.abort();
  await connection.close();
} catch (error) {
  log.fatal(error, 'the worker cannot continue; does the namespace exist?');
  process.exit(1);
}
