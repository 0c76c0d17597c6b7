import { type Client, defaultPayloadConverter } from '@temporalio/client';

/** Of a run whose input says nothing else, and of windows that were started by hand. */
export const DEFAULT_PREFIX = 'reindexconversations';

/**
 * What the workflow ids of a run's windows start with: the run's input says so in its first event. After
 * continue-as-new the input stands in what the run carries on.
 */
export async function childPrefixOf(client: Client, workflowId: string, runId?: string): Promise<string> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, ...(runId ? { runId } : {}) },
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  const [input, carried] = payloads.map((payload): unknown => {
    try {
      return defaultPayloadConverter.fromPayload(payload);
    } catch {
      // Written with a codec that is not known here.
      return undefined;
    }
  });
  const prefix =
    at(carried, 'state', 'state', 'options', 'child', 'workflowIdPrefix') ?? at(input, 'child', 'workflowIdPrefix');
  return typeof prefix === 'string' ? prefix : DEFAULT_PREFIX;
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[name] : undefined,
    value,
  );
}
