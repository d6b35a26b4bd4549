/* free.js -- the question as it was asked: seven pairs without an encoder. In two dimensions they can be dragged. */
'use strict';
const FREE = {n: 7, d: 2, x: null, tau: 1, going: false, grabbed: -1, last: null, growth: null, busy: false};
const FREE_GAIN = 0.02; // rate / (N temperature)

function freeStart(how) {
  const {n, d} = FREE;
  const small = how === 'near' ? 0.005 : how === 'equal' ? 0 : 1;
  let seed = 1;
  const noise = () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed / 2 ** 31 - 1; };
  // near: both rows of a pair deviate alike, the direction that grows
  const u = Array.from({length: n * d}, (_, k) => k % d === 0 && small < 1 ? 0 : noise());
  FREE.x = Float32Array.from({length: 2 * n * d}, (_, k) => small < 1 ? (k % d === 0) + small * u[k % (n * d)] : noise());
  FREE.growth = FREE.last = null;
  freeAsk(0);
}
function freeAsk(steps) {
  if (FREE.busy || !FREE.x) return;
  FREE.busy = true;
  FREE.steps = steps;
  FREE.worker.postMessage({free: {x: FREE.x, n: FREE.n, d: FREE.d, temperature: FREE.tau, rate: FREE_GAIN * FREE.n * FREE.tau, steps}});
}
function freeAnswer({x, answer}) {
  const {last, steps} = FREE;
  FREE.busy = false;
  if (FREE.x.length !== x.length) { freeAsk(0); return; }
  if (FREE.grabbed < 0) FREE.x = x;
  if (last && steps > 0) FREE.growth = Math.log(answer.common_part / last.common_part) / steps;
  FREE.last = answer;
  const length = Math.sqrt(answer.gradient.reduce((s, v) => s + v * v, 0)), theory = Math.log(1 + FREE_GAIN);
  $('freesays').textContent = `loss ${round(answer.loss)}; all equal ${round(answer.all_equal)}, floor ${round(answer.floor)}` +
    (FREE.d < FREE.n - 1 ? ` (out of reach in ${FREE.d} dimensions)` : '') + `; |gradient| ${round(length, 7)}` + (length === 0 ? ': descent does not move' : '') +
    (FREE.growth && answer.common_part < 0.1 ? `; the common part grows by ${round(FREE.growth, 5)} per step in log; near all equal it is ln(1 + rate / (N temperature)) = ${round(theory, 5)}` : '');
  freeDraw();
  if (FREE.grabbed >= 0) freeAsk(0); else if (FREE.going) setTimeout(() => FREE.going && freeAsk(10), 30);
}
const freePoint = (k, size, w, h) => {
  const [a, b] = FREE.x.slice(k * FREE.d, k * FREE.d + 2), r = Math.hypot(...FREE.x.slice(k * FREE.d, k * FREE.d + FREE.d)) || 1;
  return [w / 2 + size * a / r, h / 2 - size * b / r];
};
function freeDraw() {
  const {n, d, x, last} = FREE;
  const [g, w, h] = begin($('circle')), size = Math.min(w, h) / 2 - 28;
  g.strokeStyle = colours.grid;
  g.beginPath();
  g.arc(w / 2, h / 2, size, 0, 7);
  g.stroke();
  const at = Array.from({length: 2 * n}, (_, k) => freePoint(k, size, w, h));
  const longest = Math.max(1e-9, ...last.gradient.map(Math.abs));
  g.strokeStyle = colours.dim;
  for (let i = 0; i < n; i++) line(g, [at[i], at[n + i]]);
  at.forEach((where, k) => {
    const lit = k === FREE.grabbed || k === FREE.chosen;
    g.lineWidth = 1.8;
    g.strokeStyle = colours.ink;
    if (longest > 1e-6) arrow(g, where, [-last.gradient[k * d] / longest * 30, last.gradient[k * d + 1] / longest * 30]);
    g.fillStyle = lit ? colours.hi : colours.a;
    g.strokeStyle = lit ? colours.hi : colours.b;
    dot(g, Number(k >= n), where, lit ? 8 : 6);
  });
  g.lineWidth = 1;
  const rows = at.map((_, k) => unit(rowOf(x, k, d)));
  matrix($('matrix'), n, n, (i, j) => product(rows[i], rows[n + j]));
}
function freeMove(k, toX, toY) {
  const angle = Math.atan2(toY, toX);
  FREE.x[k * 2] = Math.cos(angle);
  FREE.x[k * 2 + 1] = Math.sin(angle);
  FREE.growth = null;
  freeAsk(0);
}
function freeWire(worker) {
  FREE.worker = worker;
  worker.onmessage = ({data}) => { if (data.free) freeAnswer(data.free); };
  const canvas = $('circle');
  const where = e => { const r = canvas.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top, r.width, r.height]; };
  canvas.onpointerdown = e => {
    const [x, y, w, h] = where(e), size = Math.min(w, h) / 2 - 28;
    if (FREE.d !== 2) return;
    const near = Array.from({length: 14}, (_, k) => Math.hypot(...freePoint(k, size, w, h).map((v, i) => v - [x, y][i])));
    const k = near.indexOf(Math.min(...near));
    if (near[k] < 24) { FREE.grabbed = k; canvas.setPointerCapture(e.pointerId); freeGo(false); }
  };
  canvas.onpointermove = e => {
    const [x, y, w, h] = where(e);
    if (FREE.grabbed >= 0) freeMove(FREE.grabbed, x - w / 2, h / 2 - y);
  };
  canvas.onpointerup = canvas.onpointercancel = () => { FREE.grabbed = -1; freeAsk(0); };
  canvas.onkeydown = e => { // [ and ] choose a row, arrows move it
    if (FREE.d !== 2) return;
    const turn = {ArrowLeft: 0.1, ArrowRight: -0.1}[e.key], next = {'[': -1, ']': 1}[e.key], k = FREE.chosen || 0;
    if (next) { FREE.chosen = (k + next + 14) % 14; freeDraw(); }
    if (turn) {
      e.preventDefault();
      const angle = Math.atan2(FREE.x[2 * k + 1], FREE.x[2 * k]) + turn;
      freeMove(k, Math.cos(angle), Math.sin(angle));
    }
  };
  $('freego').onclick = () => freeGo(!FREE.going);
  for (const how of ['equal', 'near', 'random']) $('free' + how).onclick = () => { freeGo(false); freeStart(how); };
  $('freed').onchange = e => { FREE.d = Number(e.target.value); freeGo(false); freeStart('random'); };
  $('freetau').oninput = e => { FREE.tau = Number(Math.exp(e.target.value).toPrecision(2)); $('freetauis').textContent = FREE.tau; freeAsk(0); };
  freeStart('random');
}
function freeGo(on) {
  FREE.going = on;
  $('freego').textContent = on ? 'Pause' : 'Descend';
  if (on) freeAsk(10);
}
