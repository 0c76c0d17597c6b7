import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type Alteration, alteredBuild } from '../../scripts/dev/altered-build.js';
import { freePort } from '../../src/fleet/free-port.js';
import { type ManagedProcess, spawnManaged } from '../../src/processes/managed-process.js';
import type { Rig } from './rig.js';
import { until, untilDone } from './run.js';

const UNHANDLED = proto.temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

/** A build of the project, and a worker of it as a version of a worker deployment. */
export class Release {
  private constructor(
    readonly buildId: string,
    private readonly rig: Rig,
    private readonly folder: string,
    readonly worker: ManagedProcess,
  ) {}

  /** @param environment more of it, for its activities */
  static async start(
    rig: Rig,
    buildId: string,
    alterations: readonly Alteration[] = [],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Release> {
    const folder = await alteredBuild(buildId, alterations);
    const health = `127.0.0.1:${await freePort()}`;
    const worker = await spawnManaged(`worker ${buildId}`, process.execPath, [join(folder, 'dist/worker.js')], {
      env: {
        ...environmentOf(rig),
        ...environment,
        BACKFILL_HEALTH_ADDRESS: health,
        TEMPORAL_DEPLOYMENT_NAME: rig.taskQueue,
        TEMPORAL_WORKER_BUILD_ID: buildId,
      },
    });
    const isReady = () =>
      fetch(`http://${health}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isReady, (ready) => ready);
    return new Release(buildId, rig, folder, worker);
  }

  /** From now on it gets new runs, and those that may move to it. */
  async makeCurrent(): Promise<void> {
    const { client, namespace, taskQueue: deploymentName } = this.rig;
    const { buildId } = this;
    // The server learns of a version by its first poll.
    const version = { namespace, deploymentName, buildId };
    await untilDone(() => client.workflowService.setWorkerDeploymentCurrentVersion(version));
  }

  /** `backfill replay-gate` of this build. */
  replayGate(): Promise<{ exitCode: number; output: string }> {
    const args = [join(this.folder, 'dist/cli/backfill.js'), 'replay-gate'];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: this.folder, env: environmentOf(this.rig) }, (error, stdout, stderr) =>
        resolve({ exitCode: error ? Number(error.code) : 0, output: stdout + stderr }),
      );
    });
  }

  /** As temporal-worker-controller does: the workflow `replayGate`, executed by this build whichever is current. */
  async gateWorkflow(): Promise<string> {
    const { client, taskQueue } = this.rig;
    return client.workflow.execute('replayGate', {
      taskQueue,
      workflowId: `gate-${taskQueue}-${this.buildId}`,
      versioningOverride: { pinnedTo: { deploymentName: taskQueue, buildId: this.buildId } },
    });
  }
}

/** Which build executes a run's tasks now. */
export async function buildOfRun(client: Client, workflowId: string): Promise<string | null | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

/** Whether a build could not execute a task of the run. That new events came first is no such failure. */
export async function isStuck(client: Client, workflowId: string): Promise<boolean> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).some(({ workflowTaskFailedEventAttributes: failed }) => failed && failed.cause !== UNHANDLED);
}

const environmentOf = (rig: Rig): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  TEMPORAL_ADDRESS: rig.address,
  TEMPORAL_NAMESPACE: rig.namespace,
  BACKFILL_TASK_QUEUE: rig.taskQueue,
});
