/* shapes.c -- the `shapes` data set: which scenes there are and who gets them.
 *
 * Pictures are drawn by shapes_draw.c, captions written by shapes_captions.c. All
 * possible scenes are numbered; the numbers are shuffled once by the seed and cut
 * into pools, one a split, so that no scene of one split occurs in another. Item k
 * of a split depends on (seed, split, k) alone, not on how many were asked for. */
#include "contrast/datasets.h"

#include "contrast/random.h"
#include "shapes.h"

enum {
    N_KINDS = CT_SHAPES_KINDS, /* an object, up to size and place */
    N_ONE = N_KINDS * N_SIZES * N_PLACES,
    N_SCENES = N_ONE + N_KINDS * N_KINDS * N_DIRECTIONS
};

_Static_assert(CT_SHAPES_KINDS == N_SHAPES * N_COLOURS && N_ONE % N_KINDS == 0,
               "group mod this is what datasets.h says");

/* Scene number `id`; every id in [0, N_SCENES) is one. */
static scene scene_of(int id)
{
    scene s = {.n_objects = id < N_ONE ? 1 : 2};
    int rest = id < N_ONE ? id : id - N_ONE;
    for (int k = 0; k < s.n_objects; k++) {
        s.shape[k] = rest % N_SHAPES;
        s.colour[k] = rest / N_SHAPES % N_COLOURS;
        rest /= N_KINDS;
    }
    if (s.n_objects == 1) {
        s.size = rest % N_SIZES;
        s.place = rest / N_SIZES;
    } else {
        s.direction = rest;
    }
    return s;
}

/* Held out of training: one colour of each shape, one shape of each colour. */
static bool is_held_out(const scene *s)
{
    for (int k = 0; k < s->n_objects; k++)
        if (s->colour[k] == (3 * s->shape[k] + 2) % N_COLOURS)
            return true;
    return false;
}

/* Two objects of one shape are left out: "star above" would not say which star. */
static bool is_drawn(const scene *s)
{
    return s->n_objects == 1 || s->shape[0] != s->shape[1];
}

/* Scenes in random order. */
typedef struct pool {
    int *id, n;
} pool;

/* All drawn scenes of one kind, shuffled; id has room for N_SCENES. */
static pool gather_pool(int *id, int n_objects, bool held_out, uint64_t seed)
{
    pool q = {id, 0};
    ct_random r = ct_random_make(seed, CT_STREAM_SPLIT, (uint64_t)(2 * n_objects + held_out));
    for (int k = 0; k < N_SCENES; k++) {
        scene s = scene_of(k);
        if (s.n_objects == n_objects && is_drawn(&s) && is_held_out(&s) == held_out)
            q.id[q.n++] = k;
    }
    ct_random_shuffle(&r, q.id, q.n);
    return q;
}

typedef pool pools[CT_N_SPLITS][2]; /* [split][number of objects - 1] */

/* A quarter of the scenes is for testing, an eighth for validation, the rest for
 * training. One-object scenes, a quarter of the pictures, are the first to run out. */
static void cut_pools(ct_pairs *p, uint64_t seed, pools q, ct_error *err)
{
    int *id = ct_arena_zeroed(&p->arena, N_SCENES, sizeof *id);
    for (int k = 0; k < 2 && id != NULL; k++) {
        pool all = gather_pool(id, k + 1, false, seed);
        int n_test = all.n / 4, n_rest = n_test + all.n / 8;
        q[CT_TEST][k] = (pool){id, n_test};
        q[CT_VALIDATION][k] = (pool){id + n_test, n_rest - n_test};
        q[CT_TRAIN][k] = (pool){id + n_rest, all.n - n_rest};
        q[CT_COMPOSITION][k] = gather_pool(id + all.n, k + 1, true, seed);
        id += all.n + q[CT_COMPOSITION][k].n;
    }
    for (int s = CT_TRAIN + 1; s < CT_N_SPLITS && id != NULL; s++)
        if (p->count[s] > 4 * q[s][0].n)
            CT_FAIL(err, CT_ERR_CONFIG,
                    "shapes: %d items in the %s split; expected at most %d, all different",
                    p->count[s], ct_split_name((ct_split)s), 4 * q[s][0].n);
}

