import { type Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { databaseError } from './failures.js';
import type { Window } from './window.js';

export const faultKinds = [
  'heartbeat-timeout',
  'start-to-close-timeout',
  'execution-timeout',
  'contention',
  'overload',
  'stopped',
  'permanent',
  'unknown',
  'slow',
  'crash',
  'hole',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** The details of a fault; the README says which kind uses which parameter. */
export interface FaultParameters {
  /** Strike in the middle of the page after this many, instead of before the first. */
  afterPages?: number;
  /** First heartbeat the end of the page in which it strikes, so that a later attempt skips that page. */
  ahead?: boolean;
  /** Strike only in this many attempts of the activity, so that a later one continues; by default in all. */
  activityAttempts?: number;
  milliseconds?: number;
  /** Take this long without a heartbeat. */
  silent?: boolean;
  sqlstate?: string;
  message?: string;
  type?: string;
  how?: 'cancel' | 'terminate';
  every?: number;
}

/** A failure to inject. */
export interface Fault {
  kind: FaultKind;
  parameters: FaultParameters;
}

/** A fault, and the windows and executions that it applies to: a row of `reference.faults`, or an item of the variable. */
export interface FaultRule extends Fault {
  /** A customer's id, or `*`. */
  customerId: string;
  covers?: string;
  longerThanMs?: number;
  firstAttempt?: number;
  lastAttempt?: number;
}

/** Whether a rule applies to this execution, the `attempt`-th of this window, counted from 1. */
export function applies(rule: FaultRule, window: Window, attempt: number): boolean {
  const from = Date.parse(window.startTime);
  const to = Date.parse(window.endTime);
  const covers = rule.covers === undefined ? from : Date.parse(rule.covers);
  return (
    (rule.customerId === '*' || rule.customerId === window.customerId) &&
    covers >= from &&
    covers < to &&
    to - from > (rule.longerThanMs ?? 0) &&
    attempt >= (rule.firstAttempt ?? 1) &&
    attempt <= (rule.lastAttempt ?? Number.POSITIVE_INFINITY)
  );
}

/**
 * Reads fault rules from JSON, an array of objects with `customerId`, `kind` and any other field of a rule.
 *
 * @throws when the text is not such an array
 */
export function parseFaultRules(text: string): FaultRule[] {
  const rules: unknown = JSON.parse(text);
  if (!Array.isArray(rules)) throw new Error(`faults: expected a JSON array, got ${text}`);
  return rules.map((rule: Partial<FaultRule>) => {
    if (typeof rule?.customerId !== 'string' || !faultKinds.includes(rule.kind as FaultKind)) {
      throw new Error(
        `faults: expected a customerId and a kind (${faultKinds.join(', ')}), got ${JSON.stringify(rule)}`,
      );
    }
    return { parameters: {}, ...rule } as FaultRule;
  });
}

/** After how many pages this attempt is struck; undefined for before the first page or not at all. */
export function strikesAfterPages({ kind, parameters }: Fault): number | undefined {
  // A crash before the first page would leave nothing half done, and that is what crashes are to test.
  return parameters.afterPages ?? (kind === 'crash' ? 0 : undefined);
}

/** Whether a fault strikes in this attempt of the activity, counted from 1. */
export function strikesIn({ kind, parameters }: Fault, activityAttempt: number): boolean {
  // A worker that crashed in every attempt would never finish.
  return activityAttempt <= (parameters.activityAttempts ?? (kind === 'crash' ? 1 : Number.POSITIVE_INFINITY));
}

/**
 * Makes the fault happen. Returns for the kinds after which the window continues (`slow`, `hole`), and never for the others.
 *
 * @param beat heartbeats without losing the position
 */
export async function strike({ kind, parameters }: Fault, context: Context, beat: () => void): Promise<void> {
  log.info('injecting a fault', { kind, ...parameters });
  switch (kind) {
    case 'heartbeat-timeout':
      // The SDK cancels the attempt once the server must have given it up.
      return await context.sleep('1 hour');
    case 'start-to-close-timeout':
    case 'execution-timeout':
      return await stayAlive(context, beat, Number.POSITIVE_INFINITY);
    case 'contention':
      throw databaseError(parameters.sqlstate ?? '40P01', parameters.message ?? 'deadlock detected');
    case 'overload':
      throw databaseError(parameters.sqlstate ?? '53300', parameters.message ?? 'sorry, too many clients already');
    case 'stopped': {
      const { workflowId, runId } = context.info.workflowExecution!;
      const handle = context.client.workflow.getHandle(workflowId, runId);
      if (parameters.how === 'terminate') await handle.terminate(parameters.message ?? 'protecting the database');
      else await handle.cancel();
      return await stayAlive(context, beat, Number.POSITIVE_INFINITY);
    }
    case 'permanent':
      throw ApplicationFailure.nonRetryable(
        parameters.message ?? 'injected fault: the window is rejected',
        parameters.type ?? 'InvalidArgument',
      );
    case 'unknown':
      throw new Error(parameters.message ?? 'injected fault: unknown error');
    case 'slow': {
      const { milliseconds = 1_000, silent = false } = parameters;
      return await (silent ? context.sleep(milliseconds) : stayAlive(context, beat, milliseconds));
    }
    case 'crash':
      process.exit(137);
      break;
    case 'hole':
      return;
    default:
      throw kind satisfies never;
  }
}

/** Leaves out the first of every `every` conversations of a page, for a window that completes with a hole. */
export function withHole<T>(fault: Fault | undefined, page: readonly T[]): readonly T[] {
  if (fault?.kind !== 'hole') return page;
  const every = fault.parameters.every ?? 5;
  return page.filter((_, index) => index % every !== 0);
}

async function stayAlive(context: Context, beat: () => void, milliseconds: number): Promise<void> {
  const step = 100;
  for (let rest = milliseconds; rest > 0; rest -= step) {
    beat();
    await context.sleep(Math.min(rest, step));
  }
}
