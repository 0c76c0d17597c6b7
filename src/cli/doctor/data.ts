import { formatDay, parseDay, startOfMonth } from '../../backfill/hours/calendar.js';
import type { Cluster } from '../../fleet/index.js';
import { customersOf } from '../../fleet/index.js';
import { type Finding, hint, ok, problem, problemOf } from './finding.js';

/** The databases behind a cluster's runs: the one that the probe looks at, and the customer directory. */

/** Tries the probe as the worker would, if this environment has its connection. */
export async function checkProbe({ name, defaults }: Cluster, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const check = 'probe';
  const { ProbedDatabase } = await import('../../activities/probe/database.js');
  const { settingOf, variableOf } = await import('../../activities/settings.js');
  const { Memory } = await import('../../activities/probe/metrics.js');
  const { maxLoad = {}, criticalLoad = {} } = (defaults.probe ?? {}) as Record<string, Record<string, number>>;
  const metrics = [...new Set([...Object.keys(maxLoad), ...Object.keys(criticalLoad)])];
  const url = settingOf('BACKFILL_PROBE_URL', name, environment);
  if (!url) {
    if (metrics.length === 0) return [];
    const unseen = `the worker looks at ${metrics.join(', ')}; its connection can not be seen from here`;
    return [
      hint(
        check,
        unseen,
        `set ${variableOf('BACKFILL_PROBE_URL', name)} here as it is set for the worker, and it is tried`,
      ),
    ];
  }
  const database = new ProbedDatabase({
    ...{ url, queriesFile: environment.BACKFILL_PROBE_QUERIES_FILE, memory: new Memory() },
  });
  try {
    const looked = await database.look(metrics.length > 0 ? metrics : ['activeSessions']);
    if ('unknown' in looked) {
      return [
        problem(
          check,
          `the database can't be seen: ${looked.unknown}`,
          `mend ${variableOf('BACKFILL_PROBE_URL', name)}`,
        ),
      ];
    }
    const values = Object.entries(looked.values).map(([metric, value]) => `${metric} ${Math.round(value * 100) / 100}`);
    const missing = Object.values(looked.missing).map((text) => hint(check, text, 'leave it out of probe, or mend it'));
    return [...(values.length > 0 ? [ok(check, values.join(', '))] : []), ...missing];
  } finally {
    database.close();
  }
}

/** Asks the directory for the customers of this month. */
export async function checkDirectory(
  cluster: Cluster,
  environment: NodeJS.ProcessEnv,
  today: string,
): Promise<Finding> {
  const check = 'customers';
  const start = startOfMonth(parseDay(today)!, 0);
  const range = { start: formatDay(start), end: formatDay(startOfMonth(start, 1)) };
  try {
    const customers = await customersOf(cluster, range, environment);
    if (!customers)
      return ok(check, `no directory in the fleet file: "all" means whoever the worker's directory names`);
    if (customers.length === 0) return problem(check, 'the directory names nobody', 'mend directory in the fleet file');
    const known = customers.filter(({ conversations }) => conversations !== undefined).length;
    return ok(check, `${customers.length}, the volume of ${known} of them known`);
  } catch (error) {
    return problemOf(check, error, 'mend directory in the fleet file, or what it names');
  }
}
