/** Options of the `backfill` command for the fields of a form; other fields are words of their own. */
const FLAGS: Record<string, string> = {
  run: '--run',
  reason: '--reason',
  max: '--max',
  perCustomer: '--per-customer',
  start: '--start',
  end: '--end',
  customers: '--customers',
  window: '--window',
  parallelism: '--parallelism',
};
const SWITCHES: Record<string, readonly [yes: string, no: string]> = {
  adaptive: ['--adaptive', '--no-adaptive'],
  resume: ['--resume', ''],
};
const WORDS: Record<string, string> = {
  resetDay: 'reset-day',
  skipDay: 'skip-day',
  retryFailed: 'retry-failed',
  setParallelism: 'set-parallelism',
  removeCustomer: 'remove',
  cancelWindows: 'cancel',
};
/** Commands that take the customer as a word. */
const CUSTOMER_IS_A_WORD = ['resetDay', 'skipDay', 'removeCustomer'];

/** What does the same in a terminal: `backfill reset-day us-west-2-prod cvs 2026-01-15`. */
export function typedCommand(
  command: string,
  cluster: string | undefined,
  fields: Readonly<Record<string, string>>,
): string {
  const { customer, day } = fields;
  const words = ['backfill', WORDS[command] ?? command, cluster ?? '--all'];
  if (command === 'cancelWindows') words.push('--windows');
  if (customer) words.push(...(CUSTOMER_IS_A_WORD.includes(command) ? [customer] : ['--customer', customer]));
  if (day) words.push(day);
  for (const [name, value] of Object.entries(fields)) {
    if (value === '') continue;
    if (FLAGS[name]) words.push(FLAGS[name], value);
    const [yes, no] = SWITCHES[name] ?? ['', ''];
    const flag = value === 'true' ? yes : no;
    if (flag) words.push(flag);
  }
  return words.map(quoted).join(' ');
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
