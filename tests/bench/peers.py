"""peers.py PROGRAM BENCH [--json FILE] [--only TEXT] [--rounds N] [--kann FOLDER] -- contrast beside its peers.

Products beside NumPy's BLAS, training steps beside PyTorch (eager and compiled, one thread and all,
whichever is best) and, with --kann, beside KANN, the Fashion-MNIST recipe beside the same model and
schedule in PyTorch; losses over all pairs and a sweep beside what the machine allows. Medians of seven rounds,
between the load of the machine before and after. Ours and theirs take turns in one run, so that a machine whose speed drifts is
unfair to neither; a ratio above 1 means that contrast is faster. What is not installed is said and
left out. Needs Python 3.9; NumPy and PyTorch if present.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

PRODUCTS = [(128, 128, 128), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
            (512, 784, 256), (2048, 64, 2048)]
STEPS = [((64, 48), (128, 128, 64), 7, 12), ((64, 48), (128, 128, 64), 32, 10),
         ((784, 256), (256, 256, 64), 7, 8), ((784, 256), (256, 256, 64), 32, 6),
         ((784, 256), (256, 256, 64), 128, 3), ((784, 256), (256, 256, 64), 512, 3),
         ((784, 256), (256, 256, 64), 2048, 3), ((784, 512), (1024, 1024, 256), 512, 1.2)]


class Peer:
    """A Python process that does the same work on so many threads."""

    def __init__(self, threads):
        names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "peer.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **{name: str(threads) for name in names}})

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        time.sleep(0.3)  # their threads go on looking for work for a while
        return json.loads(answer) if answer else {"error": "the process ended"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Table:
    def __init__(self):
        self.rows = []

    def add(self, work, ours, peer, goal, unit="ms", note=""):
        ratio = peer / ours
        self.rows.append({"work": work, "ours": ours, "peer": peer, "ratio": ratio, "goal": goal})
        scale = 1e3 if unit == "ms" else 1
        print(f"  {work:48} {ours * scale:10.3f} {peer * scale:10.3f} {unit:2}  {ratio:6.2f}  {goal:5}  "
              f"{'ok' if ratio >= goal else 'below'}{'  ' + note if note else ''}", flush=True)

    def limit(self, work, ours, most, unit):
        """A limit that is not a peer's: ours must be at most that much."""
        self.rows.append({"work": work, "ours": ours, "peer": None, "ratio": most / ours, "goal": 1})
        print(f"  {work:48} {ours:10.3f} {most:10.3f} {unit:2}  {most / ours:6.2f}  {1:5}  "
              f"{'ok' if ours <= most else 'above'}", flush=True)


def bench(measurer, only, threads):
    """The one row of build/bench that is called `only`."""
    out = subprocess.run([measurer, "--json", "--only", only, "--threads", str(threads)], check=True,
                         capture_output=True, text=True).stdout
    return json.loads(out)["rows"]


def products(measurer, table, peers, rounds):
    for threads, peer in peers.items():
        for shape in PRODUCTS:
            name = "product " + "x".join(map(str, shape))
            ours, theirs, share = [], [], []
            for _ in range(rounds):
                row = bench(measurer, name, threads)[0]
                ours.append(row["seconds"])
                share.append(row["limit_seconds"] / row["seconds"])
                answer = peer.ask(product=shape)
                if "error" in answer:
                    print(f"  {name}: NumPy left out: {answer['error']}")
                    return
                theirs.append(answer["seconds"])
            work = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
            table.add(work, statistics.median(ours), statistics.median(theirs), 1.0,
                      note=f"{100 * statistics.median(share):.0f} % of the fma peak")
            if min(shape) >= 512:
                table.limit(f"{work}: 0.92 of the peak / ours", 0.92 / statistics.median(share), 1.0, "")


def best_setting(peers, shape):
    """(seconds, threads, compiled) of the fastest way to do a step."""
    found, problems = [], []
    for threads, peer in peers.items():
        for compiled in (False, True):
            answer = peer.ask(step={**shape, "compile": compiled})
            if "error" in answer:
                problems.append(answer["error"])
            else:
                found.append((answer["seconds"], threads, compiled))
    return min(found) if found else None, problems


def steps(measurer, table, peers, rounds):
    for inputs, widths, n, goal in STEPS:
        name = f"step {inputs[0]},{inputs[1]} {'-'.join(map(str, widths))} N={n}"
        shape = {"in": inputs, "width": widths, "n": n}
        best, problems = best_setting(peers, shape)
        for problem in set(problems):
            print(f"  {name}: a setting of PyTorch left out: {problem}")
        if best is None:
            return
        _, threads, compiled = best
        ours, theirs, floor = [], [], []
        for _ in range(rounds):
            row = bench(measurer, name, CPUS)[0]
            ours.append(row["seconds"])
            floor.append(row["seconds"] / row["limit_seconds"])
            theirs.append(peers[threads].ask(step={**shape, "compile": compiled})["seconds"])
        table.add(name, statistics.median(ours), statistics.median(theirs), goal,
                  note=f"PyTorch {'compiled' if compiled else 'eager'}, {threads} thread{'s' if threads > 1 else ''}; "
                       f"ours is {statistics.median(floor):.2f} floors")
        if n >= 32 and widths[0] > 128:
            table.limit(f"{name}: time / floor", statistics.median(floor), 1.25 if n >= 128 else 2, "")


