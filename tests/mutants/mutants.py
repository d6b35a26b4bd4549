#!/usr/bin/env python3
"""mutants.py -- change one token of the source, run the tests, and see whether they notice.

    make mutants SEED=1 COUNT=300 ONLY=src/losses JOBS=2

Drawn by a seed: a line of code, each as likely as any other, and one change of it. The change is
compiled in a copy of the tree outside the repository. The same object file as before means that the
change means nothing; a change that does not compile without a warning is none that anybody would
hand in. Both are dropped, and another is drawn. The tests run until one fails: the Check case of the
file's name, the other cases of its layer, all other cases, then the system tests of the layer, the
quick ones first. A test that takes much longer than it should has noticed too.

What survives is printed as a diff. It ends with 1 if there is a survivor that README.md does not
list, with the reason, as a change without effect. Only the standard library, make and git."""

import argparse
import collections
import concurrent.futures
import difflib
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

REPO = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["src", "models", "datasets"]
# Without -g: a debugger's tables would differ where the code does not. Warnings are errors, as in CI.
BUILD = ["make", "-s", "-j1", "CFLAGS=-O1 -Werror"]
OUT = "build/release"
RUNNER = OUT + "/tests/run"
# A header that half of the program includes costs a full build; what it declares is seen elsewhere.
MOST_OBJECTS = 12
# The system tests that look at a layer. Those of cli run for all of its files, the one named first.
SYSTEM = {
    "cli": "cli loss inspect train check search report sweep diagnose lessons own-data class resume handover demo",
    "lab": "check lessons sweep class demo",
    "show": "report diagnose loss lessons",
    "train": "train changed-data resume numbers",
    "data": "own-data changed-data train",
    "datasets": "train own-data",
    "measure": "measure diagnose train",
    "formats": "own-data diagnose loss",
    "losses": "loss train",
    "kernels": "train",
    "engine": "train",
    "models": "first train",
    "platform": "train changed-data",
    "web": "",
}

Mutant = collections.namedtuple("Mutant", "file line old new what")


# ---- drawing ----

TOKEN = re.compile(r"""
    (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)[uUlLfF]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<operator><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^<>=!~?:;,.(){}\[\]])
  | (?P<space>\s+)
""", re.X)

CHECK = (subprocess.run(["pkg-config", "--libs", "check"], capture_output=True, text=True).stdout or "-lcheck").split()

# No calls, and calls that do not mind the order.
SYMMETRIC = ("for", "switch", "return", "sizeof", "fmin", "fmax", "strcmp", "memcmp")

# What stands for a binary operator; one of them is drawn.
INSTEAD = {
    "<": ["<=", ">"], "<=": ["<", ">="], ">": [">=", "<"], ">=": [">", "<="], "==": ["!="], "!=": ["=="],
    "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"],
    "<<": [">>"], ">>": ["<<"], "&": ["|"], "|": ["&"], "^": ["|"],
    "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["/="], "|=": ["&=", "="], "&=": ["|="], "/=": ["*="],
}


