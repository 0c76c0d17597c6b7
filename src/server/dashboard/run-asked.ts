import type { Client, WorkflowHandle } from '@temporalio/client';
import { describeRun, NotARun } from '../../runs/run.js';
import { withDeadline } from '../../runs/time-limit.js';
import { NotFound, pictureOf, type RunNamed, type Site } from './site.js';

/** The run that a page is about. */
export interface RunAsked {
  /** Empty while the cluster has none. */
  readonly workflowId: string;
  readonly runId?: string | undefined;
  /** It is not the one that the cluster's page shows. */
  readonly other: boolean;
  /** It has ended, so that nothing can be changed in it: known of another run than the one that the cluster's page shows. */
  readonly closed: boolean;
}

const KEEP_MS = 60_000;

/**
 * The run that an address names, else the cluster's own.
 *
 * @throws NotFound when there is no such run, or it is another cluster's
 */
export async function runAsked(site: Site, cluster: string, { run, execution }: RunNamed): Promise<RunAsked> {
  const { workflowId } = pictureOf(site, cluster);
  if (!run || (run === workflowId && !execution)) {
    return { workflowId: workflowId ?? '', other: false, closed: false };
  }
  if (execution && !/^[\w-]{36}$/.test(execution)) throw new NotFound('That is not the id of an execution.');
  const runId = execution || undefined;
  const { value, problem } = await site.answers.get(`${cluster} is run ${run} ${runId}`, KEEP_MS, async () => {
    const session = await site.watch.session(cluster);
    const found = await describeRun(session, run, { own: true, runId }).catch((error: unknown) => {
      if (error instanceof NotARun) return undefined;
      throw error;
    });
    return found ? { closed: runId !== undefined || found.closedAt !== undefined } : { closed: undefined };
  });
  if (value === undefined) throw new Error(problem);
  if (value.closed !== undefined) return { workflowId: run, runId, other: true, closed: value.closed };
  throw new NotFound(`${cluster} has no run ${run}${runId ? ` with the execution ${runId}` : ''}.`);
}

/** What a page is about: a run of a cluster, and how the page's address names it. */
export interface Subject {
  /** Read-only where the run has ended: then nothing is changed from its pages. */
  readonly site: Site;
  readonly cluster: string;
  readonly run: RunAsked;
  readonly named: RunNamed;
}

/** @throws NotFound as {@link runAsked} */
export async function subjectOf(whole: Site, cluster: string, named: RunNamed): Promise<Subject> {
  const run = await runAsked(whole, cluster, named);
  return { site: run.closed ? { ...whole, readOnly: true } : whole, cluster, run, named };
}

export type Question<T> = (handle: WorkflowHandle, client: Client) => Promise<T>;

/** @throws also when the cluster has no run */
export async function ask<T>(
  { site, cluster, run: { workflowId, runId } }: Omit<Subject, 'named'>,
  question: Question<T>,
): Promise<T> {
  if (workflowId === '') throw new Error(`${cluster} has no run`);
  const { client } = await site.watch.session(cluster);
  return withDeadline(client, () => question(client.workflow.getHandle(workflowId, runId), client));
}
