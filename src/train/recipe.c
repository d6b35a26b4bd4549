/* recipe.c -- one table of keys for reading, overriding, checking and writing.
 *
 * A row says where a value lives, what it may be and what it is for; nothing
 * about keys is said twice.
 *
 * Layer: train. Needs formats (ini). */
#include "train/recipe.h"

#include "contrast/loss.h"
#include "formats/ini.h"
#include "formats/text.h"
#include "platform/file.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { INT, LONG, REAL, BOOL, CHOICE, WIDTHS, TEXT } kind;

typedef struct key {
    const char *section, *name;
    kind kind;
    size_t offset;
    double least, most;
    const char *choices; /* CHOICE: space-separated, in the order of the enum */
    const char *help;
} key;

#define AT(field)   offsetof(ct_recipe, field)
#define ACTIVATIONS "none relu gelu tanh sigmoid"
#define INITS       "zero he glorot lecun cone normal"

/* clang-format off: a row a line */
#define TOWER(section, i)                                                                 \
    {section, "layers", WIDTHS, AT(tower[i].layers),                                      \
     1,       65536,    NULL,   "outputs of each layer; the last is d"},                  \
        {section,     "activation",                                                       \
         CHOICE,      AT(tower[i].activation),                                            \
         0,           0,                                                                  \
         ACTIVATIONS, "after each layer but the last"},                                   \
        {section,     "last_activation",     CHOICE, AT(tower[i].last_activation), 0, 0,  \
         ACTIVATIONS, "after the last layer"},                                            \
        {section, "init", CHOICE, AT(tower[i].init),                                      \
         0,       0,      INITS,  "distribution of the first weights"},                   \
        {section, "dropout", REAL, AT(tower[i].dropout),                                  \
         0,       0.95,      NULL, "share of units dropped in training"},                 \
        {section, "buckets", INT,  AT(tower[i].buckets),                                  \
         16,      1 << 24,   NULL, "captions: rows of the embedding table"},              \
        {section, "bag_dim", INT,  AT(tower[i].bag_dim),                                  \
         1,       65536,     NULL, "captions: columns of the embedding table"},           \
        {section, "words", BOOL, AT(tower[i].words), 0, 0, NULL, "captions: hash words"}, \
        {section, "word_pairs",                                                           \
         BOOL,    AT(tower[i].word_pairs),                                                \
         0,       0,                                                                      \
         NULL,    "captions: hash neighbouring words"},                                   \
        {section, "ngram_min", INT,  AT(tower[i].ngram_min),                              \
         0,       16,          NULL, "captions: shortest character n-gram; 0: none"},     \
    {                                                                                     \
        section, "ngram_max", INT, AT(tower[i].ngram_max), 0, 16, NULL,                   \
            "captions: longest character n-gram"                                          \
    }
/* clang-format on */

