import type { Command } from '../../../src/backfill/commands/command.js';
import { formatDay } from '../../../src/backfill/hours/calendar.js';
import type { Interval } from '../../../src/backfill/hours/interval.js';
import type { WindowKey } from '../../../src/backfill/hours/window.js';
import { describeIssues } from '../../../src/backfill/request/issue.js';
import type { BackfillRequest } from '../../../src/backfill/request/options.js';
import { parseRequest } from '../../../src/backfill/request/request.js';
import { doneHours } from '../../../src/backfill/state/customer-hours.js';
import type { State } from '../../../src/backfill/state/state.js';
import { Database, type Measured } from './database.js';
import type { Cluster } from './fleet.js';
import type { Parameters } from './parameters.js';
import { type Person, play } from './play.js';
import { randomFrom } from './random.js';

/** One cluster, from the first window to the last day done. */
export interface Played extends Measured {
  makespan: number;
  state: State;
}

export type Procedure = (cluster: Cluster, parameters: Parameters) => Played;

/** This project: windows that find their size, an adaptive limit, the probe. Nobody has to be there. */
export const ours: Procedure = (cluster, parameters) => single(cluster, parameters, oursFor(cluster, parameters));

export const auto: Procedure = (cluster, parameters) => single(cluster, parameters, autoFor(cluster, parameters));

/** The request's fields, but for its customers and days. */
export function autoFor(cluster: Cluster, parameters: Parameters) {
  const fields = oursFor(cluster, parameters);
  return { ...fields, parallelism: { ...fields.parallelism, perCustomer: 'auto' } };
}

export const oursFor = (cluster: Cluster, { probe, probeEvery }: Parameters) => ({
  window: { initial: 'auto' },
  parallelism: { max: 64, adaptive: true },
  ...(probe !== 'none' && {
    probe: {
      maxLoad: { activeSessions: cluster.maxLoad },
      criticalLoad: { activeSessions: Math.ceil(1.6 * cluster.maxLoad) },
      every: `${probeEvery}s`,
    },
  }),
});

/** One day of one customer at a time. */
export const sequentialDays: Procedure = (cluster, parameters) => single(cluster, parameters, { parallelism: 1 });

/** Sixty days at once, of one customer or several. After each intervention a person waits and halves that number. */
export const sixtyDays =
  (gap: number): Procedure =>
  (cluster, parameters) =>
    single(cluster, parameters, { parallelism: { max: 60, perCustomer: 60 } }, (state) => {
      const max = Math.max(1, Math.floor(state.parallelism.max / 2));
      const halve: Command = { name: 'setParallelism', max };
      return { after: gap, commands: [halve, ...goOn] };
    });

/**
 * What was done in January 2026, with `gap` seconds between what went wrong and the next try: everybody's whole month at
 * once; the failed ones again; ten-day windows; single days all at once; single days one at a time.
 */
export const byHand =
  (gap: number): Procedure =>
  (cluster, parameters) => {
    const database = databaseOf(cluster, parameters);
    let members = cluster.customers.map((_, i) => i);
    let state: State | undefined;
    const once = { retry: onlyOnce, operatorTimeout: '0s' };
    const all = { max: 1_000 };
    const phases = [
      { window: '1mo', parallelism: all, ...once },
      { window: '1mo', parallelism: all, ...once },
      { window: '10d', parallelism: { ...all, perCustomer: 4 }, ...once },
      { window: '1d', parallelism: { ...all, perCustomer: 31 }, ...once },
    ];
    for (const [i, phase] of phases.entries()) {
      if (i > 0) database.advance(database.now + gap);
      state = play({ cluster, members, request: requestFor(cluster, members, phase), database });
      // Until the last phase a customer is done or not; only then days were written down.
      const left = members.filter((_, index) => !isDone(state!, index));
      if (left.length === 0) return finished(database, state);
      if (i < phases.length - 1) members = left;
    }
    database.advance(database.now + gap);
    const done = members.flatMap((_, customer) =>
      doneHours(state!.customers[customer]!).map(
        ([from, to]: Interval): WindowKey => ({ customer, hours: [from, to] }),
      ),
    );
    const request = requestFor(cluster, members, { parallelism: 1 });
    return finished(
      database,
      play({ cluster, members, request, database, done, person: () => ({ after: gap, commands: goOn }) }),
    );
  };

const goOn: Command[] = [{ name: 'resume' }, { name: 'retryFailed' }];

const onlyOnce = Object.fromEntries(
  ['timeout', 'contention', 'overload', 'unknown'].map((name) => [name, { attempts: 1 }]),
);

const isDone = (state: State, index: number): boolean => {
  const { start, end } = state.customers[index]!;
  const [first] = doneHours(state.customers[index]!);
  return first?.[0] === start && first[1] === end;
};

const databaseOf = (cluster: Cluster, parameters: Parameters) =>
  new Database<WindowKey>(cluster.conditions, parameters, randomFrom(cluster.seed));

function single(cluster: Cluster, parameters: Parameters, fields: object, person?: Person): Played {
  const database = databaseOf(cluster, parameters);
  const members = cluster.customers.map((_, i) => i);
  const help: Person = person ?? (() => ({ after: 0, commands: goOn }));
  return finished(
    database,
    play({ cluster, members, request: requestFor(cluster, members, fields), database, person: help }),
  );
}

function finished(database: Database<WindowKey>, state: State): Played {
  return { ...database.measured, makespan: database.now, state };
}

/** The request that a person would type, read by the real reader. */
export function requestFor(cluster: Cluster, members: readonly number[], fields: object): BackfillRequest {
  const parsed = parseRequest({
    start: formatDay(cluster.start),
    end: formatDay(cluster.end),
    cluster: cluster.name,
    customers: members.map((member) => {
      const { id, estimate } = cluster.customers[member]!;
      return { id, conversations: estimate };
    }),
    ...fields,
  });
  if (!parsed.ok) throw new Error(describeIssues(parsed.issues));
  return parsed.value;
}
