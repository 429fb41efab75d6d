"""What the page for blind votes does: one slide after the other, a key for each choice, votes saved as a file."""

SCRIPT = """
'use strict';
const main = document.querySelector('main');
const slides = [...document.querySelectorAll('.slide')];
const votes = new Map();
const times = new Map();
const keys = { ArrowLeft: 'left', a: 'left', ArrowRight: 'right', d: 'right', ArrowDown: 'tie', s: 'tie',
  1: '1', 2: '2', 3: '3', 4: '4', 5: '5' };
let at = -1, since = 0;

function show(next) {
  at = Math.max(0, Math.min(slides.length, next));
  document.querySelector('#start').hidden = true;
  slides.forEach((slide, index) => { slide.hidden = index !== at; });
  document.querySelector('#end').hidden = at < slides.length;
  document.querySelector('#bar').max = slides.length;
  document.querySelector('#bar').value = at;
  since = performance.now();
  const task = document.querySelector('#task');
  if (at === slides.length) {
    task.textContent = '';
    document.querySelector('#thanks').textContent = `Thank you: ${votes.size} of ${slides.length} answered.`;
    document.querySelector('#save').focus();
    return;
  }
  const paired = slides[at].dataset.part === 'pairs';
  task.textContent = `${at + 1} of ${slides.length}: ` +
    (paired ? 'which is better?' : 'how good is it, from 1 (bad) to 5 (excellent)?');
  mark();
}

function mark() {
  const chosen = votes.get(at);
  slides[at].querySelectorAll('[data-choice]').forEach(button => {
    button.classList.toggle('chosen', button.dataset.choice === chosen);
    button.setAttribute('aria-pressed', String(button.dataset.choice === chosen));
  });
}

function choose(choice) {
  if (at < 0 || at >= slides.length) return;
  if (!slides[at].querySelector(`[data-choice="${choice}"]`)) return;
  votes.set(at, choice);
  times.set(at, Math.round(performance.now() - since));
  mark();
  show(at + 1);
}

function found() {
  const key = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(main.dataset.key), c => c.charCodeAt(0))));
  const pairs = [], ratings = [];
  slides.forEach((slide, index) => {
    if (!votes.has(index)) return;
    const entry = key[slide.dataset.part][Number(slide.dataset.at)], choice = votes.get(index);
    if (slide.dataset.part === 'pairs') {
      const [name, left, right] = entry;
      pairs.push({ name, left, right, choice, milliseconds: times.get(index) });
    } else {
      ratings.push({ name: entry[0], method: entry[1], rating: Number(choice), milliseconds: times.get(index) });
    }
  });
  return { kind: main.dataset.kind, version: 1, voter: document.querySelector('#voter').value,
    shown: { pairs: key.pairs.length, ratings: key.ratings.length }, pairs, ratings };
}

function save() {
  const text = JSON.stringify(found(), null, 1);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const who = document.querySelector('#voter').value.replace(/[^A-Za-z0-9]+/g, '-');
  link.download = `votes${who ? '-' + who : ''}-${Date.now()}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

document.querySelector('#begin').addEventListener('click', () => show(0));
document.querySelector('#save').addEventListener('click', save);
document.querySelector('#back').addEventListener('click', () => show(slides.length - 1));
slides.forEach(slide => slide.addEventListener('click', event => {
  const button = event.target.closest('[data-choice]');
  if (button) choose(button.dataset.choice);
}));
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || at < 0) return;
  if (event.target.tagName === 'INPUT') return;
  if (event.key === 'Backspace') { show(at - 1); event.preventDefault(); }
  if (event.key === 'Escape') show(at + 1);
  if (keys[event.key]) { choose(keys[event.key]); event.preventDefault(); }
});
"""
