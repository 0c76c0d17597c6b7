import type { Client } from '@temporalio/client';
import { isFields } from '../backfill/json.js';
import { decoded, type Execution, firstEvents } from './history.js';

/** Of a run whose input says nothing else, and of windows that were started by hand. */
export const DEFAULT_PREFIX = 'reindexconversations';

/**
 * The arguments of a run, from its first event: its input and, after continue-as-new, what it carries on. Undefined for an
 * argument whose codec is not known here.
 */
export async function runArguments(client: Client, execution: Execution): Promise<unknown[]> {
  const [started] = await firstEvents(client, execution, 1);
  return (started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? []).map(decoded);
}

/** What the workflow ids of a run's windows start with. After continue-as-new its options stand in the carried state. */
export async function childPrefixOf(client: Client, workflowId: string, runId?: string): Promise<string> {
  const [input, carried] = await runArguments(client, { workflowId, runId });
  return prefixIn(at(carried, 'state', 'state', 'options')) ?? prefixIn(input) ?? DEFAULT_PREFIX;
}

/** The prefix that a run's input, or the defaults for it, ask for. */
export function prefixIn(input: unknown): string | undefined {
  const prefix = at(input, 'child', 'workflowIdPrefix');
  return typeof prefix === 'string' ? prefix : undefined;
}

const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce((inner, name) => (isFields(inner) ? inner[name] : undefined), value);
