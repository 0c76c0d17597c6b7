import { createHash } from 'node:crypto';
import type { ClusterReport, ReportDocument, WindowRecord } from '../../presentation/report/document.js';
import { grouped } from '../../presentation/report/grouped.js';

/** An export of OpenTelemetry traces as JSON, as `POST /v1/traces` of any collector takes it. */
export interface OtlpTraces {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { scope: { name: string }; spans: Span[] }[] }[];
}

export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  events?: { name: string; timeUnixNano: string; attributes: Attribute[] }[];
  status: { code: number; message?: string };
}

interface Attribute {
  key: string;
  value: { stringValue: string } | { intValue: string };
}

const INTERNAL = 1;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;

/**
 * Runs as traces: the run is the root, each window a span, each execution of its workflow a span below it. What operators
 * and the run itself decided is an event of the root. Made from records, so it works for runs of last month, and no
 * workflow has an interceptor that would change its history. IDs follow from the run: exporting it again gives the same trace.
 */
export const tracesOf = ({ clusters, generatedAt }: ReportDocument): OtlpTraces => ({
  resourceSpans: clusters.map((run) => ({
    resource: {
      attributes: attributes({ 'service.name': 'backfill-scorecards', 'backfill.cluster': run.cluster }),
    },
    scopeSpans: [{ scope: { name: 'backfill trace' }, spans: spansOf(run, Date.parse(generatedAt)) }],
  })),
});

function spansOf(run: ClusterReport, now: number): Span[] {
  const name = `${run.namespace}/${run.workflowId}/${run.startedAt}`;
  const root: Span = {
    traceId: idOf(name, 32),
    spanId: idOf(`${name}/run`, 16),
    name: run.workflowId,
    kind: INTERNAL,
    startTimeUnixNano: nanos(Date.parse(run.startedAt)),
    endTimeUnixNano: nanos(run.endedAt === null ? now : Date.parse(run.endedAt)),
    attributes: attributes({
      'backfill.range.start': run.range.start,
      'backfill.range.end': run.range.end,
      'backfill.days': run.totals.days,
      'backfill.days.done': run.totals.done,
      'temporal.namespace': run.namespace,
      'temporal.run_id': run.runId,
    }),
    events: run.log.map(({ at, what, by, effect, fact }) => ({
      name: what === 'decision' ? fact.kind : what,
      timeUnixNano: nanos(Date.parse(at)),
      attributes: attributes({ effect, by }),
    })),
    status: {
      code: run.status === 'completed' ? STATUS.ok : run.status === 'cancelled' ? STATUS.error : STATUS.unset,
      message: run.statusReason,
    },
  };
  const windows = grouped(run.windows, ({ workflowId }) => workflowId).values();
  return [root, ...[...windows].flatMap((executions) => windowSpans(name, root, executions, now))];
}

/** A window's span, and one below it for each execution of its workflow. */
function windowSpans(name: string, root: Span, executions: readonly WindowRecord[], now: number): Span[] {
  const { traceId } = root;
  const last = executions.at(-1)!;
  const { workflowId } = last;
  const spanId = idOf(`${name}/${workflowId}`, 16);
  const window: Span = {
    ...spanOf(executions[0]!, last, now),
    traceId,
    spanId,
    parentSpanId: root.spanId,
    name: workflowId,
    attributes: attributes({
      'backfill.customer': last.customer,
      'backfill.window.from': last.from,
      'backfill.window.to': last.to,
      'backfill.attempts': executions.length,
      'temporal.workflow_id': workflowId,
    }),
  };
  const attempts = executions.map(
    (execution, i): Span => ({
      ...spanOf(execution, execution, now),
      traceId,
      spanId: idOf(`${name}/${workflowId}/${execution.runId}`, 16),
      parentSpanId: spanId,
      name: `attempt ${i + 1}`,
      attributes: attributes({
        'temporal.workflow_id': workflowId,
        'temporal.run_id': execution.runId,
        'temporal.status': execution.status,
        'backfill.failure.class': execution.class,
      }),
    }),
  );
  return [window, ...attempts];
}

function spanOf(first: WindowRecord, last: WindowRecord, now: number) {
  const failed = last.status !== 'completed' && last.status !== 'running' && last.status !== 'continuedAsNew';
  return {
    kind: INTERNAL,
    startTimeUnixNano: nanos(Date.parse(first.startedAt)),
    endTimeUnixNano: nanos(last.closedAt === null ? now : Date.parse(last.closedAt)),
    status: failed
      ? { code: STATUS.error, message: last.error ?? last.status }
      : { code: last.status === 'completed' ? STATUS.ok : STATUS.unset },
  };
}

const idOf = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits);

const nanos = (ms: number): string => String(BigInt(ms) * 1_000_000n);

/** Those that have a value. */
const attributes = (values: Record<string, string | number | undefined>): Attribute[] =>
  Object.entries(values).flatMap(([key, value]): Attribute[] => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }];
  });
