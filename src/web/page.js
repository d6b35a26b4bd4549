/* page.js -- the playground's page: draws what the workers' engines say, and says what they shall do. What is
 * computed here from the engine's embeddings are the cosines of a search, the softmax of a row that is worked by hand, and arrows. */
'use strict';
/* ---- what the page shows: a lesson, changes to it, and one or two runs ---- */
const state = {lesson: LESSONS[0], changes: {}, beside: false, playing: false, pair: 0, fix: '', step: 0, guesses: {}, phase: 0};
let runs = [], wasm, engineCode, dirty = true, turn = [0.5, 0.3];
const still = matchMedia('(prefers-reduced-motion: reduce)');

const parse = text => Object.fromEntries((text || '').split(/\s+/).filter(s => s).map(s => /^([^=]*)=?(.*)$/.exec(s).slice(1)));
const settingsOf = right => ({...parse(state.lesson.settings), ...state.changes, ...(right ? parse(state.fix) : {})});
const commandOf = run => `contrast train ${state.lesson.recipe} ${Object.entries(run.settings).filter(([k]) => !run.unused.has(k)).map(([k, v]) => k + '=' + v).join(' ')} ` +
  `train.steps=${Math.max(1, run.step)} -o lab${run.right ? '2' : ''} && contrast hash lab${run.right ? '2' : ''}` + (run.step ? '' : ' # of step 1, the first that the program ends with');

/* What to try first: one remedy is a sentence, of several each is an item, and those after the first are folded away. */
function tryFirst(text, where = '') {
  const [first, ...more] = text.split(/; (?=[a-z]+\.[a-z_]+=)/), item = t => make('p', {className: 'item'}, t);
  if (!more.length) return [make('b', {}, 'Try first'), (/\w=/.test(text) ? where : '') + ': ' + text];
  return [make('b', {}, 'Try first'), where + ':', item(first), make('details', {}, make('summary', {}, `then ${more.length} more`), ...more.map(item))];
}
function makeWorker() {
  const worker = new Worker(engineCode);
  wasm.then(module => worker.postMessage({wasm: module}));
  return worker;
}

