import type { NativeConnection, WorkerOptions } from '@temporalio/worker';

/**
 * Which version of a worker deployment this worker is, and what that means for runs. Where the server shows a pinned run
 * that another version is current (1.30 and later), a run stays with its version until it continues as new, so that no
 * build ever replays another one's history. Older servers move it at once.
 *
 * @throws if only one of the two variables is set
 */
export async function deployment(
  connection: NativeConnection,
  { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId }: NodeJS.ProcessEnv,
): Promise<Pick<WorkerOptions, 'workerDeploymentOptions'>> {
  if (!deploymentName && !buildId) return {};
  if (!deploymentName || !buildId)
    throw new Error('set both TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID, or neither');
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: showsPinnedRunsTheTarget(serverVersion) ? 'PINNED' : 'AUTO_UPGRADE',
    },
  };
}

const FIRST = [1, 30] as const;

function showsPinnedRunsTheTarget(serverVersion: string | null | undefined): boolean {
  const [major = 0, minor = 0] = (serverVersion ?? '').split('.').map(Number);
  return major > FIRST[0] || (major === FIRST[0] && minor >= FIRST[1]);
}
