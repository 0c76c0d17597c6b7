import { wellFormed } from '../request/issue.js';
import { withCustomers, withVolumes } from '../state/initial-state.js';
import { decided } from '../state/journal.js';
import { type Preparation, stepInWords } from '../state/preparation.js';
import type { State } from '../state/state.js';
import { withLifecycle, without } from '../state/update.js';
import type { EventOf } from './event.js';

const MAX_ERROR = 500;
const MOST_NAMED = 10;

const withPreparing = (state: State, preparing: Preparation): State => withLifecycle(state, { preparing });

export const preparationBegan = (state: State, { step }: EventOf<'preparationBegan'>): State =>
  withPreparing(state, { ...without(state.lifecycle.preparing!, 'failed'), step });

export function preparationFailed(state: State, { error }: EventOf<'preparationFailed'>): State {
  const preparing = state.lifecycle.preparing!;
  const attempts = (preparing.failed?.attempts ?? 0) + 1;
  return withPreparing(state, { ...preparing, failed: { attempts, error: wellFormed(error.slice(0, MAX_ERROR)) } });
}

/** The run continues without an answer. */
export function preparationGivenUp(state: State, { at }: EventOf<'preparationGivenUp'>): State {
  const { step, failed = { attempts: 0, error: 'none' } } = state.lifecycle.preparing!;
  return decided(state, at, { kind: 'preparationGivenUp', step: stepInWords(step), ...failed });
}

export function customersListed(state: State, { customers, unknown, at }: EventOf<'customersListed'>): State {
  const next = withPreparing(withCustomers(state, customers), { step: 'directory' });
  return decided(next, at, {
    kind: 'customersListed',
    customers: customers.length,
    unknown: unknown.slice(0, MOST_NAMED),
  });
}

export const volumesEstimated = (state: State, { volumes }: EventOf<'volumesEstimated'>): State =>
  withVolumes(state, volumes);

export const prepared = (state: State): State => ({ ...state, lifecycle: without(state.lifecycle, 'preparing') });