static const key KEYS[] = {
    {"data", "kind", CHOICE, AT(data.kind), 0, 0, "shapes latent fashion-mnist pairs",
     "where the pairs come from"},
    {"data", "seed", LONG, AT(data.seed), 0, 1e15, NULL,
     "of generated data; of the split by shares"},
    {"data", "image", TEXT, AT(data.image), 0, 0, NULL,
     "pairs: .npy, IDX, text, or .tsv of (picture, caption)"},
    {"data", "text", TEXT, AT(data.text), 0, 0, NULL,
     "pairs: the other side: .npy, IDX, or a caption a line"},
    {"data", "groups", TEXT, AT(data.groups), 0, 0, NULL,
     "pairs: .npy of integers; equal means the same"},
    {"data", "split", TEXT, AT(data.split), 0, 0, NULL,
     "pairs: a line train, validation or test a pair"},
    {"data", "validation", REAL, AT(data.validation), 0, 0.99, NULL,
     "pairs: share of them, where split is not set"},
    {"data", "test", REAL, AT(data.test), 0, 0.99, NULL,
     "pairs: share of them, where split is not set"},
    {"data", "resize", INT, AT(data.resize), 0, 1024, NULL,
     "pairs: pixels a side of every picture; 0: as it is"},
    {"data", "n_train", INT, AT(data.n_train), 1, 1e8, NULL, "shapes, latent: training pairs"},
    {"data", "n_validation", INT, AT(data.n_validation), 1, 1e7, NULL, "validation pairs"},
    {"data", "n_test", INT, AT(data.n_test), 1, 1e7, NULL, "shapes, latent: test pairs"},
    {"data", "n_composition", INT, AT(data.n_composition), 1, 1e7, NULL,
     "shapes: test pairs of unseen combinations"},
    {"data", "size", INT, AT(data.size), 8, 64, NULL, "shapes: side of a picture in pixels"},
    {"data", "noise", REAL, AT(data.noise), 0, 128, NULL,
     "shapes: pixel noise, standard deviation of 255"},
    {"data", "first_object", BOOL, AT(data.first_object), 0, 0, NULL,
     "shapes: captions tell the first object only"},
    {"data", "dim", INT, AT(data.dim), 1, 4096, NULL, "latent: columns of each side"},
    {"data", "shared", INT, AT(data.shared), 1, 4096, NULL, "latent: shared coordinates"},
    {"data", "rho", REAL, AT(data.rho), -0.9999, 0.9999, NULL,
     "latent: correlation of a shared coordinate"},
    {"data", "dir", TEXT, AT(data.dir), 0, 0, NULL, "fashion-mnist: folder of the four IDX files"},
    TOWER("image", 0),
    TOWER("text", 1),
    {"loss", "name", TEXT, AT(loss.name), 0, 0, NULL,
     "one of those that `contrast help losses` lists"},
    {"loss", "temperature", REAL, AT(loss.temperature), 1e-3, 1e3, NULL,
     "tau; the start, if it is learned"},
    {"loss", "learn_temperature", BOOL, AT(loss.learn_temperature), 0, 0, NULL,
     "1/tau is a parameter in [1, 100]"},
    {"loss", "bias", REAL, AT(loss.bias), -100, 100, NULL,
     "siglip: first value; 0: -ln(batch - 1)"},
    {"loss", "queue", INT, AT(loss.queue), 0, 1 << 24, NULL,
     "question, infonce, clip, dcl: past pairs as negatives too"},
    {"loss", "dot", BOOL, AT(loss.options.dot), 0, 0, NULL,
     "products of the rows as they are, not cosines"},
    {"loss", "mask_groups", BOOL, AT(loss.options.mask_groups), 0, 0, NULL,
     "pairs of equal group (caption, class) are no negatives"},
    {"loss", "in_modal", BOOL, AT(loss.options.in_modal), 0, 0, NULL,
     "dcl: negatives from both sides"},
    {"loss", "penalty", REAL, AT(loss.options.penalty), 0, 1e6, NULL, "npair: on squared lengths"},
    {"loss", "margin", REAL, AT(loss.options.margin), 0, 100, NULL, "triplet"},
    {"loss", "mining", CHOICE, AT(loss.options.mining), 0, 0, "all semi-hard hardest",
     "triplet: which negatives"},
    {"loss", "beta", REAL, AT(loss.options.beta), 0, 100, NULL,
     "hard-negative: how much harder ones weigh"},
    {"loss", "tau_plus", REAL, AT(loss.options.tau_plus), 0, 0.99, NULL,
     "hard-negative: how likely a negative is a positive"},
    {"loss", "align_power", REAL, AT(loss.options.align_power), 0.1, 10, NULL,
     "align-uniform: of the distances of pairs"},
    {"loss", "uniform_t", REAL, AT(loss.options.uniform_t), 0.01, 100, NULL,
     "align-uniform: of the squared distances of others"},
    {"loss", "uniform", REAL, AT(loss.options.uniform), 0, 1e6, NULL,
     "align-uniform: weight of the spread"},
    {"loss", "mu", REAL, AT(loss.options.mu), 1e-3, 1e3, NULL,
     "spectral: squared length of the embeddings"},
    {"loss", "lambda", REAL, AT(loss.options.lambda), 0, 1e6, NULL,
     "barlow: weight of correlations between columns"},
    {"loss", "invariance", REAL, AT(loss.options.invariance), 0, 1e6, NULL,
     "vicreg: weight of the distance of pairs"},
    {"loss", "variance", REAL, AT(loss.options.variance), 0, 1e6, NULL,
     "vicreg: weight of columns that vary too little"},
    {"loss", "covariance", REAL, AT(loss.options.covariance), 0, 1e6, NULL,
     "vicreg: weight of covariances between columns"},
    {"optim", "name", CHOICE, AT(optim.name), 0, 0, "sgd adamw", "rule of the update"},
    {"optim", "rate", REAL, AT(optim.rate), 0, 1e12, NULL, "learning rate (its peak)"},
    {"optim", "momentum", REAL, AT(optim.momentum), 0, 0.9999, NULL, "sgd"},
    {"optim", "beta1", REAL, AT(optim.beta1), 0, 0.9999, NULL, "adamw: mean of gradients"},
    {"optim", "beta2", REAL, AT(optim.beta2), 0, 0.999999, NULL,
     "adamw: mean of squared gradients"},
    {"optim", "eps", REAL, AT(optim.eps), 1e-12, 1, NULL, "adamw: added to the divisor"},
    {"optim", "weight_decay", REAL, AT(optim.weight_decay), 0, 10, NULL,
     "none on biases and temperature"},
    {"optim", "clip", REAL, AT(optim.clip), 0, 1e9, NULL, "largest gradient norm; 0: no limit"},
    {"optim", "schedule", CHOICE, AT(optim.schedule), 0, 0, "constant cosine",
     "of the rate after warm-up"},
    {"optim", "warmup", INT, AT(optim.warmup), 0, 1e8, NULL, "steps of linear rise"},
    {"train", "batch", INT, AT(train.batch), 1, 1 << 20, NULL,
     "pairs a step: N, with N - 1 negatives each"},
    {"train", "chunk", INT, AT(train.chunk), 0, 1 << 20, NULL,
     "pairs in the towers at once, a multiple of 4; 0: the batch"},
    {"train", "no_duplicates", BOOL, AT(train.no_duplicates), 0, 0, NULL,
     "no caption, or group, twice in a batch"},
    {"train", "steps", INT, AT(train.steps), 1, 1e9, NULL, "updates"},
    {"train", "seed", LONG, AT(train.seed), 0, 1e15, NULL, "of weights, order and dropout"},
    {"train", "checkpoint_every", INT, AT(train.checkpoint_every), 0, 1e9, NULL,
     "steps between checkpoints; 0: evaluations, end"},
    {"train", "keep_last", INT, AT(train.keep_last), 1, 1e9, NULL,
     "checkpoints that stay, beside the best"},
    {"train", "keep_best", BOOL, AT(train.keep_best), 0, 0, NULL,
     "keep the checkpoint of the best validation recall@1"},
    {"monitor", "log_every", INT, AT(monitor.log_every), 1, 1e9, NULL,
     "steps between lines of metrics.jsonl"},
    {"monitor", "evaluate_every", INT, AT(monitor.evaluate_every), 0, 1e9, NULL,
     "steps between evaluations; 0: end"},
    {"monitor", "pairs", INT, AT(monitor.pairs), 2, 1e6, NULL,
     "validation pairs of an evaluation, at most"},
    {"monitor", "stop_on_collapse", BOOL, AT(monitor.stop_on_collapse), 0, 0, NULL,
     "end when an evaluation finds a collapse"},
    {"monitor", "snapshots", INT, AT(monitor.snapshots), 0, 1000, NULL,
     "of a few pairs, for pictures; 0: none"},
};
#define N_KEYS ((int)(sizeof KEYS / sizeof *KEYS))

