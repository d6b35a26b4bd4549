"""The two towers of a run of contrast, in PyTorch: to use, and to train on.

    contrast export RUN --torch model.py --data pairs   # this file, model.safetensors, the data

    model = load()
    image = model.image(torch.tensor(rows))     # (n, ...) as in the data
    text = model.text(['a caption', 'another'])
    image @ text.T                              # cosines

    python model.py train --data pairs --steps 300 -o trained.safetensors
    torchrun --nproc-per-node=2 model.py train --data pairs --steps 300 -o trained.safetensors
    python model.py embed --texts captions.txt -o rows.npy
    python model.py onnx DIR                    # image_tower.onnx and text_tower.onnx
    python model.py save weights.safetensors    # the weights without the optimiser's state

The file is the same for every run. What it reads is a checkpoint of contrast: weights, recipe,
standardisation of the data, state of the optimiser. What it trains becomes one again, and
`contrast import trained.safetensors -o RUN` continues it. Needs torch, numpy and safetensors;
onnx also needs onnx and onnxscript.
"""
import argparse
import configparser
import json
import math
import os
import sys
import unicodedata

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

WEIGHTS = __file__.removesuffix('.py') + '.safetensors'


# ---- texts become bags of hashes, as in src/data/text.c ----

CAPITALS = (  # first, last, step, and what to add
    (0x41, 0x5A, 1, 32), (0xC0, 0xD6, 1, 32), (0xD8, 0xDE, 1, 32), (0x100, 0x12E, 2, 1),
    (0x132, 0x136, 2, 1), (0x139, 0x147, 2, 1), (0x14A, 0x176, 2, 1), (0x179, 0x17D, 2, 1),
    (0x130, 0x130, 1, 0x69 - 0x130), (0x178, 0x178, 1, 0xFF - 0x178), (0x386, 0x386, 1, 38),
    (0x388, 0x38A, 1, 37), (0x38C, 0x38C, 1, 64), (0x38E, 0x38F, 1, 63), (0x391, 0x3A1, 1, 32),
    (0x3A3, 0x3AB, 1, 32), (0x400, 0x40F, 1, 80), (0x410, 0x42F, 1, 32), (0x1A0, 0x1A0, 1, 1),
    (0x1AF, 0x1AF, 1, 1), (0x1B7, 0x1B7, 1, 0x292 - 0x1B7), (0x1CD, 0x1DB, 2, 1),
    (0x1DE, 0x1EE, 2, 1), (0x1F4, 0x1F4, 1, 1), (0x1F8, 0x21E, 2, 1), (0x226, 0x232, 2, 1),
    (0x1E00, 0x1E94, 2, 1), (0x1EA0, 0x1EFE, 2, 1))


def lower_case(c):
    """Latin, Greek and Cyrillic."""
    for first, last, step, add in CAPITALS:
        if first <= c <= last and (c - first) % step == 0:
            return c + add
    return c


def compose(c, mark):
    """The one letter that a small letter and a combining mark are, or None."""
    if (c, mark) == (0x69, 0x307):  # of a Turkish capital
        return c
    whole = unicodedata.normalize('NFC', chr(c) + chr(mark)) if 0x300 <= mark < 0x370 else ''
    known = len(whole) == 1 and (whole < chr(0x460) or chr(0x1E00) <= whole < chr(0x1F00))
    exact = known and unicodedata.decomposition(whole) == f'{c:04X} {mark:04X}'
    return ord(whole) if exact else None


def is_letter(c):
    if c < 0x80:
        return chr(c).isalnum()
    if c < 0xC0:
        return c in (0xAA, 0xB5, 0xBA)
    punctuation = 0x2000 <= c <= 0x206F or 0x3000 <= c <= 0x303F or 0xFF01 <= c <= 0xFF0F
    return c not in (0xD7, 0xF7) and not punctuation


