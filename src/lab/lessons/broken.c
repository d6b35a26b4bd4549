/* broken.c -- mistakes made on purpose, each with the number that gives it away.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/ops.h"
#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/memory.h"
#include "train/autopsy.h"

#include <math.h>

#define SETTINGS "data.n_train=2048 data.n_test=300 train.batch=64 train.steps=300"

/* InfoNCE whose softmax runs down the columns of S: for pairs, that of the other direction. */
static ct_tensor *over_columns(ct_graph *g, ct_tensor *a, ct_tensor *b, const ct_loss_inputs *in)
{
    return ct_loss_infonce(g, b, a, in);
}

typedef enum mistake {
    NONE,
    SHUFFLED,
    ONE_DIRECTION,
    COLUMNS,
    N_MISTAKES
} mistake; /* ONE_DIRECTION is the control of COLUMNS */

/* Train shapes; SHUFFLED: every text belongs to another picture. */
static ct_status train(ct_lesson_run *run, mistake made, uint64_t seed, ct_autopsy *a, double *loss,
                       ct_error *err)
{
    ct_recipe recipe = ct_recipe_defaults();
    ct_trainer t;
    ct_step step = {0};
    ct_status status = ct_recipe_load(&recipe, "shapes", err);
    if (status == CT_OK)
        status = ct_variant_apply(&recipe,
                                  made >= ONE_DIRECTION ? SETTINGS " loss.name=infonce" : SETTINGS,
                                  err);
    recipe.train.seed = (long)seed;
    ct_pairs *pairs = status == CT_OK ? ct_recipe_data(&recipe, err) : NULL;
    if (pairs == NULL)
        return err->status;
    ct_random r = ct_random_make(seed, CT_STREAM_PROBE, 2);
    for (int split = 0; split < CT_N_SPLITS && made == SHUFFLED; split++)
        if (pairs->count[split] > 0) { /* within its split, as a careless join does */
            int *text_of = (int *)pairs->side[1].text_of;
            for (int i = pairs->count[split] - 1; i > 0; i--) {
                const int p = pairs->index[split][i],
                          q = pairs->index[split][ct_random_below(&r, (uint32_t)i + 1)],
                          was = text_of[p];
                text_of[p] = text_of[q];
                text_of[q] = was;
            }
        }
    status = ct_trainer_init(&t, &recipe, pairs, run->device, err);
    ct_loss columns = *ct_loss_find("infonce");
    columns.apply = over_columns;
    if (made == COLUMNS)
        t.loss = &columns;
    for (*loss = 0; status == CT_OK && t.step < recipe.train.steps;) {
        status = ct_trainer_step(&t, &step, err);
        *loss = step.loss;
    }
    if (status == CT_OK)
        status = ct_autopsy_run(&t, CT_TEST, 0, a, err);
    ct_trainer_free(&t);
    ct_pairs_free(pairs);
    return status;
}

/* The softmax of aligned pairs over the wrong thing: over all cells at once, and of what is a
 * softmax already. */
static void wrong_softmax(ct_lesson_run *run, ct_graph *g, const ct_real *x, int n, int d)
{
    double cells = 0, twice = 0;
    ct_graph_reset(g);
    ct_tensor *u = ct_normalize_rows(g, ct_constant(g, n, d, x), CT_NORM_EPS);
    ct_tensor *z = ct_scale(g, ct_matmul_nt(g, u, u), (ct_real)(1 / 0.07)),
              *p = ct_softmax_rows(g, z);
    for (int i = 0; p != NULL && i < n; i++) {
        double again = 0;
        for (int j = 0; j < n; j++) {
            cells += ct_scalar_exp((double)z->x[i * n + j] -
                                   1 / 0.07); /* less the diagonal's, which are all the same */
            again += ct_scalar_exp((double)p->x[i * n + j]);
        }
        twice += (ct_scalar_log(again) - (double)p->x[i * n + i]) / n;
    }
    ct_lesson_exact(run, ct_scalar_log(cells), ct_scalar_log(n), 1e-2,
                    "aligned pairs, softmax over all cells: ln N instead of 0");
    ct_lesson_exact(run, twice, ct_scalar_log(ct_scalar_exp(1) + n - 1) - 1, 1e-2,
                    "... softmax of a softmax: ln(e + N - 1) - 1; ln N is 3.466");
}