/* ---- a run: a worker, what it said, and its pictures ---- */
const PICTURES = [
  ['heat', 'Cosines of all pairs shown', 'rows: images, columns: captions; the diagonal is framed'],
  ['loss', 'Loss', 'dashed: all equal, dotted: floor'],
  ['place', 'Embeddings', ''],
  ['bins', 'Cosines of pairs and of others', 'filled: pairs, dashed: others'],
  ['values', 'Singular values', 'of the centred unit rows, largest first'],
  ['path', 'Alignment and uniformity', 'both small: pairs meet, rows spread'],
];
class Run {
  constructor(right) {
    this.right = right;
    this.box = make('section', {className: 'run', ariaLabel: right ? 'right run' : 'left run'});
    this.title = make('h2');
    this.says = make('div', {className: 'says', role: 'status'});
    this.evidence = make('details', {className: 'dim'}, make('summary'), make('div'));
    this.numbers = make('div', {className: 'numbers'});
    const panels = make('div', {className: 'panels'});
    this.canvas = {};
    this.note = {};
    for (const [kind, title, text] of PICTURES) {
      const canvas = this.canvas[kind] = make('canvas', {tabIndex: kind === 'heat' || kind === 'place' ? 0 : -1});
      canvas.setAttribute('role', 'img');
      this.note[kind] = make('span', {}, text);
      panels.append(make('figure', {className: ['bins', 'values', 'path'].includes(kind) ? 'more' : ''}, canvas, make('figcaption', {}, saveButtons(canvas, kind, title, () => this.look && DRAW[kind](this, canvas)), make('b', {}, title), ' ', this.note[kind])));
    }
    this.hand = make('details', {className: 'hand'}, make('summary', {}, 'The loss of one row, by hand'), make('div'));
    this.phaseList = make('ol');
    this.phaseCanvas = make('canvas', {role: 'img'});
    this.slow = make('div', {className: 'phases', hidden: true}, this.phaseList, make('figure', {}, this.phaseCanvas));
    this.search = make('input', {type: 'text', value: 'a small red star', ariaLabel: 'caption to look for'});
    this.hits = make('div', {className: 'hits'});
    this.find = make('div', {className: 'find', hidden: true}, make('label', {}, 'Find the image of: ', this.search), make('span', {className: 'dim'}, ' the five of largest cosine among the images shown'), this.hits);
    this.hash = make('p', {className: 'hash'});
    this.box.append(this.title, this.says, this.numbers, this.slow, panels, this.hand, this.find, this.hash);
    this.worker = makeWorker();
    this.worker.onmessage = ({data}) => { if (data.run === this.number || data.diagnosis) for (const what in data) if (this['on_' + what]) this['on_' + what](data[what], data); };
    this.worker.onerror = e => this.on_error(e.message);
    this.search.oninput = () => this.lookFor();
    this.listen();
  }
  open() {
    this.settings = settingsOf(this.right);
    this.unused = new Set();
    this.number = (this.number || 0) + 1;
    this.hash.textContent = '';
    delete this.hash.dataset.hash;
    delete this.hash.dataset.step;
    this.lines = [];
    this.step = 0;
    if (this.error) this.says.replaceChildren('A run begins.');
    this.look = this.rows = this.verdict = this.error = this.words = this.watched = this.growth = null;
    this.settled = true;
    this.waiting = false;
    this.trail = [];
    const changed = Object.entries(state.changes).map(c => c.join('=')).join(' '); // then it is not the lesson's run
    this.title.textContent = state.beside && this.right ? state.fix === state.lesson.fix ? state.lesson.beside : state.fix : (state.beside ? 'as in the lesson' : state.lesson.title) + (changed && ', but ' + changed);
    this.worker.postMessage({open: {number: this.number, recipe: state.lesson.recipe, settings: Object.entries({...this.settings, 'train.steps': 1000000}).map(s => s.join('=')).join('\n')}});
  }
  on_opened(opened) {
    this.opened = opened;
    this.unused = new Set(opened.unused);
    this.recipe = parseRecipe(opened.recipe);
    this.pictures = opened.picture ? bytesOf(opened.picture.pixels) : null;
    this.captions = opened.captions || [];
    this.sides = this.captions.length ? ['images', 'captions'] : ['first side', 'second side'];
    this.find.hidden = this.captions.length === 0;
    if (!this.right) showSettings(this.recipe, this.unused);
    $('engine').textContent = `${opened.parameters.toLocaleString('en')} parameters; ${opened.batch} pairs per batch.`;
  }
  on_steps(lines) {
    for (const line of lines) this.lines[line.step - 1] = line;
    this.step = lines[lines.length - 1].step;
    dirty = true;
  }
  on_look(look) {
    look.bytes = bytesOf(look.cosines);
    if (look.rows) this.rows = {images: unitRows(look.rows.images, this.opened.width), texts: unitRows(look.rows.texts, this.opened.width)};
    this.look = look;
    this.step = look.step;
    this.trail = this.trail.filter(p => p[2] < look.step);
    this.trail.push([(look.uniformity[0] + look.uniformity[1]) / 2e4, look.alignment[0] / 1e4, look.step]);
    if (this.trail.length > 600) this.trail = this.trail.filter((p, i) => i % 2 === 0);
    if (!this.find.hidden && look.rows) this.lookFor();
    dirty = true;
  }
  on_watched(watched) {
    this.waiting = this.settled = false;
    this.watched = new Watched(watched, this.opened, this.recipe);
    dirty = true;
  }
  /* How far pairs deviate together from the point where all are equal; the growth of that is the speed of escape. */
  on_verdict(verdict, {step}) {
    const [a, b] = verdict.total_variance || []; // there are no such measures of rows that are not finite
    verdict.common = Math.sqrt(a + b + 2 * verdict.cross_covariance);
    if (this.verdict && step > this.verdict.step) this.growth = Math.log(verdict.common / this.verdict.common) / (step - this.verdict.step);
    verdict.step = step;
    this.verdict = verdict;
    this.showNumbers();
    const words = verdict.state + verdict.evidence.join() + (step > 0);
    if (words === this.words) return; // a screen reader reads what changes
    this.words = words;
    const bad = step > 0 && !['healthy', 'modality-gap', 'uncertain'].includes(verdict.state); // before the first step there is nothing to mend
    this.says.className = 'says ' + (bad ? 'bad' : verdict.state === 'healthy' ? 'good' : '');
    const unfolded = this.says.querySelector('div details[open]');
    this.says.replaceChildren(make('b', {}, (bad ? '✗ ' : verdict.state === 'healthy' ? '✓ ' : '• ') + verdict.state), ': ' + verdict.meaning + '. ', this.evidence,
      ...(bad ? [make('div', {}, ...tryFirst(verdict.try_first, ' (among the settings, or next to “compare with”)'))] : []));
    for (const more of unfolded ? this.says.querySelectorAll('div details') : []) more.open = true;
    const [short, all] = this.evidence.children;
    short.textContent = verdict.evidence[0] || 'no evidence';
    all.replaceChildren(...verdict.evidence.slice(1).map(e => make('p', {className: 'item'}, e)), make('p', {}, `Of the first ${verdict.rows} validation pairs. The first side: ${this.sides[0]}; the second: ${this.sides[1] === 'second side' ? 'their partners' : this.sides[1]}. Rows count from 0.`));
  }
  on_hash(hash, {step, memory}) {
    this.memory = memory;
    this.hash.textContent = `fingerprint of the weights after step ${step}: ${hash}`;
    this.hash.dataset.hash = hash;
    this.hash.dataset.step = step;
    $('command').textContent = runs.map(commandOf).join('\n');
  }
  on_found(found) {
    if (!this.rows) return;
    const d = this.opened.width, row = unitRows(found, d);
    const best = Array.from({length: this.opened.pairs}, (_, i) => [product(rowOf(this.rows.images, i, d), row), i]).sort((a, b) => b[0] - a[0]).slice(0, 5);
    this.hits.replaceChildren(...best.map(([c, i]) => make('figure', {}, this.picture(i), make('figcaption', {}, c.toFixed(2) + ': ' + (this.captions[i] || '')))));
  }
  on_error(message) {
    this.error = message;
    this.waiting = false;
    dirty = true;
    this.says.className = 'says bad';
    this.says.replaceChildren(make('b', {}, 'stopped'), ': ' + message + (this.step ? '' : this.right ? '. Its settings are those next to “compare with”.' : '. Reset gives the settings of the lesson.'));
    if (state.playing && runs.every(r => r.error)) play(false);
  }
  on_saved(bytes) {
    download(bytes, 'weights.safetensors');
    $('copied').textContent = 'contrast import weights.safetensors -o lab && contrast eval lab';
  }
  on_diagnosis(d, {of}) { showDiagnosis(d, of); }
  lookFor() {
    if (this.search.value.trim()) this.worker.postMessage({search: this.search.value.trim()});
  }
  picture(i) {
    if (!this.pictures) return make('canvas');
    const {width: w, height: h, channels: n} = this.opened.picture, canvas = make('canvas', {width: w, height: h});
    const image = new ImageData(w, h);
    for (let k = 0; k < w * h; k++)
      for (let c = 0; c < 4; c++) image.data[4 * k + c] = c === 3 ? 255 : this.pictures[(i * w * h + k) * n + (n === 3 ? c : 0)];
    canvas.getContext('2d').putImageData(image, 0, 0);
    return canvas;
  }
  showNumbers() {
    const v = this.verdict, line = this.lines[this.step - 1], softmax = this.recipe && this.recipe['loss.name'] in SOFTMAX, sides = this.sides && this.sides.join(', ');
    const put = (name, value, title = '') => make('span', {title}, name + ' ', make('b', {}, value));
    this.numbers.replaceChildren(put('step', String(this.step)), ...(line ? [put('loss', round(line.loss)), put('all equal', round(line.all_equal)), put('floor', round(line.floor)), put('temperature', round(line.temperature)), put('|gradient|', round(line.gradient_norm)), put('rate', round(line.rate))] : []),
      ...(v ? [put('mean cosine', list(v.mean_cosine, 4), `of different rows: ${sides}`), put('effective rank, centred', list(v.effective_rank_centred, 1), sides), put(`recall@1 among ${v.rows}`, list(v.recall_at_1, 3), `share whose own partner is the nearest: ${sides}`)] : []),
      ...(v && line ? [make('p', {className: 'meter'}, put('escape meter', round(v.escape_meter)), ': the covariance of the two sides of a pair, over the temperature. ' + (softmax ? 'Near the point where all are equal, the loss is ln N less this. ' : ''),
        ...(this.growth === null || !(v.common < 0.3) || !softmax || this.recipe['optim.name'] !== 'sgd' ? [] : ['The logarithm of what pairs deviate together changes by ', make('b', {}, round(this.growth, 5)), ' per step; of embeddings without towers it would grow by rate / (N temperature) = ', make('b', {}, round(line.rate / (this.opened.batch * line.temperature), 5)), '.']))] : []));
  }
  showHand() {
    if (!this.hand.open || !this.rows) return;
    const n = this.opened.pairs, i = Math.min(state.pair, n - 1), line = this.lines[this.step - 1], body = this.hand.lastChild, words = this.captions.length > 0;
    if (!line) { body.textContent = 'after the first step'; return; }
    const d = this.opened.width, tau = line.temperature, {images, texts} = this.rows, loss = this.recipe['loss.name'];
    const row = Array.from({length: n}, (_, j) => product(rowOf(images, i, d), rowOf(texts, j, d))), p = softmax(row, tau), sum = row.reduce((a, s) => a + Math.exp(s / tau), 0);
    const cell = text => make('td', {className: 'n'}, text), e = s => s / tau > 30 ? Math.exp(s / tau).toExponential(2) : round(Math.exp(s / tau), 3);
    body.replaceChildren(
      make('p', {}, `${words ? 'Image' : 'Vector'} ${i}${words ? ', “' + this.captions[i] + '”' : ''}, among all ${n} ${words ? 'captions' : 'partners'} shown, temperature ${round(tau)}. ` + (loss in SOFTMAX ? '' : `The loss of this run, ${loss}, is not a softmax of one row; this is what infonce would say. `) + `p = e^(s / temperature), divided by the sum of all ${n}.`),
      make('table', {}, make('tr', {}, ...[words ? 'caption' : 'partner', 'cosine s', 'e^(s / t)', 'p'].map((h, k) => make('th', {className: k ? 'n' : ''}, h))),
        ...row.map((s, j) => [s, j]).sort((a, b) => (b[1] === i) - (a[1] === i) || b[0] - a[0]).slice(0, 6).map(([s, j]) => make('tr', {className: j === i ? 'own-row' : ''}, make('td', {}, (j === i ? 'own: ' : '') + (this.captions[j] || 'partner ' + j)), cell(round(s)), cell(e(s)), cell(round(p[j])))),
        ...(n > 6 ? [make('tr', {}, make('td', {}, `${n - 6} more; sum of all`), cell(''), cell(sum > 1e13 ? sum.toExponential(2) : round(sum, 3)), cell('1'))] : [])),
      make('p', {}, `Loss of this row: -ln ${round(p[i])} = `, make('b', {}, round(-Math.log(p[i]))), `. All equal, among ${n}: ln ${n} = ${round(Math.log(n))}` + (n === this.opened.batch ? '.' : `; in a batch of ${this.opened.batch}: ln ${this.opened.batch} = ${round(Math.log(this.opened.batch))}.`)));
  }
  /* Pointing at a pair lights it in every picture. */
  listen() {
    const {heat, place} = this.canvas;
    const pick = i => { if (i >= 0 && this.opened && i < this.opened.pairs && i !== state.pair) { state.pair = i; dirty = true; } };
    heat.onpointermove = heat.onpointerdown = e => {
      const g = this.heatBox, r = heat.getBoundingClientRect();
      if (g) pick(Math.floor((e.clientY - r.top - g.top) / g.cell));
    };
    heat.onclick = () => { for (const run of runs) { run.hand.open = true; run.showHand(); } this.hand.scrollIntoView({block: 'nearest'}); };
    heat.onkeydown = e => {
      const by = {ArrowDown: 1, ArrowUp: -1}[e.key];
      if (by) { e.preventDefault(); pick(Math.max(0, state.pair + by)); }
      if (e.key === 'Enter') heat.onclick();
    };
    place.onpointermove = e => {
      const r = place.getBoundingClientRect(), x = e.clientX - r.left, y = e.clientY - r.top;
      if (e.buttons && this.opened && this.opened.width === 3) { turn = [turn[0] + e.movementX / 100, turn[1] + e.movementY / 100]; dirty = true; return; }
      const near = (this.dots || []).map(d => Math.hypot(d[0] - x, d[1] - y));
      const k = near.indexOf(Math.min(...near));
      if (near[k] < 16) pick(k % this.opened.pairs);
    };
    place.onkeydown = e => {
      const by = {ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15]}[e.key];
      if (by && this.opened && this.opened.width === 3) { e.preventDefault(); turn = [turn[0] + by[0], turn[1] + by[1]]; dirty = true; }
    };
    this.hand.ontoggle = () => { dirty = true; };
  }
}

