/* recipe.c -- the keys of a recipe as rows, their defaults, and what must hold between them.
 *
 * Reading, overriding and writing go by the rows (formats/field); no key is named elsewhere. */
#include "train/recipe.h"

#include "contrast/datasets.h"
#include "formats/array.h"
#include "formats/lines.h"
#include "formats/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

/* ---- the keys ---- */

/* A row for member `at` of OF, the struct that a table is about; the key is mostly its name. In the
 * sections that somebody's words are for (see user_of), help that begins with such words and a
 * colon says who looks at it: those alone; with "not" before the words: all others. */
#define RANGE(kind_, key_, at, low, high, text)                                        \
    {                                                                                  \
        .key = (key_), .kind = (kind_), CT_AT(OF, at), .least = (low), .most = (high), \
        .help = (text)                                                                 \
    }
#define WORDS(kind_, words, key_, at, text)                                               \
    {                                                                                     \
        .key = (key_), .kind = (kind_), CT_AT(OF, at), .choices = (words), .help = (text) \
    }
#define SECTION(name, at, rows)                                \
    {                                                          \
        .key = (name), .kind = CT_GROUP, CT_AT(ct_recipe, at), \
        .members = &(const ct_fields)CT_FIELDS(rows)           \
    }
#define WHOLE(...)         RANGE(CT_INT, __VA_ARGS__)
#define LARGE(...)         RANGE(CT_LONG, __VA_ARGS__)
#define REAL(...)          RANGE(CT_REAL, __VA_ARGS__)
#define TRUTH(...)         WORDS(CT_BOOL, NULL, __VA_ARGS__)
#define TEXT(...)          WORDS(CT_TEXT, NULL, __VA_ARGS__)
#define CHOICE(words, ...) WORDS(CT_CHOICE, words, __VA_ARGS__)

/* A row stores a choice as an int; the structs that others declare have enums. */
_Static_assert(sizeof(ct_activation) == sizeof(int) && sizeof(ct_init) == sizeof(int) &&
                   sizeof(ct_optim_kind) == sizeof(int) && sizeof(ct_schedule_kind) == sizeof(int),
               "an enum is as wide as an int");

#define OF ct_data_recipe
static const ct_field DATA[] = {
    CHOICE("shapes latent fashion-mnist pairs", "kind", kind, "where the pairs come from"),
    LARGE("seed", seed, 0, 1e15, "shapes, latent, fashion-mnist, shares: of what is drawn"),
    TEXT("image", image, "pairs: .npy, IDX, text, or .tsv of (picture, caption)"),
    TEXT("text", text, "pairs: the other side: .npy, IDX, or one caption per line"),
    TEXT("groups", groups, "pairs: .npy of integers; equal means the same"),
    TEXT("split", split, "pairs: one line per pair: train, validation or test"),
    REAL("validation", options.validation, 0, 0.99, "shares: of pairs, where split is not set"),
    REAL("test", options.test, 0, 0.99, "shares: of pairs, where split is not set"),
    WHOLE("resize", options.resize, 0, 1024,
          "pictures: to so many pixels each way; 0: as they are"),
    WHOLE("n_train", options.n_train, 1, 1e8, "shapes, latent: training pairs"),
    WHOLE("n_validation", options.n_validation, 1, 1e7, "not pairs: validation pairs"),
    WHOLE("n_test", options.n_test, 1, 1e7, "shapes, latent: test pairs"),
    WHOLE("n_composition", options.n_composition, 1, 1e7,
          "shapes: test pairs of unseen combinations"),
    WHOLE("size", options.size, 8, 64, "shapes: side of a picture in pixels"),
    REAL("noise", options.noise, 0, 128, "shapes: pixel noise, standard deviation of 255"),
    REAL("repeats", options.repeats, 0, 1, "shapes: share of training pairs that repeat a caption"),
    TRUTH("first_object", options.first_object, "shapes: captions describe the first object only"),
    WHOLE("dim", options.dim, 1, 1024, "latent: columns of each side"),
    WHOLE("shared", options.shared, 1, 1024, "latent: shared coordinates"),
    REAL("rho", options.rho, -0.9999, 0.9999, "latent: correlation of a shared coordinate"),
    TEXT("dir", dir, "fashion-mnist: folder of the four IDX files"),
};
#undef OF

