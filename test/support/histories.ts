/**
 * Recorded histories: `test/fixtures/histories/<story>.json`, and `<story>.2.json` for the run after that, and so on.
 * Those of a release stand in a folder named after it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import proto from '@temporalio/proto';
import type { HistoryEvent } from './history-events.js';

const { History } = proto.temporal.api.history.v1;

export const historiesFolder = new URL('../fixtures/histories/', import.meta.url);

export interface RecordedHistory {
  name: string;
  workflowId: string;
  /** As the SDK's message types take them: 64-bit numbers and enumerations as texts, bytes as base64. */
  events: Record<string, unknown>[];
}

/** Every recorded history, by name, such as `sequential` or `0.1.0/sequential`. */
export function recordedHistories(): RecordedHistory[] {
  return readdirSync(historiesFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.json$/, ''),
      ...(JSON.parse(readFileSync(new URL(file, historiesFolder), 'utf8')) as Omit<RecordedHistory, 'name'>),
    }));
}

/**
 * The history as a replay takes it. Not by the SDK's `historyFromJSON`, which reads what `temporal workflow show`
 * writes: it throws "type must be a Type" wherever npm gives two of the SDK's packages their own copy of protobufjs.
 */
export const asHistory = ({ events }: Pick<RecordedHistory, 'events'>) => History.fromObject({ events });

/** One event a line, so that a difference between two recordings can be read. */
export function printed(workflowId: string, events: readonly HistoryEvent[]): string {
  const history = History.toObject(History.fromObject({ events }), { longs: String, enums: String, bytes: String });
  const lines = (history.events as unknown[]).map((event) => JSON.stringify(event, withoutTheMachine));
  return `{"workflowId":${JSON.stringify(workflowId)},"events":[\n${lines.join(',\n')}\n]}\n`;
}

/** Where a history was recorded does not matter: no host names, process numbers and paths. */
function withoutTheMachine(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorder';
  // A worker's sticky queue is named after its process.
  if (key === 'name' && typeof value === 'string' && /^\d+@/.test(value)) return 'sticky';
  return key === 'stackTrace' ? undefined : value;
}
