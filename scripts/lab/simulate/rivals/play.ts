import type { FailureClass } from '../../../../src/backfill/failures/classify.js';
import { Database, type Measured } from '../database.js';
import type { Cluster } from '../fleet.js';
import type { Parameters } from '../parameters.js';
import { lookAt, windowOf } from '../play.js';
import { between, randomFrom } from '../random.js';
import { type Controller, TICK } from './controller.js';

/** A window of a customer, from one hour to another, and how often it was tried. */
interface Try {
  customer: number;
  from: number;
  to: number;
  attempt: number;
}

interface Progress {
  /** All before is started or done. */
  next: number;
  end: number;
  density: number;
  /** Hours of a window, at most. */
  hours: number;
  running: number;
  lastStart: number;
  retries: { from: number; to: number; attempt: number; at: number }[];
  left: number;
}

/** Conversations in a window, where a controller has no opinion: what this project's windows hold. */
const TARGET = 150_000;
const MONTH = 31 * 24;
/** After operators have cancelled everything, a person looks, and halves the number. */
const PERSON = 3_600;
/** A controller that has not done a cluster after so long (s) is given up, and so much is its makespan; some would never end. */
const LONGEST = 4 * 86_400;

/**
 * A cluster under somebody else's controller. All that is not its own is as good as this project's: the longest customer
 * first, windows sized by volume and halved after a time-out, what failed again after a back-off, without end. It is given up after `longest` (s).
 */
export function playRival(
  cluster: Cluster,
  parameters: Parameters,
  controller: Controller,
  longest = LONGEST,
): Measured & { makespan: number } {
  const database = new Database<Try>(cluster.conditions, parameters, randomFrom(cluster.seed));
  const random = randomFrom(cluster.seed + 2);
  const { start, end } = cluster;
  const progress = cluster.customers.map(({ estimate }): Progress => {
    const density = estimate / (end - start);
    const hours = Math.max(1, Math.min(MONTH, Math.floor(TARGET / density)));
    return { next: start, end, density, hours, running: 0, lastStart: -1e9, retries: [], left: estimate };
  });
  let looksAt = parameters.probe === 'none' ? Number.POSITIVE_INFINITY : 1;
  let share = 1;
  let heldUntil = 0;

  function pick(now: number): number | undefined {
    let best: number | undefined;
    for (const [i, one] of progress.entries()) {
      if (one.running >= controller.perCustomer()) continue;
      if ((controller.notBefore?.(one.lastStart) ?? 0) > now) continue;
      if (one.next >= one.end && !one.retries.some(({ at }) => at <= now)) continue;
      if (best === undefined || one.left > progress[best]!.left) best = i;
    }
    return best;
  }
  function startNext(customer: number): void {
    const one = progress[customer]!;
    const now = database.now;
    const retry = one.retries.find(({ at }) => at <= now);
    const hours = controller.windowSize
      ? Math.max(1, Math.floor(controller.windowSize(customer) / one.density))
      : one.hours;
    const from = retry?.from ?? one.next;
    const to = retry?.to ?? Math.min(one.end, from + hours);
    if (retry) one.retries.splice(one.retries.indexOf(retry), 1);
    else one.next = to;
    one.running++;
    one.lastStart = now;
    database.start({ customer, from, to, attempt: (retry?.attempt ?? 0) + 1 }, windowOf(cluster, customer, from, to));
  }
  function failed(
    one: Progress,
    { from, to, attempt }: { from: number; to: number; attempt: number },
    failure: FailureClass,
  ) {
    const now = database.now;
    const half = Math.ceil((to - from) / 2);
    if (failure === 'timeout' && half < to - from) {
      one.hours = Math.min(one.hours, half);
      one.retries.push({ from, to: from + half, attempt: 0, at: now }, { from: from + half, to, attempt: 0, at: now });
      return;
    }
    const wait = Math.min(300, (failure === 'overload' ? 15 : 5) * 2 ** Math.min(attempt - 1, 10));
    one.retries.push({ from, to, attempt, at: now + wait * between(random, 0.5, 1) });
  }

  for (;;) {
    const { now } = database;
    const limit = now < heldUntil ? 0 : Math.max(1, Math.floor(share * controller.limit()));
    const mayStart = controller.limit() > 0 && database.windowsActive < limit;
    const customer = mayStart ? pick(now) : undefined;
    if (customer !== undefined) {
      startNext(customer);
      continue;
    }
    if (now >= longest || progress.every(({ left }) => left <= 0)) return { ...database.measured, makespan: now };
    const due = progress.flatMap(({ retries, next, end, lastStart }) => [
      ...retries.map(({ at }) => at),
      ...(controller.notBefore && next < end ? [controller.notBefore(lastStart)] : []),
    ]);
    const later = due.filter((at) => at > now);
    const tick = Math.floor(now / TICK + 1) * TICK;
    const to = Math.max(now, Math.min(database.next(), looksAt, heldUntil > now ? heldUntil : tick, ...later));
    for (const { key, volume, failure, startedAt } of database.advance(to)) {
      const one = progress[key.customer]!;
      one.running--;
      if (failure) failed(one, key, failure);
      else one.left -= (key.to - key.from) * one.density;
      // Sums of hours times density are not exact.
      if (one.left < one.density / 2) one.left = 0;
      if (failure === 'stopped') {
        if (heldUntil <= to) share /= 2;
        heldUntil = to + PERSON;
      }
      const inFlight = database.windowsActive + 1;
      controller.ended?.({ at: to, seconds: to - startedAt, conversations: volume, failure, inFlight }, key.customer);
    }
    if (looksAt <= to) {
      looksAt = to + TICK;
      const look = lookAt(database);
      const active = 'unknown' in look ? undefined : look.values.activeSessions!;
      const utilization = active === undefined ? undefined : active / cluster.maxLoad;
      controller.looked?.({ at: to, inFlight: database.windowsActive, utilization });
    }
  }
}
