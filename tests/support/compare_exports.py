"""Embeddings of `contrast embed` against the exported PyTorch module (torch) and the ONNX
towers that it writes (onnxruntime), and our files against NumPy and the safetensors
library. What is not installed is named and left out; with --all that is a failure.

    compare_exports.py RUN EXPORT X.npy IMAGES.npy TEXTS.txt TEXTS.npy [--all]

RUN: a run's folder; EXPORT: has model.py and model.safetensors; X.npy: rows;
IMAGES.npy, TEXTS.npy: what embed made of X.npy and of TEXTS.txt.
"""
import configparser
import importlib.util
import json
import subprocess
import sys

import numpy as np

run, export, x_file, images_file, texts_file, text_rows_file = sys.argv[1:7]
need_all = '--all' in sys.argv
x, images, text_rows = np.load(x_file), np.load(images_file), np.load(text_rows_file)
texts = [line.rstrip('\n') for line in open(texts_file, encoding='utf-8')]
left_out, bad = [], []


def close(what, got, want, limit=1e-5):
    got = np.asarray(got)
    worst = float(np.abs(got - want).max()) if got.shape == want.shape else float('inf')
    print(f'{what}: largest difference {worst:.2g} of {want.shape}')
    if not worst <= limit:
        bad.append(what)


def have(name):
    if importlib.util.find_spec(name):
        return True
    left_out.append(name)
    return False


assert np.allclose((images ** 2).sum(1), 1, atol=1e-5)
if have('safetensors'):
    from safetensors.numpy import load_file, save_file
    checkpoint = run + '/latest.safetensors'
    state = load_file(checkpoint)
    weights = load_file(export + '/model.safetensors')
    assert state.keys() == weights.keys() and any(k.startswith('optim.m.') for k in state)
    for name, w in weights.items():
        assert (state[name] == w).all() and w.any(), name
    weights = {k: v for k, v in weights.items() if not k.startswith('optim.')}
    save_file({k: v for k, v in weights.items()}, export + '/theirs.safetensors')
    half = {k: v.astype(np.float16) for k, v in weights.items()}
    save_file(half, export + '/half.safetensors')
    print(f'safetensors: {len(weights)} tensors agree')

# the hashing of texts, from model.py itself, without torch
source = open(export + '/model.py', encoding='utf-8').read()
with open(export + '/model.safetensors', 'rb') as f:
    header = json.loads(f.read(int.from_bytes(f.read(8), 'little')))
recipe = configparser.ConfigParser(interpolation=None)
recipe.read_string(header['__metadata__']['contrast.recipe'])
names = {}
exec(source[source.index('CAPITALS ='):source.index('ACTIVATION =')], names)
bags = [names['token_ids'](t, recipe['text']) for t in texts]
assert bags[0] and all(0 <= i < int(recipe['text']['buckets']) for b in bags for i in b)

if all([have(name) for name in ('torch', 'safetensors', 'onnx', 'onnxscript', 'onnxruntime')]):
    import onnxruntime
    subprocess.run([sys.executable, export + '/model.py', 'onnx', export], check=True)
    tower = onnxruntime.InferenceSession(export + '/image_tower.onnx', providers=['CPUExecutionProvider'])
    close('onnxruntime, images', tower.run(None, {'x': x.reshape(len(x), -1).astype(np.float32)})[0], images)
    longest = max(len(b) for b in bags)
    ids = np.zeros((len(bags), longest), np.int64)
    mask = np.zeros((len(bags), longest), np.float32)
    for i, b in enumerate(bags):
        ids[i, :len(b)] = b
        mask[i, :len(b)] = 1
    tower = onnxruntime.InferenceSession(export + '/text_tower.onnx', providers=['CPUExecutionProvider'])
    close('onnxruntime, texts', tower.run(None, {'ids': ids, 'mask': mask})[0], text_rows)

if have('torch') and have('safetensors'):
    import torch
    spec = importlib.util.spec_from_file_location('model', export + '/model.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.load(export + '/model.safetensors')
    with torch.no_grad():
        close('torch, images', model.image(torch.tensor(x)), images, 1e-6)
        close('torch, texts', model.text(texts), text_rows, 1e-6)

if left_out:
    print('left out, not installed:', ', '.join(sorted(set(left_out))))
sys.exit(bool(bad) or (need_all and bool(left_out)))
