/** What a run asks before its first window, in this order, and how it says that it waits for an answer. */
const STEPS = {
  searchAttributes: 'looking up search attributes',
  directory: 'asking the customer directory',
  check: 'trying the check of windows',
  probe: 'asking which metrics the probe knows',
  receivers: 'asking which webhooks the worker notifies',
  windows: 'looking for windows that are already running',
} as const;

export type PreparationStep = keyof typeof STEPS;

/** How far a run is that does not know yet all that it must know before its first window. */
export interface Preparation {
  step: PreparationStep;
  /** How often this step has failed, and why it did last. */
  failed?: { attempts: number; error: string };
  /** The run is for all customers of the directory but these. */
  exclude?: string[];
}

export const firstStep: PreparationStep = 'searchAttributes';

/** The steps that are still to be taken, the current one first; the next run resumes there if this one hands over. */
export function stepsLeft({ step }: Preparation): PreparationStep[] {
  const all = Object.keys(STEPS) as PreparationStep[];
  return all.slice(all.indexOf(step));
}

/** A step in words, for what the run is doing. */
export const stepInWords = (step: PreparationStep): string => STEPS[step];

export function describePreparation({ step, failed }: Preparation): string {
  if (!failed) return STEPS[step];
  return `${STEPS[step]}; attempt ${failed.attempts + 1}, latest error: ${failed.error}`;
}
