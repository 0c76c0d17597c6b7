/**
 * `npx tsx scripts/record-failures.ts [language…]`: records, as JSON under `test/fixtures/failures/`, the failures that
 * a parent workflow really gets for children written in Go, Java, Python and TypeScript. Needs those languages' tools;
 * the tests need only the records.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { causeChain } from '../src/workflows/cause-chain.js';
import { KINDS, type Kind } from '../test/other-languages/kinds.js';
import type { awaitChild } from '../test/other-languages/typescript/workflows.js';
import { LANGUAGES, type Language, sdkVersion, startWorker } from '../test/other-languages/workers.js';
import { obtainTemporalCli } from './dev/temporal-cli.js';
import { startTemporalServer } from './dev/temporal-server.js';

const CONCURRENCY = 8;
const PATIENCE_MS = 90_000;
const PARENT_QUEUE = 'record-failures';
const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = new URL('../test/fixtures/failures/', import.meta.url);

const languages = process.argv.slice(2).length > 0 ? process.argv.slice(2) : [...LANGUAGES];
const unknown = languages.filter((language) => !(LANGUAGES as readonly string[]).includes(language));
if (unknown.length > 0) throw new Error(`No such language: ${unknown.join(', ')}; there are ${LANGUAGES.join(', ')}.`);

await mkdir(fixtures, { recursive: true });
// Failing workflows are the purpose here, so their warnings say nothing.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const cli = await obtainTemporalCli();
const server = await startTemporalServer({ namespace: 'ingestion', say: console.error });
try {
  const { address, namespace } = server;
  const client = new Client({ connection: await Connection.connect({ address }), namespace });
  const connection = await NativeConnection.connect({ address });
  const parents = await Worker.create({
    connection,
    namespace,
    taskQueue: PARENT_QUEUE,
    workflowsPath: fileURLToPath(new URL('../test/other-languages/typescript/workflows.ts', import.meta.url)),
  });
  await parents.runUntil(async () => {
    for (const language of languages as Language[]) await recordLanguage(client, language, address, namespace);
  });
  await connection.close();
  await client.connection.close();
} finally {
  await server.stop();
}

async function recordLanguage(client: Client, language: Language, address: string, namespace: string): Promise<void> {
  const taskQueue = `ingestion-${language}`;
  const worker = await startWorker(language, { address, namespace, taskQueue });
  try {
    const version = await sdkVersion(language);
    const todo = Object.entries(KINDS).filter(([, kind]) => kind.languages.includes(language));
    const results = await Promise.allSettled(
      Array.from({ length: CONCURRENCY }, async () => {
        for (let next = todo.shift(); next; next = todo.shift()) {
          await recordKind(client, language, version, taskQueue, ...next);
        }
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw new Error(`${language}: ${failed.reason}\n${worker.tail()}`, { cause: failed.reason });
  } finally {
    await worker.stop();
  }
}

async function recordKind(
  client: Client,
  language: Language,
  version: string,
  taskQueue: string,
  name: string,
  kind: Kind,
): Promise<void> {
  const childId = `reindexconversations-${language}-${name}`;
  const parent = await client.workflow.start<typeof awaitChild>('awaitChild', {
    workflowId: `parent-of-${childId}`,
    taskQueue: PARENT_QUEUE,
    workflowExecutionTimeout: PATIENCE_MS,
    args: [
      {
        childId,
        taskQueue,
        input: {
          customerId: kind.customerId ?? `fail-${name}`,
          startTime: '2026-01-15T00:00:00Z',
          endTime: '2026-01-16T00:00:00Z',
        },
        ...(kind.executionTimeout ? { executionTimeout: kind.executionTimeout } : {}),
      },
    ],
  });
  const child = client.workflow.getHandle(childId);
  if (kind.from) {
    await untilItWorks(child, kind.customerId === 'fail-work');
    if (kind.from === 'cancel') await child.cancel();
    else await child.terminate('the database needs a rest');
  }
  const failure = await failureOfChild(parent);
  // What a client gets for the same child, where it is more than the same causes under another first link.
  const parentsChain = causeChain(await errorOf(parent)).slice(2);
  const clientsChain = causeChain(await errorOf(child)).slice(1);
  const fixture = {
    language,
    sdkVersion: version,
    kind: name,
    expectedClass: kind.expectedIn?.[language] ?? kind.expected,
    failure: tidy(failure),
    ...(isDeepStrictEqual(parentsChain.slice(1), clientsChain) ? {} : { client: causeChain(await errorOf(child)) }),
  };
  await writeFile(new URL(`${language}-${name}.json`, fixtures), `${JSON.stringify(fixture, null, 2)}\n`);
  console.error(`${language} ${name}`);
}

/** Until the child has done its first steps, and an activity has been taken up by its worker if it is to have one. */
async function untilItWorks(child: WorkflowHandle, inActivity: boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await delay(200)) {
    const { raw, historyLength } = await child.describe().catch(() => ({ raw: undefined, historyLength: 0 }));
    const busy = raw?.pendingActivities?.some(({ lastHeartbeatTime }) => lastHeartbeatTime) ?? false;
    if (historyLength >= 5 && (busy || !inActivity)) return;
  }
  throw new Error(`${child.workflowId} did not start to work within ${PATIENCE_MS} ms.`);
}

async function errorOf(handle: WorkflowHandle): Promise<unknown> {
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError) return error;
    throw error;
  }
  throw new Error(`${handle.workflowId} completed, though it was to fail.`);
}

interface FailureJson {
  message?: string;
  stackTrace?: string;
  cause?: FailureJson;
  activityFailureInfo?: { identity?: string };
  [field: string]: unknown;
}

/** The parent fails with what it got as the cause; the history holds it as it came over the wire. */
async function failureOfChild(parent: WorkflowHandle<typeof awaitChild>): Promise<FailureJson> {
  await errorOf(parent);
  const show = ['workflow', 'show', '--output', 'json', '--workflow-id', parent.workflowId];
  const where = ['--address', server.address, '--namespace', server.namespace];
  const { stdout } = await promisify(execFile)(cli.path, [...show, ...where]);
  const { events } = JSON.parse(stdout) as {
    events: { workflowExecutionFailedEventAttributes?: { failure?: FailureJson } }[];
  };
  const recorded = events.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
  if (recorded?.message !== 'recorded' || !recorded.cause) {
    throw new Error(`${parent.workflowId} did not record a failure: ${JSON.stringify(events.at(-1))}`);
  }
  return recorded.cause;
}

/** Real, but without names of the machine, and with one line of each stack. */
function tidy(failure: FailureJson): FailureJson {
  const { cause, ...own } = failure;
  const firstLine = own.stackTrace?.trim().split('\n', 1)[0]?.replaceAll(root, '').replaceAll(homedir(), '~');
  const { activityFailureInfo } = own;
  return {
    ...own,
    // Go quotes the worker's identity, which names the machine.
    ...(own.message === undefined ? {} : { message: own.message.replace(/(identity: )[^)]+/g, '$1worker') }),
    ...(firstLine === undefined ? {} : { stackTrace: firstLine }),
    ...(activityFailureInfo ? { activityFailureInfo: { ...activityFailureInfo, identity: 'worker' } } : {}),
    ...(cause ? { cause: tidy(cause) } : {}),
  };
}
