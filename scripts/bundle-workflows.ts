/**
 * Bundles the compiled workflow code ahead of time, so that a worker starts from `node dist/worker.js` without a
 * compiler, and copies the SQL files next to the code that reads them.
 */
import { cp, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const dist = new URL('../dist/', import.meta.url);
const path = (relative: string) => fileURLToPath(new URL(relative, dist));
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };

for (const folder of ['workflows', 'reference-ingestion/workflows']) {
  const { code } = await bundleWorkflowCode({ workflowsPath: path(`${folder}/index.js`), logger: quiet });
  await writeFile(path(`${folder}.bundle.js`), code);
}
await cp(new URL('../src/reference-ingestion/sql', import.meta.url), path('reference-ingestion/sql'), {
  recursive: true,
});