def code_lines(text):
    """(number, line) of each line of code: no comments, no directives, no text alone."""
    # Comments become spaces, so that columns stay.
    blank = lambda m: re.sub(r"[^\n]", " ", m.group())
    text = re.sub(r'/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)
    directive = False
    for number, line in enumerate(text.split("\n")):
        begins = line.lstrip().startswith("#")
        # The body of a macro is code, its first line and conditions are not.
        if begins and not re.match(r"\s*#define\s+\w+\([\w, ]*\)\s+\S", line):
            directive = line.endswith("\\") and not re.match(r"\s*#define", line)
            continue
        if directive:
            directive = line.endswith("\\")
            continue
        if re.search(r"\w", re.sub(r'"(?:\\.|[^"\\])*"', "", line)):
            yield number, line


def other_number(word):
    """One more, one less, or twice as much of a number that is not whole."""
    digits = word.rstrip("uUlL") if word[:2] in ("0x", "0X") else word.rstrip("uUlLfF")
    suffix = word[len(digits):]
    if digits[:2] in ("0x", "0X"):
        return ["%#x%s" % (int(digits, 16) ^ 1, suffix)]
    if re.fullmatch(r"\d+", digits):
        n = int(digits)
        return ["%d%s" % (n + 1, suffix)] + (["%d%s" % (n - 1, suffix)] if n > 0 else [])
    return [("1.0" if float(digits) == 0 else "(2 * %s)" % digits if not suffix else "(2 * %s)" % word)]


def arguments(line, start):
    """Where the arguments of the call begin and end whose bracket is at start; None over several lines."""
    depth, at, parts = 0, start + 1, []
    for i in range(start, len(line)):
        c = line[i]
        if c in "\"'":
            return None
        depth += (c in "([{") - (c in ")]}")
        if (c == "," and depth == 1) or depth == 0:
            parts.append((at, i))
            at = i + 1
        if depth == 0:
            return parts
    return None


def changes(line):
    """All changes of one token: (kind, the line that results)."""
    found = []

    def put(kind, begin, end, new):
        found.append((kind, line[:begin] + new + line[end:]))

    tokens = [t for t in TOKEN.finditer(line) if t.lastgroup != "space"]
    for k, t in enumerate(tokens):
        word, begin, end = t.group(), t.start(), t.end()
        before = tokens[k - 1].group() if k > 0 else ""
        if t.lastgroup == "number":
            # One element more of an array is no fault.
            if before == "[" and re.match(r"\s*(?:(?:static|const|unsigned|struct) )*\w+ [*\w]+(?:\[|,)", line):
                continue
            # Any number below zero means "none" as well as another.
            if word == "1" and line[begin - 1] == "-":
                continue
            for new in other_number(word):
                put("constant", begin, end, new)
        elif t.lastgroup == "operator":
            # clang-format puts spaces on both sides of a binary operator, and of no other.
            spaced = line[begin - 1:begin] == " " and (line[end:end + 1] == " " or end == len(line))
            if spaced and word in INSTEAD:
                for new in INSTEAD[word]:
                    put("operator", begin, end, new)
            elif word == "!" or (word == "-" and not spaced):
                put("operator dropped", begin, end, "")
            elif word in ("++", "--"):
                put("operator", begin, end, "--" if word == "++" else "++")
            elif word == "(" and tokens[k - 1].lastgroup == "word" and k > 0:
                call = arguments(line, begin)
                if before in ("if", "while") and call is not None and len(call) == 1:
                    b, e = call[0]
                    if before == "if":
                        put("check dropped", b, e, "0 && (%s)" % line[b:e])
                        put("check dropped", b, e, "1 || (%s)" % line[b:e])
                # A declaration has a type before the name, a call has not.
                # A macro's are often names of types and members.
                elif call is not None and not before.isupper() and before not in SYMMETRIC and \
                        not re.match(r"^\S", line):
                    for (a, b), (c, d) in zip(call, call[1:]):
                        x, y = line[a:b].strip(), line[c:d].strip()
                        # How many and of what size: a product.
                        if x != y and x and y and "sizeof" not in x + y:
                            put("arguments swapped", a, d, "%s, %s" % (y, x) if a == begin + 1 else " %s, %s" % (y, x))
        elif word == "true" or word == "false":
            put("constant", begin, end, "false" if word == "true" else "true")
    call = re.match(r"^\s+(?:\(void\))?[A-Za-z_][\w>.-]*\(.*\);$", line)
    if call and not re.match(r"^\s+(?:return|typedef|sizeof)\b", line):
        found.append(("statement dropped", re.match(r"^\s*", line).group() + ";"))
    if re.match(r"^\s+(?:continue|break|goto \w+);$", line):
        found.append(("statement dropped", re.match(r"^\s*", line).group() + ";"))
    assign = re.match(r"^(\s+)(?:\*?[A-Za-z_][\w>.\[\]-]*) = [^{]*;$", line)
    if assign:
        found.append(("statement dropped", assign.group(1) + ";"))
    return found


def files(only):
    listed = subprocess.run(["git", "ls-files", *FOLDERS], cwd=REPO, capture_output=True, text=True, check=True)
    return [f for f in listed.stdout.split() if f[-2:] in (".c", ".h") and f.startswith(tuple(only.split()) or ("",))]


def draw(seed, only):
    """All that can be drawn, in the order of the seed: one change for each line of code."""
    rng = random.Random("%s %s" % (seed, only))
    everything = []
    for file in files(only):
        lines = (REPO / file).read_text().split("\n")
        for number, line in code_lines("\n".join(lines)):
            possible = changes(line)
            if possible:
                everything.append((file, number, lines[number], possible))
    rng.shuffle(everything)
    for file, number, old, possible in everything:
        # First the kind, so that constants do not crowd out the rest.
        kind = rng.choice(sorted({p[0] for p in possible}))
        new = rng.choice([p[1] for p in possible if p[0] == kind])
        yield Mutant(file, number, old, new.rstrip(), kind)


def without_effect():
    """(file, old, new) of each change that README.md lists: rows `| file | old | new | reason |`."""
    page = REPO / "tests/mutants/README.md"
    rows = set()
    for line in page.read_text().split("\n") if page.exists() else []:
        cells = [c.strip().strip("`").replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)]
        if len(cells) == 6 and cells[1].endswith((".c", ".h")):
            rows.add((cells[1], cells[2], cells[3]))
    return rows