/* Columns for rows: nothing to see where S is symmetric. Where all of b is equal, no row can tell
 * its own, ln N; a column of unequal rows is worse than that. */
static void wrong_axis(ct_lesson_run *run, ct_graph *g, const ct_real *x, int n, int d,
                       const ct_real *log_scale)
{
    static const int row[64] = {0}; /* every bag holds row 0 */
    int offset[64];
    double loss[2][2]; /* pairs aligned, b all equal; over rows, over columns */
    CT_ASSERT(n < 64);
    for (int i = 0; i <= n; i++)
        offset[i] = i;
    for (int equal = 0; equal < 2; equal++)
        for (int columns = 0; columns < 2; columns++) {
            ct_graph_reset(g);
            const ct_loss_inputs in = {.log_scale = ct_constant(g, 1, 1, log_scale)};
            ct_tensor *a = ct_constant(g, n, d, x),
                      *b = equal ? ct_embedding_bag(g, a, n, offset, row) : a;
            const ct_tensor *l = columns ? over_columns(g, a, b, &in)
                                         : ct_loss_infonce(g, a, b, &in);
            loss[equal][columns] = l != NULL ? (double)l->x[0] : (double)NAN;
        }
    ct_lesson_exact(run, loss[0][1] - loss[0][0], 0, 1e-6,
                    "aligned pairs, softmax over columns for rows: change of the loss");
    ct_lesson_exact(run, loss[1][0], ct_scalar_log(n), 1e-5, "all texts equal, over rows: ln N");
    ct_lesson_show(run, &loss[1][1], 1, "... over columns: above ln N");
}

/* Loss of n aligned pairs, equal rows or not, under several mistakes. */
static void mistakes(ct_lesson_run *run)
{
    enum { N = 32, D = 64 };
    ct_graph g;
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 3);
    ct_real x[N * D], scale[2] = {(ct_real)ct_scalar_log(1 / 0.07),
                                  (ct_real)ct_scalar_log(ct_scalar_log(1 / 0.07))};
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)ct_random_normal(&r);
    ct_graph_init(&g, run->device, 0);
    double value[2];
    for (int k = 0; k < 2; k++) {
        ct_graph_reset(&g);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &scale[k])};
        const ct_tensor *l = ct_loss_clip(&g, ct_constant(&g, N, D, x), ct_constant(&g, N, D, x),
                                          &in);
        value[k] = l != NULL ? (double)l->x[0] : (double)NAN;
    }
    ct_lesson_exact(run, value[0], 0, 1e-3, "aligned pairs, scale e^(ln 1/tau) = 14.3: loss");
    ct_lesson_exact(run, value[1],
                    ct_scalar_log1p((N - 1) * ct_scalar_exp(-ct_scalar_log(1 / 0.07))), 0.15,
                    "... not exponentiated, scale ln 14.3 = 2.66: its own floor instead of 0");
    wrong_softmax(run, &g, x, N, D);
    wrong_axis(run, &g, x, N, D, &scale[0]);
    ct_graph_reset(&g);
    const ct_loss_inputs one = {.log_scale = ct_constant(&g, 1, 1, &scale[0])};
    const ct_tensor *l = ct_loss_clip(&g, ct_constant(&g, 1, D, x), ct_constant(&g, 1, D, x + D),
                                      &one);
    ct_lesson_exact(run, l != NULL ? (double)l->x[0] : (double)NAN, 0, 0,
                    "a batch of 1, the pair anything: loss");
    ct_graph_free(&g);
}

