import type { Customer, Problem } from './customer.js';

/** So many problems of one customer are kept apart; beyond that, those of a class become one. */
const MOST_APART = 20;
const MOST_MESSAGE = 500;
const OTHERS = ' (and other messages)';

const plain = (message: string) => (message.endsWith(OTHERS) ? message.slice(0, -OTHERS.length) : message);

/**
 * The customer with one more problem. Windows that failed of the same cause are one problem with all of their hours, so that a
 * year of failed days says once what is wrong with them, and a run's state stays small.
 */
export function withProblem(customer: Customer, added: Problem): Customer {
  const problem = { ...added, message: added.message.slice(0, MOST_MESSAGE) };
  const { problems } = customer.record;
  const alike = problems.findIndex(
    (other) => other.class === problem.class && plain(other.message) === plain(problem.message),
  );
  const full = problems.length >= MOST_APART;
  const index = alike < 0 && full ? problems.findLastIndex((other) => other.class === problem.class) : alike;
  const before = problems[index];
  if (!before) return withProblems(customer, [...problems, problem]);
  const others = alike < 0 || before.message.endsWith(OTHERS) ? OTHERS : '';
  const merged: Problem = {
    ...problem,
    hours: [...before.hours, ...problem.hours].sort((a, b) => a[0] - b[0]),
    message: `${plain(problem.message)}${others}`,
    attempts: Math.max(before.attempts, problem.attempts),
  };
  return withProblems(
    customer,
    problems.map((other, i) => (i === index ? merged : other)),
  );
}

const withProblems = (customer: Customer, problems: readonly Problem[]): Customer => ({
  ...customer,
  record: { ...customer.record, problems },
});
