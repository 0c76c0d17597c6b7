import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const UNRELEASED = '## Unreleased';
export const HISTORIES = 'test/fixtures/histories';
/** Where the package is left. */
export const PACKAGES = '.cache/release';
/** What `buf breaking` compares the protos with. */
export const RELEASED_PROTOS = 'proto/released.binpb';

export interface Step {
  /** In the imperative, for the person who releases. */
  readonly what: string;
  readonly perform: () => Promise<unknown>;
}

export interface Release {
  /** Empty when it can be released. */
  readonly problems: string[];
  readonly steps: Step[];
}

/** What a release of a project would do, in order, and what forbids it now. Changes nothing until a step is performed. */
export async function planRelease(project: string, version: string, day: string): Promise<Release> {
  const changelog = join(project, 'CHANGELOG.md');
  const [changes, manifest] = await Promise.all([
    readFile(changelog, 'utf8'),
    readFile(join(project, 'package.json'), 'utf8'),
  ]);
  const current = (JSON.parse(manifest) as { version: string }).version;
  const kept = join(HISTORIES, version);
  const recorded = (await readdir(join(project, HISTORIES))).filter((file) => file.endsWith('.json'));
  const command = (file: string, ...args: string[]) => run(file, args, { cwd: project, maxBuffer: 64 * 1024 * 1024 });

  const problems: string[] = [];
  if (!VERSION.test(version)) problems.push(`expected a version such as ${current}; got ${version}`);
  else if (isEarlier(version, current)) problems.push(`expected ${current} or a later version; got ${version}`);
  if (unreleased(changes) === '') problems.push(`expected changes under "${UNRELEASED}" in CHANGELOG.md; found none`);
  if (existsSync(join(project, kept))) problems.push(`expected a new version; ${kept} has the histories of ${version}`);
  const uncommitted = await command('git', 'status', '--porcelain').then(
    ({ stdout }) => stdout,
    ({ message }: Error) => message,
  );
  if (uncommitted) problems.push(`expected a clean work tree; git status has\n${uncommitted.trimEnd()}`);

  const steps: Step[] = [
    {
      what: `replay the ${recorded.length} recorded histories`,
      perform: async () => {
        await command('npm', 'run', '--silent', 'build');
        await command('npx', 'vitest', 'run', 'test/replay');
      },
    },
    {
      what: `keep them in ${kept}, so that later versions replay this one's runs`,
      perform: async () => {
        await mkdir(join(project, kept));
        for (const file of recorded) await cp(join(project, HISTORIES, file), join(project, kept, file));
      },
    },
    {
      what: `check that proto/ breaks no client of the release before, and make ${RELEASED_PROTOS} of it`,
      perform: async () => {
        await command('npx', 'buf', 'breaking', '--against', RELEASED_PROTOS);
        await command('npx', 'buf', 'build', '-o', RELEASED_PROTOS, '--exclude-source-info');
      },
    },
    {
      what: `set the version in package.json and package-lock.json: ${current} → ${version}`,
      perform: () => command('npm', 'version', version, '--no-git-tag-version', '--allow-same-version'),
    },
    {
      what: `date the changes in CHANGELOG.md: ${version}, ${day}`,
      perform: () => writeFile(changelog, releasedChangelog(changes, version, day)),
    },
    {
      what: `pack ${PACKAGES}/backfill-scorecards-${version}.tgz`,
      perform: async () => {
        await mkdir(join(project, PACKAGES), { recursive: true });
        await command('npm', 'pack', '--pack-destination', PACKAGES);
      },
    },
    {
      what: `commit, and tag the commit v${version}`,
      perform: async () => {
        await command('git', 'add', 'CHANGELOG.md', 'package.json', 'package-lock.json', kept, RELEASED_PROTOS);
        await command('git', 'commit', '--no-verify', '-m', `Release ${version}`);
        await command('git', 'tag', '-a', `v${version}`, '-m', `backfill-scorecards ${version}`);
      },
    },
  ];
  return { problems, steps };
}

/** What stands under "Unreleased", or nothing. */
const unreleased = (changes: string): string => (changes.split(`${UNRELEASED}\n`)[1]?.split('\n## ')[0] ?? '').trim();

/** The changelog with today's changes under their version, and an empty section for the next. */
const releasedChangelog = (changes: string, version: string, day: string): string =>
  changes.replace(`${UNRELEASED}\n`, `${UNRELEASED}\n\n## ${version} (${day})\n`);

function isEarlier(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}