/* ---- drawing: one function per picture, from the last look ---- */
const DRAW = {
  heat(run, canvas) {
    const n = run.opened.pairs, {bytes} = run.look, box = matrix(canvas, n, n, (i, j) => (bytes[i * n + j] - 128) / 127, {digits: -1}), {g, cell, left, top} = box;
    run.heatBox = box;
    g.strokeStyle = colours.hi;
    g.lineWidth = 1.5;
    g.strokeRect(left, top + state.pair * cell, n * cell, cell);
    g.strokeRect(left + state.pair * cell, top, cell, n * cell);
    g.lineWidth = 1;
    const on = bytes[state.pair * (n + 1)];
    return `rows: ${run.sides[0]}, columns: ${run.sides[1]}; from blue, -1, to orange, 1. Pair ${state.pair} (they count from 0)${run.captions[state.pair] ? ' “' + run.captions[state.pair] + '”' : ''}: ${((on - 128) / 127).toFixed(2)}; click for its loss by hand`;
  },
  loss(run, canvas) {
    const lines = run.lines, n = Math.max(1, lines.length), longest = Math.max(20, ...runs.map(r => r.lines.length));
    const same = runs.filter(r => r.recipe && r.recipe['loss.name'] === run.recipe['loss.name']); // one scale for what is compared
    const high = 1.05 * same.reduce((m, r) => r.lines.reduce((m, l) => l.loss === null ? m : Math.max(m, Math.min(Math.max(l.loss, l.all_equal), 3 * Math.max(1, l.all_equal || 1))), m), 0.1);
    const low = Math.min(0, ...lines.slice(-1).map(l => l.loss));
    const p = axes(canvas, 0, longest, low, high, 'step', 'loss'), {g, x, y} = p;
    const every = Math.max(1, Math.floor(longest / (p.right - p.left)));
    g.save();
    g.beginPath();
    g.rect(p.left, p.top, p.right - p.left, p.bottom - p.top);
    g.clip();
    const curve = key => lines.filter((l, i) => l && l[key] !== null && (i % every === 0 || i === n - 1)).map(l => [x(l.step), y(l[key])]);
    g.strokeStyle = colours.ink;
    line(g, curve('all_equal'), [7, 4]);
    line(g, curve('floor'), [2, 3]);
    g.strokeStyle = colours.a;
    g.lineWidth = 1.8;
    line(g, curve('loss'));
    g.restore();
    g.strokeStyle = colours.hi;
    line(g, [[x(run.step), p.top], [x(run.step), p.bottom]]);
    const now = lines[run.step - 1];
    return now ? `${round(now.loss)}; dashed: all equal, ${round(now.all_equal)}; dotted: floor, ${round(now.floor)}` : '';
  },
  place(run, canvas) {
    const [g, w, h] = begin(canvas), d = run.opened.width, n = run.opened.pairs, size = Math.min(w, h) / 2 - 14, curved = d === 2 || d === 3;
    const [c, s, u, v] = [Math.cos(turn[0]), Math.sin(turn[0]), Math.cos(turn[1]), Math.sin(turn[1])];
    const seen = ([a, b, e]) => d === 2 ? [a, b, 1] : [c * a + s * e, u * b - v * (c * e - s * a), (v * b + u * (c * e - s * a) + 1) / 2]; // turned; the last is how near
    const plane = run.look.plane, most = Math.max(500, ...plane.map(Math.abs));
    const point = k => curved ? seen(rowOf(k < n ? run.rows.images : run.rows.texts, k % n, d)) : [plane[2 * k] / most, plane[2 * k + 1] / most, 1];
    const points = Array.from({length: 2 * n}, (_, k) => point(k));
    const at = run.dots = points.map(([a, b]) => [w / 2 + size * a, h / 2 - size * b]);
    if (curved) {
      g.strokeStyle = colours.grid;
      g.beginPath();
      g.arc(w / 2, h / 2, size, 0, 7);
      g.stroke();
    }
    g.strokeStyle = colours.dim;
    g.globalAlpha = 0.5;
    for (let i = 0; i < n; i++) line(g, [at[i], at[n + i]]);
    for (let k = 0; k < 2 * n; k++) {
      const lit = k % n === state.pair;
      g.globalAlpha = 0.35 + 0.65 * points[k][2];
      g.fillStyle = lit ? colours.hi : colours.a;
      g.strokeStyle = lit ? colours.hi : colours.b;
      g.lineWidth = 1.8;
      dot(g, Number(k >= n), at[k], lit ? 6 : 4);
    }
    g.globalAlpha = 1;
    const arrows = forces(run, at);
    g.lineWidth = 2;
    for (const [from, by, pull] of arrows) {
      g.strokeStyle = pull ? colours.a : colours.b;
      arrow(g, from, by, pull ? [] : [4, 3]);
    }
    g.lineWidth = 1;
    const what = d === 2 ? 'on the circle' : d === 3 ? 'on the sphere; drag or use arrows to turn it' : `on the plane of the two main directions: ${(run.look.plane_share[0] / 100).toFixed(0)} % of the variance`;
    return what + `. Discs: ${run.sides[0]}, squares: ${run.sides[1]}, joined in pairs` + (arrows.length ? '. Arrows at the chosen disc: solid, pull of its own square; dashed, push of others' : '');
  },
  bins(run, canvas) {
    const {positive, negative} = run.look, p = axes(canvas, -1, 1, 0, 1, 'cosine', 'share'), {g, x, y} = p;
    const outline = bins => [[x(-1), y(0)], ...bins.flatMap((v, i) => [[x(-1 + i / 10), y(v / 1e4)], [x(-1 + (i + 1) / 10), y(v / 1e4)]]), [x(1), y(0)]];
    g.fillStyle = g.strokeStyle = colours.a;
    g.globalAlpha = 0.5;
    g.beginPath();
    outline(positive).forEach(([a, b], i) => i ? g.lineTo(a, b) : g.moveTo(a, b));
    g.fill();
    g.globalAlpha = 1;
    g.strokeStyle = colours.b;
    g.lineWidth = 1.8;
    line(g, outline(negative), [6, 3]);
    g.lineWidth = 1;
    return 'filled: pairs, dashed: others';
  },
  values(run, canvas) {
    const sides = [run.look.image_spectrum, run.look.text_spectrum].map(s => s.map(v => v / 1e4));
    const p = axes(canvas, 1, Math.max(2, sides[0].length), 0, Math.max(0.1, ...sides.flat()), 'number, largest first', 'singular value'), {g, x, y} = p;
    sides.forEach((s, k) => {
      g.strokeStyle = k ? colours.b : colours.a;
      g.lineWidth = 1.8;
      line(g, s.map((v, i) => [x(i + 1), y(v)]), k ? [6, 3] : []);
    });
    g.lineWidth = 1;
    return run.verdict ? `effective rank, centred: ${list(run.verdict.effective_rank_centred, 1)} (${run.sides[0]}; ${run.sides[1]}, dashed)` : 'of the centred unit rows';
  },
  path(run, canvas) {
    const {g, x, y} = axes(canvas, -4, 0, 0, 4, 'uniformity', 'alignment');
    g.strokeStyle = colours.a;
    line(g, run.trail.map(([a, b]) => [x(a), y(b)]));
    const [a, b] = run.trail[run.trail.length - 1];
    g.fillStyle = colours.hi;
    g.beginPath();
    g.arc(x(a), y(b), 5, 0, 7);
    g.fill();
    return `uniformity ${round(a, 2)}, alignment ${round(b, 2)}; both small: pairs meet, rows spread`;
  },
};
/* What the softmax of its row does to the chosen image, in the picture's plane: (1 - p) towards its own caption, and away from
 * each other caption by that one's p. The longest has a fixed length. */
