"""peer.py -- the work of build/bench (bench.c) done by NumPy or PyTorch.

Started by peers.py once for each number of threads, because the libraries read that
number when they are loaded. Reads one JSON request a line, answers with one line:
    {"product": [m, n, k]}                                     seconds, NumPy
    {"step": {"in": [784, 256], "width": [256, 256, 64], "n": 7, "compile": true}}   seconds, PyTorch
Seconds are the median of repeated calls, after a warm-up; a failure is {"error": "..."}.
"""

import json
import sys
import time


def median_of(work, seconds):
    """Median seconds of a call; measurements of a millisecond at least, seven of them at least."""
    work()
    began = time.perf_counter()
    work()
    calls = max(1, int(1e-3 / (time.perf_counter() - began + 1e-7)))
    samples = []
    began = time.perf_counter()
    while len(samples) < 7 or (time.perf_counter() - began < seconds and len(samples) < 400):
        start = time.perf_counter()
        for _ in range(calls):
            work()
        samples.append((time.perf_counter() - start) / calls)
    return sorted(samples)[len(samples) // 2]


def product(shape):
    import numpy

    m, n, k = shape
    random = numpy.random.default_rng(1)
    a = random.random((m, k), dtype=numpy.float32)
    b = random.random((k, n), dtype=numpy.float32)
    c = numpy.empty((m, n), dtype=numpy.float32)
    return median_of(lambda: numpy.matmul(a, b, out=c), 0.4)


def tower(torch, inputs, widths):
    layers = []
    for i, width in enumerate(widths):
        layers.append(torch.nn.Linear(inputs, width))
        if i + 1 < len(widths):
            layers.append(torch.nn.ReLU())
        inputs = width
    return torch.nn.Sequential(*layers)


steps = {}  # compiled once, measured in every round


def make_step(shape):
    """Forward, symmetric loss with a learned temperature, backward, AdamW (its fused form)."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(1)
    torch._dynamo.reset()
    image, text = (tower(torch, i, shape["width"]) for i in shape["in"])
    log_scale = torch.nn.Parameter(torch.tensor(2.6592600))
    parameters = [*image.parameters(), *text.parameters(), log_scale]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01, fused=True)
    x, y = (torch.randn(shape["n"], i) for i in shape["in"])
    target = torch.arange(shape["n"])

    def loss_of(x, y):
        logits = log_scale.exp() * F.normalize(image(x)) @ F.normalize(text(y)).t()
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2

    forward = torch.compile(loss_of) if shape["compile"] else loss_of

    def step():
        optimiser.zero_grad()
        forward(x, y).backward()
        optimiser.step()
        with torch.no_grad():
            log_scale.clamp_(0, 4.6051702)

    return step


def step(shape):
    key = json.dumps(shape)
    if key not in steps:
        steps[key] = make_step(shape)
        for _ in range(3):
            steps[key]()
    return median_of(steps[key], 0.4)


for line in sys.stdin:
    request = json.loads(line)
    try:
        if "threads" in request:
            import torch

            torch.set_num_threads(request["threads"])
            answer = {"version": torch.__version__}
        elif "product" in request:
            answer = {"seconds": product(request["product"])}
        else:
            answer = {"seconds": step(request["step"])}
    except Exception as error:  # whatever the library does not do here is told, not fatal
        answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"}
    print(json.dumps(answer), flush=True)
