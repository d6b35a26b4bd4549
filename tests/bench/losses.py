"""losses.py PROGRAM [--json FILE] [--most N] [--rounds R] -- the memory and time of a loss against N.

`contrast loss` with both gradients, from the start of the process to its end, on unit rows of d = 64:
seconds and the most memory that the process had, for N = 1,024 to 131,072. Then N = 16,384, d = 128
beside PyTorch (matrix, two cross-entropies, backward; the best of one and all threads), taking turns. Needs NumPy; PyTorch if present.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy
except ImportError:
    sys.exit("losses.py: NumPy is not installed: pip install numpy")

CPUS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

PEER = """
import resource, sys, time, torch
n, d, threads = map(int, sys.argv[1:4])
torch.set_num_threads(threads)
torch.manual_seed(1)
a, b = (torch.randn(n, d, requires_grad=True) for _ in range(2))
def step():
    unit = torch.nn.functional.normalize
    logits = unit(a) @ unit(b).T / 0.07
    target = torch.arange(n)
    cross = torch.nn.functional.cross_entropy
    ((cross(logits, target) + cross(logits.T, target)) / 2).backward()
step()
began = time.perf_counter()
step()
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, torch.__version__)
"""


def spent(command):
    """(seconds, peak bytes) of a command. The kernel counts for a child what this process had when
    it was forked, so the peak is asked for while it runs (Linux; else 0)."""
    began, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            try:
                with open(f"/proc/{child.pid}/status", encoding="ascii") as status:
                    found = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")]
                if os.readlink(f"/proc/{child.pid}/exe") == os.path.realpath(command[0]):
                    peak = max([peak, *found])
            except OSError:
                pass
            time.sleep(0.002)
    if child.returncode != 0:
        sys.exit(f"losses.py: {' '.join(command)} failed")
    return time.perf_counter() - began, peak


def arrays(folder, n, d):
    draw = numpy.random.default_rng(1)
    names = [os.path.join(folder, f"{side}-{n}-{d}.npy") for side in "ab"]
    for name in names:
        numpy.save(name, draw.standard_normal((n, d), dtype=numpy.float32))
    return names


def ours(program, files, folder):
    return spent([program, "loss", *files, "--loss", "clip", "--temperature", "0.07", "--gradients",
                  os.path.join(folder, "gradients"), "--json"])


def peer(n, d):
    """(seconds, bytes, version) of PyTorch's better setting, or None."""
    found = []
    for threads in sorted({1, CPUS}):
        done = subprocess.run([sys.executable, "-c", PEER, str(n), str(d), str(threads)], capture_output=True, text=True)
        if done.returncode == 0:
            seconds, size, version = done.stdout.split()
            found.append((float(seconds), float(size), version))
    return min(found) if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--json")
    parser.add_argument("--most", type=int, default=131072)
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 100))
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        print("clip, value and both gradients, d = 64\n\n         N   seconds   us/pair        MB")
        n = 1024
        while n <= options.most:
            seconds, size = ours(options.program, arrays(folder, n, 64), folder)
            rows.append({"n": n, "d": 64, "seconds": seconds, "bytes": size})
            print(f"  {n:8} {seconds:9.3f} {1e6 * seconds / n:9.1f} {size / 1e6:9.1f}", flush=True)
            n *= 2
        n, d = 16384, 128
        files, mine, theirs = arrays(folder, n, d), [], []
        for _ in range(options.rounds):
            mine.append(ours(options.program, files, folder))
            found = peer(n, d)
            if found is not None:
                theirs.append(found)
        seconds, size = (statistics.median(x[i] for x in mine) for i in (0, 1))
        print(f"\nN = {n}, d = {d}: {seconds:.2f} s, {size / 1e6:.0f} MB")
        if theirs:
            slow, large = (statistics.median(x[i] for x in theirs) for i in (0, 1))
            print(f"PyTorch {theirs[0][2]}: {slow:.2f} s, {large / 1e6:.0f} MB: {slow / seconds:.1f} times the time")
            rows.append({"n": n, "d": d, "seconds": seconds, "bytes": size, "peer_seconds": slow, "peer_bytes": large})
        else:
            print("PyTorch is not installed")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(rows, out, indent=1)


main()
