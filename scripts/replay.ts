/**
 * `npm run replay [story|workflow ID…]`: replays histories under the workflow as it is in `src`, in this process, so that
 * a debugger stops in it (`.vscode/launch.json`). A story is one of `test/fixtures/histories`; the history of any other
 * workflow ID is read from the server at `TEMPORAL_ADDRESS`. Without arguments it replays every story.
 */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { connectionFromEnvironment } from '../src/connection.js';
import { asHistory, recordedHistories } from '../test/support/histories.js';

const workflows = (file: string) => fileURLToPath(new URL(`../src/workflows/${file}`, import.meta.url));
const stories = new Map(recordedHistories().map((recorded) => [recorded.name, recorded]));

async function historyOf(name: string) {
  const story = stories.get(name);
  if (story) return asHistory(story);
  const { connectionOptions, namespace } = connectionFromEnvironment();
  const connection = await Connection.connect(connectionOptions).catch((error: Error) => {
    const known = `expected a workflow ID, or one of ${[...stories.keys()].join(', ')}; got ${name}`;
    throw new Error(`${known}, and no server answers at ${connectionOptions.address}: ${error.message}`);
  });
  try {
    return await new Client({ connection, namespace }).workflow.getHandle(name).fetchHistory();
  } finally {
    await connection.close();
  }
}

async function* histories(names: Iterable<string>) {
  for (const name of names) yield { workflowId: name, history: await historyOf(name) };
}

const asked = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR') });
const options = {
  workflowsPath: workflows('index.ts'),
  dataConverter: { payloadConverterPath: workflows('payload-converter.ts') },
};
try {
  const results = Worker.runReplayHistories(options, histories(asked.length > 0 ? asked : stories.keys()));
  for await (const { workflowId, error } of results) {
    console.log(`${workflowId}: ${error ? error.message : 'replays'}`);
    if (error) process.exitCode = 1;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
