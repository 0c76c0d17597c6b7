/** Reads the events of a history. */
import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** What kinds of events a history has, without the server's prefix: `ChildWorkflowExecutionStarted`, … */
export function kindsOf(events: readonly HistoryEvent[]): string[] {
  return events.map((event) => {
    const field = Object.keys(event).find((key) => key.endsWith('EventAttributes'))!;
    return field.slice(0, -'EventAttributes'.length);
  });
}

/** What was passed to an activity, call by call. */
export function inputsOf<Input>(events: readonly HistoryEvent[], activity: string): Input[] {
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.activityType?.name === activity ? [decoded(scheduled.input?.payloads?.[0]) as Input] : [],
  );
}

/** All that a history says, payloads included. */
export function textOf(events: readonly HistoryEvent[]): string {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (value instanceof Uint8Array) found.push(new TextDecoder().decode(value));
    else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) walk(part);
  };
  walk(events);
  return found.join('\n');
}

/** A payload's JSON. */
export function decoded(payload: temporal.api.common.v1.IPayload | null | undefined): unknown {
  return JSON.parse(new TextDecoder().decode(payload?.data ?? undefined));
}

export const metadataOf = (payload: temporal.api.common.v1.IPayload | null | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(payload?.metadata ?? {}).map(([name, value]) => [name, new TextDecoder().decode(value)]),
  );
