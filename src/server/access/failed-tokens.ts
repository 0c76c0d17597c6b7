const MOST = 10;
const WITHIN_MS = 60_000;
/** Addresses that are remembered; beyond that the oldest is forgotten. */
const MOST_ADDRESSES = 1_000;

/**
 * Counts the wrong tokens of each address. The right one is served whatever the count: behind a proxy everybody has the
 * same address, and nobody must be able to lock the others out. What protects the token is its length.
 */
export class FailedTokens {
  private readonly failures = new Map<string, { count: number; until: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns seconds until this address may fail again; 0 while it has not failed too often within a minute */
  add(address: string): number {
    const now = this.now();
    const before = this.failures.get(address);
    const { count, until } = before && before.until > now ? before : { count: 0, until: now + WITHIN_MS };
    this.failures.delete(address);
    this.failures.set(address, { count: count + 1, until });
    const [oldest] = this.failures.keys();
    if (this.failures.size > MOST_ADDRESSES) this.failures.delete(oldest!);
    return count < MOST ? 0 : Math.ceil((until - now) / 1_000);
  }
}
