/* autopsy.c -- a diagnosis of arrays or of a run, with its loss beside constants.
 *
 * Layer: train. */
#include "train/autopsy.h"

#include "contrast/scalar.h"

#include <math.h>

/* ---- the loss of arrays ---- */

ct_loss_reading ct_landmarks_read(const ct_landmarks *l, double value)
{
    return (
        ct_loss_reading){.loss = value,
                         .all_equal = l->all_equal,
                         .floor = l->floor, /* not that of duplicates: rows of a group may differ */
                         .no_negatives = ct_landmarks_want_collapse(l)};
}

ct_status ct_landmarks_measure(const ct_landmarks *l, ct_device *device, const ct_real *a,
                               const ct_real *b, int n, int d, const int *group, double *out,
                               ct_error *err)
{
    const int batch = l->at.n < n ? l->at.n : n;
    ct_graph g;
    ct_real log_scale = (ct_real)-ct_scalar_log(l->at.temperature), bias = (ct_real)l->at.bias;
    double sum = 0;
    int batches = 0;
    ct_status status = CT_OK;
    ct_graph_init(&g, device, 0);
    for (int i = 0; i + batch <= n && status == CT_OK; i += batch, batches++) {
        ct_graph_reset(&g);
        ct_tensor *x = ct_constant(&g, batch, d, a + (ptrdiff_t)i * d),
                  *y = ct_constant(&g, batch, d, b + (ptrdiff_t)i * d);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                                   .group = group != NULL ? group + i : NULL,
                                   .bias = l->loss->uses_bias ? ct_constant(&g, 1, 1, &bias) : NULL,
                                   .options = l->at.options};
        const ct_tensor *loss = l->loss->apply(&g, x, y, &in);
        const ct_error *e = ct_graph_error(&g);
        if (e != NULL)
            status = CT_FAIL(err, e->status, "%s", e->msg);
        else
            sum += (double)loss->x[0];
    }
    *out = sum / batches;
    ct_graph_free(&g);
    return status;
}

/* ---- the whole ---- */

ct_status ct_autopsy_arrays(ct_device *device, const ct_real *a, const ct_real *b, int n, int d,
                            const int *group, ct_autopsy *out, ct_error *err)
{
    ct_findings *f = &out->findings;
    ct_status status = ct_findings_measure(device, a, b, n, d, group, f, err);
    const bool clean = f->side[0].bad_rows + f->side[1].bad_rows == 0;
    const bool known = out->landmarks.loss != NULL;
    if (status == CT_OK && known && b != NULL && clean && isnan(out->loss)) {
        status = ct_landmarks_measure(&out->landmarks, device, a, b, n, d, group, &out->loss, err);
        out->loss_measured = true;
    }
    const ct_loss_reading reading = known ? ct_landmarks_read(&out->landmarks, out->loss)
                                          : (ct_loss_reading){0};
    if (status == CT_OK)
        ct_diagnose(f, known ? &reading : NULL, &out->diagnosis);
    return status;
}

static ct_status embed_and_cut(ct_trainer *t, const int *items, int n, ct_arena *arena,
                               ct_autopsy *out, ct_error *err)
{
    const int d = ct_trainer_width(t);
    const size_t size = (size_t)n * (size_t)d;
    ct_real *x[2] = {ct_arena_zeroed(arena, size, sizeof(ct_real)),
                     ct_arena_zeroed(arena, size, sizeof(ct_real))};
    int *group = ct_arena_zeroed(arena, (size_t)n, sizeof *group);
    if (x[0] == NULL || x[1] == NULL || group == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "diagnosis: no memory for %d pairs", n);
    for (int i = 0; i < n && t->pairs->group != NULL; i++)
        group[i] = t->pairs->group[items[i]];
    if (t->pairs->group == NULL)
        group = NULL;
    const ct_loss_setting at = ct_trainer_setting(t, t->recipe->train.batch < n
                                                         ? t->recipe->train.batch
                                                         : n);
    out->landmarks = ct_landmarks_of(t->loss, &at, group);
    out->loss = (double)NAN;
    ct_status status = ct_trainer_embed(t, 0, items, n, x[0], err);
    if (status == CT_OK)
        status = ct_trainer_embed(t, 1, items, n, x[1], err);
    return status == CT_OK ? ct_autopsy_arrays(t->device, x[0], x[1], n, d, group, out, err)
                           : status;
}

ct_status ct_autopsy_run(ct_trainer *t, ct_split split, int limit, ct_autopsy *out, ct_error *err)
{
    const int count = t->pairs->count[split], n = limit > 0 && limit < count ? limit : count;
    ct_arena arena;
    if (n == 0)
        return CT_FAIL(err, CT_ERR_CONFIG, "the data has no %s split", ct_split_name(split));
    ct_arena_init(&arena, 0);
    const ct_status status = embed_and_cut(t, t->pairs->index[split], n, &arena, out, err);
    ct_arena_free(&arena);
    return status;
}

