/** The packed package, as a program of somebody else imports it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../scripts/dev/build.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

describe('The package as a library', () => {
  let folder: string;

  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'library-'));
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, 'backfill-scorecards'), { recursive: true });
    for (const name of await readdir(join(project, 'node_modules'))) {
      await symlink(join(project, 'node_modules', name), join(modules, name));
    }
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: project });
    const [archive] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    const into = join(modules, 'backfill-scorecards');
    await run('tar', ['xzf', join(folder, archive!), '--strip-components=1', '-C', into]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const evaluated = async (code: string) => {
    await writeFile(join(folder, 'program.mjs'), code);
    const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: folder });
    return JSON.parse(stdout) as unknown;
  };

  it('has the functions that the command and the server use, and nothing else', async () => {
    const names = await evaluated(
      "import * as library from 'backfill-scorecards'; console.log(JSON.stringify(Object.keys(library).sort()))",
    );
    expect(names).toEqual([
      'ClusterUnreachable',
      'DirectoryProblem',
      'FleetFileError',
      'NoWorker',
      'NotARun',
      'RequestIdReused',
      'WrongInput',
      'backfillNamed',
      'backfillsOf',
      'customerOf',
      'fleetFrom',
      'fleetOfEnvironment',
      'jobsClient',
      'jobsV1',
      'logOf',
      'openCluster',
      'progressOf',
      'proofOf',
      'reportOf',
      'sendCommand',
      'startBackfill',
    ]);
  });

  it('keeps its files to itself', async () => {
    const inner = await evaluated(
      "import('backfill-scorecards/dist/worker.js').catch(({ code }) => console.log(JSON.stringify(code)))",
    );
    expect(inner).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it('is typed: a program that reads what it was not promised does not compile', async () => {
    const program = (field: string) => `
      import { type ClusterSession, jobsClient, jobsV1, progressOf, sendCommand, startBackfill } from 'backfill-scorecards';
      export async function january(session: ClusterSession): Promise<number> {
        const run = await startBackfill(session, { start: '2026-01-01', end: '2026-02-01', customers: ['cvs', { id: 'oportun', window: '6h' }] });
        const { did } = await sendCommand(session, run, 'pause', { reason: did_ });
        const { totals } = await progressOf(session, run);
        const job = await jobsClient({ baseUrl: 'http://127.0.0.1:8080', token: did }).getJob({ name: run.workflowId });
        return job.state === jobsV1.Job_State.COMPLETED ? 0 : totals.${field};
      }
      const did_ = 'maintenance';`;
    const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', skipLibCheck: true };
    const compilerOptions = { ...options, types: ['node'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
    const compile = async (text: string) => {
      await writeFile(join(folder, 'program.mts'), text);
      return run(process.execPath, [join(project, 'node_modules/typescript/lib/tsc.js'), '-p', folder]);
    };
    await expect(compile(program('done'))).resolves.toBeTruthy();
    await expect(compile(program('finished'))).rejects.toMatchObject({ stdout: expect.stringContaining('finished') });
  });
});