#define ACTIVATIONS "none relu gelu tanh sigmoid"

#define OF ct_tower_recipe
static const ct_field TOWER[] = {
    {.key = "layers",
     .kind = CT_INT,
     CT_LIST(OF, model.mlp.widths, model.mlp.n_layers),
     .least = 1,
     .most = 65536,
     .help = "outputs of each layer; the last is d"},
    CHOICE(ACTIVATIONS, "activation", model.mlp.activation, "after each layer but the last"),
    CHOICE(ACTIVATIONS, "last_activation", model.mlp.last_activation, "after the last layer"),
    CHOICE("zero he glorot lecun cone normal", "init", model.mlp.init,
           "distribution of the first weights"),
    REAL("dropout", model.mlp.dropout, 0, 0.95, "share of units dropped in training"),
    WHOLE("buckets", text.buckets, 16, 1 << 24, "captions: rows of the embedding table"),
    WHOLE("bag_dim", model.bag_dim, 1, 65536, "captions: columns of the embedding table"),
    TRUTH("words", text.words, "captions: hash words"),
    TRUTH("word_pairs", text.word_pairs, "captions: hash neighbouring words"),
    WHOLE("ngram_min", text.ngram_min, 0, CT_NGRAM_MAX,
          "captions: shortest character n-gram; 0: none"),
    WHOLE("ngram_max", text.ngram_max, 0, CT_NGRAM_MAX, "captions: longest character n-gram"),
};
#undef OF

#define OF ct_loss_recipe
static const ct_field LOSS[] = {
    TEXT("name", name, "one of those that `contrast help losses` lists"),
    REAL("temperature", temperature, 1e-3, 1e3, "tau, if there is one; the start if learned"),
    TRUTH("learn_temperature", learn_temperature, "1/tau is a parameter in [1, 100]"),
    REAL("bias", bias, -100, 100, "siglip: first value; 0: -ln(batch - 1)"),
    WHOLE("queue", queue, 0, 1 << 24, "question, infonce, clip, dcl: past pairs as negatives too"),
    TRUTH("dot", options.dot, "not npair, barlow, vicreg: products, no cosines"),
    TRUTH("mask_groups", options.mask_groups,
          "not barlow, vicreg, positives: pairs of equal group (caption, class) are no negatives"),
    TRUTH("in_modal", options.in_modal, "dcl: negatives from both sides"),
    REAL("penalty", options.penalty, 0, 1e6, "npair: on squared lengths"),
    REAL("margin", options.margin, 0, 100, "triplet: of the squared distances"),
    CHOICE("all semi-hard hardest", "mining", options.mining, "triplet: which negatives"),
    REAL("beta", options.beta, 0, 100, "hard-negative: how much harder ones weigh"),
    REAL("tau_plus", options.tau_plus, 0, 0.99, "hard-negative: share of false negatives"),
    REAL("align_power", options.align_power, 0.1, 10, "align-uniform: of the distances of pairs"),
    REAL("uniform_t", options.uniform_t, 0.01, 100, "align-uniform: of squared distances"),
    REAL("uniform", options.uniform, 0, 1e6, "align-uniform: weight of uniformity"),
    REAL("mu", options.mu, 1e-3, 1e3, "spectral: squared length of the embeddings"),
    REAL("lambda", options.lambda, 0, 1e6, "barlow: weight of correlations between columns"),
    REAL("invariance", options.invariance, 0, 1e6, "vicreg: weight of the distance of pairs"),
    REAL("variance", options.variance, 0, 1e6, "vicreg: weight of columns that vary too little"),
    REAL("covariance", options.covariance, 0, 1e6, "vicreg: weight of covariances between columns"),
};
#undef OF

#define OF ct_optim_recipe
static const ct_field OPTIM[] = {
    CHOICE("sgd adamw", "name", config.kind, "rule of the update"),
    REAL("rate", schedule.rate, 0, 1e12, "learning rate (its peak)"),
    REAL("momentum", config.momentum, 0, 0.9999, "sgd: share of the last update that stays"),
    REAL("beta1", config.beta1, 0, 0.9999, "adamw: mean of gradients"),
    REAL("beta2", config.beta2, 0, 0.999999, "adamw: mean of squared gradients"),
    REAL("eps", config.eps, 1e-12, 1, "adamw: added to the divisor"),
    REAL("weight_decay", config.weight_decay, 0, 10, "none on biases and temperature"),
    REAL("clip", clip, 0, 1e9, "largest gradient norm, or 0 for no limit"),
    CHOICE("constant cosine", "schedule", schedule.kind, "of the rate after warm-up"),
    LARGE("warmup", schedule.warmup, 0, 1e8, "steps of linear rise"),
};
#undef OF

