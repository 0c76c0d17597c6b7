import type { RuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * The SDK's log as lines of ours and, where an address is given, its metrics. Names and units are those of Temporal's
 * own alert tables (`_total`, `_seconds`), which the SDK's defaults are not.
 */
export function telemetry(log: Logger, metricsAddress: string | undefined): RuntimeOptions {
  const write = (level: Level) => (message: string, meta?: object) => log[level](meta ?? {}, message);
  return {
    logger: {
      log: (level, message, meta) => write(level.toLowerCase() as Level)(message, meta),
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    telemetryOptions: metricsAddress
      ? {
          metrics: {
            prometheus: {
              bindAddress: metricsAddress,
              countersTotalSuffix: true,
              unitSuffix: true,
              useSecondsForDurations: true,
            },
          },
        }
      : {},
  };
}
