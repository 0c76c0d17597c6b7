import { stringify } from 'yaml';
import { type Alert, LIMITS, type Limits } from './alert.js';
import { runAlerts } from './run-alerts.js';
import { workerAlerts } from './worker-alerts.js';

export const alertsWith = (limits: Limits = LIMITS): Alert[] => [...runAlerts(limits), ...workerAlerts(limits)];

const NOTE = ' Generated from deploy/monitoring/*.ts by `npm run generate:monitoring`. Changes here are lost.\n';
const asYaml = (value: unknown) => `#${NOTE}${stringify(value, { lineWidth: 0 })}`;

const annotationsOf = ({ name, summary, look }: Alert) => ({
  summary,
  look,
  runbook: `docs/runbook.md#${name.toLowerCase()}`,
});

/** The rules as Prometheus reads them; `spec` of a PrometheusRule has the same form. */
export const rulesYaml = (limits?: Limits): string =>
  asYaml({
    groups: [
      {
        name: 'backfill',
        rules: alertsWith(limits).map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          for: alert.for,
          labels: { severity: alert.severity },
          annotations: annotationsOf(alert),
        })),
      },
    ],
  });

/** Tests for `promtool test rules`: each alert fires on its example, and on none of the variations. */
export function ruleTestsYaml(): string {
  const alerts = alertsWith();
  return asYaml({
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: alerts.flatMap((alert) => {
      const { fires, unless } = alert.example;
      return [
        testOf(alert, `${alert.name} fires`, fires, true),
        ...Object.entries(unless).map(([when, change]) =>
          testOf(alert, `${alert.name} is silent: ${when}`, { ...fires, ...change }, false),
        ),
      ];
    }),
  });
}

function testOf(alert: Alert, name: string, series: Readonly<Record<string, string | undefined>>, fires: boolean) {
  const { example, severity, name: alertname } = alert;
  const expected = {
    exp_labels: { severity, ...example.labels },
    exp_annotations: Object.fromEntries(
      Object.entries(annotationsOf(alert)).map(([field, text]) => [field, filledIn(text, example.labels)]),
    ),
  };
  return {
    name,
    interval: '1m',
    input_series: Object.entries(series).flatMap(([name, values]) =>
      values === undefined ? [] : { series: name, values },
    ),
    alert_rule_test: [{ eval_time: example.after, alertname, exp_alerts: fires ? [expected] : [] }],
  };
}

const filledIn = (text: string, labels: Readonly<Record<string, string>>): string =>
  text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name) => labels[name] ?? '');
