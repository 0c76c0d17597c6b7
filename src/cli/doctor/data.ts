import { formatDay, parseDay, startOfMonth } from '../../backfill/hours/calendar.js';
import { type Cluster, customersOf } from '../../fleet/index.js';
import { counted } from '../../presentation/lines/format.js';
import { type Finding, hint, ok, problem, problemOf } from './finding.js';

/** The databases behind a cluster's runs: the one that the probe measures, and the customer directory. */

/** Runs the probe as the worker would, if this environment has what it measures. */
export async function checkProbe({ name, defaults }: Cluster, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const check = 'probe';
  const { DATABASE, PROMETHEUS, Sources } = await import('../../activities/probe/sources.js');
  const { settingOf, variableOf } = await import('../../activities/settings.js');
  const { maxLoad = {}, criticalLoad = {} } = (defaults.probe ?? {}) as Record<string, Record<string, number>>;
  const metrics = [...new Set([...Object.keys(maxLoad), ...Object.keys(criticalLoad)])];
  const isSet = (variable: string) => settingOf(variable, name, environment) !== undefined;
  if (!isSet(DATABASE) && !isSet(PROMETHEUS)) {
    if (metrics.length === 0) return [];
    return [
      hint(
        check,
        `the worker measures ${metrics.join(', ')}; its connection is not set in this environment`,
        `to try it from here, set ${variableOf(DATABASE, name)} as it is set for the worker`,
      ),
    ];
  }
  const sources = new Sources({ cluster: name, environment });
  try {
    const { values, missing, lost = [] } = await sources.look(metrics.length > 0 ? metrics : ['activeSessions']);
    const measured = Object.entries(values).map(([metric, value]) => `${metric} ${Math.round(value * 100) / 100}`);
    const fix = `fix ${variableOf(DATABASE, name)} or ${variableOf(PROMETHEUS, name)}`;
    return [
      ...(measured.length > 0 ? [ok(check, measured.join(', '))] : []),
      ...lost.map((why) => problem(check, `it can't measure: ${why}`, fix)),
      ...Object.values(missing).map((text) => hint(check, text, 'remove it from probe, or fix it')),
    ];
  } finally {
    sources.close();
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
    if (!customers) return ok(check, `no directory in the fleet file: "all" means all of the worker's directory`);
    if (customers.length === 0) return problem(check, 'the directory is empty', 'fix directory in the fleet file');
    const known = customers.filter(({ conversations }) => conversations !== undefined).length;
    return ok(check, `${counted(customers.length, 'customer')}, ${known} with a known volume`);
  } catch (error) {
    return problemOf(check, error, 'fix directory in the fleet file, or what it points to');
  }
}
