const MOST = 10;
const WITHIN_MS = 60_000;
/** Addresses that are remembered; beyond that the oldest is forgotten. */
const MOST_ADDRESSES = 1_000;

/**
 * Failed tokens of each address. After ten within a minute no token from there is looked at, right or wrong, until the
 * minute is over. Requests with a valid cookie are not affected.
 */
export class FailedTokens {
  private readonly failures = new Map<string, { count: number; until: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Seconds until a token from this address is looked at again; 0 if it is now. */
  blockedFor(address: string): number {
    const { count = 0, until = 0 } = this.failures.get(address) ?? {};
    return count < MOST ? 0 : Math.max(0, Math.ceil((until - this.now()) / 1_000));
  }

  add(address: string): void {
    const now = this.now();
    const before = this.failures.get(address);
    const current = before && before.until > now ? before : { count: 0, until: now + WITHIN_MS };
    this.failures.delete(address);
    this.failures.set(address, { ...current, count: current.count + 1 });
    const [oldest] = this.failures.keys();
    if (this.failures.size > MOST_ADDRESSES) this.failures.delete(oldest!);
  }
}