def words_of(text):
    """Each run of letters, as a list of code points."""
    characters, words, word = [], [], []
    for c in [lower_case(ord(c)) for c in text] + [0x20]:
        whole = compose(characters[-1], c) if characters else None
        characters[-1:] = [whole] if whole else characters[-1:] + [c]
    for c in characters:
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
        for n in range(max(1, int(t['ngram_min'])), int(t['ngram_max']) + 1):
            ids += [fnv([ord('~')] + marked[k:k + n]) for k in range(len(marked) - n + 1)]
        if t['words'] == 'true':
            ids.append(fnv(word))
        if t['word_pairs'] == 'true' and previous:
            ids.append(fnv(previous + [ord(' ')] + word))
        previous = word
    return [i % int(t['buckets']) for i in ids]


# ---- towers ----

ACTIVATION = {'none': lambda x: x, 'relu': F.relu, 'gelu': F.gelu, 'tanh': torch.tanh,
              'sigmoid': torch.sigmoid}


class Tower(nn.Module):
    def __init__(self, recipe, table, width, standard):
        """recipe: the section [image] or [text]; table: the shape of the embedding table of a
        tower of texts, else None; width: of the first layer's input; standard: mean and spread
        of the data's values."""
        super().__init__()
        self.recipe, self.standard, self.ids_of = recipe, standard, {}
        if table:
            self.embedding = nn.EmbeddingBag(*table, mode='mean')
        self.depth = 0
        for size in recipe['layers'].split(','):
            self.add_module(str(self.depth), nn.Linear(width, int(size)))
            self.depth += 1
            width = int(size)

    def layers(self, x):
        """What remains once the input is standardised or looked up."""
        for i in range(self.depth):
            last = i == self.depth - 1
            x = getattr(self, str(i))(x)
            x = ACTIVATION[self.recipe['last_activation' if last else 'activation']](x)
            if not last:
                x = F.dropout(x, float(self.recipe['dropout']), self.training)
        return x

    def rows(self, x):
        """A list of texts, or rows of numbers as they are in the data -> rows of any length."""
        device = getattr(self, '0').weight.device
        if not hasattr(self, 'embedding'):
            mean, spread = self.standard  # in double on the processor: not every device has it
            x = (torch.as_tensor(x).cpu().double().flatten(1) - mean) / spread
            return self.layers(x.float().to(device))
        for text in x:  # hashing is slow in Python: once for each text
            if text not in self.ids_of:
                self.ids_of[text] = token_ids(text, self.recipe)
        bags = [self.ids_of[text] for text in x]
        offsets = torch.tensor([0] + [len(b) for b in bags[:-1]]).cumsum(0)
        ids = torch.tensor([i for b in bags for i in b], dtype=torch.long)
        return self.layers(self.embedding(ids.to(device), offsets.to(device)))

    def forward(self, x):
        return F.normalize(self.rows(x), eps=1e-6)


class TwoTower(nn.Module):
    def __init__(self, recipe, metadata, shapes):
        """recipe: all settings of the run; metadata: what its checkpoint says in words; shapes:
        of its tensors."""
        super().__init__()
        self.recipe, self.metadata = recipe, metadata
        for side in 'image', 'text':
            standard = [float(metadata[f'{side}.{key}']) for key in ('mean', 'spread')]
            self.add_module(side, Tower(recipe[side], shapes.get(side + '.embedding.weight'),
                                        shapes[side + '.0.weight'][1], standard))
        loss = recipe['loss']
        learned = loss['learn_temperature'] == 'true' and loss['name'] != 'question'
        self.logit_scale = nn.Parameter(torch.zeros(1), requires_grad=learned)
        if 'logit_bias' in shapes:
            self.logit_bias = nn.Parameter(torch.zeros(1), requires_grad=learned)

    def forward(self, image, text):
        """The logits that a loss sees: cosines over the temperature, plus SigLIP's bias."""
        cosines = self.image(image) @ self.text(text).T
        return self.logit_scale.exp() * cosines + getattr(self, 'logit_bias', 0)


