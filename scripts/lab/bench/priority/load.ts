import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';

export type Kind = 'window' | 'live';

/** How long an activity waited for a slot, by its own server's and worker's clock, which here is one. */
export interface Wait {
  customer: string;
  kind: Kind;
  ms: number;
}

export interface Activities {
  work(customer: string, kind: Kind): Promise<void>;
}

/** Activities that only take their time, and note how long each of them waited for its slot. */
export function createLoad(takesMs: Record<Kind, number>, waits: Wait[]): Activities {
  return {
    async work(customer, kind) {
      waits.push({ customer, kind, ms: Date.now() - activityInfo().currentAttemptScheduledTimestampMs });
      await sleep(takesMs[kind]);
    },
  };
}
