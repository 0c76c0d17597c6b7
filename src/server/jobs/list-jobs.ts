import type { MessageInitShape } from '@bufbuild/protobuf';
import { z } from 'zod';
import type { RunsPage } from '../../runs/list.js';
import { type Clusters, type Run, Unanswered } from './clusters.js';
import { type Filter, filterFrom } from './filter/conditions.js';
import { FilterProblem } from './filter/parse.js';
import { JobView, type ListJobsRequest, type ListJobsResponseSchema } from './gen/backfill/jobs/v1/job_service_pb.js';
import { type JobFields, jobOfRun } from './job-message.js';
import { clusterInParent } from './job-name.js';
import { factsOfRun, knownJob, withCustomer } from './jobs.js';
import type { PageTokens } from './page-token.js';
import { invalid, noSuchCluster, wrong } from './problems.js';

const PAGE = { usual: 50, most: 500 };
/** Runs in one list of Temporal's: one that answers slowly makes a page shorter, rather than late. */
const LIST = 250;
/** A filter that matches little must not keep a caller waiting: the page then ends early, with a token. */
const MOST = { runs: 5_000, reports: 200, ms: 10_000 };
/** Runs that are asked at the same time. */
const AT_ONCE = 10;

/** Where a list continues: in which cluster, in which of Temporal's pages, behind which of its runs. */
const positionSchema = z.object({
  cluster: z.string(),
  token: z.string().optional(),
  size: z.int().min(1).max(LIST),
  after: z.string().optional(),
  /** The cluster did not answer the page before. */
  again: z.literal(true).optional(),
});
type Position = z.infer<typeof positionSchema>;

/** @param caller who asks: a page token is good for nobody else */
export async function listJobs(
  clusters: Clusters,
  tokens: PageTokens,
  request: ListJobsRequest,
  caller: string,
): Promise<MessageInitShape<typeof ListJobsResponseSchema>> {
  const { pageToken, view } = request;
  if (request.pageSize < 0) throw invalid('page_size', `a number from 0 to ${PAGE.most}`);
  const size = Math.min(request.pageSize || PAGE.usual, PAGE.most);
  const filter = readFilter(request.filter);
  const names = namesIn(clusters, request.parent).filter((cluster) => filter.matches({ cluster }) !== false);
  const bound = ['ListJobs', caller, request.parent, request.filter, String(view)];
  const position = pageToken === '' ? undefined : positionSchema.safeParse(tokens.open(pageToken, bound));
  if (position?.success === false) {
    throw invalid(
      'page_token',
      'next_page_token of a page that was asked for with the same arguments by the same caller',
    );
  }
  // Of what a filter finds in visibility, few may match.
  const chunk = request.filter === '' ? Math.min(size, LIST) : LIST;
  const page = new Page(clusters, filter, { size, chunk, full: view === JobView.FULL });
  await page.fill(names, position?.data);
  return {
    jobs: page.jobs,
    nextPageToken: page.next ? tokens.seal(page.next, bound) : '',
    unreachable: [...page.unreachable].map((cluster) => `clusters/${cluster}`),
  };
}

function readFilter(text: string): Filter {
  try {
    return filterFrom(text);
  } catch (error) {
    if (error instanceof FilterProblem) throw wrong('filter', error.message);
    throw error;
  }
}

function namesIn(clusters: Clusters, parent: string): readonly string[] {
  if (parent === '') return clusters.names;
  const cluster = clusterInParent(parent);
  if (cluster === undefined) throw invalid('parent', 'clusters/<cluster>, or clusters/- for all of them');
  if (cluster === '-') return clusters.names;
  if (clusters.names.includes(cluster)) return [cluster];
  throw noSuchCluster('parent', cluster, clusters.names);
}

class Page {
  readonly jobs: JobFields[] = [];
  /** Clusters of which jobs are missing. */
  readonly unreachable = new Set<string>();
  next: Position | undefined;
  private readonly until = Date.now() + MOST.ms;
  private runs = 0;
  private reports = 0;

  constructor(
    private readonly clusters: Clusters,
    private readonly filter: Filter,
    private readonly asked: { readonly size: number; readonly chunk: number; readonly full: boolean },
  ) {}

