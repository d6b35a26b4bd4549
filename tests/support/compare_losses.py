"""compare_losses.py PROGRAM -- `contrast loss` beside the libraries that define its losses.

Value and both gradients, for random rows, repeated rows and equal rows. Whatever of PyTorch, open_clip,
pytorch-metric-learning and lightly is installed is compared, in double precision; what is not is named. A last
column says which convention of theirs had to be told or allowed for. Exit status 1 if anything differs.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile

import numpy

try:
    import torch
    from torch.nn import functional as F
except ImportError:
    sys.exit("compare_losses.py: PyTorch is not installed: pip install torch")

TOLERANCE = 3e-5  # ours computes in float32


def library(name):
    try:
        return importlib.import_module(name)
    except Exception as problem:  # whatever their import stumbles over
        print(f"left out: {name}: {problem}")
        return None


def unit(x):
    return F.normalize(x)


def cross(logits):
    return F.cross_entropy(logits, torch.arange(len(logits)))


def siglip(a, b, scale, bias):
    z = scale * unit(a) @ unit(b).T + bias
    return -F.logsigmoid(z * (2 * torch.eye(len(a), dtype=z.dtype) - 1)).sum() / len(a)


def supcon(a, b):
    """Khosla et al. 2020, eq. 2, of all rows of both sides; in the groups below."""
    x = unit(torch.cat([a, b]))
    group = torch.from_numpy(groups(len(a))).repeat(2)
    oneself = torch.eye(len(x), dtype=torch.bool)
    logp = (x @ x.T / 0.1).masked_fill(oneself, -torch.inf).log_softmax(1)
    positive = (group[:, None] == group) & ~oneself
    return -(logp.masked_fill(~positive, 0).sum(1) / positive.sum(1)).mean()


def groups(n):
    return numpy.arange(n) // 3 % 5


def twice(a, b):
    """Two views as metric learning has them: rows, and labels equal for the two of a pair."""
    return torch.cat([a, b]), torch.arange(len(a)).repeat(2)


def comparisons():
    """(library, arguments of contrast loss, their loss of a and b, what differs)."""
    rows = [
        ("torch", ["--loss", "question"], lambda a, b: cross(unit(a) @ unit(b).T), ""),
        ("torch", ["--loss", "infonce", "--temperature", "0.1"], lambda a, b: cross(unit(a) @ unit(b).T / 0.1), ""),
        ("torch", ["--loss", "clip", "--temperature", "0.07"],
         lambda a, b: (cross(unit(a) @ unit(b).T / 0.07) + cross(unit(b) @ unit(a).T / 0.07)) / 2, ""),
        ("torch", ["--loss", "supcon", "--temperature", "0.1", "--groups", "g.npy"], supcon, ""),
        ("torch", ["--loss", "siglip", "--temperature", "0.1", "loss.bias=-10"], lambda a, b: siglip(a, b, 10, -10), ""),
    ]
    clip = library("open_clip.loss")
    if clip is not None:
        rows += [
            ("open_clip", ["--loss", "clip", "--temperature", "0.07"],
             lambda a, b: clip.ClipLoss()(unit(a), unit(b), torch.tensor(1 / 0.07)), "it wants unit rows"),
            ("open_clip", ["--loss", "siglip", "--temperature", "0.1", "loss.bias=-10"],
             lambda a, b: clip.SigLipLoss()(unit(a), unit(b), torch.tensor(10.0), torch.tensor(-10.0)), "it wants unit rows"),
        ]
    metric = library("pytorch_metric_learning.losses")
    if metric is not None:
        rows += [
            ("pytorch_metric_learning", ["--loss", "ntxent", "--temperature", "0.1"],
             lambda a, b: metric.NTXentLoss(temperature=0.1)(*twice(a, b)), "two views as labels"),
            ("pytorch_metric_learning", ["--loss", "unicl", "--temperature", "0.1"],
             lambda a, b: (metric.SupConLoss(temperature=0.1)(a, torch.arange(len(a)), ref_emb=b, ref_labels=torch.arange(len(a)))
                           + metric.SupConLoss(temperature=0.1)(b, torch.arange(len(a)), ref_emb=a,
                                                                ref_labels=torch.arange(len(a)))) / 2,
             "SupCon across sides, both directions"),
        ]
    lightly = library("lightly.loss")
    if lightly is not None:
        rows += [
            ("lightly", ["--loss", "ntxent", "--temperature", "0.1"],
             lambda a, b: lightly.NTXentLoss(temperature=0.1)(a, b), ""),
            ("lightly", ["--loss", "dcl", "--temperature", "0.1", "loss.in_modal=true"],
             lambda a, b: lightly.DCLLoss(temperature=0.1)(unit(a), unit(b)), "negatives of both sides; it wants unit rows"),
            ("lightly", ["--loss", "barlow", "loss.lambda=0.005"],
             lambda a, b: lightly.BarlowTwinsLoss(lambda_param=0.005)(a, b), "lambda 0.005 by default, 0.0051 in the paper"),
            ("lightly", ["--loss", "vicreg"], lambda a, b: lightly.VICRegLoss()(a, b), ""),
        ]
    return rows


def inputs():
    draw = numpy.random.default_rng(3)
    a, b = (draw.standard_normal((24, 16)).astype(numpy.float32) for _ in range(2))
    yield "random", a, b
    yield "near pairs", a, a + numpy.float32(0.1) * b
    yield "repeated rows", a[numpy.arange(24) // 2], b[numpy.arange(24) // 2]
    # Rows closer than this leave float32 no digits of siglip: what pulls along the row cancels in its normalisation.
    yield "nearly equal", a[:1] + numpy.float32(0.03) * a, a[:1] + numpy.float32(0.03) * b


def ours(program, folder, arguments, a, b):
    names = [os.path.join(folder, name) for name in ("a.npy", "b.npy")]
    numpy.save(names[0], a)
    numpy.save(names[1], b)
    numpy.save(os.path.join(folder, "g.npy"), groups(len(a)))
    arguments = [os.path.join(folder, x) if x == "g.npy" else x for x in arguments]
    done = subprocess.run([program, "loss", *names, *arguments, "--gradients", os.path.join(folder, "g"), "--json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["loss"], *(numpy.load(os.path.join(folder, "g", f"{side}.npy")) for side in "ab")


def theirs(loss, a, b):
    x, y = (torch.tensor(m, dtype=torch.float64, requires_grad=True) for m in (a, b))
    value = loss(x, y)
    value.backward()
    return value.item(), x.grad.numpy(), y.grad.numpy()


def apart(ours_, theirs_):
    """The largest difference, relative to the largest value there is (or 1e-3, below which float32 has no digits left)."""
    return max(float(numpy.abs(p - q).max() / max(numpy.abs(q).max(), 1e-3))
               for p, q in zip(map(numpy.asarray, ours_), map(numpy.asarray, theirs_)))


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments, loss, note in comparisons():
            worst = max(apart(ours(sys.argv[1], folder, arguments, a, b), theirs(loss, a, b)) for _, a, b in inputs())
            failed += not worst <= TOLERANCE
            print(f"{name:24} {' '.join(arguments[1:]):48} {worst:.1e} {'ok' if worst <= TOLERANCE else 'DIFFERS':8}{note}")
    sys.exit(1 if failed else 0)


main()
