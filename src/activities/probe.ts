import { Context } from '@temporalio/activity';
import { defined } from '../backfill/defined.js';
import { stepOf } from '../backfill/utilization.js';
import type { ProbeAnswer, ProbeQuery } from './contract.js';
import { unlessCancelled } from './database.js';
import { afterLook, initialLevels, type Look } from './probe/levels.js';
import { allMetrics, Sources } from './probe/sources.js';
import { withHeartbeats } from './with-heartbeats.js';

/** Failed looks are repeated sooner than `every`, so that a run soon knows whether a failure persists. */
const SOONER = 1_000;

/**
 * Measures the cluster's database every `query.every` ms, and returns once its level is no longer `query.last`, its utilization
 * is not in the same step as `query.utilization`, or it is unknown for a reason other than `query.reason`. Until then it only heartbeats.
 *
 * The connection is `BACKFILL_PROBE_URL_<CLUSTER>` (`us-west-2-prod` is `US_WEST_2_PROD`) or else `BACKFILL_PROBE_URL`
 * in the worker's environment. `BACKFILL_PROBE_QUERIES_FILE` may add metrics, as JSON `{"metric": "SELECT …"}`, `{"metric": {"promql": "…"}}`
 * for the Prometheus at `BACKFILL_PROBE_PROMETHEUS_URL`, or `{"metric": {"vacuumsOn": "schema.table"}}`. None of it
 * is ever part of an answer. If anything is wrong with what is measured, the level is unknown; that is not an error.
 */
export async function probeDatabase(query: ProbeQuery, environment: NodeJS.ProcessEnv): Promise<ProbeAnswer> {
  const context = Context.current();
  const { cluster, maxLoad, criticalLoad } = query;
  const sources = new Sources({ cluster, environment, context });
  const metrics = [...new Set([...Object.keys(criticalLoad), ...Object.keys(maxLoad)])];
  const look = () => sources.look(metrics);
  try {
    return await withHeartbeats(() => unlessCancelled(untilAnotherLevel(query, look, context), context));
  } finally {
    sources.close();
  }
}

async function untilAnotherLevel(query: ProbeQuery, look: () => Promise<Look>, context: Context): Promise<ProbeAnswer> {
  const { last, reason = '', utilization: known, every } = query;
  for (let levels = initialLevels(last, reason, known ?? undefined); ; ) {
    const seen = await look();
    const failed = Boolean(seen.lost?.length);
    levels = afterLook(levels, seen, query);
    const { doubts: _, utilization, ...answer } = levels;
    const passed = known !== undefined && stepOf({ utilization }) !== stepOf({ utilization: known ?? undefined });
    if (passed || answer.level !== last || (last === 'unknown' && answer.reason !== reason)) {
      return known === undefined ? answer : { ...answer, ...defined({ utilization }) };
    }
    await context.sleep(failed && levels.doubts.length > 0 ? Math.min(every, SOONER) : every);
  }
}

export async function knownMetrics(environment: NodeJS.ProcessEnv): Promise<{ names: string[]; trouble?: string }> {
  const { metrics, trouble } = await allMetrics(environment);
  return { names: Object.keys(metrics), ...defined({ trouble }) };
}
