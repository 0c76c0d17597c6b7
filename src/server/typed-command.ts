/** Fields of a form that are options of the `backfill` command; other fields are words of their own. */
const OPTIONS = ['reason', 'max', 'perCustomer', 'start', 'end', 'customers', 'window', 'parallelism', 'run'];
/** Commands that have another name in a terminal. */
const NAMES: Record<string, string> = { removeCustomer: 'remove', cancelWindows: 'cancel' };
/** Commands that take the customer as a word. */
const CUSTOMER_IS_A_WORD = ['resetDay', 'skipDay', 'removeCustomer'];

/** What does the same in a terminal: `backfill reset-day us-west-2-prod cvs 2026-01-15`. */
export function typedCommand(
  command: string,
  cluster: string | undefined,
  fields: Readonly<Record<string, string>>,
): string {
  const { customer, day, adaptive, resume } = fields;
  const words = ['backfill', NAMES[command] ?? kebabCase(command), cluster ?? '--all'];
  if (command === 'cancelWindows') words.push('--windows');
  if (customer) words.push(...(CUSTOMER_IS_A_WORD.includes(command) ? [customer] : ['--customer', customer]));
  if (day) words.push(day);
  for (const name of OPTIONS) if (fields[name]) words.push(`--${kebabCase(name)}`, fields[name]);
  if (adaptive) words.push(adaptive === 'true' ? '--adaptive' : '--no-adaptive');
  if (resume === 'true') words.push('--resume');
  return words.map(quoted).join(' ');
}

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