# ---- trying ----

RUNNING = set()

def run(command, cwd, limit, env=None, stop=None):
    """Exit code and output; a process that takes longer is killed with its children, code None. Where
    a line of output begins with `stop` the answer is known, and the rest is not waited for."""
    p = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, errors="replace", start_new_session=True, env={**os.environ, **(env or {})})
    RUNNING.add(p.pid)
    end = lambda: os.killpg(p.pid, signal.SIGKILL)
    over = threading.Event()

    def late():
        over.set()
        end()
    clock = threading.Timer(limit, late)
    clock.start()
    output, stopped = [], False
    for line in p.stdout:
        output.append(line)
        if stop and line.startswith(stop):
            stopped = True
            end()
            break
    p.stdout.close()
    p.wait()
    clock.cancel()
    RUNNING.discard(p.pid)
    return (None if over.is_set() else 1 if stopped else p.returncode), "".join(output)


class Tree:
    """A copy of the repository in which one mutant lives at a time."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True)
        for name in listed.stdout.split("\n"):
            if name and (REPO / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, self.root / name)
        self.build("all", RUNNER, must=True)
        # The program without a change: a system test that fails here says nothing.
        shutil.copytree(self.root / OUT, self.root / "build/plain", ignore=lambda _, names: [
            n for n in names if n not in ("contrast", "first", "run", "tests")])
        self.objects = self.dependents()

    def build(self, *targets, must=False):
        code, output = run([*BUILD, *targets], self.root, 1800)
        if must and code != 0:
            sys.exit("mutants: the tree does not build as it is:\n" + output)
        return code == 0

    def dependents(self):
        """The objects of the program that are made of each file."""
        made = collections.defaultdict(list)
        for dep in (self.root / OUT).rglob("*.d"):
            obj = str(dep.relative_to(self.root))[:-2] + ".o"
            if OUT + "/tests/" not in obj:
                for name in re.findall(r"[\w./-]+\.[ch]\b", dep.read_text().split("\n\n")[0]):
                    if obj not in made[name]:
                        made[name].append(obj)
        return made

    def plant(self, m):
        """True if the change compiles to something else; then the program and the tests are not linked yet."""
        self.file = self.root / m.file
        self.was = self.file.read_text()
        self.time = self.file.stat().st_mtime
        lines = self.was.split("\n")
        lines[m.line] = m.new
        self.kept = [(o, (self.root / o).read_bytes(), (self.root / o).stat().st_mtime)
                     for o in self.objects[m.file] if (self.root / o).exists()]
        self.file.write_text("\n".join(lines))
        if not self.build(*[o for o, _, _ in self.kept]):
            return "does not compile"
        if all((self.root / o).read_bytes() == was for o, was, _ in self.kept):
            return "same object"
        return ""

    def restore(self):
        self.file.write_text(self.was)
        os.utime(self.file, (self.time, self.time))
        for name, was, when in self.kept:
            (self.root / name).write_bytes(was)
            os.utime(self.root / name, (when, when))


class Tests:
    """The tests in a useful order, and how long each takes when nothing is wrong."""

    def __init__(self, tree):
        self.layer = {}
        for path in sorted((tree.root / "tests/unit").glob("*/test_*.c")):
            self.layer[path.stem[5:]] = path.parent.name
        # What a layer may include, as src/README.md says and `make lint` sees to it.
        self.includes = {}
        for line in (tree.root / "src/README.md").read_text().split("\n"):
            cells = [c.strip() for c in line.split("|")]
            if len(cells) == 8 and cells[2].startswith("`"):
                self.includes[cells[1]] = cells[3].split()
        self.seconds = {}
        self.lock = threading.Lock()
        self.caught = collections.Counter()

    def measure(self, tree, names):
        """How long each case takes, so that the quick ones come first."""
        for case in sorted(names):
            began = time.monotonic()
            code, output = run(["build/plain/tests/run"], tree.root, 600, {"CK_RUN_CASE": case})
            if code != 0:
                sys.exit("mutants: without any change the case %s fails:\n%s" % (case, output))
            self.seconds[case] = time.monotonic() - began

    def of_layer(self, layer):
        return [case for case in self.layer if self.layer[case] == layer]

    def units_of(self, file):
        """All cases of the layers that this one may be included in. What has caught others of this layer
        is likely to catch this one."""
        layer, stem = layer_of(file), pathlib.Path(file).stem
        cases = [c for c, other in self.layer.items() if layer == other or layer in self.includes[other]]
        return sorted(cases, key=lambda c: (self.layer[c] != layer, stem != c and stem not in c,
                                            -self.caught[layer, c], self.seconds.get(c, 0)))

    def systems_of(self, file):
        layer, stem = layer_of(file), pathlib.Path(file).stem
        if file == "models/first.c":
            return ["first"]
        names = SYSTEM[layer].split()
        return sorted((n for n in names if (REPO / ("tests/system/%s.sh" % n)).exists()), key=lambda n: n != stem)

    def fails(self, tree, name, command, plain, env=None):
        """How the test notices what is planted, or None. A test that fails the first time is given the
        program without a change too; if it fails there it says nothing, and is left out from then on."""
        limit = 600 if name not in self.seconds else 20 + 5 * self.seconds[name]
        if limit == float("inf"):
            return None
        began = time.monotonic()
        code, _ = run(command, tree.root, limit, env, "FAILED")
        if code in (0, 77):
            self.seconds.setdefault(name, time.monotonic() - began)
            return None
        with self.lock:
            if name not in self.seconds:
                began = time.monotonic()
                as_it_is, _ = run(plain, tree.root, 600, env, "FAILED")
                self.seconds[name] = time.monotonic() - began if as_it_is == 0 else float("inf")
                if as_it_is != 0:
                    print("%s does not pass here without a change: left out" % name, flush=True)
                    return None
        return "%s%s" % (name, ", time" if code is None else "")

    def unit(self, tree, case):
        return self.fails(tree, case, [str(tree.root / RUNNER)], ["build/plain/tests/run"], {"CK_RUN_CASE": case})

    def system(self, tree, name):
        script = "tests/system/%s.sh" % name
        return self.fails(tree, script, ["sh", script, OUT + "/contrast"], ["sh", script, "build/plain/contrast"])

    def leaks(self, tree, m):
        """Are all bytes freed? What CI asks the address sanitizer, here of the cases of the layer alone."""
        objects = [str(o) for o in (tree.root / OUT / "tests").rglob("*.o")]
        linked = run([*os.environ.get("CC", "cc").split(), "-fsanitize=leak", "-o", "build/leaks", *objects,
                      OUT + "/libcontrast.a", *CHECK, "-lm", "-pthread"], tree.root, 600)
        return linked[0] == 0 and any(
            run(["build/leaks"], tree.root, 600, {"CK_RUN_CASE": case, "CK_TIMEOUT_MULTIPLIER": "10"})[0] != 0
            for case in self.of_layer(layer_of(m.file)))


def layer_of(file):
    parts = file.split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def noticed(tree, tests, m, units_only):
    """The test that notices the change, or None."""
    # The commands are in the program, not in the library: no unit test sees them.
    if layer_of(m.file) != "cli" and m.file != "models/first.c":
        if not tree.build(RUNNER):
            return "the linker"
        for case in tests.units_of(m.file):
            by = tests.unit(tree, case)
            if by:
                tests.caught[layer_of(m.file), case] += 1
                return "unit " + by
        if "free" in m.old and m.what == "statement dropped" and tests.leaks(tree, m):
            return "leaks"
    names = [] if units_only else tests.systems_of(m.file)
    if names and not tree.build("all"):
        return "the linker"
    for name in names:
        by = tests.system(tree, name)
        if by:
            return by
    return None


def diff_of(m):
    text = (REPO / m.file).read_text().split("\n")
    new = list(text)
    new[m.line] = m.new
    return "\n".join(difflib.unified_diff(text, new, "a/" + m.file, "b/" + m.file, n=3, lineterm=""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--only", default="", help="folders or files: 'src/losses models'")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--units", action="store_true", help="unit tests alone")
    parser.add_argument("--list", action="store_true", help="print what would be drawn, and end")
    a = parser.parse_args()
    if not files(a.only):
        sys.exit("mutants: ONLY=%s: no file of %s begins with that" % (a.only, ", ".join(FOLDERS)))
    drawn = draw(a.seed, a.only)
    if a.list:
        for m in [m for _, m in zip(range(a.count), drawn)]:
            print("%s:%d: %s\n  - %s\n  + %s" % (m.file, m.line + 1, m.what, m.old.strip(), m.new.strip()))
        return 0
    return campaign(a, drawn)


def campaign(a, drawn):
    began = time.monotonic()
    scratch = tempfile.mkdtemp(prefix="contrast-mutants-")

    def ended(*_):
        for p in list(RUNNING):
            os.killpg(p, signal.SIGKILL)
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)
    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    try:
        trees = queue.Queue()
        for i in range(a.jobs):
            trees.put(Tree("%s/%d" % (scratch, i)))
        first = trees.get()
        tests = Tests(first)
        tests.measure(first, {case for f in files(a.only) if layer_of(f) != "cli" for case in tests.units_of(f)})
        trees.put(first)
        print("ready after %.0f s" % (time.monotonic() - began), flush=True)
        return compete(a, drawn, trees, tests, began)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def compete(a, drawn, trees, tests, began):
    lock = threading.Lock()
    count = collections.Counter()
    survivors = []
    listed = without_effect()

    def next_one():
        with lock:
            if count["taken"] >= a.count:
                return None
            m = next(drawn, None)
            if m is not None:
                count["taken"] += 1
            return m

    def drop(why):
        with lock:
            count[why] += 1
            count["taken"] -= 1

    def try_one(tree, m):
        start = time.monotonic()
        if (m.file, m.old.strip(), m.new.strip()) in listed:
            return drop("listed")
        if not 0 < len(tree.objects[m.file]) <= MOST_OBJECTS:
            return drop("in a header of the whole program")
        why = tree.plant(m)
        by = noticed(tree, tests, m, a.units) if not why else None
        tree.restore()
        if why:
            return drop(why)
        with lock:
            count["caught" if by else "survived"] += 1
            print("%-8s %s:%d: %s%s (%.0f s)" % ("caught" if by else "SURVIVED", m.file, m.line + 1, m.what,
                                                 ", by " + by if by else "", time.monotonic() - start), flush=True)
            if not by:
                survivors.append(m)
                print(diff_of(m), flush=True)
        return None

    def work():
        tree = trees.get()
        m = next_one()
        while m is not None:
            try_one(tree, m)
            m = next_one()

    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for future in [pool.submit(work) for _ in range(a.jobs)]:
            future.result()
    return say(a, count, survivors, time.monotonic() - began)


def say(a, count, survivors, seconds):
    tried = count["caught"] + count["survived"]
    for m in survivors:
        print("survivor: %s:%d: no test notices  %s  for  %s" % (m.file, m.line + 1, m.new.strip(), m.old.strip()))
    if survivors:
        print("Write a test that fails for each, or add a row to tests/mutants/README.md that says why it changes nothing.")
    dropped = ", ".join("%d %s" % (n, why) for why, n in sorted(count.items()) if why not in ("caught", "survived", "taken"))
    print("mutants: seed %s%s: %d tried, %d caught (%.1f %%), %d survived; dropped: %s; %.0f min" %
          (a.seed, ", " + a.only if a.only else "", tried, count["caught"], 100 * count["caught"] / max(tried, 1),
           count["survived"], dropped or "none", seconds / 60))
    return 1 if survivors or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