function forces(run, at) {
  const n = run.opened.pairs, i = state.pair, line = run.lines[run.step - 1], loss = run.recipe['loss.name'];
  if (!line || !(loss in SOFTMAX || loss === 'positives')) return [];
  const p = loss === 'positives' ? Array(n).fill(0) : softmax(Array.from(run.look.bytes.subarray(i * n, i * n + n), b => (b - 128) / 127), line.temperature);
  const towards = (j, by) => [by * (at[n + j][0] - at[i][0]), by * (at[n + j][1] - at[i][1])];
  const push = p.reduce((sum, v, j) => j === i ? sum : sum.map((s, k) => s + towards(j, -v)[k]), [0, 0]), pull = towards(i, 1 - p[i]);
  const strong = p.map((v, j) => [v, j]).filter(x => x[1] !== i).sort((a, b) => b[0] - a[0]).slice(0, 3);
  const all = [[pull, true], [push, false], ...strong.map(([v, j]) => [towards(j, -v), false])], longest = Math.max(...all.map(x => Math.hypot(...x[0])));
  return longest < 0.5 ? [] : all.map(([by, kind]) => [at[i], by.map(x => x / longest * 48), kind]);
}
function draw() {
  requestAnimationFrame(draw);
  const now = performance.now();
  if (!dirty || still.matches && state.playing && now - (draw.last || 0) < 500) return;
  dirty = false;
  draw.last = now;
  drawAll();
}
function drawAll() {
  for (const run of runs) {
    if (!run.look || !run.opened) continue;
    for (const [kind, title] of PICTURES) {
      if (!run.canvas[kind].offsetParent) continue;
      const note = DRAW[kind](run, run.canvas[kind]);
      run.note[kind].textContent = note;
      run.canvas[kind].setAttribute('aria-label', title + ': ' + note);
    }
    run.showNumbers();
    run.showHand();
    showPhases(run);
    state.firstPicture = state.firstPicture || performance.now();
    run.worker.postMessage({seen: runs.length > 1 ? Math.min(...runs.filter(r => !r.error).map(r => r.step)) + 15 : 1e9});
  }
  const last = Math.max(1, ...runs.map(r => r.lines.length));
  $('time').max = last;
  if (document.activeElement !== $('time') || state.playing) $('time').value = Math.max(...runs.map(r => r.step));
  $('step').textContent = runs.map(r => r.step).join(', ');
}

