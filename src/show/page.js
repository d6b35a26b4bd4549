/* page.js -- what a page can do beyond being read. It only moves what is shown without it: it reads
 * the numbers in the page's JSON and writes classes, paths and text (no markup from data). */
'use strict';
const $ = id => document.getElementById(id);
const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const runs = $('data') ? JSON.parse($('data').textContent) : [];
const longest = Math.max(...runs.map(r => r.moments.length));
let pair = 0, playing = 0;

/* ---- what each run has on the page ---- */
runs.forEach((run, r) => {
  run.picture = {};
  for (const svg of all(`svg[data-run="${r}"]`)) {
    const [left, top, right, bottom, x0, x1, y0, y1] = svg.dataset.axes.split(' ').map(Number);
    run.picture[svg.dataset.kind] = {svg, left, top, right, bottom,
      x: v => left + (v - x0) / (x1 - x0) * (right - left), y: v => bottom - (v - y0) / (y1 - y0) * (bottom - top)};
  }
  run.heat = all('.c', run.picture.matrix.svg);
  run.stepText = all(`[data-step="${r}"]`);
  run.lossText = all(`[data-loss="${r}"]`);
  run.pairText = all(`[data-pair="${r}"]`);
  run.pair = all('.pair', run.picture.plane.svg);
  run.cross = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  run.cross.setAttribute('class', 'cross');
  run.picture.matrix.svg.append(run.cross);
  run.moments.forEach(m => {
    m.bytes = Uint8Array.from(atob(m.cosines), c => c.charCodeAt(0));
    for (const key in m) // lists are ten-thousandths
      if (Array.isArray(m[key])) m[key] = m[key].map(x => x / 1e4);
  });
  run.cosine = (m, i, j) => (m.bytes[i * run.n + j] - 128) / 127;
});

/* ---- one snapshot ---- */
function steps(p, share) {
  const width = (p.right - p.left) / share.length;
  return `M${p.left} ${p.bottom}` + share.map((v, i) => `V${p.y(v).toFixed(1)}H${(p.left + width * (i + 1)).toFixed(1)}`).join('') +
    `V${p.bottom}`;
}
function line(p, y) {
  const at = y.map((v, i) => v === null ? '' : `${p.x(i + 1).toFixed(1)} ${p.y(v).toFixed(1)}`).filter(s => s);
  return (at.length > 0 ? 'M' : '') + at.join('L') + (at.length === 1 ? 'h6' : '');
}
function set(element, values) {
  for (const name in values) element.setAttribute(name, values[name]);
}
function drawRun(run, m) {
  const {matrix, histogram, spectrum, plane, path} = run.picture;
  const cells = run.heat.map(() => '');
  m.bytes.forEach((c, k) => { cells[Math.floor((c - 128) / 12.7 + 10.5)] += `M${k % run.n} ${Math.floor(k / run.n)}h1v1h-1z`; });
  run.heat.forEach((path, k) => path.setAttribute('d', cells[k]));
  histogram.svg.querySelector('.pos').setAttribute('d', steps(histogram, m.positive));
  histogram.svg.querySelector('.neg').setAttribute('d', steps(histogram, m.negative));
  spectrum.svg.querySelector('.sv0').setAttribute('d', line(spectrum, m.image_spectrum));
  spectrum.svg.querySelector('.sv1').setAttribute('d', line(spectrum, m.text_spectrum));
  run.pair.forEach((g, i) => {
    const [x, y] = [plane.x(m.plane[2 * i]), plane.y(m.plane[2 * i + 1])], t = 2 * (run.n + i);
    const [u, v] = [plane.x(m.plane[t]), plane.y(m.plane[t + 1])];
    set(g.children[0], {d: `M${x.toFixed(1)} ${y.toFixed(1)}L${u.toFixed(1)} ${v.toFixed(1)}`});
    set(g.children[1], {cx: x.toFixed(1), cy: y.toFixed(1)});
    set(g.children[2], {x: (u - 3.5).toFixed(1), y: (v - 3.5).toFixed(1)});
  });
  set(path.svg.querySelector('.at'), {cx: path.x((m.uniformity[0] + m.uniformity[1]) / 2), cy: path.y(m.alignment[0])});
  for (const kind of ['loss', 'recall', 'temperature']) {
    const p = run.picture[kind];
    p.svg.querySelector('.now').setAttribute('d', `M${p.x(m.step).toFixed(1)} ${p.top}V${p.bottom}`);
  }
  const nearestOf = steps => steps.reduce((best, s, k) => Math.abs(s - m.step) < Math.abs(steps[best] - m.step) ? k : best, 0);
  const nearest = run.lines[nearestOf(run.lines.map(l => l.step))], seen = run.layers[nearestOf(run.layers.map(l => l.step))];
  for (const [kind, of, path] of seen ? [['layers', 'mean_cosine', 'co'], ['gradients', 'gradient_norm', 'gr']] : []) {
    const p = run.picture[kind];
    [false, true].forEach((text, side) => {
      const y = seen.layers.filter(l => l.weight.startsWith('text.') === text).map(l => l[of]);
      p.svg.querySelector('.' + path + side).setAttribute('d', line(p, y));
    });
    p.svg.querySelector('.seen text').textContent = 'seen at step ' + seen.step;
  }
  for (const e of run.stepText) e.textContent = 'step ' + m.step;
  for (const e of run.lossText) e.textContent = `, loss ${nearest.loss} at step ${nearest.step}`;
}

