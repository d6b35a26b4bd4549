#!/usr/bin/env python3
"""mutants.py -- change one token of the source, run the tests, and see whether they notice.

    make mutants SEED=1 COUNT=300 ONLY=src/losses JOBS=2

Drawn by a seed: a line of code, each as likely as any other, and one change of it. The change is
compiled in a copy of the tree outside the repository. The same object file as before means that the
change means nothing; a change that does not compile without a warning is none that anybody would
hand in. Both are dropped, and another is drawn.

Before, each quick test runs once in a build for gcov: which lines does it reach? A change is tried only by
tests that reach its line, those of its file's name first, then by seconds; until one fails. A test
that takes much more of the processor than it should has noticed too. Seconds are the processor's,
so that other work on the machine changes nothing.

What survives is printed as a diff. It ends with 1 if there is a survivor that README.md does not
list, with the reason, as a change without effect. Only the standard library, make, gcov and git."""

import argparse
import collections
import concurrent.futures
import difflib
import hashlib
import json
import os
import pathlib
import queue
import random
import re
import resource
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
# The system tests that are run for a change. The others take minutes, or build the program again.
SYSTEM = "first cli loss train check numbers own-data changed-data sweep class report live diagnose lessons demo".split()
# Layers that users see, for which a system test may take more of the processor than so many seconds.
SEEN, QUICK = ("cli", "lab", "show"), 30
# Cases of many seconds. They are asked last, for changes of their own layer alone.
SLOW = "landmarks landmark_ways diagnose recipe_walk".split()

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

def run(command, cwd, limit, env=None, stop=None, cpu=None):
    """Exit code, output and seconds of the processor. After `limit` seconds all of it is killed, code None; a
    process that takes more than `cpu` of the processor ends by itself. Where a line of output begins with
    `stop` the answer is known, and the rest is not waited for."""
    if cpu is not None:
        command = ["sh", "-c", 'ulimit -t "$0" && exec "$@"', str(int(cpu)), *command]
    p = subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, errors="replace", start_new_session=True, env={**os.environ, **(env or {})})
    RUNNING.add(p.pid)
    over = threading.Event()

    def end():
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

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
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    clock.cancel()
    RUNNING.discard(p.pid)
    return (None if over.is_set() else 1 if stopped else p.returncode), "".join(output), used.ru_utime + used.ru_stime


