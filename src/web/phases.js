/* phases.js -- slow motion: one training step in six phases, with the numbers of that very step. The engine has made it; what is
 * worked by hand from its embeddings is compared with what it said. */
'use strict';
const few = x => '(' + Array.from(x.slice(0, 4), v => round(v, 3)).join(', ') + (x.length > 4 ? ', …)' : ')');
class Watched {
  constructor({line, images, texts, gradients, captions}, {width: d, batch: n}, recipe) {
    Object.assign(this, {line, d, n, captions, tau: line.temperature, loss: recipe['loss.name'], optimiser: recipe['optim.name']});
    this.whole = images !== undefined; // of a batch in chunks only the last one is there
    if (!this.whole) return;
    this.raw = [images, texts].map(floatsOf);
    this.gradient = floatsOf(gradients);
    this.unit = this.raw.map(x => Array.from({length: n}, (_, i) => unit(rowOf(x, i, d))));
    this.cosine = this.unit[0].map(a => this.unit[1].map(b => product(a, b)));
    this.p = this.cosine.map(row => softmax(row, this.tau));
    const columns = this.cosine.map((_, j) => softmax(this.cosine.map(row => row[j]), this.tau));
    const mean = p => p.reduce((sum, row, i) => sum - Math.log(row[i]), 0) / n;
    this.byHand = SOFTMAX[this.loss] === 2 ? (mean(this.p) + mean(columns)) / 2 : mean(this.p);
    this.scaled = this.raw.map(x => { const longest = x.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-9); return x.map(v => v / longest); });
  }
  /* Of each phase: its name, a sentence for pair i, and its matrix: rows, columns, number, and whether pairs are on its diagonal. */
  phases(i) {
    const {n, d, line, tau, loss} = this, own = this.cosine[i][i], p = this.p[i][i], other = this.cosine[i].filter((_, j) => j !== i);
    const row = rowOf(this.raw[0], i, d), caption = this.captions[i] ? ` (“${this.captions[i]}”)` : '', known = loss in SOFTMAX;
    const sides = at => [n, 2 * d, (r, c) => at(c < d ? 0 : 1, r, c % d), false], square = at => [n, n, at, true];
    const [one, two] = this.captions.length ? ['image', 'caption'] : ['vector', 'partner'], One = one[0].toUpperCase() + one.slice(1);
    const weight = (r, c) => (this.p[r][c] - (r === c)) * (known ? 1 : 0);
    return [
      ['encode', `Step ${line.step}. The towers turn ${n} ${one}s (left) and ${n} ${two}s (right) into rows of ${d} numbers; rows count from 0. ${One} ${i} of this batch${caption}: ${few(row)}.`, sides((s, r, c) => this.scaled[s][r * d + c])],
      ['normalise', `Each row is divided by its length, here ${round(norm(row))}: ${few(this.unit[0][i])}.`, sides((s, r, c) => this.unit[s][r][c])],
      ['cosines', `Each ${one} times each ${two}. ${One} ${i} with its own ${two}: ${round(own)}; with the others: ${round(Math.min(...other))} to ${round(Math.max(...other))}.`, square((r, c) => this.cosine[r][c])],
      ['softmax', known ? `exp(cosine / ${round(tau)}), divided by the row's sum: its own ${two} gets p = ${round(p)}, and -ln p = ${round(-Math.log(p))}. The mean of all ${SOFTMAX[loss] === 2 ? 'rows and columns' : 'rows'} is ${round(this.byHand)}; the engine's loss is ${round(line.loss)}.`
        : `${loss} is no softmax of the rows alone; the engine's loss is ${round(line.loss)}. For comparison, infonce would give its own ${two} p = ${round(p)}.`, square((r, c) => this.p[r][c])],
      ['gradient', (known ? `p - 1 = ${round(p - 1)} pulls ${one} ${i} to its ${two}; the other p push it away` : `${loss} weighs pairs in its own way`) + `. The engine's gradient at this embedding has length ${round(norm(rowOf(this.gradient, i, d)), 7)}; through the towers it becomes one of length ${round(line.gradient_norm)} for all weights.`, square(weight)],
      ['update', `${this.optimiser === 'sgd' ? `SGD: weights move by rate × gradient, ${round(line.rate)} × ${round(line.gradient_norm)} = ${round(line.rate * line.gradient_norm)} in all` : `Adam: each weight moves by up to about its rate, ${round(line.rate)}, whatever the size of the gradient`}. The pictures below show the towers after step ${line.step}.`, square(weight)],
    ];
  }
}
const PHASES = 6, PHASE_TIME = 1600;
/* The panel of a run. */
function showPhases(run) {
  run.slow.hidden = !run.watched;
  if (!run.watched) return;
  if (!run.watched.whole) { run.phaseList.replaceChildren(make('li', {}, 'This batch went through the towers in chunks, and is not shown.')); return; }
  const i = state.pair % run.watched.n, all = run.watched.phases(i);
  run.phaseList.replaceChildren(...all.map(([name, text], k) => make('li', {className: k === state.phase ? 'now' : k > state.phase ? 'later' : ''}, make('b', {}, name), k <= state.phase ? ': ' + text : '')));
  if (run.phaseList.children[state.phase]) run.phaseList.children[state.phase].setAttribute('aria-current', 'step');
  const [name, , [rows, columns, at, pairs]] = all[state.phase], {g, cell, left, top} = matrix(run.phaseCanvas, rows, columns, at, {pairs});
  g.strokeStyle = colours.hi;
  g.lineWidth = 2;
  g.strokeRect(left, top + i * cell, columns * cell, cell);
  if (!pairs) line(g, [[left + columns * cell / 2, top], [left + columns * cell / 2, top + rows * cell]]);
  g.lineWidth = 1;
  run.phaseCanvas.setAttribute('aria-label', `step ${run.watched.line.step}, ${name}: ${all[state.phase][1]}`);
}
function nextPhase() {
  if (runs.every(r => r.watched || r.error) && state.phase < PHASES - 1) {
    state.phase++;
    if (state.phase === PHASES - 1) settle();
  } else if (!runs.some(r => r.waiting)) {
    settle();
    state.phase = 0;
    for (const run of runs) if (!run.error) { run.waiting = true; run.worker.postMessage({watch: true}); }
  }
  dirty = true;
}
/* A step that is being watched is over: its line goes to the curve, and its weights are looked at. */
function settle() {
  for (const run of runs) if (run.watched && !run.settled) {
    run.settled = true;
    run.on_steps([run.watched.line]);
    run.worker.postMessage({finish: true});
  }
}