#define OF ct_train_recipe
static const ct_field TRAIN[] = {
    WHOLE("batch", batch, 1, 1 << 20, "pairs per step: N, at most all; each has N - 1 negatives"),
    WHOLE("chunk", chunk, 0, 1 << 20, "pairs in the towers at once, a multiple of 4; 0: the batch"),
    TRUTH("no_duplicates", no_duplicates, "no caption, or group, twice in a batch"),
    WHOLE("steps", steps, 1, 1e9, "updates"),
    LARGE("seed", seed, 0, 1e15, "of weights, order and dropout"),
    WHOLE("checkpoint_every", checkpoint_every, 0, 1e9,
          "steps between checkpoints; 0: evaluations, end"),
    TRUTH("keep_best", keep_best, "keep the checkpoint of the best validation recall@1"),
};
#undef OF

#define OF ct_monitor_recipe
static const ct_field MONITOR[] = {
    WHOLE("log_every", log_every, 1, 1e9, "steps between lines of log.jsonl"),
    WHOLE("evaluate_every", evaluate_every, 0, 1e9, "steps between evaluations; 0: end"),
    WHOLE("pairs", pairs, 2, 1e6, "validation pairs of an evaluation, at most"),
    TRUTH("stop_on_collapse", stop_on_collapse, "end when an evaluation finds a collapse"),
    WHOLE("snapshots", snapshots, 0, 1000, "of a few pairs, for pictures; 0: none"),
};
#undef OF

static const ct_field SECTIONS[] = {
    SECTION("data", data, DATA),          SECTION("image", tower[0], TOWER),
    SECTION("text", tower[1], TOWER),     SECTION("loss", loss, LOSS),
    SECTION("optim", optim, OPTIM),       SECTION("train", train, TRAIN),
    SECTION("monitor", monitor, MONITOR),
};
const ct_fields ct_recipe_fields = CT_FIELDS(SECTIONS);
enum { IN_DATA, IN_IMAGE, IN_TEXT, IN_LOSS, IN_OPTIM, N_LOOKED_AT }; /* the first sections */

ct_recipe ct_recipe_defaults(void)
{
    const ct_tower_recipe tower = {
        .model = {.mlp = {.n_layers = 2,
                          .widths = {256, 64},
                          .activation = CT_ACT_RELU,
                          .last_activation = CT_ACT_NONE,
                          .init = CT_INIT_HE},
                  .bag_dim = 64},
        .text =
            {.buckets = 4096, .words = true, .word_pairs = true, .ngram_min = 3, .ngram_max = 4},
    };
    return (ct_recipe){
        .data = {.kind = CT_DATA_SHAPES,
                 .seed = 1,
                 .options = ct_data_defaults(),
                 .dir = "datasets/fashion-mnist"},
        .tower = {tower, tower},
        .loss = {.name = "clip", .temperature = 0.07, .options = ct_loss_defaults()},
        .optim = {.config = ct_optim_defaults(CT_ADAMW),
                  .schedule = {.kind = CT_CONSTANT, .rate = 1e-3}},
        .train = {.batch = 128, .steps = 1000, .seed = 1, .keep_best = true},
        .monitor = {.log_every = 10, .pairs = 1000, .snapshots = 30},
    };
}

/* ---- those that come with the program ---- */

static const struct {
    const char *name, *text;
} BUILTIN[] = {
#include "train/recipes.h"
};
#define N_BUILTIN (int)(sizeof BUILTIN / sizeof *BUILTIN)

const char *ct_recipe_builtin(const char *name)
{
    for (int i = 0; i < N_BUILTIN; i++)
        if (strcmp(name, BUILTIN[i].name) == 0)
            return BUILTIN[i].text;
    return NULL;
}

