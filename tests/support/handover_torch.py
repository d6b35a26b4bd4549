"""Training continued in PyTorch against training continued in contrast: the loss of the first
step, the gradient of every parameter, and the losses of 50 further steps.

    handover_torch.py DIR             one process
    torchrun ... handover_torch.py DIR    several, which share each batch

DIR/LOSS has model.py, model.safetensors and pairs of `contrast export`; one/ is that run after
one step more in contrast, all/ after all of its steps, with every step in its log. With --plant
the gather of several processes loses its gradient: this must be found.
"""
import argparse
import contextlib
import importlib.util
import io
import json
import os
import sys

import torch
import torch.distributed as dist
from safetensors.torch import load_file

folder, plant = sys.argv[1], '--plant' in sys.argv
rank, bad = int(os.environ.get('RANK', 0)), []


def module_of(path):
    spec = importlib.util.spec_from_file_location('model', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forget(ctx, dy):
    """Backward of a gather that forgets the gradient of all rows but the own."""
    return dy.chunk(dist.get_world_size())[dist.get_rank()]


def at_most(what, value, limit):
    if not value <= limit:
        bad.append(f'{what}: {value:.3g}, expected at most {limit:g}')


def gradients(module, name, place):
    """Without moments, the first moment after one step is the gradient; for AdamW 1 - beta1 of it."""
    model = module.load(place + '/model.safetensors')
    sides, pairs, group = module.read_pairs(place + '/pairs')
    optimiser, o = torch.optim.SGD(model.parameters(), 0), model.recipe['optim']
    world = dist.get_world_size() if dist.is_initialized() else 1
    items = module.batch_of(pairs, 0, len(pairs), 1)
    module.train_step(model, optimiser, sides, group, items, 0, world, rank)
    after = load_file(place + '/one/latest.safetensors')
    worst = 0
    for key, p in model.named_parameters():
        if p.requires_grad:
            want = after['optim.m.' + key]
            if o['name'] == 'adamw':
                want = want / (1 - float(o['beta1']))
            elif p.dim() > 1:  # SGD's moment is of the gradient with its decay
                want = want - float(o['weight_decay']) * p.detach()
            worst = max(worst, ((p.grad - want).norm() / want.norm()).item())
    at_most(f'{name}: gradient', worst, 1e-4)
    return worst


def losses(module, name, place):
    """Largest relative difference of the first loss, largest difference of the others."""
    with open(place + '/all/log.jsonl') as file:
        log = [json.loads(line) for line in file]
    want = {line['step']: line['loss'] for line in log if line['kind'] == 'step'}
    args = argparse.Namespace(weights=place + '/model.safetensors', data=place + '/pairs',
                              steps=None, output=place + '/trained.safetensors')
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        module.train(module.load(args.weights), args)
    got = {line['step']: line['loss'] for line in map(json.loads, text.getvalue().splitlines())}
    if rank != 0:
        return 0, 0
    assert len(want) > 50 and want.keys() == got.keys(), name
    first = abs(got[1] - want[1]) / want[1]
    rest = max(abs(got[s] - want[s]) for s in want)
    at_most(f'{name}: loss of the first step', first, 1e-5)
    at_most(f'{name}: loss of {len(want) - 1} further steps', rest, 1e-3)
    return first, rest


if 'RANK' in os.environ:
    dist.init_process_group('gloo')
for name in sorted(os.listdir(folder)):
    place = os.path.join(folder, name)
    module = module_of(place + '/model.py')
    if plant:
        module.Gather.backward = staticmethod(forget)
    worst = gradients(module, name, place)
    first, rest = losses(module, name, place)
    if rank == 0:
        print(f'{name}: first loss {first:.1e}, gradients {worst:.1e}, further losses {rest:.1e}')
if dist.is_initialized():
    dist.destroy_process_group()
print('\n'.join(bad))
sys.exit(bool(bad))
