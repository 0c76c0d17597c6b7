// Keeps a page up to date, moves through the heat map by keyboard and by scrolling, and drags the moment of the time
// machine. Reading works without it. It writes no HTML but what the server sent.

const REFRESH_MS = 3_000;
const MOST_WAIT_MS = 30_000;
const content = document.querySelector('main');
const notice = document.querySelector('#notice');
let failures = 0;
let loading;

/** What a person is using must not change under their hands. */
const inUse = (element) => element === document.activeElement && /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);

const keep = {
  beforeNodeMorphed(before) {
    if (inUse(before) || before.matches?.('.selection:not([hidden])')) return false;
    return !(before.matches?.('form:focus-within, .days, form.filters') && before.contains(document.activeElement));
  },
  // Open details, chosen boxes and sorted columns are the reader's, not the server's.
  beforeAttributeUpdated: (name) => !['open', 'aria-sort', 'checked', 'style', 'hidden'].includes(name),
};

/** Fetches the page of this address again and puts in what has changed. */
async function refresh() {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  try {
    const response = await fetch(location.href, { signal, headers: { accept: 'text/html' } });
    if (response.status === 401)
      return say('This server has a new token: open the address that backfill serve printed.');
    if (response.status >= 500) throw new Error(`the server answers ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    Idiomorph.morph(content, page.querySelector('main').innerHTML, { morphStyle: 'innerHTML', callbacks: keep });
    Idiomorph.morph(document.querySelector('footer'), page.querySelector('footer').innerHTML, {
      morphStyle: 'innerHTML',
    });
    failures = 0;
    say('');
    prepare();
    document.dispatchEvent(new Event('refreshed'));
  } catch (error) {
    if (signal.aborted) return;
    failures++;
    say(`No answer from backfill serve; what you see is old. Trying again by itself. (${error.message})`);
  }
}

function say(text) {
  if (notice.textContent !== text) notice.textContent = text;
}

async function follow() {
  for (;;) {
    const wait = Math.min(MOST_WAIT_MS, REFRESH_MS * 2 ** Math.min(failures, 4));
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.visibilityState === 'visible') await refresh();
  }
}

// The heat map: the page has only the rows in sight; the space of the others is kept free above and below.

function rowHeight(map) {
  const row = map.querySelector('tbody tr');
  return row ? row.getBoundingClientRect().height + 1 : 25;
}

function prepare() {
  const map = document.querySelector('.map');
  if (!map) return;
  const { first, rows, total } = map.dataset;
  const table = map.querySelector('table');
  const height = rowHeight(map);
  const above = Number(first) * height;
  if (Number(total) > Number(rows)) {
    table.style.marginTop = `${above}px`;
    table.style.marginBottom = `${(total - first - rows) * height}px`;
    if (!map.dataset.ready) map.scrollTop = above;
  }
  map.dataset.ready = 'yes';
  // One stop for the tab key, then arrows.
  const links = [...map.querySelectorAll('tbody a')];
  const current = links.includes(document.activeElement) ? document.activeElement : links[0];
  for (const link of links) link.tabIndex = link === current ? 0 : -1;
  showSelection();
}

// The selection: a rectangle of cells between an anchor and the cell that was reached last, kept as rows by their customer,
// so that it stays over refreshes. Its form is in the page where the server lets the run be changed.

let selection;
let anchor;
const formOf = () => document.querySelector('.selection');
const cellAt = (target) => target.closest?.('.map tbody td:not(.number)');
const idOf = (row) => row.cells[0].textContent;

function choose(from, to) {
  const rows = [...from.closest('tbody').rows];
  const [top, bottom] = [rows.indexOf(from.parentElement), rows.indexOf(to.parentElement)].sort((a, b) => a - b);
  const [left, right] = [from.cellIndex, to.cellIndex].sort((a, b) => a - b);
  const { start, step } = from.closest('table').dataset;
  selection = { ids: new Set(rows.slice(top, bottom + 1).map(idOf)), left, right, start, step };
  showSelection();
}

function clearSelection() {
  selection = undefined;
  showSelection();
}

function showSelection() {
  const form = formOf();
  const table = document.querySelector('.map table');
  if (!form || !table) return;
  document.querySelector('[data-hint]').hidden = false;
  const { start, step } = table.dataset;
  // Of another month, or in cells of another size, it would mean other days.
  if (selection && (selection.start !== start || selection.step !== step)) selection = undefined;
  form.hidden = !selection;
  for (const row of table.tBodies[0].rows) {
    const own = selection?.ids.has(idOf(row));
    for (const cell of row.cells) {
      cell.classList.toggle(
        'chosen',
        Boolean(own && cell.cellIndex >= selection.left && cell.cellIndex <= selection.right),
      );
    }
  }
  if (!selection) return;
  const { ids, left, right } = selection;
  const first = new Date(Date.parse(start) + (left - 1) * step * 86_400_000).toISOString().slice(0, 10);
  const days = (right - left + 1) * step;
  form.elements.cells.value = JSON.stringify([...ids].map((id) => [id, first, days]));
  const text = (amount, noun) => `${amount} ${noun}${amount === 1 ? '' : 's'}`;
  const says = `${text(days, 'day')} from ${first} of ${text(ids.size, 'customer')}`;
  const status = form.querySelector('[role=status]');
  if (status.textContent !== says) status.textContent = says;
}

let dragFrom;
let dragged = false;
document.addEventListener('pointerdown', (event) => {
  const cell = formOf() && event.button === 0 && event.pointerType !== 'touch' && cellAt(event.target);
  dragged = false;
  if (!cell) return;
  if (!event.shiftKey || !anchor?.isConnected) anchor = cell;
  if (event.shiftKey) choose(anchor, cell);
  dragFrom = event.shiftKey ? undefined : cell;
});
document.addEventListener('pointermove', ({ target }) => {
  const cell = dragFrom?.isConnected && cellAt(target);
  if (!cell || (cell === dragFrom && !dragged)) return;
  dragged = true;
  choose(dragFrom, cell);
});
document.addEventListener('pointerup', () => {
  dragFrom = undefined;
});
// A cell is a link: it would be dragged as one.
document.addEventListener('dragstart', (event) => {
  if (formOf() && cellAt(event.target)) event.preventDefault();
});
document.addEventListener('click', (event) => {
  if (event.target.matches('[data-clear]')) return clearSelection();
  // A drag that ends where it began, and Shift, which would open a window.
  if (formOf() && cellAt(event.target) && (event.shiftKey || dragged)) event.preventDefault();
});

let scrolled;
document.addEventListener(
  'scroll',
  ({ target }) => {
    if (!target.matches?.('.map')) return;
    const { first, rows, total } = target.dataset;
    if (Number(total) <= Number(rows)) return;
    const top = Math.floor(target.scrollTop / rowHeight(target));
    const seen = Math.ceil(target.clientHeight / rowHeight(target));
    if (top >= Number(first) && top + seen <= Number(first) + Number(rows)) return;
    clearTimeout(scrolled);
    scrolled = setTimeout(() => go({ row: String(Math.max(0, top - 8)) }), 60);
  },
  true,
);

/** To the same page with another query, without a reload. */
function go(query) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  history.replaceState(null, '', address);
  return refresh();
}

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') clearSelection();
  const step = STEPS[event.key];
  const cell = event.target.closest?.('.map tbody td, .map tbody th');
  if (!step || !cell) return;
  const row = cell.parentElement;
  const nextRow = step[0] < 0 ? row.previousElementSibling : step[0] > 0 ? row.nextElementSibling : row;
  const link = nextRow?.cells[cell.cellIndex + step[1]]?.querySelector('a');
  if (!link) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  link.tabIndex = 0;
  link.focus();
  const next = cellAt(link);
  if (!event.shiftKey || !formOf() || !next || !cellAt(cell)) {
    clearSelection();
    anchor = next;
    return;
  }
  if (!selection || !anchor?.isConnected) anchor = cell;
  choose(anchor, next);
});

// The time machine: the typed moment follows the slider, and the page follows both.

let slid;
document.addEventListener('input', ({ target }) => {
  if (!target.matches('[data-time]')) return;
  const at = `${new Date(Number(target.value)).toISOString().slice(0, 19)}Z`;
  target.form.elements.at.value = at;
  clearTimeout(slid);
  slid = setTimeout(() => {
    // From the present to the past the page is another one, which does not refresh itself.
    if (document.body.hasAttribute('data-live')) target.form.submit();
    else void go({ at });
  }, 150);
});

prepare();
if (document.body.hasAttribute('data-live')) void follow();