def load(path=WEIGHTS):
    with safe_open(path, 'pt') as file:
        metadata = file.metadata() or {}
        if 'contrast.recipe' not in metadata:
            sys.exit(f'{path}: expected a checkpoint of contrast, with its recipe')
        recipe = configparser.ConfigParser(interpolation=None)
        recipe.read_string(metadata['contrast.recipe'])
        names = [name for name in file.keys() if not name.startswith(('optim.', 'queue.'))]
        shapes = {name: file.get_slice(name).get_shape() for name in names}
        model = TwoTower(recipe, metadata, shapes)
        model.load_state_dict({name: file.get_tensor(name) for name in names})
    return model.eval()


# ---- losses; the formulas and their sources are in include/contrast/loss.h ----

def find_own(z, negative):
    """InfoNCE: the cross-entropy of each row against the diagonal, among its negatives."""
    own = torch.eye(len(z), dtype=torch.bool, device=z.device)
    return -z.masked_fill(~(negative | own), -math.inf).log_softmax(1).diagonal().mean()


def both_ways(z, negative):
    return (find_own(z, negative) + find_own(z.T, negative)) / 2


def siglip(z, negative):
    return (F.softplus(-z.diagonal()).sum() + F.softplus(z[negative]).sum()) / len(z)


def find_others(x, scale, positive, negative):
    """NT-Xent and SupCon: each of the 2n rows x of both sides looks for its positives among all
    others. positive, negative (n, n): which pairs belong together, which rows do not."""
    oneself = torch.eye(len(x), dtype=torch.bool, device=x.device)
    own = torch.eye(len(negative), dtype=torch.bool, device=x.device)
    among = (negative | own).repeat(2, 2) & ~oneself
    positive = positive.repeat(2, 2) & ~oneself
    z = scale * (x @ x.T)
    right = (z * positive).sum(1) / positive.sum(1)
    return (z.masked_fill(~among, -math.inf).logsumexp(1) - right).mean()


def loss_of(model, image, text, group):
    """image, text (n, d): rows of the whole batch; group (n): equal numbers mean the same."""
    r = model.recipe['loss']
    if r['dot'] == 'false':
        image, text = F.normalize(image, eps=1e-6), F.normalize(text, eps=1e-6)
    same = group[:, None] == group[None, :]
    own = torch.eye(len(group), dtype=torch.bool, device=image.device)
    negative = ~(same if r['mask_groups'] == 'true' else own)
    if r['name'] in ('ntxent', 'supcon'):
        return find_others(torch.cat([image, text]), model.logit_scale.exp(),
                           same if r['name'] == 'supcon' else own, negative)
    z = image @ text.T
    if r['name'] != 'question':
        z = model.logit_scale.exp() * z
    if r['name'] == 'siglip':
        return siglip(z + model.logit_bias, negative)
    if r['name'] in ('question', 'infonce'):
        return find_own(z, negative)
    if r['name'] == 'clip':
        return both_ways(z, negative)
    positive = same / same.sum(1, keepdim=True)  # unicl: all of a row's group
    return both_ways(z, negative) + (z.diagonal() - (z * positive).sum(1)).mean()


LOSSES = 'question', 'infonce', 'clip', 'ntxent', 'siglip', 'unicl', 'supcon'


# ---- training: one process, or several that share each batch ----

class Gather(torch.autograd.Function):
    """The rows of all processes. Each has some of the batch's rows, and the loss compares all of
    them; so the gradient of a row is the sum of what all processes ask of it. A gather without
    a gradient would train on a loss of each process's own rows alone."""
    @staticmethod
    def forward(ctx, x):
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, dy):
        dy = dy.contiguous()
        dist.all_reduce(dy)
        return dy.chunk(dist.get_world_size())[dist.get_rank()]


