/* check.c -- see check.h. */
#include "lab/check.h"

#include "lab/study.h"
#include "platform/machine.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#define LEARNED   0.9
#define SIGMAS    5
#define TOLERANCE 0.02 /* float losses: a difference of 1e-3 has three digits */
#define CHANGE    2e-3 /* of the loss, between the two ends of a difference   */

/* ---- one batch by heart ---- */

static void learn_batch(const ct_recipe *r, const ct_pairs *pairs, ct_device *device, ct_check *out,
                        ct_error *err)
{
    ct_pairs few = *pairs; /* its training split is one batch */
    ct_recipe alone = *r; /* which would be its own negative in a queue, and may repeat a caption */
    ct_trainer t;
    ct_step s = {0};
    few.count[CT_TRAIN] = r->train.batch;
    alone.loss.queue = 0;
    alone.train.no_duplicates = false;
    out->short_steps = r->train.steps < CT_CHECK_STEPS ? r->train.steps : CT_CHECK_STEPS;
    ct_trainer_init(&t, &alone, &few, device, err);
    const double began = ct_clock_s();
    for (int k = 0; k < out->short_steps && err->status == CT_OK; k++)
        ct_trainer_step(&t, &s, err);
    out->seconds_per_step = (ct_clock_s() - began) / out->short_steps;
    out->seconds = out->seconds_per_step * r->train.steps;
    if (err->status == CT_OK) {
        const ct_landmarks l = ct_trainer_landmarks(&t, &s);
        /* 1: orthogonal pairs, where the loss has no negatives */
        const double from = l.all_equal > 0 ? l.all_equal : 1;
        out->batch_loss = s.loss;
        out->landmarks = l;
        out->learns_batch = from - s.loss >= LEARNED * (from - fmax(l.floor, l.duplicates));
    }
    ct_trainer_free(&t);
}

/* ---- pairs against shuffled pairs: a study of two variants ---- */

static double both_ways(const double x[2])
{
    return (x[0] + x[1]) / 2;
}

static void compare_with_shuffled(const ct_recipe *r, const ct_pairs *pairs, int threads,
                                  ct_check *out, ct_error *err)
{
    static const ct_variant VARIANT[] = {{.name = "pairs", .settings = ""},
                                         {.name = "shuffled pairs",
                                          .settings = "",
                                          .shuffled = true}};
    ct_outcome o[2] = {{.done = false}};
    const ct_measures *pair = &o[0].test.measures, *shuffled = &o[1].test.measures;
    ct_runs runs = {.base = *r,
                    .variant = VARIANT,
                    .n_variants = 2,
                    .n_seeds = 1,
                    .first_seed = r->train.seed,
                    .limit = 1000,
                    .steps = CT_CHECK_STEPS,
                    .pairs = pairs,
                    .run = o};
    ct_runs_make(&runs, threads, err);
    for (int k = 0; k < 2; k++)
        if (o[k].state == CT_DIVERGED)
            CT_FAIL(err, CT_ERR_NUMERIC, "%s: the loss is not finite after at most %d steps",
                    VARIANT[k].name, out->short_steps);
    if (err->status != CT_OK)
        return;
    out->ahead = both_ways(pair->wrong_ahead);
    out->recall = both_ways(pair->recall_at_1);
    out->state = ct_state_describe((ct_state)o[0].state)->name;
    out->ahead_shuffled = both_ways(shuffled->wrong_ahead);
    out->recall_shuffled = both_ways(shuffled->recall_at_1);
    out->state_shuffled = ct_state_describe((ct_state)o[1].state)->name;
    out->has_signal = (out->ahead_shuffled - out->ahead) * sqrt(12.0 * pair->rows) > SIGMAS;
}

/* ---- gradients ---- */

/* The loss of a batch once p has moved by so many g. */
static double loss_after(ct_trainer *t, const int *items, ct_param *p, const ct_real *g, double by)
{
    double loss = (double)NAN;
    for (size_t i = 0; i < (size_t)p->rows * (size_t)p->cols; i++)
        p->x[i] += (ct_real)(by * (double)g[i]);
    ct_trainer_gradients(t, items, &loss, CT_IGNORE_ERROR);
    return loss;
}

/* Along the gradient of one parameter the loss changes by h |g|; which h shows it in
 * float: one that changes the loss by CHANGE, found from |g|. */
static void check_parameter(ct_trainer *t, const int *items, ct_param *p, const ct_real *g,
                            ct_check *out)
{
    const size_t n = (size_t)p->rows * (size_t)p->cols;
    const double norm = ct_grad_norm(t->device, g, n),
                 most = 0.02 * (ct_grad_norm(t->device, p->x, n) + 1e-3);
    const double h = norm > 0 ? fmin(CHANGE / (2 * norm), most) : 0;
    if (!(h * norm > CHANGE / 8)) { /* the loss would change by less than its rounding shows */
        out->n_flat++;
        return;
    }
    const double up = loss_after(t, items, p, g, h / norm);
    const double down = loss_after(t, items, p, g, -2 * h / norm);
    loss_after(t, items, p, g, h / norm);
    const double error = fabs((up - down) / (2 * h) - norm) / norm;
    out->n_checked++;
    if (!(error <= out->gradient_error)) {
        out->gradient_error = error;
        snprintf(out->worst, sizeof out->worst, "%s", p->name);
    }
}

static void check_gradients(const ct_recipe *r, const ct_pairs *pairs, ct_device *device,
                            ct_check *out, ct_error *err)
{
    const int moments = r->optim.config.kind == CT_ADAMW ? 2 : r->optim.config.momentum > 0;
    double loss;
    ct_arena arena;
    ct_trainer trainer;
    ct_step s;
    ct_trainer *t = &trainer;
    ct_params *p = &t->model.params;
    ct_arena_open(&arena, "check", 0, err);
    if (ct_trainer_init(t, r, pairs, device, err) == CT_OK)
        ct_trainer_step(t, &s, err); /* biases start at 0, where ReLU has its kink */
    ct_real *g = ct_arena_zeroed(&arena, p->size, sizeof *g);
    if (err->status == CT_OK) {
        const int *items = ct_sampler_batch(&t->sampler, t->step);
        out->n_parameters = p->size;
        out->parameter_bytes = (double)p->size * sizeof(ct_real) * (2 + moments);
        out->step_bytes = (double)t->graph.arena.used;
        t->graph.training = false;
        ct_trainer_gradients(t, items, &loss, err);
        memcpy(g, ct_params_gradients(p), p->size * sizeof *g);
        for (int k = 0; k < p->n && err->status == CT_OK; k++)
            check_parameter(t, items, &p->list[k], g + (p->list[k].dx - p->dx), out);
        out->gradients_right = out->gradient_error <= TOLERANCE; /* NaN is not */
    }
    ct_trainer_free(t);
    ct_arena_free(&arena);
}

ct_status ct_check_run(const ct_recipe *r, ct_device *device, ct_check *out, ct_error *err)
{
    ct_pairs *pairs = ct_recipe_data(r, err);
    *out = (ct_check){.steps = r->train.steps};
    if (pairs != NULL) {
        out->pairs = pairs->n;
        out->captions = pairs->side[1].n_texts;
        check_gradients(r, pairs, device, out, err);
        learn_batch(r, pairs, device, out, err);
        compare_with_shuffled(r, pairs, ct_device_threads(device), out, err);
    }
    ct_pairs_free(pairs);
    return err->status;
}