const char *ct_recipe_builtin_name(int index)
{
    return index >= 0 && index < N_BUILTIN ? BUILTIN[index].name : NULL;
}

/* ---- reading ---- */

char *ct_recipe_path(ct_data_recipe *d, int i, const char **key)
{
    static const char *const KEY[CT_RECIPE_PATHS] = {"image", "text", "groups", "split", "dir"};
    char *const path[CT_RECIPE_PATHS] = {d->image, d->text, d->groups, d->split, d->dir};
    *key = KEY[i];
    return d->kind == (i < 4 ? CT_DATA_PAIRS : CT_DATA_FASHION_MNIST) && *path[i] != '\0' ? path[i]
                                                                                          : NULL;
}

/* With `before`: paths of r that changed since then came with the file `name`; they become paths as
 * the working directory sees them. Without it: all become paths as the folder of `name` sees them.
 */
static void move_paths(ct_recipe *r, const ct_recipe *before, const char *name, ct_error *err)
{
    char folder[CT_PATH_BYTES], joined[CT_PATH_BYTES], moved[CT_PATH_BYTES];
    const char *slash = strncmp(name, "/dev/", 5) == 0 ? NULL : strrchr(name, '/'), *key;
    snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - name) + 1 : 0, name);
    for (int i = 0; i < CT_RECIPE_PATHS; i++) {
        char *path = ct_recipe_path(&r->data, i, &key);
        if (path == NULL || *path == '/' ||
            (before != NULL && strcmp(path, (const char *)before + (path - (char *)r)) == 0))
            continue;
        ct_folder_path(joined, folder, path, err);
        ct_path_to(moved, before != NULL ? "." : folder, before != NULL ? joined : path, err);
        if (before != NULL && ct_file_stamp(joined) == 0 && ct_file_stamp(path) != 0)
            continue; /* so older versions of the program looked for it */
        if (strlen(moved) >= CT_RECIPE_TEXT)
            CT_FAIL(err, CT_ERR_CONFIG, "%s: data.%s = %s: too long", name, key, moved);
        if (err->status != CT_OK)
            return;
        strcpy(path, moved);
    }
}

void ct_recipe_text(const ct_recipe *r, const char *name, char out[CT_RECIPE_BYTES], ct_error *err)
{
    ct_recipe copy = *r;
    move_paths(&copy, NULL, name, err);
    const size_t size = ct_fields_ini(&ct_recipe_fields, &copy, false, out, CT_RECIPE_BYTES);
    CT_ASSERT(size < CT_RECIPE_BYTES);
}

ct_status ct_recipe_read(ct_recipe *r, const char *name, const char *text, ct_error *err)
{
    ct_arena arena;
    const ct_recipe before = *r;
    ct_arena_open(&arena, name, 0, err);
    size_t size = text != NULL ? strlen(text) : 0;
    char *copy = text != NULL ? ct_arena_strdup(&arena, text)
                              : NULL; /* the reader writes into it */
    if (text == NULL)
        ct_file_read(name, CT_INI_BYTES, &arena, &copy, &size, err);
    ct_ini_parse(name, copy, size, &arena, &ct_recipe_fields, r, err);
    move_paths(r, &before, name, err);
    ct_arena_free(&arena);
    return err->status;
}

ct_status ct_recipe_override(ct_recipe *r, const char *setting, ct_error *err)
{
    const size_t length = strcspn(setting, "=");
    char key[128];
    if (setting[length] != '=' || length >= sizeof key || memchr(setting, '.', length) == NULL)
        return CT_FAIL(err, CT_ERR_CONFIG, "%s: expected section.key=value, e.g. train.seed=2",
                       setting);
    snprintf(key, sizeof key, "%.*s", (int)length, setting);
    return ct_fields_set(&ct_recipe_fields, r, key, setting + length + 1, "", err);
}

/* ---- what a run looks at ---- */

/* A file alone is a table of pictures and captions. Of one that cannot be read, who reads it says
 * why. */
static bool are_captions(const ct_data_recipe *d, int side)
{
    if (d->kind != CT_DATA_PAIRS || *d->text == '\0')
        return side == 1 && d->kind != CT_DATA_LATENT;
    return !ct_array_begins(side == 0 ? d->image : d->text, CT_IGNORE_ERROR);
}

