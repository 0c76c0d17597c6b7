import { Context } from '@temporalio/activity';
import { defined } from '../backfill/defined.js';
import type { ProbeAnswer, ProbeQuery } from './contract.js';
import { unlessCancelled } from './database.js';
import { ProbedDatabase } from './probe/database.js';
import { afterLook, initialLevels, type Look, stepOf } from './probe/levels.js';
import { METRICS, Memory, type NoValue, ownMetrics } from './probe/metrics.js';
import { settingOf, variablesOf } from './settings.js';
import { withHeartbeats } from './with-heartbeats.js';

/** Failed looks are repeated sooner than `every`, so that a run soon knows whether a failure persists. */
const SOONER = 1_000;

/** The latest samples by connection, for the next probe of the same database. */
const memories = new Map<string, Memory>();

/**
 * Measures the cluster's database every `query.every` ms, and returns once its level is no longer `query.last`, its utilization
 * is not in the same step as `query.utilization`, or it is unknown for a reason other than `query.reason`. Until then it only heartbeats.
 *
 * The connection is `BACKFILL_PROBE_URL_<CLUSTER>` (`us-west-2-prod` is `US_WEST_2_PROD`) or else `BACKFILL_PROBE_URL`
 * in the worker's environment; `BACKFILL_PROBE_QUERIES_FILE` may add metrics, as JSON `{"metric": "SELECT …"}`. Neither
 * is ever part of an answer. If anything is wrong with the database, the level is unknown; that is not an error.
 */
export async function probeDatabase(query: ProbeQuery, environment: NodeJS.ProcessEnv): Promise<ProbeAnswer> {
  const context = Context.current();
  const { look, close } = looker(query, environment, context);
  try {
    return await withHeartbeats(() => unlessCancelled(untilAnotherLevel(query, look, context), context));
  } finally {
    close();
  }
}

async function untilAnotherLevel(query: ProbeQuery, look: () => Promise<Look>, context: Context): Promise<ProbeAnswer> {
  const { last, reason = '', utilization: known, every } = query;
  for (let levels = initialLevels(last, reason, known ?? undefined); ; ) {
    const seen = await look();
    const failed = 'unknown' in seen;
    levels = afterLook(levels, seen, query);
    const { doubts: _, utilization, ...answer } = levels;
    const passed = known !== undefined && stepOf({ utilization }) !== stepOf({ utilization: known ?? undefined });
    if (passed || answer.level !== last || (last === 'unknown' && answer.reason !== reason)) {
      return known === undefined ? answer : { ...answer, ...defined({ utilization }) };
    }
    await context.sleep(failed && levels.doubts.length > 0 ? Math.min(every, SOONER) : every);
  }
}

function looker(
  query: ProbeQuery,
  environment: NodeJS.ProcessEnv,
  context: Context,
): { look: () => Promise<Look>; close: () => void } {
  const { cluster, maxLoad, criticalLoad } = query;
  const url = settingOf('BACKFILL_PROBE_URL', cluster, environment);
  if (!url) {
    const unknown = `the worker's environment has no ${variablesOf('BACKFILL_PROBE_URL', cluster)}`;
    return { look: async () => ({ unknown }), close: () => {} };
  }
  const memory = memories.get(url) ?? new Memory();
  memories.set(url, memory);
  const database = new ProbedDatabase({ url, queriesFile: environment.BACKFILL_PROBE_QUERIES_FILE, memory, context });
  const metrics = [...new Set([...Object.keys(criticalLoad), ...Object.keys(maxLoad)])];
  return { look: () => database.look(metrics), close: () => database.close() };
}

/** A file that can't be read adds no metrics; it is not an error, since thresholds may not need any of its metrics. */
export async function knownMetrics(environment: NodeJS.ProcessEnv): Promise<{ names: string[]; trouble?: string }> {
  const names = Object.keys(METRICS);
  try {
    return { names: [...names, ...Object.keys(await ownMetrics(environment.BACKFILL_PROBE_QUERIES_FILE))] };
  } catch (error) {
    return { names, trouble: (error as NoValue).message };
  }
}