/* ---- one pair ---- */
function strip(run, r, m) {
  const box = $('near' + r), i = Math.min(pair, run.n - 1);
  if (!box) return;
  const order = Array.from({length: run.n}, (_, j) => j).sort((a, b) => run.cosine(m, i, b) - run.cosine(m, i, a)).slice(0, 6);
  const seen = order.map(j => [j, run.cosine(m, i, j).toFixed(2)]).join();
  if (run.seen === seen + i) return;
  run.seen = seen + i;
  box.replaceChildren(...order.map(j => {
    const f = document.createElement('figure'), c = document.createElement('figcaption');
    if (run.picture_height) {
      const p = document.createElement('span');
      p.className = `pic p${r}` + (j === i ? ' own' : '');
      p.style.backgroundPosition = `0 ${-run.picture_height * j}px`;
      f.append(p);
    }
    c.textContent = `${run.cosine(m, i, j).toFixed(2)} ${j}: ${run.caption[j] || ''}` + (j === i ? ' (its own)' : '');
    f.append(c);
    return f;
  }));
}
function light(run, r, m) {
  const i = Math.min(pair, run.n - 1), p = run.picture.matrix, size = (p.right - p.left) / run.n;
  const x = p.left + size * i, y = p.top + size * i;
  run.cross.setAttribute('d', `M${p.left} ${y}H${p.right}V${y + size}H${p.left}zM${x} ${p.top}V${p.bottom}H${x + size}V${p.top}z`);
  run.pair.forEach((g, k) => g.classList.toggle('lit', k === i));
  for (const e of run.pairText)
    e.textContent = `pair ${i}${run.caption[i] ? ': ' + run.caption[i] : ''}; cosine ${run.cosine(m, i, i).toFixed(2)}`;
  strip(run, r, m);
}

/* ---- the controls ---- */
function draw() {
  const at = Number($('time').value);
  runs.forEach((run, r) => {
    const m = run.moments[Math.round(at * (run.moments.length - 1) / Math.max(1, longest - 1))];
    drawRun(run, m);
    light(run, r, m);
  });
  $('time').setAttribute('aria-valuetext', runs[0].stepText[0].textContent);
}
function choose(i) {
  if (i === pair || i < 0) return;
  pair = i;
  $('pair').value = i;
  draw();
}
function stop() {
  clearInterval(playing);
  playing = 0;
  $('play').textContent = 'Play';
}
function play() {
  if (playing) return stop();
  if (Number($('time').value) === longest - 1) $('time').value = 0;
  $('play').textContent = 'Stop';
  draw();
  playing = setInterval(() => {
    $('time').value = Number($('time').value) + 1;
    draw();
    if (Number($('time').value) === longest - 1) stop();
  }, 150);
}
function step(by) {
  stop();
  $('time').value = Number($('time').value) + by;
  draw();
}
/* Listen to sliders, buttons, pointer and keys: a page of runs. */
function control() {
  $('time').max = $('time').value = longest - 1;
  $('pair').max = Math.max(...runs.map(r => r.n)) - 1;
  $('time').oninput = () => { stop(); draw(); };
  $('pair').oninput = () => choose(Number($('pair').value));
  $('play').onclick = play;
  $('back').onclick = () => step(-1);
  $('on').onclick = () => step(1);
  runs.forEach(run => {
    const p = run.picture.matrix;
    p.svg.addEventListener('pointermove', e => {
      const at = new DOMPoint(e.clientX, e.clientY).matrixTransform(p.svg.getScreenCTM().inverse());
      if (at.x > p.left && at.x < p.right && at.y > p.top && at.y < p.bottom)
        choose(Math.floor((at.y - p.top) / (p.bottom - p.top) * run.n));
    });
    run.picture.plane.svg.addEventListener('pointerover', e => choose(run.pair.indexOf(e.target.closest('.pair'))));
  });
  document.addEventListener('keydown', e => {
    if (e.target.closest('input,button,summary') || e.ctrlKey || e.altKey || e.metaKey) return;
    if (e.key === 'ArrowLeft') step(-1);
    else if (e.key === 'ArrowRight') step(1);
    else if (e.key === ' ') play();
    else return;
    e.preventDefault();
  });
  draw();
}

