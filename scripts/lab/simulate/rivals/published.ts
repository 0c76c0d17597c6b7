import type { Controller, Ended, Sight } from './controller.js';

/** What each controller is given beside its own constants: the size of the database as its users know it. */
export interface Setting {
  knee: number;
  perCustomer: number;
}

/** cashapp/backfila: a number of threads that a person types, and that nothing moves. */
export const fixed =
  (limit: number) =>
  ({ perCustomer }: Setting): Controller => ({ limit: () => limit, perCustomer: () => perCustomer });

/**
 * Netflix concurrency-limits, `AIMDLimit` (00f751f): from 10; × 0.9, at least one less, for each failure; one more for each success while at
 * least half is in use.
 */
export function aimd({ perCustomer }: Setting): Controller {
  let limit = 10;
  return {
    limit: () => limit,
    perCustomer: () => perCustomer,
    ended({ failure, inFlight }) {
      if (failure) limit = Math.max(1, Math.min(limit - 1, Math.floor(limit * 0.9)));
      else if (inFlight * 2 >= limit) limit = Math.min(200, limit + 1);
    },
  };
}

/**
 * Netflix concurrency-limits, `Gradient2Limit` (14ddfa2, and its later `rttTolerance` of 1.5): from 20, queue 4, smoothing 0.2, long
 * window 600 with a warm-up of 10. A window's time is divided by its conversations, which its authors' requests did not need. Its
 * `minLimit` of 20 is left out, as its own comment says for batch work.
 */
export function gradient2({ perCustomer }: Setting): Controller {
  let limit = 20;
  let long = 0;
  let samples = 0;
  return {
    limit: () => Math.floor(limit),
    perCustomer: () => perCustomer,
    ended({ seconds, conversations, failure, inFlight }: Ended) {
      if (failure) return;
      const short = seconds / Math.max(1, conversations);
      samples++;
      long = samples <= 10 ? long + (short - long) / samples : long + (2 / 601) * (short - long);
      if (long / short > 2) long *= 0.95;
      if (inFlight < limit / 2) return;
      const gradient = Math.max(0.5, Math.min(1, (1.5 * long) / short));
      limit = Math.max(1, Math.min(200, 0.8 * limit + 0.2 * (limit * gradient + 4)));
    },
  };
}

/**
 * block/spirit, `pkg/autoscale` (d85b260): each 5 s, by a smoothed utilization: under 0.4 one more, from 0.7 one less, from 1.0 half.
 * Two ticks between two moves in one direction; a move down holds moves up as well. From the number of vCPUs less two, at most twice that.
 */
export function spirit({ knee, perCustomer }: Setting): Controller {
  const start = Math.max(1, knee - 2);
  let limit = start;
  let smoothed: number | undefined;
  let up = 0;
  let down = 0;
  return {
    limit: () => limit,
    perCustomer: () => perCustomer,
    looked({ utilization }: Sight) {
      up--;
      down--;
      if (utilization === undefined) return;
      smoothed = smoothed === undefined ? utilization : smoothed + SPIRIT_SMOOTHING * (utilization - smoothed);
      if (smoothed >= 0.7) {
        if (down > 0) return;
        limit = smoothed >= 1 ? Math.ceil(limit / 2) : Math.max(1, limit - 1);
        down = up = 2;
      } else if (smoothed < 0.4 && up <= 0) {
        limit = Math.min(2 * start, limit + 1);
        up = 2;
      }
    },
  };
}

/** Its throttler's moving mean; the factor is not among what was read. */
const SPIRIT_SMOOTHING = 0.3;

/**
 * GitLab's batched background migrations (`batch_optimizer.rb`, 072dbf4): a customer is a migration, whose jobs run one after the
 * other, each two minutes after the start of the one before; the size of a batch follows the moving mean (0.4, of 20 jobs) of a job's time over that
 * interval towards 0.95, by at most 1.2, from 1,000 to 2,000,000. A stop signal of its health indicators, here utilization from 1.0, holds everything for ten
 * minutes. `running` migrations at once: two by default.
 */
export const gitlab =
  (running: number) =>
  (_: Setting): Controller => {
    const INTERVAL = 120;
    const HOLD = 600;
    const migrations = new Map<number, { size: number; efficiencies: number[] }>();
    const of = (customer: number) => {
      const known = migrations.get(customer) ?? { size: 1_000, efficiencies: [] };
      migrations.set(customer, known);
      return known;
    };
    let heldUntil = 0;
    let now = 0;
    return {
      limit: () => (now < heldUntil ? 0 : running),
      perCustomer: () => 1,
      notBefore: (startedAt) => startedAt + INTERVAL,
      windowSize: (customer) => of(customer).size,
      looked({ at, utilization }) {
        now = at;
        if (utilization !== undefined && utilization >= 1 && now >= heldUntil) heldUntil = now + HOLD;
      },
      ended({ seconds, failure }, customer) {
        if (failure) return;
        const migration = of(customer);
        migration.efficiencies = [...migration.efficiencies, seconds / INTERVAL].slice(-20);
        const mean = migration.efficiencies.reduce((mean, one) => mean + 0.4 * (one - mean));
        if (mean >= 0.9 && mean <= 0.95) return;
        const size = migration.size * Math.min(0.95 / mean, 1.2);
        migration.size = Math.round(Math.max(1_000, Math.min(2_000_000, size)));
      },
    };
  };
