import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/dev/build.js';
import { stopAll, temporaryDirectory } from '../../scripts/dev/processes.js';
import { obtainTemporalCli } from '../../scripts/dev/temporal-cli.js';
import { MANY_SHARDS, startTemporalServer } from '../../scripts/dev/temporal-server.js';
import { bundleChild } from './child/bundle.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the dev server that the test files share. */
    address: string;
    /** The Temporal CLI's executable. */
    cliPath: string;
    /** The bundled workflows of `test/support/child`. */
    childBundle: string;
  }
}

/** One dev server for all test files, and what they run on it: the build and the child's workflow bundle. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // The tests run what is built, as production does; `npm test` builds first, a lone `vitest` may not have.
  await build();
  const cli = await obtainTemporalCli();
  const server = await startTemporalServer({
    namespace: 'ingestion',
    // A closed run can be deleted only after the server's queues have noted its end, by default up to half a minute later.
    dynamicConfig: {
      ...MANY_SHARDS,
      'history.transferProcessorUpdateAckInterval': '1s',
      'history.visibilityProcessorUpdateAckInterval': '1s',
      // Servers from 1.30 on have it, switched off by default.
      'frontend.WorkflowPauseEnabled': true,
    },
  });
  const childBundle = join(await temporaryDirectory('child-bundle'), 'workflows.bundle.js');
  await writeFile(childBundle, await bundleChild());
  provide('address', server.address);
  provide('cliPath', cli.path);
  provide('childBundle', childBundle);
  return () => stopAll();
}
