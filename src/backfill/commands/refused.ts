import type { CommandOutcome } from '../state/log-entry.js';
import type { State } from '../state/state.js';

/** The result of a command: the next state, and what was done. */
export interface Effect {
  state: State;
  outcome: CommandOutcome;
}

/** Thrown inside this room only, to refuse a command; `perform` turns it into a value. */
export class Refused extends Error {}

export function refuseBeforeCustomersAreKnown(state: State): void {
  if (state.customers.length === 0) throw new Refused('the customers are not known yet: the directory is being asked');
}

export function indexOf(state: State, id: string): number {
  refuseBeforeCustomersAreKnown(state);
  const index = state.customers.findIndex((customer) => customer.id === id);
  if (index >= 0) return index;
  const known = state.customers.slice(0, 5).map((customer) => customer.id);
  const more = state.customers.length > known.length ? `, … (${state.customers.length} in all)` : '';
  throw new Refused(`customer ${JSON.stringify(id)} is not in this run; it has ${known.join(', ')}${more}`);
}

/** The customers a command is for: the one it names, or all. */
export const chosen = (state: State, id: string | undefined): number[] =>
  id === undefined ? state.customers.map((_, index) => index) : [indexOf(state, id)];

/** Of what a command did, as many parts as a sentence names. */
export const MOST_PARTS = 5;
