// Sorts the tables, and shows what is under the pointer in a chart. Everything it shows is also on the page without it.
// It writes text only, never HTML.

function prepareTable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const sortValue = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.by === undefined ? cell.textContent : Number(cell.dataset.by);
  };
  const sort = (column, direction) => {
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [sortValue(a, column), sortValue(b, column)];
      return direction * (typeof x === 'number' ? x - y : x.localeCompare(y));
    });
    table.tBodies[0].append(...rows);
  };
  const directionOf = (head) => ({ ascending: 1, descending: -1 })[head.getAttribute('aria-sort')];
  for (const [column, head] of heads.entries()) {
    // What a refresh brought is sorted as the reader chose.
    if (directionOf(head)) sort(column, directionOf(head));
    head.onclick = () => {
      const direction = directionOf(head) === 1 ? -1 : 1;
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
      sort(column, direction);
    };
  }
}

const tip = document.createElement('div');
tip.id = 'tip';
tip.hidden = true;
document.body.append(tip);

function showTip(event, text) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
}

/** Shows the text of each place in a picture under the pointer; `textAt` gets it in the picture's own coordinates. */
function withTip(svg, textAt) {
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    showTip(event, textAt((event.clientX - box.left) * scale, (event.clientY - box.top) * scale));
  };
  svg.onpointerleave = (event) => showTip(event, '');
}

const dayNames = JSON.parse(document.querySelector('main').dataset.dayNames);

function prepareHeatMap(svg) {
  const [firstDay, daysPerCell, left, cellWidth, top, rowHeight] = svg.dataset.heat.split(' ').map(Number);
  const names = [...svg.querySelectorAll('text.label title')].map((title) => title.textContent);
  const letters = [...svg.querySelectorAll('text.letters')].map((text) => text.textContent);
  withTip(svg, (x, y) => {
    const column = Math.floor((x - left) / cellWidth);
    const row = Math.floor((y - top) / rowHeight);
    if (names[row] === undefined || column < 0) return '';
    const day = new Date((firstDay + column * daysPerCell) * 86_400_000).toISOString().slice(0, 10);
    const state = dayNames[letters[row]?.[column]];
    return [names[row], day, ...(state ? [state] : [])].join('  ');
  });
}

function prepareGantt(svg) {
  const [from, left, scale, top] = svg.dataset.gantt.split(' ').map(Number);
  const rows = JSON.parse(svg.dataset.windows);
  withTip(svg, (x, y) => {
    let bottom = top;
    const row = rows.find(([, height]) => {
      bottom += height;
      return y < bottom;
    });
    if (!row || y < top) return '';
    const [name, height, lanes, ...bars] = row;
    const offset = y - (bottom - height);
    const lane = Math.min(lanes - 1, Math.max(0, Math.floor(((offset - 1) / (height - 3)) * lanes)));
    const second = (x - left) / scale / 1000;
    const tolerance = 2 / scale / 1000;
    const distanceTo = ([start, took]) => Math.abs(second - start - took / 2);
    const [bar] = bars
      .filter((bar) => bar[2] === lane && distanceTo(bar) <= bar[1] / 2 + tolerance)
      .sort((a, b) => distanceTo(a) - distanceTo(b));
    if (!bar) return '';
    const [start, took, , hours, end, status, failure] = bar;
    const startedAt = new Date(from + start * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const outcome = failure ? `${status} (${failure})` : status;
    return `${name}  ${hours} to ${end}  ${outcome}  ${startedAt} UTC, ${took} s`;
  });
}

function prepareAll() {
  for (const table of document.querySelectorAll('table.sortable')) prepareTable(table);
  for (const svg of document.querySelectorAll('svg[data-heat]')) prepareHeatMap(svg);
  for (const svg of document.querySelectorAll('svg[data-gantt]')) prepareGantt(svg);
}

prepareAll();
// The pages of backfill serve put in what has changed.
document.addEventListener('refreshed', prepareAll);

addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});