/* Every fourth picture shows one object. Training draws from its pool; the other
 * splits take each scene once, so that every item has one right answer. */
static int choose_scene(pools q, ct_split split, int k, ct_random *r)
{
    const pool *from = &q[split][k % 4 == 0 ? 0 : 1];
    if (split == CT_TRAIN)
        return from->id[ct_random_below(r, (uint32_t)from->n)];
    return from->id[k % 4 == 0 ? k / 4 : k - k / 4 - 1];
}

ct_data_options ct_data_defaults(void)
{
    /* clang-format off */
    return (ct_data_options){
        .n_train = 8192, .n_validation = 500, .n_test = 1000, .n_composition = 500,
        .size = 16, .noise = 8, .dim = 32, .shared = 8, .rho = 0.9,
        .dir = "datasets/fashion-mnist", .image = "", .text = "", .groups = "", .split = "",
        .validation = 0.1, .test = 0.1};
    /* clang-format on */
}

/* The row of its split whose scene and caption row k has: mostly its own. Nothing is drawn where
 * nothing repeats, so that rows of their own are those of the same seed without repeats. */
static int original(const ct_data_options *o, int split, int k, ct_random *r)
{
    const bool repeats = split == CT_TRAIN && k > 0 && o->repeats > 0;
    return repeats && ct_random_uniform(r) < o->repeats ? (int)ct_random_below(r, (uint32_t)k) : k;
}

static void fill(ct_pairs *p, const ct_data_options *o, ct_error *err)
{
    const size_t dim = (size_t)o->size * (size_t)o->size * 3;
    uint8_t *pixels = ct_arena_zeroed(&p->arena, (size_t)p->n, dim);
    int *group = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *group);
    int *id = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *id);
    const char **caption = ct_arena_zeroed(&p->arena, (size_t)p->n, sizeof *caption);
    pools q;
    cut_pools(p, o->seed, q, err);
    for (int split = 0, i = 0; split < CT_N_SPLITS; split++)
        for (int k = 0; k < p->count[split] && err->status == CT_OK; k++, i++) {
            const uint64_t item = (uint64_t)k * CT_N_SPLITS + (uint64_t)split;
            ct_random draw = ct_random_make(o->seed, CT_STREAM_DATA, item);
            ct_random word = ct_random_make(o->seed, CT_STREAM_CAPTION, item);
            char text[CAPTION_BYTES];
            id[i] = choose_scene(q, (ct_split)split, k, &draw);
            const scene own = scene_of(id[i]);
            ct_shapes_caption(&own, o->first_object, &word, text);
            const int from = i - k + original(o, split, k, &word);
            id[i] = id[from];
            caption[i] = from == i ? ct_arena_strdup(&p->arena, text) : caption[from];
            const scene s = scene_of(id[i]);
            ct_shapes_draw(&s, o->size, o->noise, &draw, pixels + (size_t)i * dim);
            group[i] = o->first_object ? id[i] % CT_SHAPES_KINDS : id[i];
        }
    p->group = group;
    p->side[0].u8 = pixels;
    p->side[0].dim = (int)dim;
    p->side[0].width = p->side[0].height = o->size;
    p->side[0].channels = 3;
    if (err->status == CT_OK)
        ct_pairs_set_captions(p, 1, caption, err);
}

ct_pairs *ct_shapes(const ct_data_options *o, ct_error *err)
{
    const int count[CT_N_SPLITS] = {o->n_train, o->n_validation, o->n_test, o->n_composition};
    if (o->size < 8 || o->size > 64)
        CT_FAIL(err, CT_ERR_CONFIG, "shapes: size is %d; expected 8 to 64 pixels", o->size);
    if (!(o->noise >= 0 && o->noise <= 128))
        CT_FAIL(err, CT_ERR_CONFIG, "shapes: noise is %g; expected 0 to 128", o->noise);
    if (!(o->repeats >= 0 && o->repeats <= 1))
        CT_FAIL(err, CT_ERR_CONFIG, "shapes: repeats is %g; expected 0 to 1", o->repeats);
    ct_pairs *p = ct_pairs_new("shapes", count, err);
    if (p != NULL)
        fill(p, o, err);
    return ct_pairs_finish(p, err);
}
