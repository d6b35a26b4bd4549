/* draw.js -- what pictures are made of: colours, axes, lines, arrows, matrices; and a picture as SVG, by a context that writes
 * down what a canvas would be told. */
'use strict';
const $ = id => document.getElementById(id);
const make = (tag, attributes, ...children) => {
  const e = document.createElement(tag);
  for (const k in attributes || {}) k in e ? e[k] = attributes[k] : e.setAttribute(k, attributes[k]);
  e.append(...children);
  return e;
};
const round = (x, digits = 4) => x === null || x === undefined ? '-' : Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-4) ? x.toExponential(2) : String(Number(x.toFixed(digits)));
const list = (x, digits) => (x || [null]).map(v => round(v, digits)).join(', ');
function bytesOf(base64) { // a loop: Uint8Array.from calls a function for each of the engine's 230,000 bytes
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
const floatsOf = text => new Float32Array(bytesOf(text).buffer);

let colours = {};
function readColours() {
  colours = {heat: Array.from($('palette').children, p => getComputedStyle(p).fill)};
  const probe = make('i');
  document.body.append(probe);
  for (const k of ['bg', 'ink', 'dim', 'grid', 'a', 'b', 'hi']) { probe.style.color = `var(--${k})`; colours[k] = getComputedStyle(probe).color; }
  probe.remove();
  colours.letters = parseFloat(getComputedStyle(document.documentElement).fontSize);
}

class Svg {
  constructor(width, height) {
    Object.assign(this, {width, height, parts: [], path: '', dash: [], lineWidth: 1, globalAlpha: 1, clips: 0});
  }
  put(shape, more) { this.parts.push(`<${shape} ${more} opacity="${this.globalAlpha}"/>`); }
  stroked() { return `fill="none" stroke="${this.strokeStyle}" stroke-width="${this.lineWidth}"` + (this.dash.length ? ` stroke-dasharray="${this.dash}"` : ''); }
  static box(x, y, w, h) { return [['x', x], ['y', y], ['width', w], ['height', h]].map(([k, v]) => `${k}="${v.toFixed(2)}"`).join(' '); }
  setLineDash(dash) { this.dash = dash; }
  beginPath() { this.path = ''; }
  moveTo(x, y) { this.path += `M${x.toFixed(2)} ${y.toFixed(2)}`; }
  lineTo(x, y) { this.path += `L${x.toFixed(2)} ${y.toFixed(2)}`; }
  arc(x, y, r) { this.path += `M${(x - r).toFixed(2)} ${y.toFixed(2)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`; }
  rect(x, y, w, h) { this.path += `M${x} ${y}h${w}v${h}h${-w}z`; }
  fill() { this.put('path', `d="${this.path}" fill="${this.fillStyle}"`); }
  stroke() { this.put('path', `d="${this.path}" ${this.stroked()}`); }
  fillRect(...box) { this.put('rect', `${Svg.box(...box)} fill="${this.fillStyle}"`); }
  strokeRect(...box) { this.put('rect', `${Svg.box(...box)} ${this.stroked()}`); }
  fillText(text, x, y) {
    const anchor = {center: 'middle', right: 'end'}[this.textAlign] || 'start', base = this.textBaseline === 'middle' ? 'central' : 'auto';
    this.parts.push(`<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" fill="${this.fillStyle}" style="font:${this.font}" text-anchor="${anchor}" dominant-baseline="${base}">${String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`);
  }
  save() { this.parts.push('<g>'); }
  restore() { this.parts.push('</g>'); }
  clip() {
    const id = 'clip' + this.clips++;
    this.parts[this.parts.length - 1] = `<clipPath id="${id}"><path d="${this.path}"/></clipPath><g clip-path="url(#${id})">`;
  }
  get text() { return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.width} ${this.height}" width="${this.width}" height="${this.height}">\n${this.parts.join('\n')}\n</svg>\n`; }
}

/* A context to draw on, empty; canvas.svg is written down instead. */
function begin(canvas) {
  const r = canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1, w = Math.round(r.width), h = Math.round(r.height);
  if (canvas.svg !== undefined) canvas.svg = new Svg(w, h);
  else if (canvas.width !== w * scale || canvas.height !== h * scale) { canvas.width = w * scale; canvas.height = h * scale; }
  const g = canvas.svg || canvas.getContext('2d');
  if (!canvas.svg) g.setTransform(scale, 0, 0, scale, 0, 0);
  g.fillStyle = colours.bg;
  g.fillRect(0, 0, w, h);
  g.font = Math.round(colours.letters * (w > 340 ? 0.9 : 0.78)) + 'px system-ui, sans-serif';
  return [g, w, h];
}
function download(what, name) {
  const a = make('a', {href: URL.createObjectURL(new Blob([what])), download: name});
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 1000);
}
/* Two buttons that save a picture: as it is, and drawn once more as SVG. */
function saveButtons(canvas, name, title, drawAgain) {
  const button = (kind, save) => make('button', {type: 'button', className: 'save', ariaLabel: `save ${title} as ${kind}`, onclick: save}, kind);
  return make('span', {className: 'saves'}, button('PNG', () => canvas.toBlob(b => download(b, name + '.png'))), button('SVG', () => {
    canvas.svg = null;
    drawAgain();
    if (canvas.svg) download(canvas.svg.text, name + '.svg');
    delete canvas.svg;
  }));
}

