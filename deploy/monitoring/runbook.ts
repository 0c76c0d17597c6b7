import type { Alert } from './alert.js';
import { alertsWith } from './rules.js';

/** What `npm run try:alerts` measured: the fault, the alert that fired, and after how many seconds. */
export interface Measured {
  fault: string;
  alert: string;
  seconds: number;
  /** What the first command showed. */
  shown: string;
}

const INTRODUCTION = `<!-- Generated from deploy/monitoring/*.ts by \`npm run generate:monitoring\`. Changes here are lost. -->

# Runbook

A section for each alert in [deploy/monitoring/rules.yaml](../deploy/monitoring/rules.yaml). \`page\` means now, \`ticket\` means in working hours. Start with the first command: it shows the cause.

Windows that are in flight are never lost by anything here: they are workflows of their own, and every run finds them again.
`;

export function runbookMarkdown(measured: readonly Measured[]): string {
  return [INTRODUCTION, ...alertsWith().map(section), triedSection(measured)].join('\n');
}

const section = ({
  name,
  severity,
  summary,
  meaning,
  look,
  steps,
  silent,
  expr,
  for: holds,
}: Alert): string => `## ${name}

**${severity}**, after ${holds === '0m' ? 'the first time' : holds}. ${asText(summary)}.

${asText(meaning)}${silent ? ` ${silent}` : ''}

\`\`\`bash
${asText(look)}
\`\`\`

${steps.map((step, i) => `${i + 1}. ${asText(step)}`).join('\n')}

<details><summary>Expression</summary>

\`\`\`promql
${expr}
\`\`\`

</details>
`;

function triedSection(measured: readonly Measured[]): string {
  const rows = measured.map(
    ({ fault, alert, seconds, shown }) => `| ${fault} | [${alert}](#${alert.toLowerCase()}) | ${seconds} | ${shown} |`,
  );
  return `## How the alerts were tried

\`npm run try:alerts\` starts Temporal, PostgreSQL, both workers, the server and a Prometheus, and injects one fault after the other. Each makes exactly its alert fire and no other,
and the first command is typed as the alert names it. The rules are the same, with durations of seconds in place of minutes, so that the seconds here are those of the way from the fault to the alert, and not what the durations above add.

| fault | alert | seconds | the first command showed |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** A rule's labels as words. */
const asText = (text: string): string => text.replace(/\{\{ \$labels\.(\w+) \}\}/g, '<$1>');
