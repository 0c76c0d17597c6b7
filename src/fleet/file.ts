import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_NAMESPACE } from '../connection.js';
import type { Cluster, ClusterConnection, CustomerSource, Fleet, SecretSource } from './cluster.js';
import { checkDefaults, mergeDefaults } from './defaults.js';
import { YamlDocument } from './document.js';
import { FleetFileError } from './errors.js';
import { type Problem, problemsOf } from './problems.js';
import { profileNamed } from './profile.js';
import { type ClusterEntry, type FleetDocument, fleetSchema } from './schema.js';

/** Relative to `src/` in the checkout, and to `dist/` in the package. */
const EXAMPLE = fileURLToPath(new URL('../../examples/fleet.yaml', import.meta.url));

/**
 * Reads a fleet file, and checks it completely.
 *
 * @throws FleetFileError with a line for each problem: `fleet.yaml:12:5: clusters.x.portForward.port: expected …, got …`
 */
export async function loadFleet(path: string, environment: NodeJS.ProcessEnv = process.env): Promise<Fleet> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${error.code})`;
    throw new FleetFileError([
      `${path}: ${reason}; name another file with --fleet, or start from a copy of ${EXAMPLE}`,
    ]);
  });
  return readFleet(text, path, environment);
}

/** As {@link loadFleet}, for a text; paths in it are relative to the folder of `path`. */
export function readFleet(text: string, path: string, environment: NodeJS.ProcessEnv): Fleet {
  const document = new YamlDocument(text);
  const { value, problems } = valuesOf(document);
  if (problems) throw new FleetFileError(problems.map((problem) => `${path}:${problem}`));
  const { data, error } = fleetSchema.safeParse(value);
  const found = data
    ? [...checkDefaults(data.defaults ?? {}, data.clusters), ...checkProfiles(data, environment)]
    : problemsOf(error, value);
  if (data && found.length === 0) return { path, clusters: clustersOf(data, dirname(resolve(path)), environment) };
  throw new FleetFileError(inOrder(found, document).map((line) => `${path}:${line}`));
}

function valuesOf(document: YamlDocument): { value?: unknown; problems?: string[] } {
  const problems = document.syntaxProblems;
  if (problems.length > 0) return { problems };
  try {
    return { value: document.toJS() };
  } catch (error) {
    return { problems: [`1:1: ${(error as Error).message}`] };
  }
}

/** Each problem with its position, in the order of the file. */
function inOrder(problems: readonly Problem[], document: YamlDocument): string[] {
  const lines = problems.map(({ path, name, message }) => {
    const position = document.positionOf(path, { name });
    const [line = 0, column = 0] = position.split(':').map(Number);
    return { line, column, name, text: `${position}: ${message}` };
  });
  lines.sort((a, b) => a.line - b.line || a.column - b.column || Number(b.name) - Number(a.name));
  return [...new Set(lines.map(({ text }) => text))];
}

function checkProfiles({ clusters }: FleetDocument, environment: NodeJS.ProcessEnv): Problem[] {
  return Object.entries(clusters).flatMap(([name, { profile, address, portForward }]): Problem[] => {
    if (profile === undefined) return [];
    const problem = (message: string): Problem[] => [
      { path: ['clusters', name, 'profile'], name: false, message: `clusters.${name}.profile: ${message}` },
    ];
    try {
      const hasAddress = profileNamed(profile, environment).connectionOptions.address !== undefined;
      const needsNone = address !== undefined || portForward !== undefined;
      return hasAddress || needsNone ? [] : problem('expected a profile with an address, got one without');
    } catch (error) {
      // Only the first line: a parser's excerpt may contain a key.
      const reason = (error as Error).message.split('\n')[0];
      return problem(`expected a profile of temporal.toml (TEMPORAL_CONFIG_FILE names another file), got: ${reason}`);
    }
  });
}

function clustersOf({ clusters, defaults = {} }: FleetDocument, folder: string, environment: NodeJS.ProcessEnv) {
  return Object.entries(clusters).map(([name, entry]): Cluster => {
    const directory = directoryOf(entry.directory, folder);
    const profile = entry.profile === undefined ? undefined : profileNamed(entry.profile, environment);
    return {
      name,
      namespace: entry.namespace ?? profile?.namespace ?? DEFAULT_NAMESPACE,
      taskQueue: entry.taskQueue,
      connection: connectionOf(entry, folder),
      defaults: mergeDefaults(defaults, entry.defaults ?? {}),
      ...(directory && { directory }),
      ...(entry.ui !== undefined && { ui: entry.ui }),
    };
  });
}

function connectionOf({ address, portForward, profile, tls, apiKey }: ClusterEntry, folder: string): ClusterConnection {
  return {
    ...(address !== undefined && { address }),
    ...(portForward && { portForward }),
    ...(profile !== undefined && { profile }),
    ...(tls !== undefined && { tls: typeof tls === 'boolean' ? tls : tlsOf(tls, folder) }),
    ...(apiKey && { apiKey: secretOf(apiKey, folder) }),
  };
}

function tlsOf(tls: Exclude<ClusterEntry['tls'], boolean | undefined>, folder: string) {
  const { serverName, ...secrets } = tls;
  const sources = Object.entries(secrets).map(([field, source]) => [field, source && secretOf(source, folder)]);
  return { ...(serverName !== undefined && { serverName }), ...Object.fromEntries(sources) };
}

function directoryOf(directory: ClusterEntry['directory'], folder: string): CustomerSource | undefined {
  if (!directory) return undefined;
  const { customers, file, sql, url } = directory;
  if (customers) {
    return {
      kind: 'inline',
      customers: customers.map((customer) => {
        if (typeof customer === 'string') return { id: customer };
        const { id, conversations } = customer;
        return { id, ...(conversations !== undefined && { conversations }) };
      }),
    };
  }
  if (file !== undefined) return { kind: 'file', path: resolve(folder, file) };
  return { kind: 'sql', url: secretOf(url!, folder), query: sql! };
}

/** The schema guarantees that exactly one of the two is set. */
const secretOf = (
  { env, file }: { env?: string | undefined; file?: string | undefined },
  folder: string,
): SecretSource => (file === undefined ? { env: env! } : { file: resolve(folder, file) });
