import { afterLook, initialLevels, type Levels, type Look } from '../../../src/activities/probe/levels.js';
import type { Command } from '../../../src/backfill/commands/command.js';
import { perform } from '../../../src/backfill/commands/perform.js';
import type { Event } from '../../../src/backfill/events/event.js';
import { evolve } from '../../../src/backfill/events/evolve.js';
import type { WindowKey } from '../../../src/backfill/hours/window.js';
import type { BackfillRequest, CustomerRequest } from '../../../src/backfill/request/options.js';
import { decide as decideNow } from '../../../src/backfill/schedule/decide.js';
import { initialState } from '../../../src/backfill/state/initial-state.js';
import type { State } from '../../../src/backfill/state/state.js';
import { stepOf } from '../../../src/backfill/utilization.js';
import { isAway } from './conditions.js';
import type { Database, WindowStart } from './database.js';
import { amountOf, type Cluster } from './fleet.js';

/** What a person does when the run can't continue by itself, after so many seconds; undefined to leave it. */
export type Person = (state: State) => { after: number; commands: Command[] } | undefined;

export interface Play {
  cluster: Cluster;
  /** The index in the cluster of each customer of the request. */
  members: readonly number[];
  request: BackfillRequest;
  database: Database<WindowKey>;
  /** Hours that a person has on a list as done already. */
  done?: readonly WindowKey[];
  person?: Person;
  /** The core's own, unless somebody wants to time it. */
  decide?: typeof decideNow;
  /** Sees every state. */
  each?: (state: State) => void;
}

/** Simulated time starts here; the date means nothing. */
const EPOCH = Date.UTC(2026, 1, 7);
const inMs = (seconds: number) => EPOCH + Math.round(seconds * 1_000);

/**
 * One run of the core over virtual time, on the database model. It is the workflow's loop without Temporal: decide until
 * there is nothing to start, let time pass until something happens, and give it to the core.
 */
export function play({
  cluster,
  members,
  request,
  database,
  done = [],
  person,
  decide = decideNow,
  each,
}: Play): State {
  const { probe } = request.options;
  const start = database.now;
  let state = initialState(request.options, request.customers as CustomerRequest[], inMs(start));
  let levels: Levels = initialLevels(state.pacing.health.level, state.pacing.health.reason);
  let looksAt = probe ? start + 1 : Number.POSITIVE_INFINITY;

  const happened = (event: Event) => {
    state = evolve(state, event);
    each?.(state);
  };
  const at = () => inMs(database.now);

  if (done.length > 0) happened({ kind: 'completedWindowsFound', at: at(), windows: [...done] });
  happened({ kind: 'prepared', at: at() });
  for (;;) {
    const decision = decide(state, at());
    if (decision.kind === 'startWindow') {
      const { customer, hours, attempt } = decision;
      happened({ kind: 'windowStarted', at: at(), customer, hours, attempt });
      const member = members[customer]!;
      database.start({ customer, hours }, windowOf(cluster, member, ...hours));
      continue;
    }
    if (decision.kind === 'verify') {
      // The model leaves nothing out, so that there is nothing to find, at once.
      happened({ kind: 'checkStarted', at: at(), windows: decision.windows });
      happened({ kind: 'windowsChecked', at: at(), windows: decision.windows.map((key) => ({ ...key, days: [] })) });
      continue;
    }
    if (decision.kind === 'end') return state;
    if (database.windowsActive === 0 && (state.lifecycle.paused || state.lifecycle.idleSince !== undefined)) {
      const help = person?.(state);
      if (!help) return state;
      database.advance(database.now + help.after);
      for (const command of help.commands) {
        const performed = perform(state, command, at());
        if ('refused' in performed) throw new Error(performed.refused);
        state = performed.state;
      }
      looksAt = Math.max(looksAt, database.now);
      continue;
    }
    const due = decision.until === undefined ? Number.POSITIVE_INFINITY : (decision.until - EPOCH) / 1_000;
    const to = Math.max(database.now, Math.min(database.next(), due, looksAt));
    if (to === Number.POSITIVE_INFINITY) throw new Error('the run waits for nothing');
    for (const { key, volume, failure } of database.advance(to)) {
      const ended = { at: at(), ...key };
      if (!failure) happened({ kind: 'windowCompleted', ...ended, conversations: Math.round(volume) });
      else
        happened({ kind: 'windowFailed', ...ended, failure: { class: failure, message: failure, evidence: failure } });
    }
    if (probe && looksAt <= to) {
      looksAt = to + probe.every / 1_000;
      const before = levels;
      levels = afterLook(levels, lookAt(database), probe);
      if (levels.level !== before.level || stepOf(levels) !== stepOf(before)) {
        const { level, reason, utilization } = levels;
        happened({ kind: 'healthChanged', at: at(), level, reason, ...(utilization !== undefined && { utilization }) });
      }
    }
  }
}

/** What a window over these hours asks of the database. */
export function windowOf({ customers, start }: Cluster, member: number, from: number, to: number): WindowStart {
  const { volume, work, bearing } = customers[member]!;
  return {
    customer: member,
    bearing,
    volume: amountOf(volume, start, from, to),
    work: amountOf(work, start, from, to),
  };
}

/** What the probe sees of it now. */
export function lookAt({
  conditions,
  now,
  active,
  blocked,
}: Pick<Database<unknown>, 'conditions' | 'now' | 'active' | 'blocked'>): Look {
  const { silent, shown } = conditions;
  if (isAway(conditions, now)) return unseen('it refuses connections');
  if (silent && silent.from <= now && now < silent.to) return unseen('no answer');
  return { values: { activeSessions: Math.round(active * shown), blockedSessions: blocked }, missing: {} };
}

const unseen = (why: string): Look => ({ values: {}, missing: {}, lost: [why] });