ct_recipe ct_recipe_defaults(void)
{
    const ct_tower_recipe tower = {.layers = {2, {256, 64}},
                                   .activation = CT_ACT_RELU,
                                   .last_activation = CT_ACT_NONE,
                                   .init = CT_INIT_HE,
                                   .buckets = 4096,
                                   .bag_dim = 64,
                                   .words = true,
                                   .word_pairs = true,
                                   .ngram_min = 3,
                                   .ngram_max = 4};
    ct_recipe r = {.tower = {tower, tower}};
    r.data.kind = CT_DATA_SHAPES;
    r.data.seed = 1;
    r.data.n_train = 8192;
    r.data.n_validation = 500;
    r.data.n_test = 1000;
    r.data.n_composition = 500;
    r.data.size = 16;
    r.data.noise = 8;
    r.data.dim = 32;
    r.data.shared = 8;
    r.data.rho = 0.9;
    r.data.validation = r.data.test = 0.1;
    strcpy(r.data.dir, "datasets/fashion-mnist");
    strcpy(r.loss.name, "clip");
    r.loss.temperature = 0.07;
    r.loss.options = ct_loss_defaults();
    r.optim.name = CT_ADAMW;
    r.optim.rate = 1e-3;
    r.optim.beta1 = 0.9;
    r.optim.beta2 = 0.999;
    r.optim.eps = 1e-8;
    r.optim.schedule = CT_CONSTANT;
    r.train.batch = 128;
    r.train.steps = 1000;
    r.train.seed = 1;
    r.train.keep_last = 2;
    r.train.keep_best = true;
    r.monitor.log_every = 10;
    r.monitor.evaluate_every = 0;
    r.monitor.pairs = 1000;
    r.monitor.snapshots = 30;
    return r;
}

