#!/usr/bin/env python3
"""Reports opened as a reader opens them: report.py [PROGRAM] [--shots FOLDER].

Opens each from disk with the network off; moves, plays, hovers, turns the theme, uses the
keyboard; compares what is shown with log.jsonl; looks for text that overlaps or is cut
at phone, laptop and projector widths in both themes. Without Chromium it says so and passes,
but not where CI=true.
"""

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

from driver import Browser, check, done

WIDTHS = {"phone": 390, "laptop": 1366, "projector": 1920}

# Text of an SVG that leaves its picture, or lies over other text; elements that make the page scroll sideways.
FAULTS = """
const faults = [];
for (const svg of document.querySelectorAll('svg:not(.spread)')) { // those are marks in cells of a table
  const box = svg.getBoundingClientRect(), name = svg.dataset.kind + ' ' + (svg.dataset.run || '');
  const text = Array.from(svg.querySelectorAll('text'), t => [t.textContent, t.getBoundingClientRect(), t.hasAttribute('transform')]);
  text.forEach(([a, r], i) => {
    if (r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1)
      faults.push(`${name}: "${a}" is cut`);
    for (const [b, q, turned] of text.slice(i + 1))
      if (!(turned && text[i][2]) && r.left < q.right - 2 && q.left < r.right - 2 && r.top < q.bottom - 3 && q.top < r.bottom - 3)
        faults.push(`${name}: "${a}" over "${b}"`);
  });
  if (text.length < 5) faults.push(`${name}: axes without text`);
}
if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is wider than the screen');
return faults;
"""

# Pictures side by side, of which a row holds one alone; a legend that a row of runs shows twice.
ROWS = """
const faults = [], groups = Array.from(document.querySelectorAll('.kinds:not(.many), .kinds.many .runs'), g => Array.from(g.children));
for (const f of document.querySelectorAll('.beside')) {
  if (f.previousElementSibling.matches('.beside')) groups[groups.length - 1].push(f); else groups.push([f]);
}
for (const group of groups) {
  const rows = {};
  for (const e of group) (rows[Math.round(e.getBoundingClientRect().top)] ||= []).push(e);
  const many = Object.values(rows).map(r => r.length); // one below the other is no row
  if (Math.max(...many) > 1 && many.includes(1)) faults.push(`of ${group.length} pictures one is alone: ${group[0].textContent.slice(0, 40)}`);
}
for (const section of document.querySelectorAll('.kinds.many section')) {
  const seen = Array.from(section.querySelectorAll('.key text')).filter(t => getComputedStyle(t).visibility === 'visible').map(t => t.textContent);
  if (new Set(seen).size < seen.length || section.querySelectorAll('.key').length > 0 && seen.length === 0)
    faults.push(`${section.querySelector('h2').textContent}: legends ${seen}`);
}
return faults;
"""

# What is cut or scrolls: on paper nothing may, on a small screen only what scrolls by itself. The bar leaves room.
WIDE = """
const paper = arguments[0], faults = [], scrolls = e => e && (['auto', 'scroll'].includes(getComputedStyle(e).overflowX) ? e : scrolls(e.parentElement));
for (const e of document.querySelectorAll('table, svg, pre, .strip, p, h1, h2, h3')) {
  const r = e.getBoundingClientRect(), box = scrolls(e);
  if (e.tagName === 'PRE' && e.scrollWidth > e.clientWidth + 1) faults.push(`a command does not wrap: ${e.textContent.slice(0, 40)}`);
  if (r.width > 0 && paper && box) faults.push(`${box.tagName} ${box.className} scrolls on paper`);
  if (r.width > 0 && (r.right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1 && e.tagName === 'PRE') && !box)
    faults.push(`${e.tagName} is cut: ${e.textContent.slice(0, 40)}`);
}
const bar = document.querySelector('.bar');
if (bar && bar.getBoundingClientRect().height * 10 >= innerHeight) faults.push(`the bar is ${bar.getBoundingClientRect().height} high`);
return faults;
"""

# Changes of the slider in a second, each drawn.
SPEED = """
const done = arguments[arguments.length - 1], slider = document.getElementById('time'), began = performance.now();
let frames = 0;
function next() {
  slider.value = frames++ % (Number(slider.max) + 1);
  slider.dispatchEvent(new Event('input'));
  const passed = performance.now() - began;
  if (passed < 1000) requestAnimationFrame(next); else done(1000 * frames / passed);
}
requestAnimationFrame(next);
"""