/* Who looks at the keys of a section: the kind of data, what a tower reads, the loss, the rule. */
static void user_of(const ct_recipe *r, int section, char word[CT_RECIPE_TEXT])
{
    const ct_field *s = &SECTIONS[section];
    if (section == IN_IMAGE || section == IN_TEXT)
        strcpy(word, are_captions(&r->data, section - IN_IMAGE) ? "captions" : "numbers");
    else if (section == IN_LOSS) /* "CLIP" is clip too */
        strcpy(word, ct_loss_find(r->loss.name)->name);
    else
        ct_field_show(s->members->row, (const char *)r + s->offset, word, CT_RECIPE_TEXT);
}

/* Is that word before the colon of a help? */
static bool names(const char *help, const char *word)
{
    const char *const at = strstr(help, word);
    return at != NULL && at < strchr(help, ':');
}

/* A temperature is of losses that have one; of the rest the help says who looks at it. A loss that
 * there is not is refused by its name. */
static bool uses(const ct_recipe *r, int section, const ct_field *f)
{
    const ct_loss *loss = ct_loss_find(r->loss.name);
    const bool pairs = section == IN_DATA && r->data.kind == CT_DATA_PAIRS;
    char user[CT_RECIPE_TEXT];
    if (section == N_LOOKED_AT || loss == NULL)
        return true;
    if (section == IN_LOSS && strstr(f->key, "temperature") != NULL)
        return loss->learns_scale;
    if (f->help == NULL || strchr(f->help, ':') == NULL) /* a section has no help */
        return true;
    user_of(r, section, user);
    const bool is_named = names(f->help, user) ||
                          (pairs && *r->data.split == '\0' && names(f->help, "shares")) ||
                          (pairs && *r->data.text == '\0' && names(f->help, "pictures"));
    return is_named != (strncmp(f->help, "not ", 4) == 0);
}

/* The row of "section.key" or "section.key=value", and which section that is. */
static const ct_field *find(const ct_recipe *r, const char *setting, int *section)
{
    const void *object = r;
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(setting, "="), setting);
    const ct_field *f = ct_fields_find(&ct_recipe_fields, key, &object);
    *section = 0;
    while (*section < N_LOOKED_AT && object != (const char *)r + SECTIONS[*section].offset)
        ++*section;
    return f;
}

bool ct_recipe_uses(const ct_recipe *r, const char *setting)
{
    int section;
    const ct_field *f = find(r, setting, &section);
    return f == NULL || uses(r, section, f);
}

ct_status ct_recipe_expect_used(const ct_recipe *r, const char *place, const char *setting,
                                ct_error *err)
{
    char has[512] = "", user[CT_RECIPE_TEXT];
    int s;
    const ct_field *f = find(r, setting, &s), *row = SECTIONS[s].members->row;
    if (f == NULL || uses(r, s, f))
        return err->status;
    for (size_t i = 1, used = 0; i < (size_t)SECTIONS[s].members->n; i++)
        if (uses(r, s, &row[i]))
            used += (size_t)snprintf(has + used, sizeof has - used, " %s", row[i].key);
    user_of(r, s, user);
    return CT_FAIL(err, CT_ERR_CONFIG, "%s%s: no effect with %s; what has one:%s", place, setting,
                   user, has);
}

/* What has no effect gets its default; with `place`, another value is refused. */
static void settle(ct_recipe *r, const char *place, ct_error *err)
{
    const ct_recipe usual = ct_recipe_defaults();
    char key[64];
    for (int s = 0; s < N_LOOKED_AT; s++)
        for (int i = 1; i < SECTIONS[s].members->n; i++) {
            const ct_field *f = &SECTIONS[s].members->row[i];
            const size_t at = SECTIONS[s].offset + f->offset;
            const void *wanted = (const char *)&usual + at;
            if (memcmp((char *)r + at, wanted, f->size) == 0 || uses(r, s, f))
                continue;
            snprintf(key, sizeof key, "%s.%s", SECTIONS[s].key, f->key);
            if (place != NULL)
                ct_recipe_expect_used(r, place, key, err);
            memcpy((char *)r + at, wanted, f->size);
        }
}

