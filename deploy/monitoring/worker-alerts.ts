import type { Alert, Limits } from './alert.js';

const QUEUE = '{{ $labels.namespace }}/{{ $labels.task_queue }}';
const queue = { namespace: 'ingestion', task_queue: 'backfill-scorecards' };
const always = (value: number) => `${value}x300`;
const failed = (reason: string) =>
  `temporal_workflow_task_execution_failed_total{namespace="ingestion",workflow_type="backfillScorecards",failure_reason="${reason}"}`;
/** A counter that begins with its first failure does not increase: the SDK counts a message that is too large only once. */
const failures = (reason: string, over: string) => {
  const counter = `temporal_workflow_task_execution_failed_total{failure_reason="${reason}"}`;
  const sum = 'sum by (namespace, workflow_type)';
  return `${sum} (increase(${counter}[${over}])) > 0\nor ${sum} (${counter} unless ${counter} offset ${over}) > 0`;
};
const slow = (le: string) =>
  `temporal_workflow_task_schedule_to_start_latency_seconds_bucket{namespace="ingestion",task_queue="backfill-scorecards",le="${le}"}`;
const pollers = (instance: string) =>
  `temporal_num_pollers{namespace="ingestion",task_queue="backfill-scorecards",poller_type="workflow_task",instance="${instance}"}`;
/**
 * Of the five alerts that Temporal says to start with, those that can fire, on the SDK's metrics of the orchestrator's worker. The
 * fifth asks temporal_request_failure_total for RESOURCE_EXHAUSTED: SDK 1.24 counts no refusal there, of server 1.29 or 1.32.
 */
export const workerAlerts = (limits: Limits): Alert[] => [
  {
    name: 'TemporalPollersDisconnected',
    severity: 'page',
    expr: 'sum by (namespace, task_queue, instance) (temporal_num_pollers{poller_type="workflow_task"}) == 0',
    for: limits.restart,
    summary: `Worker {{ $labels.instance }} of ${QUEUE} is up, but does not poll`,
    meaning: 'It serves metrics and does no work: it is wedged, or it drains without end.',
    look: 'kubectl get pods -l app.kubernetes.io/component=worker',
    steps: ['`/readyz` of the pod says which poller stands still.', 'Restart it: nothing is lost with a worker.'],
    silent:
      'A worker that is gone has no metrics. BackfillOrchestratorDown is the alert for that, and fires as well where no other worker polls.',
    example: {
      fires: { [pollers('10.0.0.1:9464')]: always(0), [pollers('10.0.0.2:9464')]: always(5) },
      after: '10m',
      labels: { ...queue, instance: '10.0.0.1:9464' },
      unless: { 'it polls': { [pollers('10.0.0.1:9464')]: always(5) } },
    },
  },
  {
    name: 'TemporalNonDeterminism',
    severity: 'page',
    expr: failures('NonDeterminismError', limits.failuresOver),
    for: '0m',
    summary: "A {{ $labels.workflow_type }} can't be replayed by the worker's version",
    meaning:
      'The run stands still until a worker that fits polls. Windows in flight continue. BackfillOrchestratorDown follows.',
    look: 'backfill status',
    steps: ['Roll the worker back to the version before.', 'Then find out why the replay gate let the version pass.'],
    example: {
      fires: { [failed('NonDeterminismError')]: '0x10 1x300' },
      after: '15m',
      labels: { namespace: 'ingestion', workflow_type: 'backfillScorecards' },
      unless: {
        'a task failed for another reason': {
          [failed('NonDeterminismError')]: undefined,
          [failed('WorkflowError')]: '0x10 1x300',
        },
      },
    },
  },
  {
    name: 'TemporalMessageTooLarge',
    severity: 'page',
    expr: failures('GrpcMessageTooLarge', limits.failuresOver),
    for: '0m',
    summary: 'A {{ $labels.workflow_type }} answers more than the server takes',
    meaning: 'The workflow task is tried again and again, and the run stands still. BackfillOrchestratorDown follows.',
    look: 'backfill status',
    steps: [
      'It is a fault of the project: starts, answers and states are made to fit. Keep the history: `temporal workflow show --output json`.',
      'Terminate the run and start one for fewer customers with `--resume`.',
    ],
    example: {
      fires: { [failed('GrpcMessageTooLarge')]: '_x10 1x300' },
      after: '15m',
      labels: { namespace: 'ingestion', workflow_type: 'backfillScorecards' },
      unless: { 'it happened long ago': { [failed('GrpcMessageTooLarge')]: always(1) } },
    },
  },
  {
    name: 'TemporalWorkflowTasksWait',
    severity: 'ticket',
    expr: `histogram_quantile(0.99, sum by (namespace, task_queue, le) (rate(temporal_workflow_task_schedule_to_start_latency_seconds_bucket[${limits.failuresOver}]))) > 5`,
    for: limits.settles,
    summary: `Workflow tasks of ${QUEUE} wait for seconds before a worker takes them`,
    meaning: 'The orchestrator has too few workers, or too little CPU: slots of the run stay empty meanwhile.',
    look: 'kubectl top pods -l app.kubernetes.io/component=worker',
    steps: ['Give the worker more CPU, or add a replica.'],
    example: {
      fires: { [slow('5')]: '0+1x300', [slow('10')]: '0+10x300', [slow('+Inf')]: '0+10x300' },
      after: '30m',
      labels: queue,
      unless: { 'they are taken at once': { [slow('5')]: '0+10x300' } },
    },
  },
];
