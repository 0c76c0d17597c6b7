/** `npm run generate:monitoring [-- --check]`: writes the alerts' rules, their tests, the dashboard and the runbook, or says what is out of date. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dashboardJson } from '../deploy/monitoring/dashboard.js';
import { rulesYaml, ruleTestsYaml } from '../deploy/monitoring/rules.js';
import { type Measured, runbookMarkdown } from '../deploy/monitoring/runbook.js';

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const measured = JSON.parse(await readFile(at('deploy/monitoring/measured.json'), 'utf8')) as Measured[];

const files = {
  'deploy/monitoring/rules.yaml': rulesYaml(),
  // Helm reads no file outside of the chart.
  'deploy/chart/files/rules.yaml': rulesYaml(),
  'deploy/monitoring/rules.test.yaml': ruleTestsYaml(),
  'deploy/monitoring/dashboard.json': dashboardJson(),
  'docs/runbook.md': runbookMarkdown(measured),
};

for (const [path, wanted] of Object.entries(files)) {
  if (!process.argv.includes('--check')) await writeFile(at(path), wanted);
  else if ((await readFile(at(path), 'utf8').catch(() => '')) !== wanted) {
    console.error(`${path} is not what deploy/monitoring/*.ts say now; run: npm run generate:monitoring`);
    process.exitCode = 1;
  }
}