  async fill(names: readonly string[], from: Position | undefined): Promise<void> {
    // A cluster may have left the fleet file since; the list then begins behind nothing, and goes through all again.
    const start = from ? names.indexOf(from.cluster) : 0;
    if (start < 0) throw invalid('page_token', 'a page of clusters that the fleet still has; begin again without it');
    const rest = names.slice(start);
    // All at once: several clusters that are down cost the caller no more than one.
    for (const cluster of rest) void this.clusters.connect(cluster).catch(() => {});
    for (const [i, cluster] of rest.entries()) {
      try {
        await this.addCluster(cluster, i === 0 ? from : undefined);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        this.unreachable.add(cluster);
      }
      if (this.next) return;
      if (this.isFull && i + 1 < rest.length) {
        this.next = { cluster: rest[i + 1]!, size: this.asked.chunk };
        return;
      }
    }
  }

  private get isFull(): boolean {
    const { runs, reports, ms } = { runs: this.runs, reports: this.reports, ms: Date.now() };
    return this.jobs.length >= this.asked.size || runs >= MOST.runs || reports >= MOST.reports || ms >= this.until;
  }

  private async addCluster(cluster: string, from: Position | undefined): Promise<void> {
    let position: Position = from ?? { cluster, size: this.asked.chunk };
    for (;;) {
      const { after } = position;
      const list = await this.listAt(position);
      if (!list) return;
      const { runs, next } = list;
      // Where the run is no longer on this page, it has moved: better a job twice than one that is missing.
      const rest = runs.slice(runs.findIndex(({ runId }) => runId === after) + 1);
      const last = await this.addRuns(rest.map((run) => ({ ...run, cluster })));
      if (last !== undefined) {
        this.next = { ...position, after: last };
        return;
      }
      if (next === undefined) return;
      position = { cluster, token: next, size: this.asked.chunk };
      if (!this.isFull) continue;
      this.next = position;
      return;
    }
  }

  /** In the middle of a cluster's list, one that does not answer ends the page: the next one asks again, and misses nothing. */
  private async listAt(position: Position): Promise<RunsPage | undefined> {
    const { cluster, token, size, after, again } = position;
    try {
      return await this.clusters.runs(cluster, { conditions: this.filter.visibility, size, token });
    } catch (error) {
      const inTheMiddle = (token ?? after) !== undefined && !again;
      if (!inTheMiddle || !(error instanceof Unanswered)) throw error;
      this.next = { ...position, again: true };
      return undefined;
    }
  }

  /** @returns the run id behind which the next page begins, where not all of them fitted */
  private async addRuns(runs: readonly Run[]): Promise<string | undefined> {
    for (let i = 0; i < runs.length; i += AT_ONCE) {
      const some = runs.slice(i, i + AT_ONCE);
      const jobs = await Promise.all(some.map((run) => this.jobIfAnswered(run)));
      for (const [j, job] of jobs.entries()) {
        if (job) this.jobs.push(job);
        this.runs++;
        if (this.isFull && i + j + 1 < runs.length) return some[j]!.runId;
      }
    }
    return undefined;
  }

  /** Where only a run could say whether it matches, and it does not answer, its job is missing, and the list says so. */
  private async jobIfAnswered(run: Run): Promise<JobFields | undefined> {
    try {
      return await this.jobOf(run);
    } catch (error) {
      if (!(error instanceof Unanswered) || error.who === 'cluster') throw error;
      this.unreachable.add(run.cluster);
      return undefined;
    }
  }

  /** Undefined for a job that does not match. */
  private async jobOf(run: Run): Promise<JobFields | undefined> {
    const { filter, asked, clusters } = this;
    const verdict = filter.matches(factsOfRun(run));
    if (verdict === false) return undefined;
    const open = run.closedAt === undefined;
    if (verdict === true && !open && !asked.full) return jobOfRun(run);
    if (!open) this.reports++;
    const known = await knownJob(clusters, run, filter.customers);
    const matches = verdict ?? filter.matches(known.facts);
    if (matches === undefined && known.silent) throw known.silent;
    if (matches !== true) return undefined;
    return filter.customer === undefined ? known.job : withCustomer(clusters, run, known, filter.customer);
  }
}
