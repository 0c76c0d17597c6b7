// @ts-check
/**
 * Lets the SDK download its Temporal CLI into the directory given as argument: `node download.mjs <directory>`.
 *
 * The SDK has no way to download without starting a server. `--help` makes that server print its help and end, so
 * none is left behind whatever happens here; the SDK's complaint that it never answered is expected, and what counts
 * is the file in the directory. A process of its own, since the SDK's download cannot be interrupted from JavaScript.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const downloadDir = process.argv[2];
if (downloadDir === undefined) throw new Error('usage: node download.mjs <directory>');

try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir }, extraArgs: ['--help'] },
  });
  await environment.teardown();
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
