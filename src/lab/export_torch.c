/* export_torch.c -- a run as a PyTorch module that a person can read.
 *
 * The text is a template; what differs between runs is in the table CONFIG at its
 * beginning. The hashing of texts is that of src/data/text.c.
 *
 * Layer: lab. Needs formats (safetensors). */
#include "lab/export.h"

#include "formats/json.h"
#include "formats/safetensors.h"
#include "formats/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

static const char *const TEMPLATE[] = {
    "\n\n\n"
    "def lower_case(c):\n"
    "    \"\"\"Latin to U+017F, Greek and Cyrillic.\"\"\"\n"
    "    for first, last, step, add in (\n"
    "            (0x41, 0x5A, 1, 32), (0xC0, 0xD6, 1, 32), (0xD8, 0xDE, 1, 32), (0x100, 0x12E, 2, "
    "1), (0x132, 0x136, 2, 1),\n"
    "            (0x139, 0x147, 2, 1), (0x14A, 0x176, 2, 1), (0x179, 0x17D, 2, 1), (0x130, 0x130, "
    "1, 0x69 - 0x130),\n"
    "            (0x178, 0x178, 1, 0xFF - 0x178), (0x386, 0x386, 1, 38), (0x388, 0x38A, 1, 37), "
    "(0x38C, 0x38C, 1, 64),\n"
    "            (0x38E, 0x38F, 1, 63), (0x391, 0x3A1, 1, 32), (0x3A3, 0x3AB, 1, 32), (0x400, "
    "0x40F, 1, 80),\n"
    "            (0x410, 0x42F, 1, 32)):\n"
    "        if first <= c <= last and (c - first) % step == 0:\n"
    "            return c + add\n"
    "    return c\n"
    "\n\n"
    "def is_letter(c):\n"
    "    if c < 0x80:\n"
    "        return chr(c).isalnum()\n"
    "    if c < 0xC0:\n"
    "        return c in (0xAA, 0xB5, 0xBA)\n"
    "    return c not in (0xD7, 0xF7) and not (0x2000 <= c <= 0x206F or 0x3000 <= c <= 0x303F or "
    "0xFF01 <= c <= 0xFF0F)\n"
    "\n\n"
    "def fnv(h, c):\n"
    "    return ((h ^ c) * 16777619) & 0xFFFFFFFF\n"
    "\n\n",
    "def token_ids(text, t):\n"
    "    \"\"\"Hashes of words, neighbouring words and character n-grams of <word>.\"\"\"\n"
    "    ids, words, word = [], [], []\n"
    "    for c in [lower_case(ord(c)) for c in text] + [0x20]:\n"
    "        if is_letter(c):\n"
    "            word.append(c)\n"
    "        elif word:\n"
    "            words.append(word)\n"
    "            word = []\n"
    "    def put(characters, h=2166136261):\n"
    "        for c in characters:\n"
    "            h = fnv(h, c)\n"
    "        ids.append(h % t['buckets'])\n"
    "    for i, word in enumerate(words):\n"
    "        marked = [ord('<')] + word + [ord('>')]\n"
    "        for n in range(max(t['ngram_min'], 1), t['ngram_max'] + 1) if t['ngram_min'] > 0 else "
    "():\n"
    "            for k in range(len(marked) - n + 1):\n"
    "                put([ord('~')] + marked[k:k + n])\n"
    "        if t['words']:\n"
    "            put(word)\n"
    "        if t['word_pairs'] and i > 0:\n"
    "            put(words[i - 1] + [ord(' ')] + word)\n"
    "    return ids\n"
    "\n\n",
    "ACTIVATION = {'none': lambda x: x, 'relu': F.relu, 'gelu': F.gelu, 'tanh': torch.tanh, "
    "'sigmoid': torch.sigmoid}\n"
    "\n\n"
    "class Tower(nn.Module):\n"
    "    def __init__(self, config):\n"
    "        super().__init__()\n"
    "        self.config = config\n"
    "        size = config['in']\n"
    "        if config['text']:\n"
    "            self.embedding = nn.EmbeddingBag(config['text']['buckets'], size, mode='mean')\n"
    "        for i, width in enumerate(config['layers']):\n"
    "            self.add_module(str(i), nn.Linear(size, width))\n"
    "            size = width\n"
    "\n"
    "    def forward(self, x):\n"
    "        \"\"\"A list of texts, or rows of numbers as they are in the data -> unit "
    "rows.\"\"\"\n"
    "        c = self.config\n"
    "        if c['text']:\n"
    "            bags = [token_ids(text, c['text']) for text in x]\n"
    "            offsets = torch.tensor([0] + [len(b) for b in bags[:-1]]).cumsum(0)\n"
    "            x = self.embedding(torch.tensor([i for b in bags for i in b], dtype=torch.long), "
    "offsets)\n"
    "        else:\n"
    "            x = ((x.double().flatten(1) - c['mean']) / c['spread']).float()\n"
    "        for i in range(len(c['layers'])):\n"
    "            last = i == len(c['layers']) - 1\n"
    "            x = ACTIVATION[c['last_activation' if last else 'activation']](getattr(self, "
    "str(i))(x))\n"
    "        return F.normalize(x, eps=1e-6)\n"
    "\n\n",
    "class TwoTower(nn.Module):\n"
    "    def __init__(self):\n"
    "        super().__init__()\n"
    "        self.image = Tower(CONFIG['image'])\n"
    "        self.text = Tower(CONFIG['text'])\n"
    "        self.logit_scale = nn.Parameter(torch.zeros(1))\n"
    "\n"
    "    def forward(self, image, text):\n"
    "        return self.logit_scale.exp() * self.image(image) @ self.text(text).T\n"
    "\n\n"
    "def load(path=__file__[:-3] + '.safetensors'):\n"
    "    model = TwoTower()\n"
    "    model.load_state_dict(load_file(path))\n"
    "    return model.eval()\n",
};

