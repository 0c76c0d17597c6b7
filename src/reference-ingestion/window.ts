import { ApplicationFailure } from '@temporalio/common';

/** How one execution is run, for tests and experiments; a backfill does not need it. */
export interface WindowOptions {
  /** Milliseconds without a heartbeat after which an attempt counts as dead. */
  heartbeatTimeoutMs: number;
  /** Milliseconds one attempt may take. */
  startToCloseTimeoutMs: number;
  /** Attempts of the activity before the workflow fails. */
  activityAttempts: number;
  /** Conversations for each transaction. */
  pageSize: number;
  /** Milliseconds that scoring one conversation takes elsewhere, before its page is written. */
  scoringMs: number;
}

/** A customer's conversations that started in [startTime, endTime), as RFC 3339 instants in UTC. */
export interface Window {
  customerId: string;
  startTime: string;
  endTime: string;
}

/** A window and how to run it: the activity's argument. */
export interface WindowTask extends Window {
  options: WindowOptions;
}

/** The result of a window. */
export interface WindowResult {
  customerId: string;
  conversations: number;
  scorecards: number;
  pages: number;
  /** The conversation after which a later attempt continued, when an earlier one had died. */
  resumedFrom?: string;
}

export const defaultOptions: WindowOptions = {
  heartbeatTimeoutMs: 10_000,
  startToCloseTimeoutMs: 3_600_000,
  activityAttempts: 2,
  pageSize: 100,
  scoringMs: 0,
};

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Checks the workflow's argument. Field `options` may hold any of {@link WindowOptions}, each a positive integer.
 *
 * @throws ApplicationFailure of type `InvalidArgument`, not retryable, that names every wrong field
 */
export function parseWindow(argument: unknown): WindowTask {
  const problems: string[] = [];
  const fields = isRecord(argument) ? argument : {};
  if (!isRecord(argument)) problems.push(`argument: expected an object, got ${JSON.stringify(argument)}`);

  const customerId = fields.customerId;
  if (typeof customerId !== 'string' || customerId === '') {
    problems.push(`customerId: expected a customer's id, got ${JSON.stringify(customerId)}`);
  }
  const startTime = instant(fields.startTime);
  const endTime = instant(fields.endTime);
  for (const [name, value] of Object.entries({ startTime, endTime })) {
    if (value === undefined)
      problems.push(`${name}: expected an RFC 3339 instant, got ${JSON.stringify(fields[name])}`);
  }
  if (startTime !== undefined && endTime !== undefined && startTime >= endTime) {
    problems.push(`endTime: expected an instant after ${startTime}, got ${endTime}`);
  }
  const options = { ...defaultOptions };
  for (const [name, value] of Object.entries(isRecord(fields.options) ? fields.options : {})) {
    if (!(name in options)) problems.push(`options.${name}: expected one of ${Object.keys(options).join(', ')}`);
    else if (Number.isSafeInteger(value) && (value as number) > 0)
      options[name as keyof WindowOptions] = value as number;
    else problems.push(`options.${name}: expected a positive integer, got ${JSON.stringify(value)}`);
  }
  if (problems.length > 0) throw ApplicationFailure.nonRetryable(problems.join('; '), 'InvalidArgument');
  return { customerId: customerId as string, startTime: startTime as string, endTime: endTime as string, options };
}

/** The instant in UTC to the millisecond, or undefined for anything else, such as 30 February. */
function instant(value: unknown): string | undefined {
  if (typeof value !== 'string' || !instantPattern.test(value)) return undefined;
  const parsed = new Date(value);
  if (Number.isNaN(parsed.getTime())) return undefined;
  // JavaScript reads 30 February as 2 March.
  const day = value.slice(0, 10);
  if (new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return undefined;
  return parsed.toISOString();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