ct_status ct_recipe_load(ct_recipe *r, const char *name, ct_error *err)
{
    char place[CT_RECIPE_TEXT];
    const bool is_file = ct_file_exists(name);
    const char *text = is_file ? NULL : ct_recipe_builtin(name);
    const char *near = ct_name_nearest(name, &BUILTIN->name, N_BUILTIN, sizeof *BUILTIN);
    snprintf(place, sizeof place, "%s: ", name);
    if (!is_file && text == NULL && near != NULL)
        CT_FAIL(err, CT_ERR_IO, "%s: no such recipe or file; did you mean \"%s\"?", name, near);
    else if (!is_file && text == NULL && strpbrk(name, "/.") == NULL)
        CT_FAIL(err, CT_ERR_IO, "%s: neither a file nor a built-in recipe (contrast help recipes)",
                name);
    ct_recipe_read(r, name, text, err);
    settle(r, place, err);
    return err->status;
}

/* ---- what must hold between values ---- */

static void check_loss(const ct_recipe *r, ct_error *err)
{
    const char *name = r->loss.name;
    const ct_loss *loss = ct_loss_find(name);
    const int queue = r->loss.queue;
    if (loss == NULL) {
        int n;
        const ct_loss *all = ct_loss_all(&n);
        const char *near = ct_name_nearest(name, &all->name, n, sizeof *all);
        if (near != NULL)
            CT_FAIL(err, CT_ERR_CONFIG,
                    "loss.name = %s: there is no such loss; did you mean \"%s\"?", name, near);
        CT_FAIL(err, CT_ERR_CONFIG,
                "loss.name = %s: there is no such loss; `contrast help losses` lists them", name);
        return;
    }
    if (r->loss.learn_temperature && (r->loss.temperature < 0.01 || r->loss.temperature > 1))
        CT_FAIL(err, CT_ERR_CONFIG, "loss.temperature = %g: expected 0.01 to 1 where it is learned",
                r->loss.temperature);
    if (queue % r->train.batch != 0)
        CT_FAIL(err, CT_ERR_CONFIG, "loss.queue = %d: expected a multiple of train.batch = %d",
                queue, r->train.batch);
    if (queue > 0 && r->loss.options.mask_groups)
        CT_FAIL(err, CT_ERR_CONFIG,
                "loss.queue = %d: not with loss.mask_groups, which does not reach it", queue);
}

int ct_recipe_width(const ct_recipe *r, int side)
{
    const ct_mlp_config *mlp = &r->tower[side].model.mlp;
    return mlp->widths[mlp->n_layers - 1];
}

ct_status ct_recipe_check(ct_recipe *r, ct_error *err)
{
    settle(r, NULL, err);
    const int image = ct_recipe_width(r, 0), text = ct_recipe_width(r, 1);
    check_loss(r, err);
    if (image != text)
        CT_FAIL(err, CT_ERR_CONFIG,
                "image.layers ends in %d, text.layers in %d: expected one embedding width", image,
                text);
    for (int i = 0; i < 2; i++) {
        const ct_text_config *c = &r->tower[i].text;
        if (c->ngram_min > c->ngram_max)
            CT_FAIL(err, CT_ERR_CONFIG, "%s.ngram_min = %d is above ngram_max = %d",
                    ct_recipe_fields.row[1 + i].key, c->ngram_min, c->ngram_max);
    }
    if (r->train.chunk % 4 != 0)
        CT_FAIL(err, CT_ERR_CONFIG,
                "train.chunk = %d: expected a multiple of 4, or 0 for the whole batch",
                r->train.chunk);
    return err->status;
}

/* ---- the data ---- */

ct_pairs *ct_recipe_data(const ct_recipe *r, ct_error *err)
{
    static ct_pairs *(*const MAKE[])(const ct_data_options *, ct_error *) = {
        [CT_DATA_SHAPES] = ct_shapes,
        [CT_DATA_LATENT] = ct_latent,
        [CT_DATA_FASHION_MNIST] = ct_fashion_mnist,
        [CT_DATA_PAIRS] = ct_pairs_from_files,
    };
    ct_data_options o = r->data.options;
    o.seed = (uint64_t)r->data.seed;
    o.dir = r->data.dir;
    o.image = r->data.image;
    o.text = r->data.text;
    o.groups = r->data.groups;
    o.split = r->data.split;
    return MAKE[r->data.kind](&o, err);
}