static const char *const ACTIVATION[] = {"none", "relu", "gelu", "tanh", "sigmoid"};

/* One tower as JSON, which is Python too but for true and false. */
static void describe(ct_json *j, const ct_trainer *t, int side)
{
    const ct_tower *tower = &t->model.side[side];
    const ct_tower_recipe *r = &t->recipe->tower[side];
    const ct_mlp *m = &tower->mlp;
    ct_json_open(j, side == 0 ? "image" : "text", '{');
    ct_json_integer(j, "in", tower->table >= 0 ? r->bag_dim : tower->in);
    ct_json_open(j, "layers", '[');
    for (int i = 0; i < m->n_layers; i++)
        ct_json_integer(j, NULL, t->model.params.list[m->layer[i].weight].rows);
    ct_json_close(j);
    ct_json_string(j, "activation", ACTIVATION[r->activation]);
    ct_json_string(j, "last_activation", ACTIVATION[r->last_activation]);
    ct_json_number(j, "mean", t->standard[side].mean);
    ct_json_number(j, "spread", t->standard[side].spread);
    ct_json_open(j, "text", '{'); /* empty: numbers */
    if (tower->table >= 0) {
        ct_json_integer(j, "buckets", r->buckets);
        ct_json_integer(j, "words", r->words);
        ct_json_integer(j, "word_pairs", r->word_pairs);
        ct_json_integer(j, "ngram_min", r->ngram_min);
        ct_json_integer(j, "ngram_max", r->ngram_max);
    }
    ct_json_close(j);
    ct_json_close(j);
}

static ct_status write_module(const ct_trainer *t, const char *path, ct_error *err)
{
    static const char HEAD[] =
        "\"\"\"Two towers, written by contrast.\n\n"
        "    model = load()\n"
        "    image = model.image(torch.tensor(rows))     # (n, ...) as in the data\n"
        "    text = model.text(['a caption', 'another'])\n"
        "    image @ text.T                              # cosines\n\"\"\"\n"
        "import torch\nimport torch.nn.functional as F\nfrom safetensors.torch import load_file\n"
        "from torch import nn\n\nCONFIG = ";
    ct_json j = {0};
    ct_writer w;
    ct_json_open(&j, NULL, '{');
    for (int side = 0; side < 2; side++)
        describe(&j, t, side);
    ct_json_close(&j);
    ct_status status = j.failed ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path)
                                : ct_writer_open(&w, path, CT_REPLACE, err);
    if (status == CT_OK) {
        ct_writer_bytes(&w, HEAD, sizeof HEAD - 1);
        ct_writer_bytes(&w, j.text, j.used);
        for (size_t i = 0; i < sizeof TEMPLATE / sizeof *TEMPLATE; i++)
            ct_writer_bytes(&w, TEMPLATE[i], strlen(TEMPLATE[i]));
        status = ct_writer_commit(&w);
    }
    ct_json_free(&j);
    return status;
}

static ct_status write_weights(const ct_trainer *t, const char *path, ct_error *err)
{
    const ct_params *p = &t->model.params;
    ct_named_matrix matrix[CT_MAX_PARAMS];
    for (int i = 0; i < p->n; i++) {
        const ct_param *q = &p->list[i];
        matrix[i] = (ct_named_matrix){q->name, q->x, q->rows, q->cols, q->rows == 1 && !q->decay};
    }
    return ct_safetensors_write(path, matrix, p->n, NULL, 0, err);
}

ct_status ct_export_torch(const ct_trainer *t, const char *path, ct_error *err)
{
    char weights[CT_PATH_BYTES];
    const size_t n = strlen(path);
    if (n < 4 || strcmp(path + n - 3, ".py") != 0 ||
        snprintf(weights, sizeof weights, "%.*s.safetensors", (int)n - 3, path) >=
            (int)sizeof weights)
        return CT_FAIL(err, CT_ERR_CONFIG, "--torch %.60s: expected a name that ends in .py", path);
    const ct_status status = write_weights(t, weights, err);
    return status == CT_OK ? write_module(t, path, err) : status;
}