/* ---- one value ---- */

/* Number of `word` in the space-separated `choices`, or -1. */
static int find_choice(const char *choices, const char *word)
{
    size_t length = strlen(word);
    int index = 0;
    for (const char *c = choices; *c != '\0'; index++) {
        size_t here = strcspn(c, " ");
        if (here == length && strncmp(c, word, length) == 0)
            return index;
        c += here + (c[here] == ' ');
    }
    return -1;
}

static bool parse_real(const char *text, double least, double most, double *out)
{
    const size_t length = ct_number_get(text, out);
    return length > 0 && text[length] == '\0' && *out >= least && *out <= most;
}

static bool parse_whole(const char *text, double least, double most, long *out)
{
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && (double)*out >= least &&
           (double)*out <= most;
}

/* "512,256, 64" */
static bool parse_widths(const char *text, const key *k, ct_widths *out)
{
    for (out->n = 0; out->n < CT_MAX_LAYERS;) {
        char *end;
        errno = 0;
        long width = strtol(text, &end, 10);
        if (end == text || errno != 0 || (double)width < k->least || (double)width > k->most)
            return false;
        out->width[out->n++] = (int)width;
        text = end + strspn(end, " \t");
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

/* Store the value; "" or what was expected instead. */
static void set_value(ct_recipe *r, const key *k, const char *text, char *expected, size_t size)
{
    void *at = (char *)r + k->offset;
    long whole;
    int choice;
    expected[0] = '\0';
    switch (k->kind) {
    case INT:
    case LONG:
        if (!parse_whole(text, k->least, k->most, &whole))
            snprintf(expected, size, "a whole number from %.0f to %.0f", k->least, k->most);
        else if (k->kind == INT)
            *(int *)at = (int)whole;
        else
            *(long *)at = whole;
        break;
    case REAL:
        if (!parse_real(text, k->least, k->most, at))
            snprintf(expected, size, "a number from %g to %g", k->least, k->most);
        break;
    case BOOL:
    case CHOICE:
        choice = find_choice(k->kind == BOOL ? "false true" : k->choices, text);
        if (choice < 0)
            snprintf(expected, size, "one of: %s", k->kind == BOOL ? "true false" : k->choices);
        else if (k->kind == BOOL)
            *(bool *)at = choice == 1;
        else
            *(int *)at = choice;
        break;
    case WIDTHS:
        if (!parse_widths(text, k, at))
            snprintf(expected, size, "1 to %d widths from %.0f to %.0f, with commas", CT_MAX_LAYERS,
                     k->least, k->most);
        break;
    case TEXT:
        if (strlen(text) >= CT_RECIPE_TEXT)
            snprintf(expected, size, "at most %d bytes", CT_RECIPE_TEXT - 1);
        else
            strcpy(at, text);
        break;
    }
}

/* Set section.name; `place` ("file:3: " or "") begins the message. */
static ct_status set_key(ct_recipe *r, const char *place, const char *section, const char *name,
                         const char *value, ct_error *err)
{
    char full[N_KEYS][64], wanted[160], expected[160];
    const char *names[N_KEYS];
    snprintf(wanted, sizeof wanted, "%s.%s", section, name);
    for (int i = 0; i < N_KEYS; i++) {
        snprintf(full[i], sizeof full[i], "%s.%s", KEYS[i].section, KEYS[i].name);
        names[i] = full[i];
        if (strcmp(full[i], wanted) != 0)
            continue;
        const ct_recipe before = *r; /* a refused value changes nothing */
        set_value(r, &KEYS[i], value, expected, sizeof expected);
        if (expected[0] == '\0')
            return CT_OK;
        *r = before;
        return CT_FAIL(err, CT_ERR_CONFIG, "%s%s = %s: expected %s", place, wanted, value,
                       expected);
    }
    const char *near = ct_nearest_name(wanted, names, N_KEYS, sizeof *names);
    return CT_FAIL(err, CT_ERR_CONFIG, "%sthere is no key %s; %s%s", place, wanted,
                   near != NULL ? "did you mean " : "`contrast help recipe` lists them",
                   near != NULL ? near : "");
}

/* ---- reading ---- */

static ct_status set_all(ct_recipe *r, const char *path, const ct_ini *ini, ct_error *err)
{
    ct_status status = CT_OK;
    for (int i = 0; i < ini->n && status == CT_OK; i++) {
        const ct_ini_item *item = &ini->item[i];
        char place[CT_PATH_BYTES + 32];
        snprintf(place, sizeof place, "%s:%d: ", path, item->line);
        status = set_key(r, place, item->section, item->key, item->value, err);
    }
    return status;
}

ct_status ct_recipe_read(ct_recipe *r, const char *path, ct_error *err)
{
    ct_arena arena;
    ct_ini ini;
    ct_arena_init(&arena, 0);
    ct_status status = ct_ini_read(path, &arena, &ini, err);
    if (status == CT_OK)
        status = set_all(r, path, &ini, err);
    ct_arena_free(&arena);
    return status;
}

ct_status ct_recipe_parse(ct_recipe *r, const char *name, const char *text, ct_error *err)
{
    ct_arena arena;
    ct_ini ini;
    ct_arena_init(&arena, 0);
    char *copy = ct_arena_strdup(&arena, text); /* the reader writes into it */
    ct_status status = copy == NULL ? CT_FAIL(err, CT_ERR_NOMEM, "%s: out of memory", name)
                                    : ct_ini_parse(name, copy, strlen(copy), &ini, err);
    if (status == CT_OK)
        status = set_all(r, name, &ini, err);
    ct_arena_free(&arena);
    return status;
}

ct_status ct_recipe_override(ct_recipe *r, const char *setting, ct_error *err)
{
    const char *equals = strchr(setting, '='), *dot = strchr(setting, '.');
    char section[64], name[64];
    if (equals == NULL || dot == NULL || dot > equals || dot - setting >= 64 ||
        equals - dot - 1 >= 64)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: expected section.key=value, e.g. train.seed=2",
                       setting);
    snprintf(section, sizeof section, "%.*s", (int)(dot - setting), setting);
    snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    return set_key(r, "", section, name, equals + 1, err);
}

ct_status ct_recipe_check(const ct_recipe *r, ct_error *err)
{
    if (ct_loss_find(r->loss.name) == NULL) {
        int n;
        const ct_loss *all = ct_loss_all(&n);
        const char *near = ct_nearest_name(r->loss.name, &all->name, n, sizeof *all);
        return CT_FAIL(err, CT_ERR_CONFIG, "loss.name = %s: there is no such loss; %s%s",
                       r->loss.name,
                       near != NULL ? "did you mean " : "`contrast help losses` lists them",
                       near != NULL ? near : "");
    }
    const ct_widths *a = &r->tower[0].layers, *b = &r->tower[1].layers;
    if (a->width[a->n - 1] != b->width[b->n - 1])
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "image.layers ends in %d, text.layers in %d: expected one embedding width",
                       a->width[a->n - 1], b->width[b->n - 1]);
    for (int i = 0; i < 2; i++)
        if (r->tower[i].ngram_min > r->tower[i].ngram_max)
            return CT_FAIL(err, CT_ERR_CONFIG, "%s.ngram_min = %d is above ngram_max = %d",
                           i == 0 ? "image" : "text", r->tower[i].ngram_min, r->tower[i].ngram_max);
    if (r->loss.learn_temperature && (r->loss.temperature < 0.01 || r->loss.temperature > 1))
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "loss.temperature = %g: expected 0.01 to 1 where it is learned",
                       r->loss.temperature);
    if (r->loss.queue > 0 && !ct_loss_find(r->loss.name)->uses_queue)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "loss.queue = %d: %s has none; question, infonce, clip and dcl have",
                       r->loss.queue, r->loss.name);
    if (r->loss.queue % r->train.batch != 0)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "loss.queue = %d: expected a multiple of train.batch = %d", r->loss.queue,
                       r->train.batch);
    if (r->loss.queue > 0 && r->loss.options.mask_groups)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "loss.queue = %d: not with loss.mask_groups, which does not reach it",
                       r->loss.queue);
    if (r->train.chunk % 4 != 0)
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "train.chunk = %d: expected a multiple of 4, or 0 for the whole batch",
                       r->train.chunk);
    return CT_OK;
}

