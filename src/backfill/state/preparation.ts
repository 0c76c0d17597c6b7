import { wellFormed } from '../request/issue.js';
import { counted } from '../words.js';
import { decided } from './journal.js';
import type { State } from './state.js';

/** What a run asks before its first window, in this order, and how it says that it waits for an answer. */
const STEPS = {
  searchAttributes: 'looking up search attributes',
  directory: 'asking the customer directory',
  check: 'trying the check of windows',
  probe: 'asking which metrics the probe knows',
  windows: 'looking for windows that are running already',
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

const MAX_ERROR = 500;

export const firstStep: PreparationStep = 'searchAttributes';

/** The steps that are still to be taken, the current one first; the next run resumes there if this one hands over. */
export function stepsLeft({ step }: Preparation): PreparationStep[] {
  const all = Object.keys(STEPS) as PreparationStep[];
  return all.slice(all.indexOf(step));
}

export function describePreparation({ step, failed }: Preparation): string {
  if (!failed) return STEPS[step];
  return `${STEPS[step]}; attempt ${failed.attempts + 1}, latest error: ${failed.error}`;
}

export function stepBegan(state: State, step: PreparationStep): State {
  const { failed: _, ...preparing } = state.preparing!;
  return { ...state, preparing: { ...preparing, step } };
}

export function stepFailed(state: State, error: string): State {
  const { failed: { attempts } = { attempts: 0 } } = state.preparing!;
  const failed = { attempts: attempts + 1, error: wellFormed(error.slice(0, MAX_ERROR)) };
  return { ...state, preparing: { ...state.preparing!, failed } };
}

/** The run continues without an answer. */
export function stepGivenUp(state: State, at: number): State {
  const { step, failed } = state.preparing!;
  const why = failed && ` after ${counted(failed.attempts, 'attempt')}, latest error: ${failed.error}`;
  return decided(state, at, `gave up ${STEPS[step]}${why ?? ''}`);
}