/* All rows equal: recall with ties counted for and against the model. */
static ct_status ties(ct_lesson_run *run, ct_error *err)
{
    enum { N = 50, D = 8 };
    ct_real x[N * D];
    ct_recall recall;
    for (int i = 0; i < N * D; i++)
        x[i] = (ct_real)(1 + i % D);
    const ct_status status = ct_recall_measure(run->device, x, x, N, D, NULL, &recall, err);
    int first =
        0; /* the row's own number is among the best: what argmax-like code may call found */
    for (int i = 0; i < N; i++) {
        int better = 0;
        for (int j = 0; j < N; j++)
            better += x[j * D] > x[i * D];
        first += better == 0;
    }
    ct_lesson_exact(run, recall.at1, 0, 0, "all rows equal, ties against the model: recall@1");
    ct_lesson_exact(run, (double)first / N, 1, 0,
                    "... ties for the model: recall@1 of a total collapse");
    return status;
}

static ct_status measure(ct_lesson_run *run, ct_error *err)
{
    enum { SEEDS = 3 };
    double loss[N_MISTAKES][SEEDS], recall[N_MISTAKES][2][SEEDS], wrong = 0, healthy = 0;
    ct_autopsy *a = ct_alloc(1, sizeof *a);
    ct_status status = a != NULL ? ties(run, err)
                                 : CT_FAIL(err, CT_ERR_NOMEM, "broken: out of memory");
    if (status == CT_OK)
        mistakes(run);
    for (int k = 0; k < N_MISTAKES * SEEDS && status == CT_OK; k++) {
        const int made = k / SEEDS, seed = k % SEEDS;
        status = train(run, (mistake)made, (uint64_t)seed + 1, a, &loss[made][seed], err);
        for (int way = 0; way < 2; way++)
            recall[made][way][seed] = a->findings.recall[way].at1;
        wrong += made == SHUFFLED && a->diagnosis.state != CT_HEALTHY;
        healthy += made == NONE && a->diagnosis.state == CT_HEALTHY;
    }
    if (status == CT_OK) {
        ct_lesson_seeds(run, recall[NONE][0], SEEDS, 0.75, 0.25, "shapes: recall@1");
        ct_lesson_seeds(run, recall[SHUFFLED][0], SEEDS, 1 / 300.0, 0.02,
                        "shapes, captions shuffled: recall@1 (chance 0.003)");
        ct_lesson_exact(run, healthy, SEEDS, 0, "runs of 3 that diagnose calls healthy");
        ct_lesson_exact(run, wrong, SEEDS, 0,
                        "shuffled runs of 3 that diagnose calls anything else");
        ct_lesson_show(run, loss[SHUFFLED], SEEDS,
                       "shuffled: training loss (ln 64 = 4.159; below it by heart)");
        for (int way = 0; way < 2; way++) {
            ct_lesson_show(run, recall[ONE_DIRECTION][way], SEEDS,
                           "softmax over rows, trained: recall@1, %s",
                           way == 0 ? "image to text" : "text to image");
            ct_lesson_show(run, recall[COLUMNS][way], SEEDS, "... over columns");
        }
    }
    ct_free(a);
    return status;
}

const ct_lesson CT_LESSON_BROKEN = {
    .name = "broken",
    .title = "Mistakes on purpose, and the number that gives each away",
    .text = "Ties counted for the model give a collapsed one a recall of 1. A batch of 1 has no "
            "negatives: its loss is\n"
            "exactly 0 whatever the pair. A logit scale that is stored as a logarithm and used as "
            "it is leaves the\n"
            "temperature at 1/ln(1/tau): the floor tells. A softmax over all cells, or of what is "
            "a softmax already,\n"
            "ends near ln N however well the pairs match. A softmax over columns where rows were "
            "meant is, for pairs, the\n"
            "other direction's loss: training shows next to nothing of it, but where one side is "
            "all equal the loss is\n"
            "above ln N instead of at it. Captions joined to the wrong pictures make ln N the\n"
            "optimum for unseen pairs: no setting of the loss helps, and recall stays at chance.",
    .source = "closed forms, and the control without the mistake",
    .rule = "equal, or within the tolerance shown; trained ones over 3 seeds",
    .command = "contrast check RECIPE",
    .measure = measure,
};
