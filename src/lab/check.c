/* check.c -- see check.h.
 *
 * Layer: lab. Needs the clock. */
#include "lab/check.h"

#include "contrast/random.h"
#include "contrast/scalar.h"
#include "platform/clock.h"

#include <math.h>
#include <string.h>

#define LEARNED   0.9
#define SIGMAS    5
#define TOLERANCE 0.02 /* float losses: a difference of 1e-3 has three digits */
#define CHANGE    2e-3 /* of the loss, between the two ends of a difference   */

static int short_steps(const ct_recipe *r)
{
    return r->train.steps < CT_CHECK_STEPS ? r->train.steps : CT_CHECK_STEPS;
}

static ct_status train(ct_trainer *t, int steps, double *loss, ct_error *err)
{
    ct_step s = {0};
    ct_status status = CT_OK;
    for (int k = 0; k < steps && status == CT_OK; k++) {
        status = ct_trainer_step(t, &s, err);
        *loss = s.loss;
    }
    return status;
}

/* ---- one batch by heart ---- */

static ct_status learn_batch(const ct_recipe *r, const ct_pairs *pairs, ct_device *device,
                             ct_check *out, ct_error *err)
{
    ct_pairs few = *pairs; /* its training split is one batch */
    ct_recipe alone = *r; /* which would be its own negative in a queue, and may repeat a caption */
    ct_trainer t;
    few.count[CT_TRAIN] = r->train.batch;
    alone.loss.queue = 0;
    alone.train.no_duplicates = false;
    out->steps = short_steps(r);
    ct_status status = ct_trainer_init(&t, &alone, &few, device, err);
    if (status == CT_OK)
        status = train(&t, out->steps, &out->batch_loss, err);
    if (status == CT_OK) {
        const ct_loss_setting at = ct_trainer_setting(&t, r->train.batch);
        const ct_landmarks l = ct_landmarks_of(t.loss, &at, pairs->group != NULL ? t.group : NULL);
        const double from = l.all_equal > 0 ? l.all_equal
                                            : 1; /* 1: orthogonal pairs, no negatives */
        out->all_equal = l.all_equal;
        out->batch_floor = fmax(l.floor, l.duplicates);
        out->learns_batch = from - out->batch_loss >= LEARNED * (from - out->batch_floor);
    }
    ct_trainer_free(&t);
    return status;
}

/* ---- pairs against shuffled pairs ---- */

/* The second side in another order, within each split; everything else is shared.
 * Memory is the arena's. */
static bool shuffle_pairs(const ct_pairs *p, ct_arena *arena, ct_pairs *out)
{
    const ct_side *s = &p->side[1];
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 9);
    int *order = ct_arena_zeroed(arena, (size_t)p->n, sizeof *order);
    if (order == NULL)
        return false;
    for (int i = 0; i < p->n; i++)
        order[i] = i;
    for (int split = 0; split < CT_N_SPLITS; split++)
        for (int i = p->count[split] - 1; i > 0; i--) {
            const int a = p->index[split][i],
                      b = p->index[split][ct_random_below(&r, (uint32_t)i + 1)], was = order[a];
            order[a] = order[b];
            order[b] = was;
        }
    *out = *p;
    out->group = NULL; /* rows no longer mean what they meant */
    out->label = NULL;
    const size_t size = s->f32 != NULL  ? sizeof *s->f32
                        : s->u8 != NULL ? sizeof *s->u8
                                        : sizeof *s->text_of;
    const size_t row = size * (size_t)(s->text != NULL ? 1 : s->dim);
    const char *from = s->f32 != NULL  ? (const char *)s->f32
                       : s->u8 != NULL ? (const char *)s->u8
                                       : (const char *)s->text_of;
    char *to = ct_arena_zeroed(arena, (size_t)p->n, row);
    if (to == NULL)
        return false;
    for (int i = 0; i < p->n; i++)
        memcpy(to + (size_t)i * row, from + (size_t)order[i] * row, row);
    if (s->f32 != NULL)
        out->side[1].f32 = (const float *)(void *)to;
    else if (s->u8 != NULL)
        out->side[1].u8 = (const uint8_t *)to;
    else
        out->side[1].text_of = (const int *)(void *)to;
    return true;
}

static ct_status outcome(const ct_recipe *r, const ct_pairs *pairs, ct_device *device,
                         ct_autopsy *a, double *seconds, ct_error *err)
{
    ct_trainer t;
    double loss;
    ct_status status = ct_trainer_init(&t, r, pairs, device, err);
    const double began = ct_clock_s();
    if (status == CT_OK)
        status = train(&t, short_steps(r), &loss, err);
    *seconds = (ct_clock_s() - began) / short_steps(r);
    if (status == CT_OK)
        status = ct_autopsy_run(&t, CT_TEST, 1000, a, err);
    ct_trainer_free(&t);
    return status;
}

static ct_status compare_with_shuffled(const ct_recipe *r, const ct_pairs *pairs, ct_device *device,
                                       ct_arena *arena, ct_check *out, ct_error *err)
{
    ct_autopsy *a = ct_arena_zeroed(arena, 1, sizeof *a);
    ct_pairs shuffled;
    double seconds;
    if (a == NULL || !shuffle_pairs(pairs, arena, &shuffled))
        return CT_FAIL(err, CT_ERR_NOMEM, "check: no memory for shuffled pairs");
    ct_status status = outcome(r, pairs, device, a, &out->seconds_per_step, err);
    if (status != CT_OK)
        return status;
    out->ahead = (a->findings.ahead[0] + a->findings.ahead[1]) / 2;
    out->recall = (a->findings.recall[0].at1 + a->findings.recall[1].at1) / 2;
    out->state = a->diagnosis.state;
    status = outcome(r, &shuffled, device, a, &seconds, err);
    out->ahead_shuffled = (a->findings.ahead[0] + a->findings.ahead[1]) / 2;
    out->recall_shuffled = (a->findings.recall[0].at1 + a->findings.recall[1].at1) / 2;
    out->state_shuffled = a->diagnosis.state;
    out->has_signal = (out->ahead_shuffled - out->ahead) * sqrt(12.0 * a->findings.n) > SIGMAS;
    out->seconds = out->seconds_per_step * r->train.steps;
    return status;
}

