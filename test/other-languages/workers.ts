/** Builds and starts a `reindexconversations` worker in any of the languages here. Built things go to `.cache/`. */
import { execFile } from 'node:child_process';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';

export const LANGUAGES = ['go', 'java', 'python', 'typescript'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface WorkerTarget {
  address: string;
  namespace: string;
  taskQueue: string;
}

const run = promisify(execFile);
const root = new URL('../../', import.meta.url);
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const built = (path: string) => fileURLToPath(new URL(`.cache/other-languages/${path}`, root));

/** Builds what needs building, then starts the worker, which ends with this process. It polls soon after. */
export async function startWorker(language: Language, target: WorkerTarget): Promise<ManagedProcess> {
  const [command, ...args] = await prepare[language]();
  return spawnManaged(`${language} worker`, command!, args, {
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: target.address,
      TEMPORAL_NAMESPACE: target.namespace,
      TASK_QUEUE: target.taskQueue,
    },
  });
}

/** Each answers the command that runs the worker. */
const prepare: Record<Language, () => Promise<string[]>> = {
  async go() {
    const binary = built('reindex-worker-go');
    await run('go', ['build', '-o', binary, '.'], { cwd: source('go') });
    return [binary];
  },
  async java() {
    await run('mvn', ['--quiet', '--batch-mode', 'package'], { cwd: source('java') });
    return ['java', '-jar', built('java/reindex-worker.jar')];
  },
  async python() {
    const venv = built('python-venv');
    const requirements = await readFile(source('python/requirements.txt'), 'utf8');
    const installed = await readFile(`${venv}/installed.txt`, 'utf8').catch(() => '');
    if (installed !== requirements) {
      await mkdir(built('.'), { recursive: true });
      await access(`${venv}/bin/python`).catch(() => run('python3', ['-m', 'venv', venv]));
      await run(`${venv}/bin/pip`, ['install', '--quiet', '-r', source('python/requirements.txt')]);
      await writeFile(`${venv}/installed.txt`, requirements);
    }
    return [`${venv}/bin/python`, source('python/worker.py')];
  },
  async typescript() {
    return [process.execPath, '--import', 'tsx', source('typescript/worker.ts')];
  },
};

/** The version of Temporal's SDK that the worker is pinned to, for the record. */
export async function sdkVersion(language: Language): Promise<string> {
  const [file, pattern] = {
    go: ['go/go.mod', /go\.temporal\.io\/sdk v(\S+)/],
    java: ['java/pom.xml', /temporal-sdk<\/artifactId><version>([^<]+)/],
    python: ['python/requirements.txt', /temporalio==(\S+)/],
    typescript: ['../../node_modules/@temporalio/worker/package.json', /"version": "([^"]+)"/],
  }[language] as [string, RegExp];
  const version = pattern.exec(await readFile(source(file), 'utf8'))?.[1];
  if (!version) throw new Error(`No version of Temporal's SDK found in ${file}.`);
  return version;
}
