import { workflowInfo } from '@temporalio/workflow';

/**
 * Which build of the worker executes the run. A pinned run stays with the build that it began with, and is shown that
 * another one has become current; a run that upgrades by itself is executed by that other one already. Either way
 * the run is to hand over, so that a history is made by one build alone and replayed by no later one for long.
 */
export class WorkerVersion {
  private readonly first = currentBuild();
  /** The run before was to leave this build, and did not: an override keeps it, or the newer build was taken back. */
  readonly stayed: boolean;

  /** @param left the build that the run before was to leave */
  constructor(left?: string) {
    this.stayed = this.first !== undefined && this.first === left;
  }

  get isNew(): boolean {
    if (this.first === undefined) return false;
    return workflowInfo().targetWorkerDeploymentVersionChanged || currentBuild() !== this.first;
  }

  /** For the next run. */
  get toLeave(): string | undefined {
    return this.isNew ? this.first : undefined;
  }
}

export const currentBuild = (): string | undefined => workflowInfo().currentDeploymentVersion?.buildId;