ct_loss_setting ct_recipe_setting(const ct_recipe *r)
{
    const ct_widths *w = &r->tower[0].layers;
    return (
        ct_loss_setting){.n = r->train.batch + r->loss.queue, /* what an anchor is compared with */
                         .d = w->width[w->n - 1],
                         .temperature = r->loss.temperature,
                         .bias = r->loss.bias != 0 ? r->loss.bias : ct_loss_bias(r->train.batch),
                         .options = &r->loss.options};
}

/* ---- writing ---- */

static void print_value(const ct_recipe *r, const key *k, char *out, size_t size)
{
    const void *at = (const char *)r + k->offset;
    switch (k->kind) {
    case INT: snprintf(out, size, "%d", *(const int *)at); break;
    case LONG: snprintf(out, size, "%ld", *(const long *)at); break;
    case REAL: {
        char number[CT_NUMBER_BYTES];
        ct_number_put(number, *(const double *)at, false);
        snprintf(out, size, "%s", number);
        break;
    }
    case BOOL: snprintf(out, size, "%s", *(const bool *)at ? "true" : "false"); break;
    case TEXT: snprintf(out, size, "%s", (const char *)at); break;
    case CHOICE: {
        const char *c = k->choices;
        for (int i = *(const int *)at; i > 0; i--)
            c += strcspn(c, " ") + 1;
        snprintf(out, size, "%.*s", (int)strcspn(c, " "), c);
        break;
    }
    case WIDTHS: {
        const ct_widths *w = at;
        size_t used = 0;
        out[0] = '\0';
        for (int i = 0; i < w->n && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, i == 0 ? "%d" : ",%d", w->width[i]);
        break;
    }
    }
}

size_t ct_recipe_write(const ct_recipe *r, bool help, char *out, size_t size)
{
    size_t used = 0;
    for (int i = 0; i < N_KEYS; i++) {
        char value[CT_RECIPE_TEXT];
        size_t room = used < size ? size - used : 0;
        print_value(r, &KEYS[i], value, sizeof value);
        bool opens = i == 0 || strcmp(KEYS[i].section, KEYS[i - 1].section) != 0;
        if (opens) {
            used += (size_t)snprintf(out + (room > 0 ? used : 0), room, "%s[%s]\n",
                                     i == 0 ? "" : "\n", KEYS[i].section);
            room = used < size ? size - used : 0;
        }
        used += (size_t)snprintf(out + (room > 0 ? used : 0), room,
                                 help ? "%-17s = %-14s # %s%s%s\n" : "%s = %s\n", KEYS[i].name,
                                 value, KEYS[i].help, KEYS[i].choices != NULL ? ": " : "",
                                 KEYS[i].choices != NULL ? KEYS[i].choices : "");
    }
    return used;
}