/* ---- settings: rows of a table, each a key of the recipe; what they show is what the engine answered ---- */
const BOTH = key => ['image.' + key, 'text.' + key];
const TOWERS = [['image', 'image.'], ['text', 'text.']]; // as a recipe calls them
/* Hidden layers are of one width; of a recipe where they are not, all are named. */
const hidden = l => new Set(l.slice(0, -1)).size > 1 ? l.slice(0, -1).join(' ') : l.length > 1 ? l[0] : '';
const CONTROLS = [
  {label: 'loss', keys: ['loss.name'], words: ['question', 'npair', 'infonce', 'clip', 'ntxent', 'siglip', 'dcl', 'unicl', 'triplet', 'align-uniform', 'spectral', 'barlow', 'vicreg', 'positives']},
  {label: 'negatives', keys: ['loss.name'], truth: true, get: l => String(l[0] !== 'positives'), set: (l, v) => [v === 'true' ? state.loss || 'question' : (state.loss = l[0], 'positives')]},
  {label: 'temperature', keys: ['loss.temperature'], log: [0.01, 10]},
  {label: 'learn temperature', keys: ['loss.learn_temperature'], truth: true},
  {label: 'pairs per batch, N', keys: ['train.batch'], words: ['2', '4', '7', '16', '32', '64', '128', '256']},
  {label: 'optimiser', keys: ['optim.name'], words: ['sgd', 'adamw']},
  {label: 'rate', keys: ['optim.rate'], log: [0.0001, 100]},
  {label: 'weight decay', keys: ['optim.weight_decay'], words: ['0', '0.001', '0.01', '0.1', '1']},
  ...TOWERS.map(([tower, key]) => ({label: tower + ' depth', keys: [key + 'layers'], words: ['1', '2', '3', '4', '5', '6'], get: l => String(l.length), set: (l, v) => [...Array(v - 1).fill(l.length > 1 ? l[0] : 64), l[l.length - 1]]})),
  ...TOWERS.map(([tower, key]) => ({label: tower + ' width', keys: [key + 'layers'], words: ['8', '16', '32', '64', '96', '128', '256'], get: hidden, set: (l, v) => [...Array(Math.max(1, l.length - 1)).fill(v), l[l.length - 1]]})),
  {label: 'embedding, d', keys: BOTH('layers'), words: ['1', '2', '3', '8', '16', '32', '64'], get: l => l[l.length - 1], set: (l, v) => [...l.slice(0, -1), v]},
  ...TOWERS.map(([tower, key]) => ({label: tower + ' activation', keys: [key + 'activation'], words: ['none', 'relu', 'gelu', 'tanh', 'sigmoid']})),
  ...TOWERS.map(([tower, key]) => ({label: tower + ' first weights', keys: [key + 'init'], words: ['zero', 'he', 'glorot', 'lecun', 'cone', 'normal']})),
  {label: 'data', keys: ['data.kind'], words: ['shapes', 'latent']},
  {label: 'pixel noise', keys: ['data.noise'], words: ['0', '8', '32', '64', '128']},
  {label: 'repeated captions', keys: ['data.repeats'], share: true},
  {label: 'first object only', keys: ['data.first_object'], truth: true},
  {label: 'seed', keys: ['train.seed'], whole: true},
];
const OF_SHAPES = ['data.noise', 'data.repeats', 'data.first_object'];
let recipe = {};
function parseRecipe(text) {
  const all = {};
  let section = '';
  for (const row of text.split('\n')) {
    if (row[0] === '[') section = row.slice(1, -1) + '.';
    else if (row.includes(' = ')) all[section + row.slice(0, row.indexOf(' = '))] = row.slice(row.indexOf(' = ') + 3);
  }
  return all;
}
function showSettings(all, unused) {
  recipe = all;
  const layers = key => recipe[key].split(',');
  for (const c of CONTROLS) {
    const key = c.keys[0], value = c.get ? c.get(layers(key)) : recipe[key];
    if (document.activeElement === c.input && c.slides) { c.out.textContent = value; continue; }
    if (c.truth) c.input.checked = value === 'true';
    else if (c.slides) { c.input.value = c.log ? Math.log(value) : value; c.out.textContent = value; }
    else {
      if (c.words && !Array.from(c.input.options).some(o => o.value === value)) c.input.append(make('option', {value}, value || 'no hidden layer'));
      c.input.value = value;
    }
    c.input.disabled = unused.has(key) || recipe['data.kind'] !== 'shapes' && OF_SHAPES.includes(key) || value === ''; // it has no effect on this loss, optimiser, data or tower
    if (c.slides && c.input.disabled) c.out.textContent = 'unused';
    c.row.classList.toggle('changed', c.keys.some(k => k in state.changes));
  }
}
function makeSettings() {
  for (const c of CONTROLS) {
    c.out = make('output');
    c.slides = Boolean(c.log || c.share);
    const [low, high] = c.log ? c.log.map(Math.log) : [0, 1];
    c.input = c.words ? make('select', {}, ...c.words.map(w => make('option', {value: w}, w)))
      : c.slides ? make('input', {type: 'range', min: low, max: high, step: (high - low) / 100})
        : make('input', {type: c.truth ? 'checkbox' : 'number', min: 0, step: 1});
    c.input.dataset.key = c.label;
    c.input.disabled = true; // until the engine has said what the settings are
    c.row = make('label', {title: c.keys.join(', ')}, make('span', {}, c.label), c.input, c.out);
    $('settings').append(c.row);
    c.input[c.slides ? 'oninput' : 'onchange'] = () => {
      const value = c.truth ? String(c.input.checked) : c.log ? String(Number(Math.exp(c.input.value).toPrecision(2))) : c.input.value;
      if (value === '' || (c.whole && !/^\d{1,9}$/.test(value))) return;
      c.out.textContent = c.slides ? value : '';
      for (const k of c.keys) state.changes[k] = c.set ? c.set(recipe[k].split(','), value).join(',') : value;
      clearTimeout(makeSettings.wait);
      makeSettings.wait = setTimeout(restart, c.slides ? 120 : 0);
    };
  }
}

