"""The two towers of a run of contrast, in PyTorch.

    contrast export RUN --torch model.py        # this file, and its weights in model.safetensors

    model = load()
    image = model.image(torch.tensor(rows))     # (n, ...) as in the data
    text = model.text(['a caption', 'another'])
    image @ text.T                              # cosines

    python model.py --onnx DIR                  # image_tower.onnx and text_tower.onnx

The file is the same for every run: layers, standardisation and hashing are described by
the weights' metadata, "contrast.towers". Needs torch and safetensors; --onnx also needs
onnx and onnxscript.
"""
import json

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import nn

WEIGHTS = __file__.removesuffix('.py') + '.safetensors'


# ---- texts become bags of hashes, as in src/data/text.c ----

CAPITALS = (  # first, last, step, and what to add
    (0x41, 0x5A, 1, 32), (0xC0, 0xD6, 1, 32), (0xD8, 0xDE, 1, 32), (0x100, 0x12E, 2, 1),
    (0x132, 0x136, 2, 1), (0x139, 0x147, 2, 1), (0x14A, 0x176, 2, 1), (0x179, 0x17D, 2, 1),
    (0x130, 0x130, 1, 0x69 - 0x130), (0x178, 0x178, 1, 0xFF - 0x178), (0x386, 0x386, 1, 38),
    (0x388, 0x38A, 1, 37), (0x38C, 0x38C, 1, 64), (0x38E, 0x38F, 1, 63), (0x391, 0x3A1, 1, 32),
    (0x3A3, 0x3AB, 1, 32), (0x400, 0x40F, 1, 80), (0x410, 0x42F, 1, 32))


def lower_case(c):
    """Latin to U+017F, Greek and Cyrillic."""
    for first, last, step, add in CAPITALS:
        if first <= c <= last and (c - first) % step == 0:
            return c + add
    return c


def is_letter(c):
    if c < 0x80:
        return chr(c).isalnum()
    if c < 0xC0:
        return c in (0xAA, 0xB5, 0xBA)
    punctuation = 0x2000 <= c <= 0x206F or 0x3000 <= c <= 0x303F or 0xFF01 <= c <= 0xFF0F
    return c not in (0xD7, 0xF7) and not punctuation


def words_of(text):
    """Each run of letters, as a list of code points."""
    words, word = [], []
    for c in [lower_case(ord(c)) for c in text] + [0x20]:
        if is_letter(c):
            word.append(c)
        elif word:
            words.append(word)
            word = []
    return words


def fnv(characters):
    h = 2166136261
    for c in characters:
        h = ((h ^ c) * 16777619) & 0xFFFFFFFF
    return h


def token_ids(text, t):
    """Hashes of words, of neighbouring words and of character n-grams of <word>."""
    ids, previous = [], None
    for word in words_of(text):
        marked = [ord('<')] + word + [ord('>')]
        for n in range(t['ngram_min'], t['ngram_max'] + 1):
            if n > 0:
                ids += [fnv([ord('~')] + marked[k:k + n]) for k in range(len(marked) - n + 1)]
        if t['words']:
            ids.append(fnv(word))
        if t['word_pairs'] and previous:
            ids.append(fnv(previous + [ord(' ')] + word))
        previous = word
    return [i % t['buckets'] for i in ids]


# ---- towers ----

ACTIVATION = {'none': lambda x: x, 'relu': F.relu, 'gelu': F.gelu, 'tanh': torch.tanh,
              'sigmoid': torch.sigmoid}


class Tower(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        size = config['in']
        if config['reads_text']:
            self.embedding = nn.EmbeddingBag(config['buckets'], size, mode='mean')
        for i, width in enumerate(config['layers']):
            self.add_module(str(i), nn.Linear(size, width))
            size = width

    def layers(self, x):
        """What remains once the input is standardised or looked up: layers, then unit rows."""
        c = self.config
        for i in range(len(c['layers'])):
            last = i == len(c['layers']) - 1
            activation = ACTIVATION[c['last_activation' if last else 'activation']]
            x = activation(getattr(self, str(i))(x))
        return F.normalize(x, eps=1e-6)

    def forward(self, x):
        """A list of texts, or rows of numbers as they are in the data -> unit rows."""
        c = self.config
        if not c['reads_text']:
            return self.layers(((x.double().flatten(1) - c['mean']) / c['spread']).float())
        bags = [token_ids(text, c) for text in x]
        offsets = torch.tensor([0] + [len(b) for b in bags[:-1]]).cumsum(0)
        ids = torch.tensor([i for b in bags for i in b], dtype=torch.long)
        return self.layers(self.embedding(ids, offsets))


class TwoTower(nn.Module):
    def __init__(self, config, bias=False):
        super().__init__()
        self.image = Tower(config['image'])
        self.text = Tower(config['text'])
        self.logit_scale = nn.Parameter(torch.zeros(1))
        self.logit_bias = nn.Parameter(torch.zeros(1)) if bias else 0

    def forward(self, image, text):
        """The logits that a loss sees: cosines over the temperature, plus SigLIP's bias."""
        cosines = self.image(image) @ self.text(text).T
        return self.logit_scale.exp() * cosines + self.logit_bias


def load(path=WEIGHTS):
    with safe_open(path, 'pt') as file:
        config = json.loads(file.metadata()['contrast.towers'])
        model = TwoTower(config, bias='logit_bias' in file.keys())
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
    return model.eval()


# ---- ONNX ----

class OfIds(nn.Module):
    """A tower of texts that were hashed before: ids (N, L), and a mask (N, L) that is 1
    where there is one."""
    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, ids, mask):
        rows = self.tower.embedding.weight[ids] * mask.unsqueeze(2)
        return self.tower.layers(rows.sum(1) / mask.sum(1, keepdim=True).clamp(min=1))


def write_onnx(tower, path):
    """Inputs x (N, values), or ids and mask (N, L); output embedding (N, width)."""
    n, length = torch.export.Dim('N'), torch.export.Dim('L')
    if tower.config['reads_text']:
        model, names, shape = OfIds(tower), ['ids', 'mask'], {0: n, 1: length}
        example = torch.zeros(2, 3, dtype=torch.long), torch.ones(2, 3)
    else:
        model, names, shape = tower, ['x'], {0: n}
        example = (torch.zeros(2, tower.config['in']),)
    torch.onnx.export(model.eval(), example, path, input_names=names, output_names=['embedding'],
                      dynamic_shapes=[shape] * len(names), dynamo=True, external_data=False,
                      verbose=False)


def main():
    import argparse
    import os
    parser = argparse.ArgumentParser(description='Write the two towers as ONNX models.')
    parser.add_argument('--onnx', required=True, metavar='DIR')
    folder = parser.parse_args().onnx
    os.makedirs(folder, exist_ok=True)
    model = load()
    for name in 'image', 'text':
        write_onnx(getattr(model, name), os.path.join(folder, name + '_tower.onnx'))


if __name__ == '__main__':
    main()
