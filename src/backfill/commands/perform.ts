import { FULL_WEIGHT } from '../request/weight.js';
import { countInFlight } from '../state/in-flight.js';
import { logged } from '../state/journal.js';
import { outcomeSentence } from '../state/sentence.js';
import type { State } from '../state/state.js';
import { tallyOf } from '../state/tally.js';
import { withIdleSince, withLifecycle } from '../state/update.js';
import type { Command } from './command.js';
import { addCustomers, removeCustomer } from './customers.js';
import { resetDay, skipDay } from './days.js';
import { setParallelism } from './parallelism.js';
import { cancelWindows, pause, resume } from './pausing.js';
import { type Effect, Refused } from './refused.js';
import { retryFailed } from './retry-failed.js';

/** A command done: the next state and a sentence on what changed; or refused, with a sentence an operator can act on. */
export type Performed = { state: State; did: string } | { refused: string };

/** Does a well-formed command, or says why not. A command that asks for what is already so is done, and says so. */
export function perform(state: State, command: Command, at: number): Performed {
  try {
    refuseAtTheEnd(state, command);
    const { state: next, outcome } = dispatch(state, command, at);
    const { weight } = tallyOf(next);
    if (weight > FULL_WEIGHT && weight > tallyOf(state).weight) {
      throw new Refused(`${command.name}: the run has no room for more; start another run for these customers or days`);
    }
    const by = command.by === undefined ? {} : { by: command.by };
    const entry = { at, ...by, kind: 'command', command: command.name, outcome } as const;
    return { state: withIdleSince(logged(next, entry), at), did: outcomeSentence(outcome) };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

function refuseAtTheEnd({ lifecycle }: State, { name }: Command): void {
  const { ended, cancelling, finishing } = lifecycle;
  if (ended) throw new Refused(`${name}: the run is ${ended === 'incomplete' ? 'over' : ended}`);
  if (cancelling) throw new Refused(`${name}: the run is cancelling`);
  if (finishing && name !== 'cancelWindows') {
    throw new Refused(`${name}: the run is finishing; start a new run with resume: true for what is left`);
  }
}

function dispatch(state: State, command: Command, at: number): Effect {
  switch (command.name) {
    case 'pause':
      return pause(state, command, at);
    case 'resume':
      return resume(state, command.customer, at);
    case 'resetDay':
      return resetDay(state, command, at);
    case 'skipDay':
      return skipDay(state, command);
    case 'retryFailed':
      return retryFailed(state, command.customer);
    case 'setParallelism':
      return setParallelism(state, command);
    case 'addCustomers':
      return addCustomers(state, command.customers);
    case 'removeCustomer':
      return removeCustomer(state, command.customer);
    case 'cancelWindows':
      return cancelWindows(state, command, at);
    case 'finish': {
      const outcome = { kind: 'finishing', windows: countInFlight(state) } as const;
      return { state: withLifecycle(state, { finishing: true }), outcome };
    }
    default:
      return command satisfies never;
  }
}