/* ---- for machines ---- */

static void numbers_json(ct_json *j, const char *key, const double *x, int n)
{
    ct_json_open(j, key, '[');
    for (int i = 0; i < n; i++)
        ct_json_number(j, NULL, x[i]);
    ct_json_close(j);
}

static void side_json(ct_json *j, const ct_side_findings *f)
{
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "not_finite_rows", f->bad_rows);
    ct_json_integer(j, "zero_rows", f->zero_rows);
    ct_json_integer(j, "duplicate_rows", f->duplicates);
    numbers_json(j, "norm_least_median_most",
                 (double[]){f->norm_least, f->norm_median, f->norm_most}, 3);
    ct_json_number(j, "mean_cosine", f->mean_cosine);
    ct_json_number(j, "total_variance", f->variance);
    ct_json_number(j, "std_sqrt_d", f->std_sqrt_d);
    ct_json_number(j, "effective_rank", f->rank);
    ct_json_number(j, "effective_rank_centred", f->rank_centred);
    ct_json_number(j, "participation_ratio", f->participation);
    ct_json_number(j, "uniformity", f->uniformity);
    numbers_json(j, "cosine_histogram", f->histogram, CT_COSINE_BINS);
    numbers_json(j, "singular_values_centred", f->spectrum, f->n_spectrum);
    ct_json_close(j);
}

static void pairs_json(ct_json *j, const ct_findings *f)
{
    ct_json_open(j, "pairs", '{');
    for (int i = 0; i < 2; i++) {
        ct_json_open(j, i == 0 ? "a_to_b" : "b_to_a", '{');
        ct_json_number(j, "recall_at_1", f->recall[i].at1);
        ct_json_number(j, "recall_at_5", f->recall[i].at5);
        ct_json_number(j, "recall_at_10", f->recall[i].at10);
        ct_json_number(j, "median_rank", f->recall[i].median_rank);
        ct_json_number(j, "share_of_wrong_ahead", f->ahead[i]);
        ct_json_number(j, "hubness", f->hubness[i]);
        ct_json_close(j);
    }
    ct_json_number(j, "diagonal_mean", f->diagonal_mean);
    ct_json_number(j, "off_diagonal_mean", f->off_diagonal_mean);
    ct_json_number(j, "alignment", f->alignment);
    ct_json_number(j, "cross_covariance", f->cross_covariance);
    ct_json_number(j, "modality_gap", f->gap);
    ct_json_number(j, "separability", f->separability);
    ct_json_number(j, "mutual_nearest", f->matched);
    ct_json_number(j, "mutual_nearest_elsewhere", f->matched_elsewhere);
    ct_json_number(j, "nearer_to_other_side", f->nearer);
    numbers_json(j, "cosine_histogram_on", f->histogram_on, CT_COSINE_BINS);
    numbers_json(j, "cosine_histogram_off", f->histogram_off, CT_COSINE_BINS);
    ct_json_close(j);
}

void ct_autopsy_json(ct_json *j, const ct_autopsy *a)
{
    const ct_state_text *text = ct_state_describe(a->diagnosis.state);
    ct_json_string(j, "state", text->name);
    ct_json_open(j, "evidence", '[');
    for (int i = 0; i < a->diagnosis.n_evidence; i++)
        ct_json_string(j, NULL, a->diagnosis.evidence[i]);
    ct_json_close(j);
    ct_json_string(j, "look_alikes", text->look_alikes);
    ct_json_string(j, "try_first", text->remedy);
    ct_json_integer(j, "rows", a->findings.n);
    ct_json_integer(j, "columns", a->findings.d);
    ct_json_open(j, "sides", '[');
    for (int s = 0; s < a->findings.n_sides; s++)
        side_json(j, &a->findings.side[s]);
    ct_json_close(j);
    if (a->findings.n_sides == 2)
        pairs_json(j, &a->findings);
    if (a->landmarks.loss == NULL)
        return;
    ct_json_open(j, "loss", '{');
    ct_json_string(j, "name", a->landmarks.loss->name);
    ct_json_number(j, "value", a->loss);
    ct_json_bool(j, "measured_here", a->loss_measured);
    ct_json_integer(j, "batch", a->landmarks.at.n);
    ct_json_number(j, "temperature", a->landmarks.at.temperature);
    ct_json_number(j, "all_equal", a->landmarks.all_equal);
    ct_json_number(j, "random_spread", a->landmarks.random);
    ct_json_number(j, "floor", a->landmarks.floor);
    ct_json_number(j, "floor_by_duplicates", a->landmarks.duplicates);
    ct_json_close(j);
}