def lines_of(path):
    """Captions, one per line: only a newline ends one, and Windows' is one too."""
    with open(path, encoding='utf-8-sig', newline='\n') as file:
        return [line.removesuffix('\n').removesuffix('\r') for line in file]


def read_pairs(folder):
    """What `contrast export RUN --data DIR` wrote: the training pairs, and their groups."""
    sides = []
    for side in 'image', 'text':
        path = os.path.join(folder, side)
        if os.path.exists(path + '.npy'):
            sides.append(np.load(path + '.npy', mmap_mode='r'))
        else:
            sides.append(np.array(lines_of(path + '.txt'), dtype=object))
    n = len(sides[0])
    train = np.flatnonzero(np.array(lines_of(os.path.join(folder, 'split.txt'))) == 'train')
    group = np.arange(n)
    if os.path.exists(os.path.join(folder, 'groups.npy')):
        group = np.load(os.path.join(folder, 'groups.npy'))
    return sides, train, group


def optimiser_of(model, path):
    """The recipe's, with the moments of the checkpoint. Biases and the scale do not decay."""
    o = model.recipe['optim']
    params = {name: p for name, p in model.named_parameters() if p.requires_grad}
    decay = float(o['weight_decay'])
    groups = [{'params': [p for p in params.values() if p.dim() > 1], 'weight_decay': decay},
              {'params': [p for p in params.values() if p.dim() == 1], 'weight_decay': 0}]
    if o['name'] == 'sgd':
        optimiser = torch.optim.SGD(groups, float(o['rate']), momentum=float(o['momentum']))
    else:
        betas = float(o['beta1']), float(o['beta2'])
        optimiser = torch.optim.AdamW(groups, float(o['rate']), betas, float(o['eps']))
    step = int(model.metadata['contrast.step'])
    with safe_open(path, 'pt') as file:
        for name, p in params.items():
            if step == 0 or 'optim.m.' + name not in file.keys():
                continue
            m = file.get_tensor('optim.m.' + name).to(p.device)
            if o['name'] == 'sgd':
                optimiser.state[p] = {'momentum_buffer': m}
            else:
                v = file.get_tensor('optim.v.' + name).to(p.device)
                optimiser.state[p] = {'step': torch.tensor(float(step)), 'exp_avg': m,
                                      'exp_avg_sq': v}
    return optimiser, step


def rate_at(step, steps, o):
    """The learning rate of step 0, 1, 2, ...: a linear rise, then constant or half a cosine."""
    rate, warmup = float(o['rate']), int(o['warmup'])
    if step < warmup:
        return rate * (step + 1) / warmup
    if o['schedule'] == 'constant':
        return rate
    return rate * (1 + math.cos(math.pi * min(1, (step - warmup) / (steps - warmup)))) / 2


def refuse_what_is_not_here(recipe):
    loss = recipe['loss']
    if loss['name'] not in LOSSES:
        sys.exit(f'loss.name = {loss["name"]}: PyTorch continues {", ".join(LOSSES)}')
    if loss['queue'] != '0' or recipe['train']['no_duplicates'] == 'true':
        sys.exit('loss.queue and train.no_duplicates: PyTorch does not continue runs with them')


