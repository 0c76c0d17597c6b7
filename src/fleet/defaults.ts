import { type Fields, isFields } from '../backfill/json.js';
import { parseRequest } from '../backfill/request/request.js';
import { defaultsProblem, type Problem } from './problems.js';

/**
 * The defaults of one cluster: its own over those of all clusters, objects field by field, anything else as a whole. A
 * null removes a default.
 */
export function mergeDefaults(all: Fields, own: Fields): Fields {
  const names = [...new Set([...Object.keys(all), ...Object.keys(own)])];
  const merged = names.map((name): [string, unknown] => {
    const [base, over] = [all[name], own[name]];
    if (!Object.hasOwn(own, name)) return [name, base];
    // A child's input is a template, which only makes sense as a whole.
    return [name, name !== 'input' && isFields(base) && isFields(over) ? mergeDefaults(base, over) : over];
  });
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

/** The reasons for which a run with these defaults would be refused, from the parser of a run's input. */
export function checkDefaults(
  all: Fields,
  clusters: Record<string, { defaults?: Fields | undefined } | undefined>,
): Problem[] {
  const shared = issuesOf(mergeDefaults({}, all));
  const seen = new Set(shared.map((issue) => JSON.stringify(issue)));
  const own = Object.entries(clusters).flatMap(([name, { defaults = {} } = {}]) =>
    issuesOf(mergeDefaults(all, defaults))
      .filter((issue) => !seen.has(JSON.stringify(issue)))
      .map((issue) => defaultsProblem(issue, ['clusters', name, 'defaults'])),
  );
  return [...shared.map((issue) => defaultsProblem(issue, ['defaults'])), ...own];
}

function issuesOf(defaults: Fields) {
  const parsed = parseRequest({ start: '2026-01-01', end: '2026-02-01', customers: 'all', ...defaults });
  return parsed.ok ? [] : parsed.issues;
}
