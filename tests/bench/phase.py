#!/usr/bin/env python3
"""One run of the recipe `phase` in PyTorch, timed; beside it the same run here.

    python3 tests/bench/phase.py [PROGRAM [RUNS]]      needs torch (2.13.0 was used)

Two towers 64-64-32 (sigmoid, He), InfoNCE in one direction at temperature 1, SGD, 300 steps
of 16 pairs of correlated vectors. PyTorch runs as a user would write it: eager, one thread and
all threads; the best of RUNS. The program's share is a sweep over seeds on one thread,
divided by their number: data, evaluation and diagnosis are in its time, not in PyTorch's.
"""
import subprocess, sys, time

import torch
import torch.nn.functional as F

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/contrast"
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
STEPS, BATCH, DIM, SHARED, RHO, SEEDS = 300, 16, 64, 8, 0.95, 32


def data(n):
    z = torch.randn(n, SHARED)
    x, y = torch.randn(n, DIM), torch.randn(n, DIM)
    x[:, :SHARED], y[:, :SHARED] = z, RHO * z + (1 - RHO**2) ** 0.5 * y[:, :SHARED]
    turn = [torch.linalg.qr(torch.randn(DIM, DIM))[0] for _ in range(2)]
    return x @ turn[0], y @ turn[1]


def tower():
    t = torch.nn.Sequential(torch.nn.Linear(DIM, 64), torch.nn.Sigmoid(), torch.nn.Linear(64, 32))
    for layer in t:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.kaiming_normal_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return t


def run(seed):
    torch.manual_seed(seed)
    x, y = data(1024)
    a, b = tower(), tower()
    optim = torch.optim.SGD([*a.parameters(), *b.parameters()], lr=0.3)
    labels = torch.arange(BATCH)
    began = time.perf_counter()
    for step in range(STEPS):
        if step % (1024 // BATCH) == 0:
            order = torch.randperm(1024)
        at = step % (1024 // BATCH) * BATCH
        rows = order[at : at + BATCH]
        s = F.normalize(a(x[rows]), dim=1) @ F.normalize(b(y[rows]), dim=1).T
        loss = F.cross_entropy(s, labels)
        optim.zero_grad()
        loss.backward()
        optim.step()
    return time.perf_counter() - began


results = {}
for threads in {1, torch.get_num_threads()}:
    torch.set_num_threads(threads)
    run(0)
    results[threads] = min(run(k) for k in range(RUNS))
    print(f"PyTorch {torch.__version__}, {threads} thread(s): {1e3 * results[threads]:.1f} ms a run of {STEPS} steps")
theirs = min(results.values())
best = 1e9
for _ in range(RUNS):
    began = time.perf_counter()
    subprocess.run([PROGRAM, "sweep", "phase", f"seed=1..{SEEDS}", "-q", "--threads", "1"], check=True, stdout=subprocess.DEVNULL)
    best = min(best, (time.perf_counter() - began) / SEEDS)
print(f"contrast, 1 thread: {1e3 * best:.1f} ms a run, evaluation and diagnosis included")
print(f"ratio: {theirs / best:.1f}")
