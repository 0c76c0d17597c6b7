import { DAY_RULES, dayVariables } from './day-styles.js';

/** The page's one style sheet: light and dark by the reader's own choice, and for paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #fff; --line: #d9dee5; --panel: #f5f7fa; --link: #0b57d0;
  ${dayVariables('light')} --letter: #10151c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa6b5; --paper: #12161c; --line: #2c343f; --panel: #1a2029; --link: #8ab4f8;
    ${dayVariables('dark')} --letter: #f2f5f9; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 1280px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { margin: 2.5rem 0 .3rem; padding-top: .6rem; border-top: 2px solid var(--line); font-size: 1.3rem; } h3 { margin: 1.6rem 0 .4rem; font-size: 1.05rem; }
p { margin: .3rem 0; } a { color: var(--link); } .note { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .9rem; } th, td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; } td code { overflow-wrap: anywhere; }
th { white-space: nowrap; color: var(--soft); font-weight: 600; } th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--link); } th[aria-sort=ascending] button::after { content: " ▲"; } th[aria-sort=descending] button::after { content: " ▼"; }
td:first-child { max-width: 24rem; } .wide { overflow-x: auto; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } td.number { padding-right: .9rem; } code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
details summary { cursor: pointer; color: var(--link); } meter { width: 8rem; } meter::-webkit-meter-optimum-value { background: var(--f); } meter::-moz-meter-bar { background: var(--f); }
.status { padding: 0 .45rem; border-radius: .6rem; background: var(--panel); border: 1px solid var(--line); } .status-completed { border-color: var(--d); } .status-waitingForOperator, .status-cancelled { border-color: var(--f); } .status-paused, .status-pausing, .status-cancelling { border-color: var(--h); } .status-running, .status-finishing { border-color: var(--r); }
figure.chart { margin: .5rem 0; } .legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-bottom: .4rem; font-size: .85rem; } .key { display: inline-block; width: 1.25em; height: 1.25em; line-height: 1.25em; text-align: center; font-style: normal; font-family: ui-monospace, monospace; vertical-align: -.2em; color: var(--letter); }
.scroll { max-height: 34rem; overflow: auto; border: 1px solid var(--line); padding: .3rem; } svg { display: block; max-width: none; }
svg text { font: 11px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--ink); } svg .label, svg .end { text-anchor: end; } svg .tick { fill: var(--soft); } svg .letters { text-anchor: middle; fill: var(--letter); pointer-events: none; white-space: pre; } .grid { stroke: var(--line); fill: none; }
${DAY_RULES}
.run-completed { fill: var(--d); background: var(--d); } .run-running { fill: var(--r); background: var(--r); } .run-failed { fill: var(--f); background: var(--f); } .run-timedOut { fill: #c2571a; background: #c2571a; } .run-cancelled { fill: var(--h); background: var(--h); } .run-terminated { fill: #8f4fc4; background: #8f4fc4; } .run-continuedAsNew { fill: var(--s); background: var(--s); }
.line-limit { stroke: var(--f); stroke-width: 2; fill: none; background: var(--f); } i.line-limit { height: .25em; vertical-align: .25em; } .area-flight { fill: var(--r); opacity: .45; background: var(--r); }
#tip { position: fixed; z-index: 1; padding: .3rem .5rem; background: var(--ink); color: var(--paper); font-size: .8rem; border-radius: .3rem; pointer-events: none; max-width: 28rem; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --line: #bbb; --panel: #fff; --link: #000; ${dayVariables('paper')} --letter: #000; }
  @page { size: A4 landscape; margin: 12mm; }
  html { font-size: 11px; } body { max-width: none; padding: 0; font-size: 1rem; } .legend { break-after: avoid; } .wide { overflow: visible; } .scroll { max-height: none; overflow: visible; border: 0; padding: 0; } svg { width: 100%; height: auto; max-height: 160mm; break-inside: avoid; margin-bottom: 3mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } h2 { break-before: page; } h2:first-of-type { break-before: auto; } h3 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; } #tip { display: none; }
}`;
