/* run_log.c -- what a run writes down: its numbers, and apart from them its clock.
 *
 * metrics.jsonl has nothing of the machine in it, so that a run done twice, or
 * killed and resumed, leaves the same bytes.
 *
 * Layer: train. Needs formats (json) and the clock. */
#include "train/run_log.h"

#include "formats/text.h"
#include "platform/clock.h"
#include "train/run.h"

#include <stdlib.h>
#include <string.h>

ct_status ct_run_path(char out[CT_PATH_BYTES], const char *folder, const char *name, ct_error *err)
{
    if (snprintf(out, CT_PATH_BYTES, "%s/%s", folder, name) >= CT_PATH_BYTES)
        CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", folder);
    return err->status;
}

/* ---- lines ---- */

static void recall_json(ct_json *j, const char *key, const ct_recall *r)
{
    ct_json_open(j, key, '{');
    ct_json_number(j, "recall_at_1", r->at1);
    ct_json_number(j, "recall_at_5", r->at5);
    ct_json_number(j, "recall_at_10", r->at10);
    ct_json_number(j, "median_rank", r->median_rank);
    ct_json_close(j);
}

static void sides_json(ct_json *j, const char *key, const double value[2])
{
    ct_json_open(j, key, '[');
    ct_json_number(j, NULL, value[0]);
    ct_json_number(j, NULL, value[1]);
    ct_json_close(j);
}

void ct_evaluation_json(ct_json *j, const ct_evaluation *e)
{
    const ct_geometry *g = &e->geometry;
    ct_json_string(j, "split", ct_split_name(e->split));
    ct_json_integer(j, "n", e->n);
    ct_json_number(j, "loss", e->loss);
    ct_json_integer(j, "batch", e->batch);
    ct_json_number(j, "all_equal", e->landmarks.all_equal);
    ct_json_number(j, "floor", e->landmarks.floor);
    ct_json_number(j, "information", e->information);
    recall_json(j, "image_to_text", &e->recall[0]);
    recall_json(j, "text_to_image", &e->recall[1]);
    ct_json_number(j, "diagonal_mean", g->diagonal_mean);
    ct_json_number(j, "off_diagonal_mean", g->off_diagonal_mean);
    sides_json(j, "mean_cosine", g->mean_cosine);
    sides_json(j, "effective_rank", g->rank);
    sides_json(j, "effective_rank_centred", g->rank_centred);
    sides_json(j, "std_sqrt_d", g->std_sqrt_d);
    ct_json_number(j, "alignment", g->alignment);
    sides_json(j, "uniformity", g->uniformity);
    ct_json_number(j, "modality_gap", g->gap);
    if (e->tolerance[0] == e->tolerance[0])
        sides_json(j, "tolerance", e->tolerance);
    if (e->prompt_accuracy == e->prompt_accuracy)
        ct_json_number(j, "prompt_accuracy", e->prompt_accuracy);
}

static void end_line(ct_run_log *l, ct_writer *w)
{
    ct_json_close(&l->json);
    if (!l->json.failed) {                   /* one call: a line is never torn */
        l->json.text[l->json.used++] = '\n'; /* over the NUL */
        ct_writer_bytes(w, l->json.text, l->json.used);
    }
    ct_json_reset(&l->json);
}

void ct_run_log_step(ct_run_log *l, const ct_trainer *t, const ct_step *s)
{
    ct_json *j = &l->json;
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", s->step);
    ct_json_float(j, "loss", (float)s->loss);
    ct_json_float(j, "temperature", (float)s->temperature);
    ct_json_float(j, "rate", (float)s->rate);
    ct_json_float(j, "gradient_norm", (float)s->gradient_norm);
    end_line(l, &l->metrics);

    const double seconds = ct_clock_s() - l->began;
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", s->step);
    ct_json_float(j, "seconds", (float)seconds);
    ct_json_float(j, "pairs_per_second",
                  (float)((double)s->step * t->recipe->train.batch /
                          (seconds > 0 ? seconds : 1e-9)));
    end_line(l, &l->timing);
}

void ct_run_log_evaluation(ct_run_log *l, long step, const ct_evaluation *e)
{
    ct_json_open(&l->json, NULL, '{');
    ct_json_integer(&l->json, "step", step);
    ct_evaluation_json(&l->json, e);
    end_line(l, &l->metrics);
}

void ct_run_log_monitor(ct_run_log *l, long step, const ct_monitor *m)
{
    ct_json_open(&l->json, NULL, '{');
    ct_json_integer(&l->json, "step", step);
    ct_monitor_json(&l->json, m);
    end_line(l, &l->metrics);
}

ct_status ct_run_log_sync(ct_run_log *l)
{
    const ct_status status = ct_writer_sync(&l->metrics);
    return status == CT_OK ? ct_writer_flush(&l->timing) : status;
}

/* ---- opening ---- */

/* The number behind "key": in a line of timing, or -1. */
static double member(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    double x;
    return at != NULL && ct_number_get(at + strlen(key), &x) > 0 ? x : -1;
}

/* How many bytes of timing.jsonl are about steps up to `step`, and the seconds that
 * the last of them names. What cannot be read is no reason not to go on. */
static uint64_t kept_timing(const char *path, long step, double *seconds)
{
    ct_arena arena;
    char *text;
    size_t size;
    uint64_t keep = 0;
    ct_arena_init(&arena, 0);
    if (step > 0 && ct_file_read(path, 0, &arena, &text, &size, CT_IGNORE_ERROR) == CT_OK) {
        char *line = text, *end;
        while ((end = strchr(line, '\n')) != NULL) {
            *end = '\0';
            const double at = member(line, "\"step\":");
            if (at < 0 || at > (double)step)
                break;
            *seconds = member(line, "\"seconds\":");
            line = end + 1;
        }
        keep = (uint64_t)(line - text);
    }
    ct_arena_free(&arena);
    return keep;
}

ct_status ct_run_log_open(ct_run_log *l, const char *folder, uint64_t metrics_bytes, long step,
                          ct_error *err)
{
    char path[CT_PATH_BYTES];
    double seconds = 0;
    *l = (ct_run_log){.metrics.fd = -1, .timing.fd = -1};
    ct_status status = ct_run_path(path, folder, "timing.jsonl", err);
    if (status == CT_OK)
        status = ct_writer_reopen(&l->timing, path, kept_timing(path, step, &seconds), err);
    if (status == CT_OK)
        status = ct_run_path(path, folder, "metrics.jsonl", err);
    if (status == CT_OK)
        status = ct_writer_reopen(&l->metrics, path, metrics_bytes, err);
    l->began = ct_clock_s() - (seconds > 0 ? seconds : 0);
    return status;
}

ct_status ct_run_log_close(ct_run_log *l, ct_error *err)
{
    ct_writer *writer[2] = {&l->metrics, &l->timing};
    ct_status status = CT_OK;
    for (int i = 0; i < 2; i++) {
        const ct_status closed = writer[i]->fd >= 0 ? ct_writer_commit(writer[i]) : CT_OK;
        status = status == CT_OK ? closed : status;
    }
    if (status == CT_OK && l->json.failed)
        status = CT_FAIL(err, CT_ERR_NOMEM, "run: no memory for a line of metrics");
    ct_json_free(&l->json);
    return status;
}