/* ---- lessons ---- */
const comparedWith = () => state.fix && state.fix === state.lesson.fix ? state.lesson.beside : 'the same run and these settings';
function showQuestion() {
  const l = state.lesson, guess = state.guesses[l.name], box = $('question');
  const reveal = guess !== undefined;
  box.replaceChildren(make('p', {}, make('b', {}, l.ask)));
  box.append(make('div', {className: 'answers'}, ...l.answers.map((a, i) => make('button', {type: 'button', className: !reveal ? '' : i === l.right ? 'right' : i === guess ? 'wrong' : '', onclick: () => answer(i)},
    (reveal ? i === l.right ? '✓ ' : i === guess ? '✗ ' : '' : '') + a))));
  if (reveal) box.append(make('p', {}, l.why));
  else if (l.fix) box.append(make('p', {className: 'dim'}, 'Your answer starts both runs, left and right.'));
  const fix = make('input', {type: 'text', id: 'fix', value: state.fix, placeholder: 'loss.temperature=0.2', ariaLabel: 'settings of the right run', onchange: e => { state.fix = e.target.value.trim(); state.beside = state.fix !== ''; restart(); }});
  box.append(make('div', {className: 'nextto'}, make('label', {}, make('input', {type: 'checkbox', id: 'beside', checked: state.beside, onchange: e => { state.beside = e.target.checked; restart(); }}), ' compare with: ', make('span', {id: 'with'}, comparedWith())), ' ', fix));
  const answered = Object.keys(state.guesses).length, wrong = LESSONS.filter(x => x.name in state.guesses && state.guesses[x.name] !== x.right);
  if (reveal && answered < LESSONS.length) box.append(make('p', {className: 'dim'}, `${answered} of ${LESSONS.length} questions answered.`));
  else if (reveal)
    box.append(make('p', {}, `All ${LESSONS.length} lessons: ${LESSONS.length - wrong.length} guesses were right. ` + (wrong.length ? 'Look once more at: ' + wrong.map(x => x.title).join('; ') + '.' : '')));
  for (const option of $('lesson').options) {
    const x = LESSONS[option.index];
    option.textContent = `${option.index + 1}. ${x.title}` + (x.name in state.guesses ? state.guesses[x.name] === x.right ? ' ✓' : ' ✗' : '');
  }
}
function answer(i) {
  if (!(state.lesson.name in state.guesses)) state.guesses[state.lesson.name] = i;
  if (state.fix && !state.beside) { state.beside = true; restart(); }
  showQuestion();
  play(true);
  keepAddress();
}
function choose(lesson) {
  state.lesson = lesson;
  state.changes = {};
  state.beside = false;
  state.fix = lesson.fix || '';
  $('lesson').value = lesson.name;
  showQuestion();
  play(false);
  restart();
}

