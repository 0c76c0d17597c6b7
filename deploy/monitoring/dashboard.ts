import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { METRICS, type MetricName } from '../../src/server/metrics/metrics.js';

interface Graph {
  title: string;
  about?: string;
  unit?: string;
  max?: number;
  /** Legend by query. */
  queries: Record<string, string>;
}

const datasource = { type: 'prometheus', uid: `\${datasource}` };
const SPAN = 8;
const HEIGHT = 8;

/** A graph of one metric of the fleet, described as the metric describes itself. */
function graphOf(title: string, name: MetricName, more: Partial<Graph> & { legend?: string } = {}): Graph {
  const { legend = '{{cluster}}', ...rest } = more;
  return { title, about: METRICS[name][0], queries: { [`${name}{cluster=~"$cluster"}`]: legend }, ...rest };
}

const fleet: Graph[] = [
  graphOf('Days', 'backfill_days', { legend: '{{cluster}} {{state}}' }),
  {
    title: 'Windows in flight, and the limit',
    about: METRICS.backfill_limit[0],
    queries: {
      'backfill_windows_in_flight{cluster=~"$cluster"}': '{{cluster}} in flight',
      'backfill_limit{cluster=~"$cluster"}': '{{cluster}} limit',
    },
  },
  graphOf('Load of the database, as a share of what it may bear', 'backfill_utilization', { unit: 'percentunit' }),
  graphOf('Time left', 'backfill_eta_seconds', { unit: 's' }),
  {
    title: 'Status',
    about: METRICS.backfill_run_status[0],
    queries: { 'backfill_run_status{cluster=~"$cluster"} == 1': '{{cluster}} {{status}}' },
    max: 1,
  },
  graphOf('Needs attention', 'backfill_attention', { legend: '{{cluster}} {{class}}' }),
  graphOf('Oldest window', 'backfill_oldest_window_seconds', { unit: 's' }),
  graphOf('Heartbeat gap', 'backfill_heartbeat_gap', { unit: 'percentunit', max: 1 }),
  {
    title: 'Answering: Temporal, and the run',
    about: METRICS.backfill_run_up[0],
    queries: {
      'backfill_cluster_up{cluster=~"$cluster"}': '{{cluster}} Temporal',
      'backfill_run_up{cluster=~"$cluster"}': '{{cluster}} run',
    },
    max: 1,
  },
];

const worker: Graph[] = [
  {
    title: 'Windows by what became of them',
    about: 'Counted by the orchestrator: an outcome, or a class of failure.',
    queries: {
      'sum by (outcome) (rate(backfill_windows_total{cluster=~"$cluster"}[5m])) * 3600': '{{outcome}} an hour',
    },
  },
  {
    title: 'Pollers',
    queries: { 'sum by (task_queue, poller_type) (temporal_num_pollers)': '{{task_queue}} {{poller_type}}' },
  },
  {
    title: 'Workflow tasks wait for a worker (p99)',
    unit: 's',
    queries: {
      'histogram_quantile(0.99, sum by (task_queue, le) (rate(temporal_workflow_task_schedule_to_start_latency_seconds_bucket[5m])))':
        '{{task_queue}}',
    },
  },
  {
    title: 'Failed workflow tasks',
    queries: {
      'sum by (failure_reason) (rate(temporal_workflow_task_execution_failed_total[5m])) * 60':
        '{{failure_reason}} a minute',
    },
  },
  {
    title: 'Requests that Temporal refused',
    queries: {
      'sum by (operation, status_code) (rate(temporal_request_failure_total{operation!~"Poll.*"}[5m]))':
        '{{operation}} {{status_code}}',
    },
  },
  {
    title: 'Free slots',
    queries: { 'min by (worker_type) (temporal_worker_task_slots_available)': '{{worker_type}}' },
  },
];

function panelOf({ title, about, unit, max, queries }: Graph): Builder<Panel> {
  const panel = new PanelBuilder().title(title).datasource(datasource).span(SPAN).height(HEIGHT).min(0).fillOpacity(10);
  if (about) panel.description(about);
  if (unit) panel.unit(unit);
  if (max !== undefined) panel.max(max);
  for (const [expr, legend] of Object.entries(queries)) {
    panel.withTarget(new DataqueryBuilder().expr(expr).legendFormat(legend));
  }
  return panel;
}

/** The Grafana dashboard, as JSON to import. */
export function dashboardJson(): string {
  const dashboard = new DashboardBuilder('Backfills')
    .uid('backfill-scorecards')
    .tags(['temporal', 'backfill'])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('cluster')
        .datasource(datasource)
        .query('label_values(backfill_cluster_up, cluster)')
        .multi(true)
        .includeAll(true),
    )
    .withRow(new RowBuilder('Runs'));
  for (const graph of fleet) dashboard.withPanel(panelOf(graph));
  dashboard.withRow(new RowBuilder("The orchestrator's workers"));
  for (const graph of worker) dashboard.withPanel(panelOf(graph));
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}
