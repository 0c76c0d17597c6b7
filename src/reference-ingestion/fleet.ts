import january from './january-2026.json' with { type: 'json' };
import { seededRandom } from './random.js';

/** A customer, and the number of its conversations in the range. */
export interface FleetCustomer {
  cluster: string;
  id: string;
  conversations: number;
}

/** The range the recorded fleet belongs to: UTC days, `end` exclusive. */
export const fleetRange: { start: string; end: string } = january.range;

/** The share of the real volume that is loaded by default. */
export const defaultScale = 1 / 1000;

/** Any fixed number; this one is the year of the recorded backfill. */
export const defaultSeed = 2026;

// The volumes of the unnamed customers were not recorded. All of them completed a month in one window, so they were well
// below the smallest customer that did not (united-east).
const smallest = 5_000;
const largest = 60_000;

/**
 * The fleet of the January 2026 backfill: 8 clusters, 260 customers, the four named ones with their recorded volumes
 * and the rest with generated ids (`us-east-1-prod-017`) and log-uniform volumes.
 *
 * @param scale the share of the real volume, above 0; each customer keeps at least one conversation
 * @param seed decides the volumes of the unnamed customers; the same seed gives the same fleet
 * @returns customers in the recorded order of clusters, in each cluster the named ones first
 * @throws RangeError when the scale is not a positive number
 */
export function fleet(scale = defaultScale, seed = defaultSeed): FleetCustomer[] {
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new RangeError(`fleet: expected a scale above 0 (0.001 is one conversation in 1,000), got ${scale}`);
  }
  const scaled = (conversations: number) => Math.max(1, Math.round(conversations * scale));
  return Object.entries(january.clusters).flatMap(([cluster, size]) => {
    const named = january.customers
      .filter((customer) => customer.cluster === cluster)
      .map(({ id, conversations }) => ({ cluster, id, conversations: scaled(conversations) }));
    const unnamed = Array.from({ length: size - named.length }, (_, index) => {
      const id = `${cluster}-${String(index + 1).padStart(3, '0')}`;
      const volume = smallest * (largest / smallest) ** seededRandom(seed, 'volume', id)();
      return { cluster, id, conversations: scaled(volume) };
    });
    return [...named, ...unnamed];
  });
}