/* ---- running ---- */
function restart() {
  while (runs.length > (state.beside ? 2 : 1)) { const gone = runs.pop(); gone.worker.terminate(); gone.box.remove(); }
  while (runs.length < (state.beside ? 2 : 1)) { const run = new Run(runs.length === 1); runs.push(run); $('runs').append(run.box); }
  $('runs').classList.toggle('two', state.beside);
  if ($('beside')) $('beside').checked = state.beside;
  if ($('with')) $('with').textContent = comparedWith();
  for (const run of runs) { run.open(); if (!$('slow').checked) run.worker.postMessage({play: state.playing}); }
  keepAddress(0);
  dirty = true;
}
function play(on) {
  const slow = $('slow').checked;
  state.playing = on;
  $('play').textContent = on ? 'Pause' : 'Play';
  clearInterval(play.phases);
  if (on && slow) { nextPhase(); play.phases = setInterval(nextPhase, PHASE_TIME); }
  else leaveSlow();
  // one that is in the midst of a step waits already, and its towers are shown when the last phase is
  for (const run of runs) if (on && !slow || run.settled && !run.waiting) run.worker.postMessage({play: on && !slow});
  if (!on) keepAddress();
}
/* Steps at full speed have no phases; one that was being watched is over. */
function leaveSlow() {
  if ($('slow').checked) return;
  settle();
  for (const run of runs) run.watched = null;
  dirty = true;
}
function seek(step) {
  play(false);
  for (const run of runs) { run.watched = null; run.settled = true; run.worker.postMessage({seek: step}); }
  keepAddress(step);
}
function keepAddress(step = Math.max(0, ...runs.map(r => r.step))) {
  state.step = step;
  const all = new URLSearchParams({v: 1, lesson: state.lesson.name, ...state.changes, ...(state.beside ? {beside: 1} : {}), ...(step ? {step} : {}),
    ...(state.fix !== (state.lesson.fix || '') ? {fix: state.fix} : {}),
    ...(Object.keys(state.guesses).length ? {answers: LESSONS.map(l => l.name in state.guesses ? state.guesses[l.name] : '-').join('')} : {})});
  history.replaceState(null, '', '#' + all.toString().replaceAll('%2C', ','));
}
function readAddress() {
  const all = new URLSearchParams(location.hash.slice(1)), changes = {};
  for (const [k, v] of all) if (k.includes('.')) changes[k] = v;
  state.lesson = LESSONS.find(l => l.name === all.get('lesson')) || LESSONS[0];
  state.changes = changes;
  state.fix = all.has('fix') ? all.get('fix') : state.lesson.fix || '';
  state.beside = all.get('beside') === '1';
  Array.from(all.get('answers') || '').forEach((a, i) => { if (LESSONS[i] && /[012]/.test(a)) state.guesses[LESSONS[i].name] = Number(a); });
  $('lesson').value = state.lesson.name;
  showQuestion();
  const step = Math.min(1e6, Number(all.get('step')) || 0);
  play(step === 0 && !all.has('lesson') && !still.matches);
  restart();
  if (step > 0) seek(step);
}

