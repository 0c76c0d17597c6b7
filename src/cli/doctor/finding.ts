/** What a check found, and how to mend what is wrong. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** A hint is something that works, but that a person may want to know of. */
  readonly level: 'ok' | 'hint' | 'problem';
  readonly text: string;
  /** The next step. */
  readonly mend?: string;
  /** A problem of the kind that nobody answers: the cluster, or a worker. */
  readonly silent?: true;
}

export const ok = (check: string, text: string): Finding => ({ check, level: 'ok', text });
export const hint = (check: string, text: string, mend: string): Finding => ({ check, level: 'hint', text, mend });
export const problem = (check: string, text: string, mend: string): Finding => {
  return { check, level: 'problem', text, mend };
};

/** An error's sentence, `what is wrong; what to do`, as a problem. `mend` is what to do if the error does not say. */
export function problemOf(check: string, error: unknown, mend: string): Finding {
  const [text = '', ...steps] = (error as Error).message.split('; ');
  return problem(check, text, steps.join('; ') || mend);
}