def batch_of(train, step, batch, seed):
    """Training pairs of a step: a new order each epoch, the same in every process."""
    epoch, at = divmod(step, len(train) // batch)
    order = np.random.default_rng([seed, epoch]).permutation(train)
    return order[at * batch:(at + 1) * batch]


def train_step(model, optimiser, sides, group, items, rate, world, rank):
    """The loss of the whole batch, of which this process embeds its share, and the norm of the
    gradient of all parameters."""
    share = items.reshape(world, -1)[rank]
    rows = []
    for tower, side in zip((model.image, model.text), sides):
        row = tower.rows(list(side[share]) if side.dtype == object else side[share])
        rows.append(Gather.apply(row) if world > 1 else row)
    for g in optimiser.param_groups:
        g['lr'] = rate
    optimiser.zero_grad()
    loss = loss_of(model, *rows, torch.tensor(group[items], device=rows[0].device))
    # All processes have computed the same loss: a share of each adds up to one.
    (loss / world).backward()
    params = [p for p in model.parameters() if p.requires_grad]
    for p in params if world > 1 else []:
        dist.all_reduce(p.grad)
    largest = float(model.recipe['optim']['clip'])
    norm = nn.utils.clip_grad_norm_(params, largest if largest > 0 else math.inf)
    optimiser.step()
    if model.logit_scale.requires_grad:
        model.logit_scale.data.clamp_(0, math.log(100))
    return loss.item(), norm.item()


def save(model, path, optimiser=None, step=0):
    """A checkpoint of contrast; without the optimiser, one that begins at step 0."""
    tensors = {name: p.detach() for name, p in model.named_parameters()}
    o, metadata = model.recipe['optim'], dict(model.metadata)
    for name, p in model.named_parameters() if optimiser else []:
        state = optimiser.state.get(p, {})
        m = state.get('exp_avg', state.get('momentum_buffer'))
        tensors['optim.m.' + name] = torch.zeros_like(p) if m is None else m
        if o['name'] == 'adamw':
            tensors['optim.v.' + name] = state.get('exp_avg_sq', torch.zeros_like(p))
    text = []
    for section in model.recipe.sections():
        text += [f'[{section}]'] + [f'{k} = {v}' for k, v in model.recipe[section].items()] + ['']
    metadata.update({'contrast.hash': '0' * 16,  # not made here; the old one is of another file
                     'contrast.recipe': '\n'.join(text), 'contrast.step': str(step),
                     'optim.beta1^step': repr(float(o['beta1']) ** step),
                     'optim.beta2^step': repr(float(o['beta2']) ** step),
                     'best.recall': '0', 'best.step': '0', 'log.bytes': '0'})
    save_file({k: x.cpu().contiguous() for k, x in tensors.items()}, path + '.new', metadata)
    os.replace(path + '.new', path)  # killed at any instant, the last one is whole


def train(model, args):
    world, rank = int(os.environ.get('WORLD_SIZE', 1)), int(os.environ.get('RANK', 0))
    device = 'cpu'
    if torch.cuda.is_available():
        device = f'cuda:{os.environ.get("LOCAL_RANK", 0)}'
        torch.cuda.set_device(device)
    begins_group = world > 1 and not dist.is_initialized()
    if begins_group:
        dist.init_process_group('nccl' if device != 'cpu' else 'gloo')
    refuse_what_is_not_here(model.recipe)
    model.to(device).train()
    optimiser, begin = optimiser_of(model, args.weights)
    sides, pairs, group = read_pairs(args.data)
    t = model.recipe['train']
    end = int(t['steps']) if args.steps is None else begin + args.steps
    batch, seed = int(t['batch']), int(t['seed'])
    if batch % world != 0 or batch > len(pairs):
        sys.exit(f'train.batch = {batch}: expected a multiple of the {world} processes, and at '
                 f'most the {len(pairs)} training pairs')
    if end <= begin:
        sys.exit(f'the {begin} steps of the recipe are done: say how many more, --steps N')
    t['steps'] = str(max(end, int(t['steps'])))
    torch.manual_seed(seed + rank + begin)  # of dropout
    for step in range(begin, end):
        rate = rate_at(step, int(t['steps']), model.recipe['optim'])
        items = batch_of(pairs, step, batch, seed)
        temperature = math.exp(-model.logit_scale.item())
        loss, norm = train_step(model, optimiser, sides, group, items, rate, world, rank)
        if not math.isfinite(loss):
            sys.exit(f'step {step + 1}: the loss is {loss}')
        line = {'kind': 'step', 'step': step + 1, 'loss': loss, 'temperature': temperature,
                'rate': rate, 'gradient_norm': norm}
        every = int(model.recipe['monitor']['log_every'])
        if rank == 0 and (step == begin or (step + 1) % every == 0 or step + 1 == end):
            print(json.dumps(line), flush=True)
        saves = int(t['checkpoint_every'])
        if rank == 0 and saves > 0 and (step + 1) % saves == 0:
            save(model, args.output, optimiser, step + 1)
    if rank == 0:
        save(model, args.output, optimiser, end)
        print(f'{args.output}: after step {end}; contrast import {args.output}', file=sys.stderr)
    if begins_group:
        dist.destroy_process_group()


# ---- the rest of the commands ----

def embed(model, args):
    """Unit rows, as those of `contrast embed`."""
    if args.texts:
        rows, tower = lines_of(args.texts), model.text
    else:
        rows, tower = np.load(args.images), model.image
    with torch.no_grad():
        np.save(args.output, tower(rows).numpy())


# ---- ONNX ----

class OfIds(nn.Module):
    """A tower of texts that were hashed before: ids (N, L), and a mask (N, L) that is 1
    where there is one."""
    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, ids, mask):
        rows = self.tower.embedding.weight[ids] * mask.unsqueeze(2)
        mean = rows.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        return F.normalize(self.tower.layers(mean), eps=1e-6)