/* ---- every page ---- */
function turnTheme() {
  const root = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)').matches;
  root.style.colorScheme = (root.style.colorScheme || (dark ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
}

/* The picture as it looks now, twice as large: a copy that carries its looks itself, drawn into a canvas. */
function savePng(svg) {
  const looks = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'font-family'];
  const {width, height} = svg.viewBox.baseVal, copy = svg.cloneNode(true), of = [svg, ...all('*', svg)];
  [copy, ...all('*', copy)].forEach((element, k) => {
    const style = getComputedStyle(of[k]);
    for (const name of looks) element.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute('width', 2 * width);
  copy.setAttribute('height', 2 * height);
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement('canvas'), link = document.createElement('a');
    canvas.width = 2 * width;
    canvas.height = 2 * height;
    const pen = canvas.getContext('2d');
    pen.fillStyle = getComputedStyle(document.body).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0);
    link.download = svg.querySelector('title').textContent.replace(/[^\w.-]+/g, '-') + '.png';
    link.href = canvas.toDataURL('image/png');
    link.click();
  };
  image.src = 'data:image/svg+xml,' + encodeURIComponent(new XMLSerializer().serializeToString(copy));
}

/* ---- a run that is still written ---- */
const OFTEN = 10; // so often the same page: whoever wrote it was killed
let same = 0;
const topOf = k => all('figure > svg')[k].getBoundingClientRect().top;
/* The place is that of a picture: the last that begins above the screen, or the first. Words above it may grow. */
function keepPlace() {
  const time = $('time').value, at = Math.max(0, all('figure > svg').findLastIndex((_, k) => topOf(k) < 0));
  history.replaceState({at, top: scrollY > 0 ? topOf(at) : null, pair, time: time === $('time').max ? null : time,
    theme: document.documentElement.style.colorScheme, open: all('details').map(d => d.open),
    same, written: document.lastModified}, '');
}
/* What was kept. The end stays the end; all is laid out at once, for a place is so far from the top. */
function findPlace({at, top, time, theme, open, pair: chosen}) {
  document.body.classList.add('kept');
  document.documentElement.style.colorScheme = theme;
  all('details').forEach((d, k) => { d.open = open[k]; });
  if (time !== null) $('time').value = time;
  choose(chosen);
  draw();
  if (top !== null) scrollBy(0, topOf(at) - top);
}
/* Nobody's hand is moved. */
function follow() {
  if (playing || document.querySelector('input:active')) return;
  keepPlace();
  location.reload();
}

$('theme').onclick = turnTheme;
for (const svg of all('figure > svg')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'save';
  button.textContent = 'Save as PNG';
  button.onclick = () => savePng(svg);
  svg.after(button);
}
all('[data-script]').forEach(e => { e.hidden = false; });
if (runs.length > 0) control();
history.scrollRestoration = $('follow') || history.state ? 'manual' : 'auto';
if (history.state && runs.length > 0) findPlace(history.state);
if (history.state && history.state.written === document.lastModified) same = history.state.same + 1;
if ($('follow') && same < OFTEN) setInterval(follow, 2000);
else if ($('follow')) $('follow').textContent = 'Nobody writes this page any more; contrast report makes the last one.';
else history.replaceState(null, '');
