"""peer_fashion.py FOLDER THREADS -- models/recipes/fashion-mnist.ini in PyTorch.

The same widths, batch, steps, schedule, loss and captions; prints {"prompt_accuracy": ...} of
the 10,000 test images. Words are hashed with another function than ours, nothing else differs
in kind.
"""

import json
import math
import sys
import zlib

import torch
import torch.nn.functional as F

CLASSES = ["t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]
WORDINGS = [("", ""), ("a photo of ", ""), ("this is ", ""), ("a small grey picture of ", ""),
            ("", " on a black background"), ("for sale: ", "")]
BATCH, STEPS, WARMUP, RATE, BUCKETS = 512, 1290, 100, 2e-3, 1024


def read(name, header):
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        return torch.frombuffer(bytearray(file.read()[header:]), dtype=torch.uint8)


def caption(k, wording):
    article = "a pair of " if k == 1 else "an " if CLASSES[k][0] == "a" else "a "
    return wording[0] + article + CLASSES[k] + wording[1]


def token_ids(text):
    """Words, neighbouring pairs and character n-grams of 3 to 5, hashed."""
    words = text.split()
    tokens = words + [f"{a} {b}" for a, b in zip(words, words[1:])]
    for word in words:
        padded = f"<{word}>"
        tokens += [padded[i:i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
    return [zlib.crc32(token.encode()) % BUCKETS for token in tokens]


def bags(ids):
    offsets = [0]
    for bag in ids:
        offsets.append(offsets[-1] + len(bag))
    return torch.tensor([i for bag in ids for i in bag]), torch.tensor(offsets[:-1])


def rate(step):
    if step < WARMUP:
        return RATE * (step + 1) / WARMUP
    return RATE * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP))) / 2


def unicl(a, b, log_scale, label):
    logits = log_scale.exp() * F.normalize(a) @ F.normalize(b).t()
    target = (label[:, None] == label[None, :]).float()
    target /= target.sum(1, keepdim=True)
    return -((target * logits.log_softmax(1)).sum(1).mean() + (target * logits.t().log_softmax(1)).sum(1).mean()) / 2


def main():
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(1)
    train = read("train-images-idx3-ubyte", 16).view(-1, 784)[:55000].float() / 255
    label = read("train-labels-idx1-ubyte", 8)[:55000].long()
    test = read("t10k-images-idx3-ubyte", 16).view(-1, 784).float() / 255
    test_label = read("t10k-labels-idx1-ubyte", 8).long()
    mean, spread = train.mean(), train.std()
    train, test = (train - mean) / spread, (test - mean) / spread

    ids = [token_ids(caption(k, w)) for k in range(10) for w in WORDINGS]
    image = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Dropout(0.1),
                                torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(512, 64))
    table = torch.nn.EmbeddingBag(BUCKETS, 64, mode="mean")
    text = torch.nn.Linear(64, 64)
    log_scale = torch.nn.Parameter(torch.tensor(2.6592600))
    decayed = [m.weight for m in image if hasattr(m, "weight")] + [table.weight, text.weight]
    others = [m.bias for m in image if hasattr(m, "bias")] + [text.bias, log_scale]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}],
                                  lr=RATE, fused=True)
    wording = torch.randint(len(WORDINGS), (55000,))
    order, at = torch.randperm(55000), 0
    for step in range(STEPS):
        if at + BATCH > 55000:
            order, at = torch.randperm(55000), 0
        item = order[at:at + BATCH]
        at += BATCH
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        caption_of = (label[item] * len(WORDINGS) + wording[item]).tolist()
        optimiser.zero_grad()
        loss = unicl(image(train[item]), text(table(*bags([ids[c] for c in caption_of]))), log_scale, label[item])
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            log_scale.clamp_(0, 4.6051702)

    image.eval()
    with torch.no_grad():
        prompts = F.normalize(text(table(*bags(ids)))).view(10, len(WORDINGS), -1).mean(1)
        found = (F.normalize(image(test)) @ F.normalize(prompts).t()).argmax(1)
    print(json.dumps({"prompt_accuracy": (found == test_label).float().mean().item()}))


main()
