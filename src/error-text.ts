/**
 * An error for people: its message, and the messages of its causes where they add something. No stack, which would not
 * help an operator.
 */
export function errorText(error: unknown): string {
  const messages: string[] = [];
  for (let current: unknown = error; current !== undefined && messages.length < 5; current = causeOf(current)) {
    const message = messageOf(current);
    if (message !== '' && !messages.some((earlier) => earlier.includes(message))) messages.push(message);
  }
  return messages.join(': ') || 'unknown error';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Several failed connection attempts are one error without a message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error.message;
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);
