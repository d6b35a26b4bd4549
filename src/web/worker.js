/* worker.js -- one run in a worker: it trains until it is told otherwise, and says how it goes.
 *
 * Messages in: {wasm}, {open: {recipe, settings}}, {play}, {steps}, {seek}, {slow}, {judge}, {search}, {files, diagnose}, {numbers}, {free}, {save}.
 * Messages out: {opened}, {steps}, {look}, {verdict}, {hash}, {found}, {diagnosis}, {free}, {saved}, {error}. */
'use strict';
const SLICE = 45; // milliseconds of steps before the next picture; one costs about 15
const files = new Map();
let call, run = 0, playing = false, slow = false, step = 0, wanted = -1, lastVerdict = 0, lastLook = 0, limit = 1e9, shown = -1, seen = true, marks = [], every = 1;

/* Messages say of which run they are: the page may have begun another meanwhile. */
function tell(message) { postMessage({...message, run}); }
function ask(name, ...args) {
  const answer = call(name, ...args);
  if (answer.error) tell({error: answer.error});
  return answer;
}

/* ---- going back: a few checkpoints, and what lies between them is computed again ---- */
const MARKS = 24;
function mark() {
  if (step % every || marks.includes(step)) return;
  if (ask('save', 'at-' + step).error) return;
  marks.push(step);
  if (marks.length > MARKS) { // every other one goes, and the next ones are as far apart
    every *= 2;
    marks.filter(s => s % every).forEach(s => files.delete('at-' + s));
    marks = marks.filter(s => s % every === 0);
  }
}
function goTo(target) {
  const from = Math.max(...marks.filter(s => s <= target));
  if (target < step || from > step) {
    ask('load', 'at-' + from);
    step = from;
  }
  wanted = target;
}

/* ---- what is shown ---- */
function show(all) {
  const look = ask('look');
  if (!look.error) tell({look});
  if (all || Date.now() - lastVerdict > 1000) {
    const verdict = ask('judge');
    if (!verdict.error) tell({verdict, step});
    const {hash} = ask('save', 'now');
    if (hash) tell({hash, step});
    lastVerdict = Date.now();
  }
  lastLook = Date.now();
  shown = step;
  seen = false; // until the page has drawn it
}

function advance(most) {
  const began = Date.now(), lines = [];
  let answer = {};
  while (!answer.error && lines.length < most && Date.now() - began < SLICE && step < (wanted < 0 ? limit : wanted)) {
    mark();
    answer = call('step', 1);
    lines.push(...answer.steps);
    step += answer.steps.length;
  }
  if (lines.length) tell({steps: lines});
  if (answer.error) {
    tell({error: answer.error});
    playing = false;
    wanted = -1;
    show(true);
  }
}

let ticking = false;
function tick() {
  ticking = false;
  const going = wanted >= 0;
  if (going && step < wanted) advance(1e9);
  if (going && step < wanted && seen && Date.now() - lastLook > 250) show(false);
  if (going && step >= wanted) {
    wanted = -1;
    show(true);
  } else if (!going && playing) {
    if (step < limit && (!slow || seen)) advance(slow ? 1 : 1e9);
    if (seen && step !== shown) show(false);
  }
  if (playing || wanted >= 0) later();
}
function later() {
  if (!ticking) setTimeout(tick, slow && playing ? 500 : playing && step >= limit ? 15 : 0);
  ticking = true;
}

const DO = {
  async wasm(module) { call = await makeEngine(module, files); },
  open({recipe, settings, number}) {
    run = number;
    files.clear();
    marks = [];
    every = 1;
    step = 0;
    wanted = shown = -1;
    limit = 1e9;
    seen = true;
    const opened = ask('open', recipe, settings);
    if (opened.error) { playing = false; return; }
    tell({opened});
    mark();
    show(true);
    if (playing) later();
  },
  play(on) {
    playing = on;
    if (on) later(); else if (call && marks.length) show(true);
  },
  slow(on) { slow = on; },
  seek(target) { playing = false; goTo(target); later(); },
  seen(most) { // two runs go side by side: neither runs ahead of the other
    seen = true;
    limit = most;
  },
  search(caption) {
    const {row} = ask('embed', caption);
    if (row) tell({found: row});
  },
  diagnose([a, b]) {
    for (const file of [a, b]) if (file) files.set(file.name, file.bytes);
    tell({diagnosis: call('diagnose', a.name, b ? b.name : ''), of: [a, b].filter(f => f).map(f => f.name)});
  },
  numbers([loss, batch]) { tell({diagnosis: call('numbers', loss, batch), of: [loss, batch]}); },
  free({x, n, d, temperature, rate, steps}) {
    const answer = call('free_rows', x, n, d, temperature, rate, steps);
    if (answer.error) tell({error: answer.error}); else tell({free: {x, answer}});
  },
  save() {
    ask('save', 'now');
    tell({saved: files.get('now'), step});
  },
};
let queue = Promise.resolve(); // in order, although the first of them takes time
onmessage = ({data}) => {
  queue = queue.then(async () => { for (const what in data) await DO[what](data[what]); })
    .catch(e => tell({error: String(e.message || e)}));
};
