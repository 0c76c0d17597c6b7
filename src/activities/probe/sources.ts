import type { Context } from '@temporalio/activity';
import { Database } from '../database.js';
import { DatabaseTrouble } from '../database-trouble.js';
import { settingOf, variablesOf } from '../settings.js';
import type { Look } from './levels.js';
import { Lost, METRICS, Memory, type Metric, NoValue, type Origins, ownMetrics } from './metrics.js';
import { Prometheus } from './prometheus.js';

export const DATABASE = 'BACKFILL_PROBE_URL';
export const PROMETHEUS = 'BACKFILL_PROBE_PROMETHEUS_URL';

const SECONDS = 5;

/** The latest samples by connection, for the next probe of the same database. */
const memories = new Map<string, Memory>();

export interface SourcesOptions {
  cluster: string | undefined;
  environment: NodeJS.ProcessEnv;
  /** Of the activity that probes; undefined in the command. */
  context?: Context;
}

/**
 * A cluster's database, by one connection that is kept between looks, so that a server that has no connections left still
 * answers; and its Prometheus. No part of a connection string or credential is in any of its messages.
 */
export class Sources {
  private readonly database: Database | undefined;
  private readonly prometheus: Prometheus | undefined;
  private readonly memory: Memory;

  constructor(private readonly options: SourcesOptions) {
    const { context } = options;
    const shared = { seconds: SECONDS, ...(context && { context }) };
    const url = this.setting(DATABASE);
    if (url) this.database = new Database({ ...shared, url, purpose: 'probe' });
    this.memory = memories.get(url ?? '') ?? new Memory();
    memories.set(url ?? '', this.memory);
    const prometheus = this.setting(PROMETHEUS);
    const token = this.setting('BACKFILL_PROBE_PROMETHEUS_TOKEN');
    if (prometheus) this.prometheus = new Prometheus({ ...shared, url: prometheus, token });
  }

  /**
   * The values of these metrics, one after the other, and each by SQL in a separate transaction. What is lost for one of them is
   * not asked for another. Never throws; every wait is limited.
   */
  async look(metrics: readonly string[]): Promise<Look> {
    const values: Record<string, number> = {};
    const lags: Record<string, number> = {};
    const missing: Record<string, string> = {};
    const lost = new Set<string>();
    const { metrics: known, trouble } = await allMetrics(this.options.environment);
    const origins = this.origins();
    for (const name of metrics) {
      try {
        if (!Object.hasOwn(known, name)) {
          throw trouble ? new Lost(trouble) : new NoValue(`unknown metric; known are ${Object.keys(known).join(', ')}`);
        }
        const { measure, lag } = known[name]!;
        values[name] = await measure(origins);
        if (lag) lags[name] = lag;
      } catch (error) {
        const { message } = error as Error;
        if (error instanceof Lost) lost.add(message);
        else missing[name] = `${name}: ${message}`;
      }
    }
    return { values, lags, missing, lost: [...lost] };
  }

  /** Closes the connections without waiting for the servers. */
  close(): void {
    this.database?.close();
    this.prometheus?.close();
  }

  private origins(): Origins {
    return {
      sql: untilLost(async (statement, parameters) => {
        if (!this.database) throw this.notSet(DATABASE);
        return (await this.database.read(statement, parameters)).rows;
      }),
      promql: untilLost(async (query) => {
        if (!this.prometheus) throw this.notSet(PROMETHEUS);
        return await this.prometheus.value(query);
      }),
      memory: this.memory,
    };
  }

  private setting(name: string): string | undefined {
    return settingOf(name, this.options.cluster, this.options.environment);
  }

  private notSet(name: string): Lost {
    return new Lost(`the worker's environment has no ${variablesOf(name, this.options.cluster)}`);
  }
}

/** Those of the project and the operators' own. A file that can't be read adds none, since thresholds may not need any of its metrics. */
export async function allMetrics(
  environment: NodeJS.ProcessEnv,
): Promise<{ metrics: Record<string, Metric>; trouble?: string }> {
  try {
    return { metrics: { ...METRICS, ...(await ownMetrics(environment.BACKFILL_PROBE_QUERIES_FILE)) } };
  } catch (error) {
    return { metrics: METRICS, trouble: (error as NoValue).message };
  }
}

/** Asks until the first time that nobody answers; from then on it only says so. */
function untilLost<T extends unknown[], R>(ask: (...asked: T) => Promise<R>): (...asked: T) => Promise<R> {
  let lost: Lost | undefined;
  return async (...asked) => {
    if (lost) throw lost;
    try {
      return await ask(...asked);
    } catch (error) {
      if (error instanceof DatabaseTrouble && error.kind.lost) lost = new Lost(error.message);
      else if (error instanceof Lost) lost = error;
      throw lost ?? error;
    }
  };
}
