import type { Logger } from 'pino';
import { DURATION_FORMAT, parseDuration } from '../backfill/hours/duration.js';
import type { Readiness } from './readiness.js';

/**
 * Ends a process that was not ready once within this time of its start. A wrong address, certificate, key or namespace
 * looks like a server that is away; a roll-out shows a process that ends, not one that waits.
 */
export function endUnlessReady(timeout: string, readiness: Readiness, log: Logger): void {
  const ms = parseDuration(timeout);
  if (!ms) throw new Error(`BACKFILL_START_TIMEOUT: expected ${DURATION_FORMAT}, got ${JSON.stringify(timeout)}`);
  setTimeout(() => {
    const problem = readiness.problem();
    if (readiness.everReady) return;
    log.fatal(
      `not ready within ${timeout} (BACKFILL_START_TIMEOUT): ${problem}. Check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS and the API key`,
    );
    process.exit(1);
  }, ms).unref();
}