def kann(measurer, table, folder, rounds):
    program = os.path.join(os.path.dirname(measurer), "peer_kann")
    built = subprocess.run(["sh", os.path.join(HERE, "peer_kann.sh"), folder, program], capture_output=True, text=True)
    if built.returncode != 0:
        print("  KANN left out:", (built.stderr.strip().splitlines() or ["no reason given"])[-1])
        return
    for inputs, widths, n, _ in STEPS:
        name = f"step {inputs[0]},{inputs[1]} {'-'.join(map(str, widths))} N={n}"
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(bench(measurer, name, CPUS)[0]["seconds"])
            theirs.append(float(subprocess.run([program, *map(str, (*inputs, *widths, n))], check=True,
                                               capture_output=True, text=True).stdout))
        table.add(name, statistics.median(ours), statistics.median(theirs), 1, note=built.stdout.strip())


def timed(command):
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    return time.perf_counter() - began, done


def fashion(program, table, rounds):
    folder = os.path.join(HERE, "..", "..", "build", "fashion-mnist")
    brought = subprocess.run(["sh", os.path.join(HERE, "..", "..", "datasets", "fashion-mnist.sh"), "", folder],
                             capture_output=True, text=True)
    if brought.returncode != 0:
        print("  Fashion-MNIST left out:", (brought.stdout + brought.stderr).strip().splitlines()[-1])
        return
    run = os.path.join(folder, "run")  # a new one each time
    ours, theirs = [], []
    for _ in range(min(rounds, 3)):
        seconds, done = timed([program, "train", "fashion-mnist", f"data.dir={folder}", "-o", run, "--force", "--quiet", "--json"])
        if done.returncode != 0:
            print("  Fashion-MNIST left out:", done.stderr.strip())
            return
        ours.append((seconds, json.loads(done.stdout)["evaluations"][-1]["prompt_accuracy"]))
        seconds, done = timed([sys.executable, os.path.join(HERE, "peer_fashion.py"), folder, str(CPUS)])
        if done.returncode != 0:
            print("  Fashion-MNIST: PyTorch left out:", (done.stderr.strip().splitlines() or ["no reason given"])[-1])
            return
        theirs.append((seconds, json.loads(done.stdout)["prompt_accuracy"]))
    table.add("Fashion-MNIST recipe, start to end", statistics.median(s for s, _ in ours),
              statistics.median(s for s, _ in theirs), 3, "s",
              f"prompt accuracy {min(a for _, a in ours):.4f} and {min(a for _, a in theirs):.4f} (least)")


def losses(measurer, table):
    """Both gradients of the symmetric loss; build/bench takes the median of seven itself."""
    for shape in ("N=16384 d=128", "N=65536 d=64"):
        row = bench(measurer, f"loss clip {shape}", CPUS)[0]
        table.limit(f"loss {shape}: time / floor", row["seconds"] / row["limit_seconds"], 1.35, "")


def sweep(program, table):
    grid = ["loss.temperature=0.02..2:20(log)", "optim.rate=0.003..30:20(log)", "seed=1..4"]
    with tempfile.TemporaryDirectory() as folder:
        seconds, done = timed([program, "sweep", "phase", *grid, "-o", os.path.join(folder, "sweep")])
    if done.returncode != 0:
        print("  sweep left out:", done.stderr.strip())
        return
    table.limit("sweep of 1,600 runs of phase", seconds, 8, "s")


def start_up(program, table):
    samples = sorted(timed([program, "help"])[0] for _ in range(21))
    table.limit("contrast help, start to exit", 1e3 * samples[len(samples) // 2], 5, "ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("bench")
    parser.add_argument("--json")
    parser.add_argument("--only", default="", help="products, steps, losses, kann, fashion, sweep or help")
    parser.add_argument("--kann", help="folder with the source of KANN")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    program, measurer = os.path.abspath(options.program), os.path.abspath(options.bench)
    table = Table()
    peers = {threads: Peer(threads) for threads in sorted({1, CPUS})}
    for threads, peer in peers.items():
        answer = peer.ask(threads=threads)
        print(f"PyTorch on {threads}: {answer.get('version') or answer['error']}")
    print(f"load of {CPUS} processors before: {os.getloadavg()[0]:.2f}")
    print(f"\n  {'work':48} {'ours':>10} {'peer':>10}      ratio   goal")
    if options.only in ("", "help"):
        start_up(program, table)
    if options.only in ("", "products"):
        products(measurer, table, peers, options.rounds)
    if options.only in ("", "steps"):
        steps(measurer, table, peers, options.rounds)
    for peer in peers.values():
        peer.close()
    if options.kann and options.only in ("", "steps", "kann"):
        kann(measurer, table, options.kann, options.rounds)
    if options.only in ("", "fashion"):
        fashion(program, table, options.rounds)
    if options.only in ("", "losses"):
        losses(measurer, table)
    if options.only in ("", "sweep"):
        sweep(program, table)
    print(f"load after: {os.getloadavg()[0]:.2f}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(table.rows, out, indent=1)
            out.write("\n")


main()
