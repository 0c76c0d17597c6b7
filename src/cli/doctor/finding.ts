/** What a check found, and how to fix what is wrong. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly check: string;
  /** A hint is about something that works but is worth knowing. */
  readonly level: 'ok' | 'hint' | 'problem';
  readonly text: string;
  /** The next step. */
  readonly fix?: string;
  /** Set for a problem that comes from no answer: of the cluster, or of a worker. */
  readonly unreachable?: true;
}

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text });
export const hint = (check: string, text: string, fix: string): Finding => ({ check, level: 'hint', text, fix });
export const problem = (check: string, text: string, fix: string): Finding => ({ check, level: 'problem', text, fix });

/** An error's sentence, `what is wrong; what to do`, as a problem. `fix` is what to do if the error does not say it. */
export function problemOf(check: string, error: unknown, fix: string): Finding {
  const [text = '', ...steps] = (error as Error).message.split('; ');
  return problem(check, text, steps.join('; ') || fix);
}