function line(g, points, dash = []) {
  g.setLineDash(dash);
  g.beginPath();
  points.forEach(([x, y], i) => i ? g.lineTo(x, y) : g.moveTo(x, y));
  g.stroke();
  g.setLineDash([]);
}
function arrow(g, [x, y], [dx, dy], dash) {
  const length = Math.hypot(dx, dy);
  if (length < 2) return;
  const [u, v] = [dx / length * 6, dy / length * 6], to = [x + dx, y + dy];
  line(g, [[x, y], to], dash);
  line(g, [[to[0] - u - v * 0.6, to[1] - v + u * 0.6], to, [to[0] - u + v * 0.6, to[1] - v - u * 0.6]]);
}
/* A mark of side 0, a disc, or 1, a square. */
function dot(g, side, [x, y], r) {
  if (side) { g.strokeRect(x - r, y - r, 2 * r, 2 * r); return; }
  g.beginPath();
  g.arc(x, y, r, 0, 7);
  g.fill();
}
/* A matrix of numbers from -1 to 1; they are written into cells that have room, and pairs on the diagonal framed. Answers where it is. */
function matrix(canvas, rows, columns, at, {digits = 2, pairs = true} = {}) {
  const [g, w, h] = begin(canvas), cell = Math.min(w / columns, h / rows), left = (w - cell * columns) / 2, top = (h - cell * rows) / 2;
  const letters = Math.min(colours.letters, cell * 0.34), written = digits >= 0 && letters >= 9;
  g.font = `${letters.toFixed(1)}px system-ui, sans-serif`;
  g.textAlign = 'center';
  g.textBaseline = 'middle';
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const s = at(i, j);
      g.fillStyle = colours.heat[Math.max(0, Math.min(20, Math.floor(10 * s + 10.5)))];
      g.fillRect(left + j * cell, top + i * cell, cell + 0.5, cell + 0.5);
      if (!written) continue;
      g.fillStyle = Math.abs(s) > 0.6 ? colours.bg : colours.ink;
      g.fillText(s.toFixed(digits), left + (j + 0.5) * cell, top + (i + 0.5) * cell);
    }
  g.strokeStyle = colours.dim;
  for (let i = 0; i < rows && pairs; i++) g.strokeRect(left + i * cell + 0.5, top + i * cell + 0.5, cell - 1, cell - 1);
  return {g, cell, left, top};
}
function axes(canvas, x0, x1, y0, y1, xName, yName) {
  const [g, w, h] = begin(canvas), size = parseFloat(g.font), left = 3.4 * size, right = w - size, top = yName ? 1.8 * size : size, bottom = h - 2.8 * size;
  const x = v => left + (v - x0) / (x1 - x0) * (right - left), y = v => bottom - (v - y0) / (y1 - y0) * (bottom - top);
  g.strokeStyle = colours.grid;
  g.fillStyle = colours.dim;
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  for (let i = 0; i <= 4; i++) {
    const v = y0 + (y1 - y0) * i / 4;
    line(g, [[left, y(v)], [right, y(v)]]);
    g.fillText(round(v, 2), left - 4, y(v));
  }
  g.textBaseline = 'alphabetic';
  g.textAlign = 'left';
  g.fillText(round(x0, 2), left, bottom + 1.3 * size);
  g.textAlign = 'right';
  g.fillText(round(x1, 2), right, bottom + 1.3 * size);
  g.textAlign = 'center';
  g.fillText(xName, (left + right) / 2, bottom + 2.3 * size);
  g.textAlign = 'left';
  g.fillText(yName, left, top - 0.6 * size);
  return {g, x, y, left, right, top, bottom};
}

/* ---- the softmax of a row, by hand ---- */
const norm = x => Math.sqrt(x.reduce((s, v) => s + v * v, 0));
const unit = x => x.map(v => v / (norm(x) || 1));
const rowOf = (x, i, d) => Array.from(x.subarray(i * d, i * d + d));
const unitRows = (text, d) => { const x = floatsOf(text); for (let i = 0; i < x.length; i += d) x.set(unit(x.subarray(i, i + d)), i); return x; };
const product = (a, b) => a.reduce((s, v, k) => s + v * b[k], 0);
function softmax(row, tau) {
  const most = Math.max(...row), e = row.map(s => Math.exp((s - most) / tau)), sum = e.reduce((a, b) => a + b, 0);
  return e.map(v => v / sum);
}
/* Losses that are a softmax over the rows of cosines, over rows and columns; of others no row can be worked so. */
const SOFTMAX = {question: 1, infonce: 1, clip: 2};
