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
    if (inUse(before)) return false;
    return !(before.matches?.('form:focus-within, .days, form.filters') && before.contains(document.activeElement));
  },
  // Open details, chosen boxes and sorted columns are the reader's, not the server's.
  beforeAttributeUpdated: (name) => !['open', 'aria-sort', 'checked', 'style'].includes(name),
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
}

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
});

// The time machine: the typed moment follows the slider, and the page follows both.

let dragged;
document.addEventListener('input', ({ target }) => {
  if (!target.matches('[data-time]')) return;
  const at = `${new Date(Number(target.value)).toISOString().slice(0, 19)}Z`;
  target.form.elements.at.value = at;
  clearTimeout(dragged);
  dragged = setTimeout(() => {
    // From the present to the past the page is another one, which does not refresh itself.
    if (document.body.hasAttribute('data-live')) target.form.submit();
    else void go({ at });
  }, 150);
});

prepare();
if (document.body.hasAttribute('data-live')) void follow();
