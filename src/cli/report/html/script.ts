import { DAY_NAMES } from '../../../backfill/views/day-letters.js';

/**
 * The page's one script: tables that sort, and what is under the pointer in a chart. All that it shows is in the page
 * without it, too. It writes text only, never HTML.
 */
export const SCRIPT = `
'use strict';
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, i) => { const cell = row.cells[i]; return cell.dataset.by === undefined ? cell.textContent : Number(cell.dataset.by); };
  heads.forEach((head, i) => head.addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up === 1 ? 'ascending' : 'descending');
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [value(a, i), value(b, i)];
      return up * (typeof x === 'number' ? x - y : x.localeCompare(y));
    });
    table.tBodies[0].append(...rows);
  }));
}
const tip = document.createElement('div');
tip.id = 'tip';
tip.hidden = true;
document.body.append(tip);
const words = ${JSON.stringify(DAY_NAMES)};
const placeOf = (svg, event) => {
  const box = svg.getBoundingClientRect();
  const scale = svg.viewBox.baseVal.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
};
const show = (event, text) => {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px';
  tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8) + 'px';
};
for (const svg of document.querySelectorAll('svg[data-heat]')) {
  const [first, perCell, left, cell, top, row] = svg.dataset.heat.split(' ').map(Number);
  const names = [...svg.querySelectorAll('text.label title')].map((title) => title.textContent);
  const letters = [...svg.querySelectorAll('text.letters')].map((text) => text.textContent);
  svg.addEventListener('pointermove', (event) => {
    const [x, y] = placeOf(svg, event);
    const [column, line] = [Math.floor((x - left) / cell), Math.floor((y - top) / row)];
    const name = names[line];
    if (name === undefined || column < 0) return show(event, '');
    const day = new Date((first + column * perCell) * 864e5).toISOString().slice(0, 10);
    const word = words[(letters[line] || '')[column]];
    show(event, name + '  ' + day + (word ? '  ' + word : ''));
  });
  svg.addEventListener('pointerleave', (event) => show(event, ''));
}
for (const svg of document.querySelectorAll('svg[data-gantt]')) {
  const [from, left, scale, top] = svg.dataset.gantt.split(' ').map(Number);
  const rows = JSON.parse(svg.dataset.windows);
  svg.addEventListener('pointermove', (event) => {
    const [x, y] = placeOf(svg, event);
    let under = y - top;
    const row = under >= 0 && rows.find(([, height]) => (under -= height) < 0);
    if (!row) return show(event, '');
    const [name, height, lanes, ...bars] = row;
    const at = (x - left) / scale / 1000;
    const near = 2 / scale / 1000;
    const lane = Math.min(lanes - 1, Math.max(0, Math.floor(((under + height - 1) / (height - 3)) * lanes)));
    const distance = (bar) => Math.abs(at - bar[0] - bar[1] / 2);
    const [bar] = bars
      .filter((bar) => bar[2] === lane && distance(bar) <= bar[1] / 2 + near)
      .sort((a, b) => distance(a) - distance(b));
    if (!bar) return show(event, '');
    const [start, took, , hours, end, status, failure] = bar;
    const time = new Date(from + start * 1000).toISOString().slice(0, 19).replace('T', ' ');
    show(event, name + '  ' + hours + ' to ' + end + '  ' + status + (failure ? ' (' + failure + ')' : '') + '  ' + time + ' UTC, ' + took + ' s');
  });
  svg.addEventListener('pointerleave', (event) => show(event, ''));
}
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach((all) => { all.open = true; }));
`;
