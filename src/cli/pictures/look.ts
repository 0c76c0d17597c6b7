import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { parseDay } from '../../backfill/calendar.js';
import type { CustomerView } from '../../backfill/customer-view.js';
import type { Progress } from '../../backfill/progress.js';
import { parseWindowId } from '../../backfill/window.js';
import type { WindowInFlight, WindowsInFlight } from './picture.js';

/** What one look at a run saw. */
export interface Look {
  readonly progress: Progress;
  readonly windows: WindowsInFlight;
  readonly starts: ReadonlyMap<string, string>;
}

const MOST_WINDOWS = 1_000;
const MOST_ASKED = 200;
const DAY_MS = 86_400_000;

/** Looks at one run again and again, and asks only once what does not change. */
export class RunWatcher {
  private readonly starts = new Map<string, string>();

  /** @param prefix of the workflow ids of its windows */
  constructor(
    private readonly client: Client,
    private readonly workflowId: string,
    private readonly prefix: string,
  ) {}

  /**
   * @param patienceMs how long to wait for each answer
   * @throws when the server or the run's worker does not answer, or the run is gone
   */
  async look(patienceMs: number): Promise<Look> {
    return this.client.withDeadline(Date.now() + patienceMs, async () => {
      const handle = this.client.workflow.getHandle(this.workflowId);
      const [progress, running] = await Promise.all([
        handle.query<Progress>('progress'),
        runningWindows(this.client, this.prefix),
      ]);
      await this.learnStarts(progress);
      return { progress, starts: this.starts, windows: ownWindows(running, progress) };
    });
  }

  /** `progress` has a letter for each day of a customer, but not which day is the first; most have the run's own range. */
  private async learnStarts(progress: Progress): Promise<void> {
    const unknown = withRangesOfTheirOwn(progress).filter((id) => !this.starts.has(id));
    const handle = this.client.workflow.getHandle(this.workflowId);
    for (const customer of unknown.slice(0, MOST_ASKED)) {
      const view = await handle.query<CustomerView, [unknown]>('customer', { customer });
      this.starts.set(customer, view.range.start);
    }
  }
}

/** The customers whose range is not the run's, as far as the number of their days tells. */
export function withRangesOfTheirOwn({ customers, range }: Progress): string[] {
  const days = (Date.parse(range.end) - Date.parse(range.start)) / DAY_MS;
  return customers.filter((customer) => customer.days.length !== days).map(({ id }) => id);
}

/** Whether an error means that the workflow does not exist, and not that nobody answers. */
export const isNoSuchRun = (error: unknown): boolean => error instanceof WorkflowNotFoundError;

/** What to say of a run that can't be asked, because it failed before it could answer anything; else undefined. */
export const whyUnasked = (error: unknown): string | undefined =>
  error instanceof QueryNotRegisteredError
    ? 'the run answers no queries: it refused its input, or is no backfillScorecards; `temporal workflow describe` says more'
    : undefined;

/** The windows of this prefix that are open now, the oldest first. */
export async function runningWindows(client: Client, prefix: string): Promise<WindowsInFlight> {
  const list: WindowInFlight[] = [];
  const query = `WorkflowId STARTS_WITH "${prefix}-" AND CloseTime IS NULL`;
  let more = false;
  for await (const { workflowId, startTime, status } of client.workflow.list({ query, pageSize: MOST_WINDOWS })) {
    if (list.length === MOST_WINDOWS) {
      more = true;
      break;
    }
    const window = parseWindowId(prefix, workflowId);
    if (!window) continue;
    const paused = status.name === 'PAUSED' ? ({ paused: true } as const) : {};
    list.push({ workflowId, ...window, startedAt: startTime.getTime(), ...paused });
  }
  list.sort((a, b) => a.startedAt - b.startedAt);
  return { list, more };
}

/** Windows over the run's own customers and days: others of the same prefix belong to other runs, or to somebody. */
function ownWindows(
  { list, more }: WindowsInFlight,
  { customers, customersLeftOut, range }: Progress,
): WindowsInFlight {
  const ids = new Set(customers.map(({ id }) => id));
  const [start, end] = [parseDay(range.start) ?? 0, parseDay(range.end) ?? Number.POSITIVE_INFINITY];
  // Whose days the answer had no room for is not known here.
  const isOwn = (id: string) => customersLeftOut !== undefined || ids.has(id);
  const own = list.filter(({ customer, interval }) => isOwn(customer) && interval[0] < end && interval[1] > start);
  return { list: own, more };
}