/* ---- gradients ---- */

/* Room for the embeddings of a batch. */
typedef struct batch_room {
    const int *items;
    ct_real *side[2];
} batch_room;

static double loss_of(ct_trainer *t, const batch_room *b)
{
    const int n = t->recipe->train.batch;
    double loss = (double)NAN;
    for (int side = 0; side < 2; side++)
        if (ct_trainer_embed(t, side, b->items, n, b->side[side], CT_IGNORE_ERROR) != CT_OK)
            return loss;
    ct_trainer_loss(t, b->side[0], b->side[1], b->items, n, &loss, CT_IGNORE_ERROR);
    return loss;
}

/* Along the gradient of one parameter the loss changes by h |g|; which h shows it in
 * float: one that changes the loss by CHANGE, found from |g|. */
static void check_parameter(ct_trainer *t, const batch_room *b, ct_param *p, const ct_real *g,
                            ct_check *out)
{
    const size_t n = (size_t)p->rows * (size_t)p->cols;
    const double norm = ct_grad_norm(t->device, g, n),
                 scale = ct_grad_norm(t->device, p->x, n) + 1e-3;
    double h = norm > 0 ? CHANGE / (2 * norm) : 0;
    h = h < 0.02 * scale ? h : 0.02 * scale;
    if (!(h * norm >
          CHANGE / 8)) { /* the loss would change by less than its own rounding allows to see */
        out->n_flat++;
        return;
    }
    for (size_t i = 0; i < n; i++)
        p->x[i] += (ct_real)(h / norm * (double)g[i]);
    const double up = loss_of(t, b);
    for (size_t i = 0; i < n; i++)
        p->x[i] -= (ct_real)(2 * h / norm * (double)g[i]);
    const double down = loss_of(t, b);
    for (size_t i = 0; i < n; i++)
        p->x[i] += (ct_real)(h / norm * (double)g[i]);
    const double error = fabs((up - down) / (2 * h) - norm) / norm;
    out->n_checked++;
    if (!(error <= out->gradient_error)) {
        out->gradient_error = error;
        snprintf(out->worst, sizeof out->worst, "%s", p->name);
    }
}

static ct_status check_gradients(const ct_recipe *r, const ct_pairs *pairs, ct_device *device,
                                 ct_arena *arena, ct_check *out, ct_error *err)
{
    ct_trainer t;
    ct_status status = ct_trainer_init(&t, r, pairs, device, err);
    ct_params *p = &t.model.params;
    ct_step s;
    if (status == CT_OK)
        status = ct_trainer_step(&t, &s, err); /* biases start at 0, where ReLU has its kink */
    const size_t embeddings = (size_t)r->train.batch * (size_t)ct_trainer_width(&t);
    ct_real *g = status == CT_OK ? ct_arena_zeroed(arena, p->size, sizeof *g) : NULL;
    batch_room b = {.side = {ct_arena_zeroed(arena, embeddings, sizeof *g),
                             ct_arena_zeroed(arena, embeddings, sizeof *g)}};
    if (status == CT_OK && (g == NULL || b.side[0] == NULL || b.side[1] == NULL))
        status = CT_FAIL(err, CT_ERR_NOMEM, "check: no memory for gradients");
    if (status == CT_OK) {
        double loss;
        b.items = ct_sampler_batch(&t.sampler, t.step);
        out->n_parameters = p->size;
        out->parameter_bytes = (double)p->size * sizeof(ct_real) *
                               (r->optim.config.kind == CT_ADAMW ? 4
                                : r->optim.config.momentum > 0   ? 3
                                                                 : 2);
        out->step_bytes = (double)t.graph.arena.used;
        t.graph.training = false;
        status = ct_trainer_gradients(&t, b.items, &loss, err);
        memcpy(g, ct_params_gradients(p), p->size * sizeof *g);
        for (int k = 0; k < p->n && status == CT_OK; k++)
            check_parameter(&t, &b, &p->list[k], g + (p->list[k].dx - p->dx), out);
        out->gradients_right = out->gradient_error <= TOLERANCE; /* NaN is not */
    }
    ct_trainer_free(&t);
    return status;
}

ct_status ct_check_run(const ct_recipe *r, ct_device *device, ct_check *out, ct_error *err)
{
    ct_arena arena;
    ct_pairs *pairs = ct_recipe_data(r, err);
    *out = (ct_check){.steps = 0};
    if (pairs == NULL)
        return err->status;
    ct_arena_init(&arena, 0);
    ct_status status = r->train.batch <= pairs->count[CT_TRAIN]
                           ? check_gradients(r, pairs, device, &arena, out, err)
                           : CT_FAIL(err, CT_ERR_CONFIG,
                                     "train.batch = %d: there are %d training pairs",
                                     r->train.batch, pairs->count[CT_TRAIN]);
    if (status == CT_OK)
        status = learn_batch(r, pairs, device, out, err);
    if (status == CT_OK)
        status = compare_with_shuffled(r, pairs, device, &arena, out, err);
    ct_arena_free(&arena);
    ct_pairs_free(pairs);
    return status;
}
