import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnManaged } from '../../../src/processes/managed-process.js';

/** An alert that fires, or may fire soon. */
export interface ActiveAlert {
  name: string;
  fires: boolean;
  /** The first command of its runbook, with the alert's labels filled in. */
  look: string;
}

export interface PrometheusOptions {
  directory: string;
  port: number;
  rules: string;
  /** `backfill serve`, and the file with its token. */
  server: string;
  tokenFile: string;
  workers: readonly string[];
}

/** A real Prometheus that looks every second. @returns what asks it for its alerts; it fails until Prometheus is up */
export async function startPrometheus(options: PrometheusOptions): Promise<() => Promise<ActiveAlert[]>> {
  const { directory, port, rules, server, tokenFile, workers } = options;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [
      {
        job_name: 'backfill-serve',
        authorization: { credentials_file: tokenFile },
        static_configs: [{ targets: [server] }],
      },
      { job_name: 'backfill-worker', static_configs: [{ targets: workers }] },
    ],
  };
  await writeFile(join(directory, 'rules.yaml'), rules);
  await writeFile(join(directory, 'prometheus.yaml'), JSON.stringify(config));
  await spawnManaged(
    'prometheus',
    'prometheus',
    [
      `--config.file=${join(directory, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(directory, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { logFile: join(directory, 'prometheus.log') },
  );
  return async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/alerts`);
    const { data } = (await response.json()) as {
      data: { alerts: { state: string; labels: { alertname: string }; annotations: { look: string } }[] };
    };
    return data.alerts.map(({ state, labels: { alertname: name }, annotations: { look } }) => {
      return { name, fires: state === 'firing', look };
    });
  };
}