def write_onnx(tower, path):
    """Inputs x (N, values), or ids and mask (N, L); output embedding (N, width)."""
    n, length = torch.export.Dim('N'), torch.export.Dim('L')
    if hasattr(tower, 'embedding'):
        model, names, shape = OfIds(tower), ['ids', 'mask'], {0: n, 1: length}
        example = torch.zeros(2, 3, dtype=torch.long), torch.ones(2, 3)
    else:
        model, names, shape = tower, ['x'], {0: n}
        example = (torch.zeros(2, getattr(tower, '0').in_features),)
    torch.onnx.export(model.eval(), example, path, input_names=names, output_names=['embedding'],
                      dynamic_shapes=[shape] * len(names), dynamo=True, external_data=False,
                      verbose=False)


def write_both(model, args):
    os.makedirs(args.folder, exist_ok=True)
    for name in 'image', 'text':
        write_onnx(getattr(model, name), os.path.join(args.folder, name + '_tower.onnx'))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--weights', default=WEIGHTS, metavar='F', help='(default: %(default)s)')
    commands = parser.add_subparsers(required=True)

    p = commands.add_parser('train', help='continue the training; see torchrun above')
    p.add_argument('--data', required=True, metavar='DIR', help='of contrast export RUN --data DIR')
    p.add_argument('--steps', type=int, metavar='N', help='more (default: the rest of the recipe)')
    p.add_argument('-o', dest='output', default='trained.safetensors', metavar='F',
                   help='(default: %(default)s)')
    p.set_defaults(run=train)

    p = commands.add_parser('embed', help='write embeddings as a NumPy array')
    side = p.add_mutually_exclusive_group(required=True)
    side.add_argument('--images', metavar='X.npy')
    side.add_argument('--texts', metavar='T.txt')
    p.add_argument('-o', dest='output', required=True, metavar='E.npy')
    p.set_defaults(run=embed)

    p = commands.add_parser('onnx', help='write both towers as ONNX')
    p.add_argument('folder', metavar='DIR')
    p.set_defaults(run=write_both)

    p = commands.add_parser('save', help="write the weights without the optimiser's state: "
                            'contrast train RECIPE --weights F.safetensors')
    p.add_argument('output', metavar='F.safetensors')
    p.set_defaults(run=lambda model, args: save(model, args.output))

    args = parser.parse_args()
    try:
        args.run(load(args.weights), args)
    except OSError as problem:  # a file that is not there, or cannot be written
        sys.exit(str(problem))


if __name__ == '__main__':
    main()
