/* worker.js -- one run in a worker: it trains until it is told otherwise, and says how it goes.
 *
 * Messages in: {wasm}, {open: {recipe, settings, number}}, {play}, {seek}, {watch}, {finish}, {seen}, {search}, {diagnose}, {numbers}, {free}, {save}.
 * Messages out: {opened}, {steps}, {watched}, {look}, {verdict}, {hash}, {found}, {diagnosis}, {free}, {saved}, {error}. */
'use strict';
const SLICE = 24; // milliseconds of steps before the next picture, which costs less than ten
const files = new Map();
let call, run = 0, width = 0, playing = false, step = 0, wanted = -1, lastVerdict = 0, lastLook = 0, lastRows = 0, limit = 1e9, shown = -1, seen = true, marks = [], every = 1;

/* Messages say of which run they are: the page may have begun another meanwhile. */
function tell(message) { postMessage({...message, run}); }
function ask(name, ...args) {
  const answer = call(name, ...args);
  if (answer.error) tell({error: answer.error});
  return answer;
}

/* ---- going back: a few checkpoints, and what lies between them is computed again ---- */
const MARKS = 24, CLOSEST = 8;
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
  const look = ask('look'), now = Date.now();
  if (!look.error && (all || width <= 3 || now - lastRows > 250)) { // on a circle or sphere the rows are the picture
    look.rows = ask('rows');
    lastRows = now;
  }
  if (!look.error) tell({look});
  if (all || Date.now() - lastVerdict > 1000) {
    const verdict = ask('judge');
    if (!verdict.error) tell({verdict, step});
    const {hash} = ask('save', 'now');
    if (hash) tell({hash, step, memory: call.bytes() + Array.from(files.values(), f => f.length).reduce((a, b) => a + b)});
    lastVerdict = Date.now();
  }
  lastLook = Date.now();
  shown = step;
  seen = false; // until the page has drawn it
}

function stepOnce() {
  mark();
  const answer = call('step', 1);
  step += answer.steps.length;
  if (answer.error) {
    tell({error: answer.error});
    playing = false;
    wanted = -1;
  }
  return answer;
}
function advance() {
  const began = Date.now(), lines = [];
  let answer = {};
  // ... of which the next one would still be a part
  while (!answer.error && (Date.now() - began) * (1 + 1 / Math.max(1, lines.length)) < SLICE && step < (wanted < 0 ? limit : wanted)) {
    answer = stepOnce();
    lines.push(...answer.steps);
  }
  if (lines.length) tell({steps: lines});
  if (answer.error) show(true);
}

let ticking = false;
function tick() {
  ticking = false;
  const going = wanted >= 0;
  if (going && step < wanted) advance();
  if (going && step < wanted && seen && Date.now() - lastLook > 250) show(false);
  if (going && step >= wanted) {
    wanted = -1;
    show(true);
  } else if (!going && playing) {
    if (step < limit) advance();
    if (seen && step !== shown) show(false);
  }
  if (playing || wanted >= 0) later();
}
function later() {
  if (!ticking) setTimeout(tick, playing && step >= limit ? 15 : 0);
  ticking = true;
}

const DO = {
  open({recipe, settings, number}) {
    run = number;
    files.clear();
    marks = [];
    every = CLOSEST;
    step = 0;
    wanted = shown = -1;
    width = 0;
    limit = 1e9;
    seen = true;
    const opened = ask('open', recipe, settings);
    if (opened.error) { playing = false; return; }
    width = opened.width;
    tell({opened});
    show(true);
    if (playing) later();
  },
  play(on) {
    playing = on;
    wanted = -1; // a journey in time ends too
    if (on) later(); else if (width) show(true);
  },
  watch() { // one step in slow motion: its update has been made, but the page shows it last
    playing = false;
    wanted = -1;
    const {steps: [line]} = stepOnce();
    if (line) tell({watched: {line, ...ask('batch')}});
  },
  finish() { show(true); },
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
    for (const file of [a, b]) if (file) files.delete(file.name);
  },
  numbers([loss, batch]) { tell({diagnosis: call('numbers', loss, batch < 2 ** 31 ? batch : 0), of: [loss, batch]}); },
  free({x, n, d, temperature, rate, steps}) {
    const answer = call('free_rows', x, n, d, temperature, rate, steps);
    if (answer.error) tell({error: answer.error}); else tell({free: {x, answer}});
  },
  save() {
    ask('save', 'now');
    tell({saved: files.get('now'), step});
  },
};
const OF_A_RUN = ['play', 'watch', 'finish', 'seek', 'search', 'save']; // where none could begin, the reason stays on the page
let begin; // what comes before the engine waits for it, and everything happens in order
let queue = new Promise(module => { begin = module; }).then(async module => { call = await makeEngine(module, files); });
const told = e => tell({error: String(e.message || e)});
queue.catch(told);
onmessage = ({data}) => {
  if (data.wasm) begin(data.wasm);
  else queue = queue.then(async () => { for (const what in data) if (width || !OF_A_RUN.includes(what)) await DO[what](data[what]); }).catch(told);
};
