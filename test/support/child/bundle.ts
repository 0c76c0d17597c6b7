import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The code of the child's workflow, as a worker takes it. */
export async function bundleChild(): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return code;
}