def train(program, folder, *settings):
    small = ["data.n_train=1024", "data.n_validation=64", "data.n_test=128", "data.n_composition=32", "train.batch=64",
             "train.steps=120", "image.layers=64,32", "text.layers=64,32", "text.buckets=512", "text.bag_dim=32",
             "monitor.evaluate_every=40"]
    subprocess.run([program, "train", "shapes", *small, *settings, "-q", "-o", folder], check=True, stdout=subprocess.DEVNULL)


def numbers_shown(browser, folder):
    """The loss beside the slider is that of the nearest line of log.jsonl."""
    with open(os.path.join(folder, "log.jsonl")) as f:
        lines = [line for line in map(json.loads, f) if line["kind"] == "step"]
    browser.run("document.getElementById('time').value = 12; document.getElementById('time').dispatchEvent(new Event('input'))")
    at = int(browser.run("return document.querySelector('[data-step=\"0\"]').textContent").split()[1])
    words = browser.run("return document.querySelector('[data-loss=\"0\"]').textContent").split()
    nearest = min(lines, key=lambda line: abs(line["step"] - at))
    check("the loss shown is that of log.jsonl", float(words[2]) == nearest["loss"] and int(words[5]) == nearest["step"],
          f"{words} {nearest}")
    return at


def use(browser, page, folder):
    began = time.monotonic()
    browser.open(page)
    check("it is interactive in under a second", browser.run("return !document.querySelector('.bar').hidden") and
          browser.run("return performance.timing.domInteractive - performance.timing.navigationStart") < 1000,
          f"{time.monotonic() - began:.2f} s")
    at_end = browser.run("return document.querySelector('.pos').getAttribute('d')")
    cells = browser.run("return Array.from(document.querySelectorAll('.c'), c => c.getAttribute('d')).join()")
    numbers_shown(browser, folder)
    check("the scrubber changes the histogram", browser.run("return document.querySelector('.pos').getAttribute('d')") != at_end)
    check("... and the matrix", browser.run("return Array.from(document.querySelectorAll('.c'), c => c.getAttribute('d')).join()") != cells)
    browser.run("document.getElementById('time').value = document.getElementById('time').max;"
                "document.getElementById('time').dispatchEvent(new Event('input'))")
    check("at the end the script draws what the page holds without it",
          browser.run("return document.querySelector('.pos').getAttribute('d')").replace(".0", "") == at_end.replace(".0", ""))
    check("... in the matrix too",
          browser.run("return Array.from(document.querySelectorAll('.c'), c => c.getAttribute('d')).join()") == cells)
    browser.keys("#time", "\ue012\ue012")  # two arrows left
    check("the arrows move it", browser.run("const t = document.getElementById('time'); return Number(t.max) - Number(t.value)") == 2)
    browser.keys("#play", "\ue007")
    time.sleep(0.8)
    check("it plays to the end and stops", browser.run("const t = document.getElementById('time'); return t.value === t.max && document.getElementById('play').textContent === 'Play'"))
    for css, want in ((".pair:nth-of-type(5) circle", 5), ('svg[data-kind="matrix"] .frame', None)):
        browser.run("const p = document.getElementById('pair'); p.value = 0; p.dispatchEvent(new Event('input')); document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        browser.hover(css)
        lit = browser.run("return Array.from(document.querySelectorAll('svg[data-kind=plane][data-run=\"0\"] .pair')).findIndex(g => g.classList.contains('lit'))")
        check(f"hovering {css} lights a pair", lit > 0 and str(lit) == browser.run("return document.getElementById('pair').value"), str(lit))
        check("... and names it", browser.run("return document.querySelector('[data-pair=\"0\"]').textContent").startswith(f"pair {lit}:"))
    ground = "return getComputedStyle(document.body).backgroundColor"
    before = browser.run(ground)
    browser.keys("#theme", "\ue007")
    check("the theme turns", browser.run(ground) != before)
    browser.keys("#theme", "\ue007")
    check("... and back", browser.run(ground) == before)
    frames = max(browser.later(SPEED) for _ in range(3))  # the machine may be busy
    check("the scrubber moves at 30 frames a second", frames >= 30, f"{frames:.1f}")
    print(f"{os.path.basename(page)}: {frames:.0f} frames a second, "
          f"interactive after {browser.run('return performance.timing.domInteractive - performance.timing.navigationStart')} ms")
    check("every picture has a title and a description",
          browser.run("return Array.from(document.querySelectorAll('svg')).every(s => s.querySelector(':scope>title').textContent && "
                      "s.querySelector(':scope>desc').textContent && s.getAttribute('role') === 'img')"))
    quiet(browser)


def pixels(path):
    """Width, height and rows of a PNG's bytes as they are filtered, or None."""
    with open(path, "rb") as f:
        png = f.read()
    if png[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    at, data = 8, b""
    while at < len(png):
        size = int.from_bytes(png[at:at + 4], "big")
        if zlib.crc32(png[at + 4:at + 8 + size]) != int.from_bytes(png[at + 8 + size:at + 12 + size], "big"):
            return None
        data += png[at + 8:at + 8 + size] if png[at + 4:at + 8] == b"IDAT" else b""
        at += 12 + size
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"), zlib.decompress(data)


def save(browser, page, css, name, size):
    """The button below a picture saves it as it is shown, twice as large."""
    with tempfile.TemporaryDirectory() as folder:
        browser.downloads(folder)
        browser.run("document.querySelector(arguments[0]).nextElementSibling.click()", css)
        for _ in range(100):
            if os.listdir(folder) and not os.listdir(folder)[0].endswith(".crdownload"):
                break
            time.sleep(0.05)
        found = os.listdir(folder)
        check(f"{css} of {page} is saved as {name}", found == [name], str(found))
        if found == [name]:
            got = pixels(os.path.join(folder, name))
            check("... a PNG of its size", got is not None and got[:2] == size, str(got and got[:2]))
            ground = browser.run("return getComputedStyle(document.body).backgroundColor")
            first = got and "rgb(%d, %d, %d)" % tuple(got[2][1:4])  # the first pixel has no neighbour to be a filter of
            check("... on the ground of the theme", first == ground, f"{first} {ground}")
            check("... with something on it", got is not None and len(set(got[2][k:k + 4] for k in range(0, len(got[2]), 4))) > 100)
    every = "return Array.from(document.querySelectorAll('figure > svg')).every(s => s.nextElementSibling.matches('button.save'))"
    check("every picture has the button", browser.run(every))


def quiet(browser):
    asked = [url for url in browser.requests() if not url.startswith(("file://", "data:"))]
    check("nothing was asked of the network", not asked, str(asked))
    complaints = browser.complaints()
    check("the console is silent", not complaints, str(complaints))


def paper(browser):
    """The last font of each page of the PDF that is printed: titles are bold."""
    pdf = base64.b64decode(browser.ask("POST", "/print", {"page": {"width": 21.0, "height": 29.7}}))
    objects = {int(n): body for n, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\s(.*?)\sendobj", pdf, re.DOTALL)}
    fonts = []
    for page in (o for o in objects.values() if re.search(rb"/Type\s*/Page\b", o)):
        content = objects[int(re.search(rb"/Contents\s+(\d+)", page)[1])]
        data = re.search(rb"stream\r?\n(.*)\r?\nendstream", content, re.DOTALL)[1]
        names = re.findall(rb"/(F\d+) [\d.]+ Tf", zlib.decompress(data))
        font = names and re.search(rb"/%s (\d+) 0 R" % names[-1], page)
        fonts.append(re.search(rb"/BaseFont\s*/(\S+)", objects[int(font[1])])[1].decode() if font else "")
    return fonts


def media(browser, kind):
    """"print": styles as on paper; "": as on a screen."""
    browser.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {"media": kind}})


def layout(browser, page, most):
    """On a laptop, on a small screen and on paper, of which it takes at most so many sheets."""
    name = os.path.basename(page)
    browser.open(page)
    for width in (800, 1024, 1280, 1366):
        browser.size(width, 900)
        faults = browser.run(ROWS)
        check(f"{name} at {width} pixels: no picture is alone, runs share a legend", not faults, "\n  ".join([""] + faults[:8]))
    check(f"{name} begins with words", browser.run("return document.querySelector('h1 ~ :not(style)').matches('h2, p, section, .scroll, figure')")
          and not browser.run("return document.querySelector('h1').textContent").startswith("contrast"))
    browser.size(400, 800)
    faults = browser.run(WIDE, False)
    check(f"{name} at 400 pixels: what is wide scrolls by itself", not faults, "\n  ".join([""] + faults[:8]))
    browser.size(703, 1000)  # A4 without its margins
    media(browser, "print")
    faults = browser.run(WIDE, True)
    check(f"{name} on paper: nothing scrolls, nothing is cut", not faults, "\n  ".join([""] + faults[:8]))
    media(browser, "")
    fonts = paper(browser)
    check(f"{name} has at most {most} sheets", 1 <= len(fonts) <= most, str(len(fonts)))
    check(f"{name}: no title is the last on a sheet", all(fonts) and not any("Bold" in f for f in fonts), str(fonts))


def follow(browser, program, folder):
    """A page of a run that trains reads itself again where it was, until the run is over."""
    quick = ["data.n_train=512", "data.n_validation=64", "data.n_test=64", "data.n_composition=32", "train.batch=32",
             "image.layers=64,32", "text.layers=64,32", "text.buckets=512", "text.bag_dim=32", "train.steps=200000"]
    page, again = os.path.join(folder, "followed.html"), "return window.seen === undefined"
    matrix = "return document.querySelector('svg[data-kind=matrix]').getBoundingClientRect().top"
    trainer = subprocess.Popen([program, "train", "shapes", *quick, "-q", "-o", "followed"], stdout=subprocess.DEVNULL)
    until(lambda: os.path.exists("followed/log.jsonl") and open("followed/log.jsonl").read().count('"kind":"snapshot"') > 5)
    follower = subprocess.Popen([program, "report", "followed", "--follow", "-o", page], stdout=subprocess.DEVNULL)
    until(lambda: os.path.exists(page))
    browser.size(1366, 900)
    browser.open(page)
    shown = browser.run("return Number(document.getElementById('time').max)")
    browser.run("window.seen = true; scrollTo(0, 1500); const t = document.getElementById('time'), p = document.getElementById('pair');"
                "t.value = 2; t.dispatchEvent(new Event('input')); p.value = 5; p.dispatchEvent(new Event('input'))")
    top = browser.run(matrix)
    check("a page of a run that trains reloads itself", until(lambda: browser.run(again)))
    check("... where it was", until(lambda: abs(browser.run(matrix) - top) < 3), f"{top} {browser.run(matrix)}")
    where = browser.run("return [Number(document.getElementById('time').value), Number(document.getElementById('pair').value)]")
    check("... with its slider and its pair", where == [2, 5], str(where))
    check("... with what was written since",
          until(lambda: browser.run("return document.querySelector('p:not([class])').textContent") and
                browser.run("return Number(document.getElementById('time').max)") >= shown))
    left = os.path.join(folder, "left.html")
    shutil.copyfile(page, left)
    trainer.terminate()
    trainer.wait()
    check("it ends with the run", follower.wait(60) == 0)
    check("... after which the page is the last", until(lambda: browser.run("return document.getElementById('follow') === null")))
    check("... where it was", until(lambda: abs(browser.run(matrix) - top) < 3), f"{top} {browser.run(matrix)}")
    browser.run("window.seen = true")
    time.sleep(5)
    check("... and stays", not browser.run(again))
    browser.open(left)
    check("a page that nobody rewrites says so", until(lambda: "Nobody" in browser.run("return document.getElementById('follow').textContent")))
    quiet(browser)


def until(holds):
    """Whether it holds within half a minute."""
    for _ in range(300):
        if holds():
            return True
        time.sleep(0.1)
    return False


def named(browser, runs):
    """Bar and captions of a page say whose they are; a remedy has its command."""
    bar = browser.run("return Array.from(document.querySelectorAll('.bar .num'), e => e.textContent)")
    check("the bar names its runs", len(bar) == len(runs) and all(b.startswith(r + ": step") for b, r in zip(bar, runs)), str(bar))
    below = browser.run("return Array.from(document.querySelectorAll('.runs > figure > figcaption'), e => e.textContent)")
    check("captions name them too", len(below) == 10 * len(runs) and all(b.startswith(runs[k % len(runs)] + ", step") for k, b in enumerate(below)),
          str(below[:3]))
    measured = browser.run("return Array.from(document.querySelectorAll('p'), p => p.textContent.endsWith('Measured on them:') && p.nextElementSibling.matches('.item'))")
    check("evidence says what it was measured on", measured.count(True) == len(runs), str(measured))
    told = browser.run("return Array.from(document.querySelectorAll('section p + pre'), e => e.textContent)")
    check("a remedy has its command", ("stuck" in runs) == any(t.startswith("contrast train stuck/recipe.ini optim.") for t in told), str(told))


def look(browser, page, dark, shots):
    """At three widths; a screenshot is of the whole page."""
    name = os.path.basename(page).removesuffix(".html")
    for width_name, width in WIDTHS.items():
        browser.size(width, 900)
        browser.open(page)
        faults = browser.run(FAULTS)
        check(f"{name} on a {width_name}: no overlap, nothing cut", not faults, "\n  ".join([""] + faults[:8]))
        if shots:
            browser.size(width, min(16000, browser.run("return document.documentElement.scrollHeight") + 100))
            browser.shot(os.path.join(shots, f"{name}-{width_name}-{'dark' if dark else 'light'}.png"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default="build/contrast")
    parser.add_argument("--shots", help="keep screenshots in this folder")
    args = parser.parse_args()
    if args.shots:
        os.makedirs(args.shots, exist_ok=True)
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed (Debian: chromium, chromium-driver)")
        return 1 if os.environ.get("CI") == "true" else 0
    program = os.path.abspath(args.program)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        lessons = subprocess.Popen([program, "lesson", "all", "--report", "lessons.html"], stdout=subprocess.DEVNULL)  # minutes
        train(program, "healthy")
        train(program, "unseen", "monitor.evaluate_every=0", "train.steps=5")
        train(program, "stuck", "optim.name=sgd", "optim.rate=0.001", "loss.temperature=1")
        pages = {"one": ["healthy"], "two": ["stuck", "healthy"]}
        for name, runs in pages.items():
            subprocess.run([program, "report", *runs, "-o", name + ".html"], check=True, stdout=subprocess.DEVNULL)
        still = {"lesson": ["lesson", "gap", "information"], "diagnosis": ["diagnose", "healthy"],
                 "phase": ["sweep", "phase", "loss.temperature=0.05,0.2,1", "optim.rate=0.03..3:5(log)", "train.steps=60", "seed=1..2", "-q"],
                 "sweep": ["sweep", "phase", "loss.temperature=0.05,0.2,1", "train.steps=60", "seed=1..3", "-q"],
                 "wide": ["sweep", "phase", "loss.temperature=0.1,1", "optim.rate=0.1,1", "train.batch=8,16",
                          "image.layers=64,32|64,64,32", "train.steps=20", "seed=1..2", "-q"],
                 "demo": ["demo"], "class": ["class", "-o", "cls", "-n", "4", "-q"]}
        for name, command in still.items():
            subprocess.run([program, *command, "--report", name + ".html"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([program, "report", "unseen", "-o", "unseen.html"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([program, "report", "stuck", "healthy", "stuck", "healthy", "-o", "four.html"], check=True, stdout=subprocess.DEVNULL)
        browser = Browser()
        try:
            for name, most in {"lesson": 3, "diagnosis": 2, "phase": 2, "sweep": 1, "wide": 2, "demo": 12, "class": 1, "unseen": 4, "one": 4, "two": 7, "four": 14}.items():
                layout(browser, os.path.join(folder, name + ".html"), most)
            follow(browser, program, folder)
            lessons.wait()
            layout(browser, os.path.join(folder, "lessons.html"), 15)
        finally:
            browser.close()
        for dark in (False, True):
            browser = Browser(dark)
            try:
                for name in [*still, "unseen", "lessons"]:
                    look(browser, os.path.join(folder, name + ".html"), dark, args.shots)
                    quiet(browser)
                browser.open(os.path.join(folder, "phase.html"))
                save(browser, "phase.html", "svg[data-kind=phase]", "Phase-diagram.png", (1424, 496))
                for name, runs in pages.items():
                    page = os.path.join(folder, name + ".html")
                    browser.size(1366, 900)
                    use(browser, page, runs[0])
                    named(browser, runs)
                    save(browser, page, "svg[data-kind=matrix]", f"Cosines-of-every-image-with-every-caption-{runs[0]}.png", (800, 600))
                    look(browser, page, dark, args.shots)
            finally:
                browser.close()
        browser = Browser(scripts=False)
        try:
            browser.open(os.path.join(folder, "one.html"))
            source = browser.ask("GET", "/source")
            check("with scripts off the pictures are there and the controls are not",
                  source.count("<svg") == 10 and 'class="bar" data-script="" hidden=""' in source)
        finally:
            browser.close()
    return done()


if __name__ == "__main__":
    sys.exit(main())