/* ---- the doctor, and what is saved ---- */
function showDiagnosis(d, of) {
  const box = $('diagnosis');
  if (d.error) { box.replaceChildren(make('p', {}, d.error)); return; }
  if (d.near) {
    box.replaceChildren(make('p', {}, `A loss of ${of[0]} with ${of[1]} pairs per batch is ${d.near.length ? 'near:' : 'within 1 % of no known value.'}`), ...d.near.map(x =>
      make('p', {className: 'item'}, `${x.formula}${x.losses ? ' (' + x.losses + '), ' + round(x.value) : ''}: ${x.meaning}. ${x.apart || ''}`)));
    return;
  }
  box.replaceChildren(make('p', {}, of.join(' and ') + ': ', make('b', {}, d.state), ': ' + d.meaning), ...d.evidence.map(e => make('p', {className: 'item'}, e)),
    ...(d.look_alikes ? [make('p', {}, 'easily confused with: ' + d.look_alikes)] : []), make('div', {}, ...tryFirst(d.try_first)), ...(/--\w/.test(d.try_first) ? [make('p', {}, 'What begins with -- is typed in a terminal, to the program (contrast help diagnose lists them all): ',
      make('code', {}, `contrast diagnose ${of.join(' ')}` + (d.try_first.includes('--loss') ? ' --loss 4.852 --batch 128 --temperature 0.07' : '') + (d.try_first.includes('--groups') ? ' --groups groups.npy' : '')), ', with your own numbers and files.')] : []), make('div', {className: 'panels'}, ...picturesOf(d)));
}
/* The pictures that a run has too, of what the program measured. */
function picturesOf(d) {
  const scaled = x => (x || []).map(v => v * 1e4), sides = [d.singular_values_centred_a, d.singular_values_centred_b].filter(x => x);
  const run = {look: {positive: scaled(d.cosine_histogram_on), negative: scaled(d.cosine_histogram_off), image_spectrum: scaled(sides[0]), text_spectrum: scaled(sides[1])}};
  return [['bins', d.cosine_histogram_on, 'Cosines', 'filled: pairs, dashed: others'], ['values', sides.length, 'Singular values', 'of the centred unit rows' + (sides.length > 1 ? '; solid: A, dashed: B' : '')]].filter(x => x[1]).map(([kind, , title, text]) => {
    const canvas = make('canvas', {role: 'img', ariaLabel: title + ': ' + text}), again = () => DRAW[kind](run, canvas);
    requestAnimationFrame(again);
    return make('figure', {}, canvas, make('figcaption', {}, saveButtons(canvas, kind, title, again), make('b', {}, title), ' ' + text));
  });
}
/* "loss 4.852, batch 128", "batch=128 loss=4.852", "4.852 128". */
function numbersIn(text) {
  const number = '[^\\d.]*?(nan|-?[\\d.]+(?:e[-+]?\\d+)?)', after = word => (new RegExp('(?:' + word + ')' + number, 'i').exec(text) || [])[1];
  const bare = text.match(/-?[\d.]+(?:e[-+]?\d+)?/gi) || [];
  return [after('loss') || bare[0], after('batch|pairs|\\bn\\b') || bare[1]].map(Number);
}
async function takeFiles(list) {
  if (list.length > 2) { showDiagnosis({error: `${list.length} files: expected one, or two whose rows are pairs`}); return; }
  const two = await Promise.all(Array.from(list, async f => ({name: f.name, bytes: new Uint8Array(await f.arrayBuffer())})));
  two.sort((a, b) => a.name < b.name ? -1 : 1);
  if (two[1] && two[0].name === two[1].name) two[1].name = 'second-' + two[1].name; // from two folders
  if (two.length) runs[0].worker.postMessage({diagnose: two});
}
async function copy(text) {
  try { await navigator.clipboard.writeText(text); $('copied').textContent = 'copied'; } catch { $('copied').textContent = text; }
}

/* ---- the page itself ---- */
function wire() {
  $('play').onclick = () => { // what is compared stands still at one step
    if (state.playing && state.beside && !$('slow').checked) seek(Math.max(...runs.map(r => r.step))); else play(!state.playing);
  };
  $('one').onclick = () => seek(Math.max(...runs.map(r => r.step)) + 1);
  $('ten').onclick = () => seek(Math.max(...runs.map(r => r.step)) + 10);
  $('reset').onclick = () => { state.changes = {}; play(false); restart(); };
  $('slow').onchange = () => play(state.playing);
  $('phase').onclick = () => { $('slow').checked = true; play(false); nextPhase(); };
  $('time').oninput = e => seek(Number(e.target.value));
  $('lesson').append(...LESSONS.map(l => make('option', {value: l.name}, l.title)));
  $('lesson').onchange = e => choose(LESSONS.find(l => l.name === e.target.value));
  $('copy').onclick = () => copy($('command').textContent);
  $('link').onclick = () => { keepAddress(); copy(location.href); };
  $('log').onclick = () => download(runs[0].lines.map(l => JSON.stringify({kind: 'step', ...l})).join('\n') + '\n', 'log.jsonl');
  $('weights').onclick = () => runs[0].worker.postMessage({save: true});
  $('files').onchange = e => takeFiles(e.target.files);
  $('ask').onclick = () => runs[0].worker.postMessage({numbers: numbersIn($('numbers').value)});
  $('numbers').onkeydown = e => { if (e.key === 'Enter') $('ask').click(); };
  const dark = matchMedia('(prefers-color-scheme: dark)'), scheme = document.documentElement.style;
  const redraw = () => { readColours(); dirty = true; if (FREE.last) freeDraw(); };
  $('theme').onclick = () => {
    scheme.colorScheme = (scheme.colorScheme || (dark.matches ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
    redraw();
  };
  $('projector').onclick = e => {
    e.target.setAttribute('aria-pressed', document.documentElement.classList.toggle('projector'));
    redraw();
  };
  dark.onchange = redraw;
  addEventListener('resize', redraw);
  let before; // paper is white
  addEventListener('beforeprint', () => { before = scheme.colorScheme; scheme.colorScheme = 'light'; redraw(); drawAll(); });
  addEventListener('afterprint', () => { scheme.colorScheme = before; redraw(); });
  addEventListener('hashchange', readAddress);
  addEventListener('dragover', e => { e.preventDefault(); $('doctor').classList.add('over'); });
  addEventListener('dragleave', () => $('doctor').classList.remove('over'));
  addEventListener('drop', e => { e.preventDefault(); $('doctor').classList.remove('over'); takeFiles(e.dataTransfer.files); });
}
async function compile() {
  const bytes = await new Response(new Blob([bytesOf($('wasm').textContent.trim())]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  return WebAssembly.compile(bytes); // once for all workers
}
async function start() {
  engineCode = URL.createObjectURL(new Blob([$('code').textContent], {type: 'text/javascript'}));
  wasm = compile();
  document.querySelector('main').hidden = $('looks').hidden = false;
  wire();
  makeSettings();
  readColours();
  readAddress();
  requestAnimationFrame(draw);
  await wasm; // or it says why not
  setTimeout(() => freeWire(makeWorker()), 400); // after the first picture
}
start().catch(e => { $('failed').hidden = false; $('failed').textContent = 'The playground needs WebAssembly and DecompressionStream (browsers since 2023): ' + e.message; });
