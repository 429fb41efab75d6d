"""What the page of figures can do: sort tables and cases, filter, show difference maps, look at one picture closely."""

SCRIPT = """
'use strict';
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function numberOf(cell) { return cell.dataset.value === '' ? NaN : Number(cell.dataset.value); }

function compare(a, b, up) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
  return a === b ? 0 : (a < b) === up ? -1 : 1;
}

function sortTable(header) {
  const table = header.closest('table'), body = table.tBodies[0], column = header.cellIndex;
  const up = header.getAttribute('aria-sort') !== 'ascending';
  all('th[aria-sort]', table).forEach(other => other.removeAttribute('aria-sort'));
  header.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const numeric = header.dataset.kind === 'number';
  const order = new Intl.Collator(undefined, { numeric: true });
  const rows = [...body.rows].map(row => [row, row.cells[column]]);
  rows.sort(([, a], [, b]) => numeric ? compare(numberOf(a), numberOf(b), up)
    : (up ? 1 : -1) * order.compare(a.textContent, b.textContent));
  body.append(...rows.map(([row]) => row));
}
all('th button[data-sort]').forEach(button => button.addEventListener('click', () => sortTable(button.closest('th'))));

const filter = one('#filter');
if (filter) filter.addEventListener('input', () => {
  const wanted = filter.value.toLowerCase();
  let shown = 0;
  for (const row of one('#each').tBodies[0].rows) {
    row.hidden = !row.dataset.text.includes(wanted);
    shown += !row.hidden;
  }
  one('#shown').textContent = `${shown} rows`;
});

const cases = one('#cases'), by = one('#by'), of = one('#of'), order = one('#order');
function sortCases() {
  const better = by.selectedOptions[0].dataset.higher === '1', worstFirst = order.value === 'worst';
  const figure = item => {
    const found = JSON.parse(item.dataset.figures)[of.value];
    const value = found ? found[by.value] : null;
    return value === null || value === undefined ? NaN : value === 'inf' ? Infinity : value;
  };
  const items = all('article', cases).map(item => [item, figure(item)]);
  items.sort(([, a], [, b]) => compare(a, b, better === worstFirst));
  cases.append(...items.map(([item]) => item));
}
if (by) {
  [by, of, order].forEach(control => control.addEventListener('change', sortCases));
  sortCases();
}

const maps = one('#maps');
function toggleMaps(on) { cases.classList.toggle('maps', on); if (maps) maps.checked = on; }
if (maps) maps.addEventListener('change', () => toggleMaps(maps.checked));

const dialog = one('#close-up');
let shownButtons = [], shownAt = 0;
function visible(button) {
  return all('img', button).find(image => getComputedStyle(image).display !== 'none');
}
function showCloseUp(at) {
  shownAt = (at + shownButtons.length) % shownButtons.length;
  const image = visible(shownButtons[shownAt]);
  one('img', dialog).src = image.src;
  one('img', dialog).alt = image.alt;
  one('output', dialog).textContent = `${image.alt} (${shownAt + 1} of ${shownButtons.length})`;
}
document.addEventListener('click', event => {
  const button = event.target.closest('.row figure button');
  if (!button) return;
  shownButtons = all('figure button', button.closest('.row'));
  showCloseUp(shownButtons.indexOf(button));
  dialog.showModal();
});
if (dialog) {
  dialog.addEventListener('close', () => shownButtons[shownAt].focus());
  one('#before', dialog).addEventListener('click', () => showCloseUp(shownAt - 1));
  one('#after', dialog).addEventListener('click', () => showCloseUp(shownAt + 1));
}
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (dialog && dialog.open) {
    if (event.key === 'ArrowLeft') showCloseUp(shownAt - 1);
    if (event.key === 'ArrowRight') showCloseUp(shownAt + 1);
    if (event.key === 'd') { toggleMaps(!cases.classList.contains('maps')); showCloseUp(shownAt); }
    return;
  }
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === 'd' && maps) toggleMaps(!maps.checked);
  if (event.key === 'j' || event.key === 'k') {
    const items = all('article', cases), at = items.indexOf(document.activeElement.closest('article'));
    const next = items[Math.max(0, Math.min(items.length - 1, at + (event.key === 'j' ? 1 : at < 0 ? 1 : -1)))];
    if (next) { next.focus(); next.scrollIntoView({ block: 'start' }); }
  }
});
"""
