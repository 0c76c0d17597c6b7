import { commandNamed } from '../backfill/commands/command.js';
import { EXIT } from '../operations/exit-codes.js';
import { CommandProblem, problemFrom } from '../operations/problem.js';
import { sendUpdate } from '../operations/send-update.js';
import { describeRun } from '../runs/run.js';
import { withDeadline } from '../runs/time-limit.js';
import type { Site } from './dashboard/site.js';

/** A command as a form sends it. */
export interface Asked {
  readonly cluster: string;
  /** The workflow id of the run that its page showed; undefined for the one that the cluster has now. */
  readonly run: string | undefined;
  /** Of the run, or `cancel`: Temporal's own, of the whole run. */
  readonly command: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Equal for the same form sent twice: the run does it once. */
  readonly id: string;
  readonly by: string;
}

/** What the run answered. */
export interface Answered {
  readonly cluster: string;
  readonly done: boolean;
  /** The run's own sentence, or why it refused or did not answer. */
  readonly says: string;
}

/** What a command does that no other command takes back, as the end of a question; undefined for the others. */
export function consequenceOf(command: string, { customer = '' }: Asked['fields']): string | undefined {
  switch (command) {
    case 'cancelWindows':
      return `cancel the running windows${customer ? ` of ${customer}` : ''}: what they have done so far is done again, and the run pauses`;
    case 'removeCustomer':
      return `skip all that is left of ${customer}`;
    case 'finish':
      return 'finish: start nothing new, then end with days left undone';
    case 'cancel':
      return 'cancel the run: its windows are cancelled, then it ends';
    default:
      return undefined;
  }
}

/** Sends commands to one cluster, each as an Update, or Temporal's cancel; never throws. After one that is not answered the others are left. */
export async function send(site: Site, commands: readonly Asked[]): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (const asked of commands) {
    const { cluster } = asked;
    try {
      answers.push({ cluster, done: true, says: await sent(site, asked) });
    } catch (error) {
      const { message, exitCode } = problemFrom(error);
      answers.push({ cluster, done: false, says: message });
      if (exitCode === EXIT.unreachable) break;
    }
  }
  const changed = answers.find(({ done }) => done);
  if (changed) {
    site.answers.forget(changed.cluster);
    await site.watch.refresh(changed.cluster, commands[0]!.run);
  }
  return answers;
}

async function sent(site: Site, { cluster, run, command, fields, id, by }: Asked): Promise<string> {
  const workflowId = run ?? (await ownRun(site, cluster));
  const session = await site.watch.session(cluster);
  // An address or a form may name any workflow.
  if (workflowId !== site.watch.picture(cluster)?.workflowId) {
    const found = await describeRun(session, workflowId, { own: true });
    if (!found || found.closedAt) throw new CommandProblem(EXIT.noRun, `${cluster} has no open run ${workflowId}`);
  }
  if (command === 'cancel') {
    await withDeadline(session.client, () => session.client.workflow.getHandle(workflowId).cancel());
    return `${workflowId} was asked to cancel; its windows in flight end first`;
  }
  const name = commandNamed(command);
  if (!name) throw new CommandProblem(EXIT.usage, `there is no command ${command}`);
  const { did } = await sendUpdate({ session, workflowId }, name, argumentOf(fields, by), id);
  return did;
}

async function ownRun({ watch }: Site, cluster: string): Promise<string> {
  // A cluster that takes long to answer may have no picture yet.
  if (watch.picture(cluster)?.workflowId === undefined) await watch.refresh(cluster);
  const workflowId = watch.picture(cluster)?.workflowId;
  if (workflowId === undefined) throw new CommandProblem(EXIT.noRun, `${cluster} has no run`);
  return workflowId;
}

const NUMBERS = ['max', 'perCustomer'];
const FIELDS = ['customer', 'day', 'reason', 'max', 'perCustomer', 'adaptive'];

/** The argument of a command; empty fields are left out. What is wrong with the others, the run says. */
function argumentOf(fields: Asked['fields'], by: string): object {
  const given = FIELDS.flatMap((name): [string, unknown][] => {
    const text = fields[name]?.trim();
    if (!text) return [];
    if (name === 'adaptive') return [[name, text === 'true']];
    return [[name, NUMBERS.includes(name) && /^\d{1,9}$/.test(text) ? Number(text) : text]];
  });
  return { ...Object.fromEntries(given), by };
}
