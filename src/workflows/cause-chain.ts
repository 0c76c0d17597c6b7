import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  DefaultFailureConverter,
  defaultPayloadConverter,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import type { FailureLink } from '../backfill/failures/link.js';

const MAX_DEPTH = 32;
const MAX_MESSAGE = 2_000;
const MAX_DETAILS = 1_000;

/**
 * The causes of an error from Temporal's SDK, outermost first, as plain JSON of bounded size: at most 32 links,
 * messages of at most 2,000 characters, details of at most about 1 KB. Never throws, for any value.
 *
 * For workflow and activity code alike, hence from `@temporalio/common` only: a `ChildWorkflowFailure` as a workflow
 * gets it and a `WorkflowFailedError` as a client gets it make the same links.
 */
export function causeChain(error: unknown): FailureLink[] {
  const chain: FailureLink[] = [];
  try {
    for (let at: unknown = error; at != null && chain.length < MAX_DEPTH; at = causeOf(at)) {
      chain.push(link(at, chain.at(-1)));
    }
  } catch {
    // A hostile getter or a payload that does not decode: what was read so far must do.
  }
  return chain.length > 0 ? chain : [{ kind: 'other', message: '' }];
}

function link(error: unknown, above: FailureLink | undefined): FailureLink {
  if (!(error instanceof Error)) return { kind: 'other', message: bounded(printed(error)) };
  const message = bounded(String(error.message ?? ''));
  if (error instanceof ChildWorkflowFailure || error.name === 'WorkflowFailedError') {
    return { kind: 'child', message, ...retryState(error) };
  }
  if (error instanceof ActivityFailure)
    return { kind: 'activity', message, type: error.activityType, ...retryState(error) };
  if (error instanceof ApplicationFailure) {
    return {
      kind: 'application',
      message,
      ...(error.type ? { type: bounded(error.type) } : {}),
      nonRetryable: error.nonRetryable === true,
      ...details(error.details),
    };
  }
  if (error instanceof TimeoutFailure) {
    // Both sides call a workflow's own time-out START_TO_CLOSE; only its place distinguishes it from an activity's.
    const ofWorkflow = above?.kind === 'child';
    return { kind: 'timeout', message, timeoutType: ofWorkflow ? 'EXECUTION' : (error.timeoutType ?? '') };
  }
  if (error instanceof CancelledFailure) return { kind: 'cancelled', message };
  if (error instanceof TerminatedFailure) return { kind: 'terminated', message };
  if (error instanceof ServerFailure) return { kind: 'server', message, nonRetryable: error.nonRetryable };
  const { code } = error as { code?: unknown };
  return {
    kind: 'other',
    message,
    // A bare TemporalFailure is a cause that its SDK sent without any type.
    ...(error.name === 'TemporalFailure' ? {} : { type: bounded(String(error.name)) }),
    ...(typeof code === 'string' ? details([{ code }]) : {}),
  };
}

const converter = new DefaultFailureConverter();

/** The SDK drops what lies under a `TimeoutFailure`, which is the failure of the attempt before; its proto has it. */
function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  if (error.cause != null) return error.cause;
  const below = error instanceof TemporalFailure ? error.failure?.cause : undefined;
  return below ? converter.failureToError(below, defaultPayloadConverter) : undefined;
}

function retryState(error: object): { retryState?: string } {
  const { retryState } = error as { retryState?: unknown };
  return typeof retryState === 'string' ? { retryState } : {};
}

/** Kept if they are JSON and small; half of a detail would be no JSON. */
function details(values: unknown): { details?: unknown[] } {
  if (!Array.isArray(values) || values.length === 0) return {};
  try {
    const json = JSON.stringify(values);
    return json.length <= MAX_DETAILS ? { details: JSON.parse(json) as unknown[] } : {};
  } catch {
    return {};
  }
}

/** Head and tail: Go's wrapped errors put the root cause, and its SQLSTATE, at the very end. */
function bounded(text: string): string {
  if (text.length <= MAX_MESSAGE) return text;
  const half = MAX_MESSAGE / 2 - 2;
  return `${text.slice(0, half)} … ${text.slice(-half)}`;
}

function printed(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return 'a value that cannot be printed';
  }
}