class Tree:
    """A copy of the repository in which one mutant lives at a time."""

    def __init__(self, root, like=None):
        self.root = pathlib.Path(root)
        if like is not None:
            shutil.copytree(like.root, self.root, symlinks=True)
            self.objects = like.objects
            return
        listed = subprocess.run(["git", "ls-files"], cwd=REPO, capture_output=True, text=True, check=True)
        for name in listed.stdout.split("\n"):
            if name and (REPO / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, self.root / name)
        self.build("all", RUNNER, must=True)
        self.objects = self.dependents()

    def build(self, *targets, must=False):
        code, output, _ = run([*BUILD, *targets], self.root, 1800)
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
    """All tests: which lines each reaches, and how long it takes when nothing is wrong."""

    def __init__(self, tree, jobs):
        self.layer = {}
        for path in sorted((tree.root / "tests/unit").glob("*/test_*.c")):
            self.layer[path.stem[5:]] = path.parent.name
        self.seconds = {}
        self.reach = {}
        self.lock = threading.Lock()
        self.caught = collections.Counter()
        made_of = hashlib.sha256(b"".join(str(f).encode() + f.read_bytes() for f in sorted(
            f for folder in (*FOLDERS, "include", "tests") for f in (REPO / folder).rglob("*") if f.is_file()))).hexdigest()
        kept = REPO / "build/mutants.json"
        if kept.exists() and json.loads(kept.read_text())["of"] == made_of:
            known = json.loads(kept.read_text())
            self.seconds, self.reach = known["seconds"], known["reach"]
            return
        self.look(tree, jobs)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"of": made_of, "seconds": self.seconds, "reach": self.reach}))

    def look(self, tree, jobs):
        """Fill in `seconds` and `reach`: {file: {line: tests}}, line "" for all of the file."""
        out = "build/reach/release"
        code, output, _ = run([*BUILD[:2], "-j%d" % jobs, "ROOT=build/reach", "CFLAGS=-O1 --coverage -fprofile-update=prefer-atomic",
                               out + "/contrast", out + "/first", out + "/tests/run"], tree.root, 3600)
        if code != 0:
            sys.exit("mutants: no build for gcov:\n" + output)

        def one(name):
            counts = tree.root / "build/counts" / name
            env = {"GCOV_PREFIX": str(counts)}
            code, output, self.seconds[name] = self.run(tree, name, out, env)
            if code not in (0, 77):
                print("%s does not pass here without a change: left out\n%s" % (name, output[-2000:]), flush=True)
                return
            with self.lock:
                for (file, line), ran in self.lines(tree, counts).items():
                    where = self.reach.setdefault(file, {})
                    tests = where.setdefault(str(line), [])
                    if ran:
                        tests.append(name)
                        where[""] = sorted({name, *where.get("", [])})
            shutil.rmtree(counts, ignore_errors=True)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, ["tests/system/%s.sh" % n for n in SYSTEM] + [n for n in self.layer if n not in SLOW]))
        shutil.rmtree(tree.root / "build/reach")

    def lines(self, tree, counts):
        """{(file, line): did it run} of each line that gcov counts."""
        data = []
        for path in counts.rglob("*.gcda"):
            inside = path.relative_to(counts)
            if "tests" not in inside.parts[-4:]:
                path.with_suffix(".gcno").symlink_to((pathlib.Path("/") / inside).with_suffix(".gcno"))
                data.append(str(path))
        told = subprocess.run(["gcov", "-i", "-t", *data], cwd=tree.root, capture_output=True, text=True).stdout if data else ""
        ran = {}
        for file in (file for text in told.split("\n") if text for file in json.loads(text)["files"]):
            for line in file["lines"] if file["file"].startswith(tuple(FOLDERS)) else []:
                key = file["file"], line["line_number"]
                ran[key] = ran.get(key, False) or line["count"] > 0
        return ran

    def of(self, m):
        """The tests that reach the line of a change; where gcov counts no such line, those that reach its file."""
        where = self.reach.get(m.file, {})
        counted = where.get(str(m.line + 1))
        layer, stem = layer_of(m.file), pathlib.Path(m.file).stem
        names = [n for n in (where.get("", []) if counted is None else counted)
                 if n in self.layer or layer in SEEN or self.seconds[n] <= QUICK]
        # What has caught others of this layer is likely to catch this one.
        likely = lambda n: 3 * (stem == pathlib.Path(n).stem) + (self.layer.get(n) == layer) + min(3, self.caught[layer, n]) / 2
        return sorted(names, key=lambda n: (self.seconds[n] / (1 + 4 * likely(n)), n)) + [
            n for n in SLOW if self.layer[n] == layer]

    def run(self, tree, name, out, env=None, cpu=None):
        if name in self.layer:
            command = [str(tree.root / out / "tests/run")]
            env = {**(env or {}), "CK_RUN_CASE": name, "CK_TIMEOUT_MULTIPLIER": "20"}
        else:
            command = ["sh", name, out + "/contrast"]
        return run(command, tree.root, 1800, env, "FAILED", cpu)

    def fails(self, tree, name):
        """How the test notices what is planted, or None. A system test is asked twice: some wait for a clock."""
        for _ in range(1 if name in self.layer else 2):
            code, _, _ = self.run(tree, name, OUT, None, 10 + 5 * self.seconds.get(name, 30))
            if code in (0, 77):
                return None
        return "%s%s" % ("unit " + name if name in self.layer else name, ", time" if code is None else "")

    def leaks(self, tree, m):
        """Are all bytes freed? What CI asks the address sanitizer, here of the cases of the layer alone."""
        objects = [str(o) for o in (tree.root / OUT / "tests").rglob("*.o")]
        linked = run([*os.environ.get("CC", "cc").split(), "-fsanitize=leak", "-o", "build/leaks", *objects,
                      OUT + "/libcontrast.a", *CHECK, "-lm", "-pthread"], tree.root, 600)
        return linked[0] == 0 and any(
            run(["build/leaks"], tree.root, 600, {"CK_RUN_CASE": case, "CK_TIMEOUT_MULTIPLIER": "10"})[0] != 0
            for case, layer in self.layer.items() if layer == layer_of(m.file))


def layer_of(file):
    parts = file.split("/")
    return parts[1] if parts[0] == "src" else parts[0]


def noticed(tree, tests, m, units_only):
    """The test that notices the change, or None."""
    built = set()
    for name in tests.of(m):
        unit = name in tests.layer
        if units_only and not unit:
            continue
        target = RUNNER if unit else "all"
        if target not in built and not tree.build(target):
            return "the linker"
        built.add(target)
        by = tests.fails(tree, name)
        if by:
            tests.caught[layer_of(m.file), name] += 1
            return by
    if "free" in m.old and m.what == "statement dropped" and tree.build(RUNNER) and tests.leaks(tree, m):
        return "leaks"
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
        first = Tree("%s/0" % scratch)
        tests = Tests(first, a.jobs)
        trees.put(first)
        for i in range(1, a.jobs):
            trees.put(Tree("%s/%d" % (scratch, i), first))
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
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("mutants: seed %s%s: %d tried, %d caught (%.1f %%), %d survived; dropped: %s; %.0f min, %.0f of a processor" %
          (a.seed, ", " + a.only if a.only else "", tried, count["caught"], 100 * count["caught"] / max(tried, 1),
           count["survived"], dropped or "none", seconds / 60, (used.ru_utime + used.ru_stime) / 60))
    return 1 if survivors or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
