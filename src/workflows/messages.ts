import {
  defineQuery,
  defineSignal,
  defineUpdate,
  setCurrentDetails,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { COMMANDS, type CommandName } from '../backfill/commands/command.js';
import { packToFit } from '../backfill/state/pack-to-fit.js';
import { ANSWER_BYTES } from '../backfill/views/answer-size.js';
import { customerView, indexAsked } from '../backfill/views/customer.js';
import { daysView } from '../backfill/views/days.js';
import { loadView } from '../backfill/views/load.js';
import { logView } from '../backfill/views/log.js';
import { progressOf } from '../backfill/views/progress.js';
import { proofOf } from '../backfill/views/proof.js';
import { type Status, statusOf } from '../backfill/views/status.js';
import { progressTable } from '../backfill/views/table.js';
import type { BackfillRun } from './run.js';

/** What an Update answers. */
export interface CommandAnswer {
  command: string;
  did: string;
  status: Status;
}

/**
 * Registers every signal, Update and query. Each command is a signal and an Update of the same name; other spellings
 * of a name (`reset-day`) and unknown names come to the default handlers. Handlers run to their end without waiting
 * once the run is prepared, so that none is ever left open when it continues as new.
 */
export function registerMessages(run: BackfillRun): void {
  // First of all: signals that came before the run's first task are handed out as handlers appear, and only this
  // handler takes any name. With the named ones first, they would be done in the order of registration: a `resume`
  // followed by a `pause` would end up running.
  setDefaultSignalHandler((name, argument) => signal(run, name, argument));
  for (const [name, description] of Object.entries(COMMANDS) as [CommandName, string][]) {
    setHandler(defineSignal<[unknown]>(name), (argument) => signal(run, name, argument), { description });
    setHandler(defineUpdate<CommandAnswer, [unknown]>(name), (argument) => update(run, name, argument), {
      description,
      validator: (argument) => validate(run, name, argument),
    });
  }
  setDefaultUpdateHandler((name, argument) => update(run, name, argument));
  registerQueries(run);
}

async function signal(run: BackfillRun, name: string, argument: unknown): Promise<void> {
  run.messages++;
  const turn = run.turn({ name, argument });
  if (turn && (await turn) === 'carried') return;
  run.signalled(name, argument);
}

/** While the run is still preparing only the command's form can be judged; its handler judges the rest in its turn. */
function validate(run: BackfillRun, name: string, argument: unknown): void {
  if (run.state.lifecycle.preparing === undefined) run.check(name, argument);
  else run.checkForm(name, argument);
}

async function update(run: BackfillRun, name: string, argument: unknown): Promise<CommandAnswer> {
  run.messages++;
  run.updatedAtLength = workflowInfo().historyLength;
  run.checkForm(name, argument);
  const turn = run.turn({ name, argument });
  if (turn) {
    if ((await turn) === 'carried') return { command: name, did: WAITS, status: statusOf(run.state).status };
    run.updatedAtLength = workflowInfo().historyLength;
  }
  const { state, did } = run.check(name, argument);
  run.accept(state);
  return { command: name, did, status: statusOf(state).status };
}

/** An Update's caller can't be answered by the next run. */
const WAITS =
  'nothing yet: the run continued as new while it prepares. The command keeps its turn; the queries log and progress (rejected) show what became of it';

function registerQueries(run: BackfillRun): void {
  // The SDK keeps what it is given for its own query, whose answer is JSON: so the table is made when someone looks.
  setCurrentDetails({ toJSON: () => progressTable(run.state, Date.now()) } as unknown as string);
  setHandler(defineQuery('progress'), () => progressOf(run.state, Date.now()), {
    description:
      'How far the run is: status and reason, totals, limit, ETA, a letter for each day of each customer, what needs attention, rejected commands.',
  });
  setHandler(defineQuery('days'), () => daysView(run.state), {
    description:
      'The days of every customer in a short form (d200r.165), where `progress` has no room for all of them.',
  });
  setHandler(
    defineQuery<unknown, [unknown]>('customer'),
    (argument) =>
      customerView(run.state, indexAsked(run.state, argument), Date.now(), (argument as { day?: unknown } | null)?.day),
    {
      description:
        'One customer: its windows, attempts, durations, errors, window size and why; with a day, why that is not running now. {customer, day?}',
    },
  );
  setHandler(
    defineQuery<unknown, [unknown]>('proof'),
    (argument) => proofOf(run.state, [run.state.customers[indexAsked(run.state, argument)]!], ANSWER_BYTES),
    { description: "One customer's done days: window, time, attempts, what was counted in them. {customer}" },
  );
  setHandler(defineQuery('log'), () => logView(run.state), {
    description: 'The latest 200 commands and decisions, each with its reason, oldest first.',
  });
  setHandler(defineQuery('load'), () => loadView(run.state), {
    description:
      "How the database's load moved, as the probe saw it, with reasons: the latest 100 changes, oldest first.",
  });
  setHandler(defineQuery('handOver'), () => packToFit(run.state, Date.now()), {
    description: 'What this run would hand over if it continued as new now, for the replay gate of a release.',
  });
}
