interface Entry<T> {
  readonly answer: Promise<T>;
  /** Infinite until it is answered: what is slow is not asked again meanwhile. */
  until: number;
}

/** Answers that all callers share for a moment: however many ask, each question is asked once an interval. */
export class OncePerInterval<T> {
  private readonly entries = new Map<string, Entry<T>>();

  /** @param most how many answers are kept, the latest */
  constructor(
    private readonly intervalMs: number,
    private readonly most: number,
  ) {}

  /** The answer under this key, a failure included; asks if there is none that is awaited or from this interval. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const now = Date.now();
    const known = this.entries.get(key);
    if (known && now < known.until) return known.answer;
    const entry = { answer: ask(), until: Number.POSITIVE_INFINITY };
    const answered = () => {
      entry.until = Date.now() + this.intervalMs;
    };
    entry.answer.then(answered, answered);
    this.entries.delete(key);
    this.entries.set(key, entry);
    this.forget(now);
    return entry.answer;
  }

  /** So that what the caller just changed is seen at once. */
  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Entries stand in the order in which they were asked for, so the oldest come first. */
  private forget(now: number): void {
    for (const [key, { until }] of this.entries) {
      if (now < until && this.entries.size <= this.most) return;
      this.entries.delete(key);
    }
  }
}
