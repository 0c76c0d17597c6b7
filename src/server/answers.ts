import { errorText } from '../error-text.js';

/** An answer, or the latest one that there was and why there is none now. */
export interface Kept<T> {
  readonly value?: T;
  /** When the value was answered, in ms since 1970. */
  readonly asOf?: number;
  /** Why the latest question was not answered. */
  readonly problem?: string;
}

interface Entry {
  kept: Kept<unknown>;
  /** Set while the question is open: others who ask the same share its answer. */
  open?: Promise<Kept<unknown>>;
  askedAt: number;
}

/** How many intervals old an answer may be for those who do not want to wait for the next one. */
const STILL_GOOD = 3;

/**
 * Answers that pages share: a question is asked once in an interval, however many look. While the next answer is awaited,
 * a recent one is given, so that nobody waits for what others have asked.
 */
export class Answers {
  private readonly entries = new Map<string, Entry>();

  /** @param most that are kept; the one that nobody has asked for longest goes first */
  constructor(private readonly most: number) {}

  /** @param ask its error becomes the answer's problem, and the earlier value stays */
  async get<T>(key: string, keepMs: number, ask: () => Promise<T>): Promise<Kept<T>> {
    const entry = this.entries.get(key) ?? { kept: {}, askedAt: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value!);
    if (!entry.open && Date.now() - entry.askedAt >= keepMs) {
      entry.open = ask()
        .then(
          (value): Kept<unknown> => ({ value, asOf: Date.now() }),
          (error: unknown): Kept<unknown> => ({ ...entry.kept, problem: errorText(error) }),
        )
        .then((kept) => {
          entry.kept = kept;
          entry.askedAt = Date.now();
          delete entry.open;
          return kept;
        });
    }
    const recent = entry.kept.value !== undefined && Date.now() - entry.askedAt < STILL_GOOD * keepMs;
    return (await (recent ? entry.kept : (entry.open ?? entry.kept))) as Kept<T>;
  }

  /** After a command the answers of its cluster are out of date. */
  forget(prefix: string): void {
    for (const [key, entry] of this.entries) if (key.startsWith(prefix)) entry.askedAt = 0;
  }
}
