import { z } from 'zod';
import { nearest } from '../nearest.js';
import { describeIssues, type Issue, issuesOf } from '../request/issue.js';
import { customerId, limit, perCustomer } from '../request/values.js';

/** Every command, with the sentence that Temporal's UI and CLI show for it. */
export const COMMANDS = {
  pause: 'Start nothing new; running windows finish. {customer?, reason?, by?}',
  resume: 'Continue: lifts pauses and holds, of one customer or of all. {customer?, by?}',
  resetDay:
    'Run one day of a customer again, even if it is done; if it is running, once it has ended. {customer, day, by?}',
  skipDay: 'Leave one day of a customer out; resetDay brings it back. {customer, day, by?}',
  retryFailed: 'Failed days wait again, their attempts from zero. {customer?, by?}',
  setParallelism:
    'Change how many windows may be in flight, in all and for each customer (a number or "auto"); running windows continue. {max?, perCustomer?, adaptive?, by?}',
  addCustomers: 'More work in this run: customers as in the input. {customers, by?}',
  removeCustomer: 'Less work: leave out what is left of a customer; its running windows finish. {customer, by?}',
  cancelWindows: 'Ask running windows to cancel, and pause; their days wait again. {customer?, by?}',
  finish: 'Start nothing new, then complete with a report of what is left undone. {by?}',
} as const;

export type CommandName = keyof typeof COMMANDS;

const DAY = 'a UTC day such as "2026-01-31"';
const day = z.string({ error: DAY });
const note = z
  .string({ error: 'a text of at most 500 characters' })
  .max(500, { error: 'a text of at most 500 characters' });
const customer = customerId;
const by = note.optional();

const anObject = (shape: string) => ({ error: `one object ${shape}` });

const schemas = {
  pause: z.strictObject(
    { customer: customer.optional(), reason: note.optional(), by },
    anObject('{customer?, reason?, by?}'),
  ),
  resume: z.strictObject({ customer: customer.optional(), by }, anObject('{customer?, by?}')),
  resetDay: z.strictObject({ customer, day, by }, anObject('{customer, day, by?}')),
  skipDay: z.strictObject({ customer, day, by }, anObject('{customer, day, by?}')),
  retryFailed: z.strictObject({ customer: customer.optional(), by }, anObject('{customer?, by?}')),
  setParallelism: z
    .strictObject(
      {
        max: limit.optional(),
        perCustomer: perCustomer.optional(),
        adaptive: z.boolean({ error: 'true or false' }).optional(),
        by,
      },
      anObject('{max?, perCustomer?, adaptive?, by?}'),
    )
    .refine(({ max, perCustomer, adaptive }) => (max ?? perCustomer ?? adaptive) !== undefined, {
      error: 'at least one of max, perCustomer and adaptive',
    }),
  addCustomers: z.strictObject({ customers: z.unknown().optional(), by }, anObject('{customers, by?}')),
  removeCustomer: z.strictObject({ customer, by }, anObject('{customer, by?}')),
  cancelWindows: z.strictObject({ customer: customer.optional(), by }, anObject('{customer?, by?}')),
  finish: z.strictObject({ by }, anObject('{by?}')),
} satisfies Record<CommandName, z.ZodType>;

/** A command and its arguments, well formed; whether it fits the run is for `perform` to say. */
export type Command = { [Name in CommandName]: { name: Name } & z.infer<(typeof schemas)[Name]> }[CommandName];

const key = (name: string) => name.toLowerCase().replace(/[-_]/g, '');
const byKey = new Map(Object.keys(COMMANDS).map((name) => [key(name), name as CommandName]));

/** The command that a name means: `reset-day`, `reset_day` and `resetDay` are the same. */
export const commandNamed = (name: string): CommandName | undefined =>
  name.length > 40 ? undefined : byKey.get(key(name));

/** Reads a command; says in one sentence what is wrong with it. A missing argument is an empty object. */
export function parseCommand(name: string, argument: unknown): Command | { refused: string } {
  const known = commandNamed(name);
  if (!known) return { refused: unknownCommand(name) };
  const input = argument ?? {};
  const parsed = schemas[known].safeParse(input);
  if (parsed.success) return { name: known, ...parsed.data } as Command;
  return { refused: refusal(known, issuesOf(parsed.error, input)) };
}

export const refusal = (name: CommandName, issues: Issue[]): string => `${name}: ${describeIssues(issues)}`;

function unknownCommand(name: string): string {
  const known = Object.keys(COMMANDS);
  const asked = key(name).slice(0, 40);
  const meant = (asked !== '' && known.find((candidate) => key(candidate).startsWith(asked))) || nearest(asked, known);
  const hint = meant ? `did you mean ${meant}?` : `there are ${known.join(', ')}`;
  return `unknown command ${JSON.stringify(name.slice(0, 40))}; ${hint}`;
}
