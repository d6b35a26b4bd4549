/* run_log.c -- see run_log.h.
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

static void end_line(ct_json *j, ct_writer *w)
{
    ct_json_close(j);
    if (!j->failed) {              /* one call: a line is never torn */
        j->text[j->used++] = '\n'; /* over the NUL */
        ct_writer_bytes(w, j->text, j->used);
    }
    ct_json_reset(j);
}

ct_json *ct_run_log_begin(ct_run_log *l, const char *kind, long step)
{
    ct_json_open(&l->json, NULL, '{');
    ct_json_string(&l->json, "kind", kind);
    if (step >= 0)
        ct_json_integer(&l->json, "step", step);
    return &l->json;
}

void ct_run_log_end(ct_run_log *l)
{
    end_line(&l->json, &l->log);
}

static const ct_field STEP[] = {
    {.key = "loss", .kind = CT_SINGLE, CT_AT(ct_step, loss)},
    {.key = "temperature", .kind = CT_SINGLE, CT_AT(ct_step, temperature)},
    {.key = "rate", .kind = CT_SINGLE, CT_AT(ct_step, rate)},
    {.key = "gradient_norm", .kind = CT_SINGLE, CT_AT(ct_step, gradient_norm)},
};
static const ct_fields STEP_FIELDS = CT_FIELDS(STEP);

void ct_run_log_step(ct_run_log *l, const ct_trainer *t, const ct_step *s)
{
    const double seconds = ct_clock_s() - l->began;
    ct_json *j = ct_run_log_begin(l, "step", s->step);
    ct_fields_json(j, &STEP_FIELDS, s);
    ct_run_log_end(l);

    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", s->step);
    ct_json_float(j, "seconds", (float)seconds);
    ct_json_float(j, "pairs_per_second",
                  (float)((double)s->step * t->recipe->train.batch /
                          (seconds > 0 ? seconds : 1e-9)));
    end_line(j, &l->timing);
}

void ct_run_log_evaluation(ct_run_log *l, long step, const ct_evaluation *e)
{
    ct_evaluation_json(ct_run_log_begin(l, "evaluation", step), e);
    ct_run_log_end(l);
}

void ct_run_log_monitor(ct_run_log *l, long step, const ct_monitor *m)
{
    ct_monitor_json(ct_run_log_begin(l, "monitor", step), m);
    ct_run_log_end(l);
}

ct_status ct_run_log_sync(ct_run_log *l)
{
    ct_writer_sync(&l->log);
    return ct_writer_flush(&l->timing);
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

ct_status ct_run_log_open(ct_run_log *l, const char *folder, uint64_t log_bytes, long step,
                          ct_error *err)
{
    char path[CT_PATH_BYTES];
    double seconds = 0;
    *l = (ct_run_log){.log.fd = -1};
    ct_run_path(path, folder, "timing.jsonl", err);
    ct_writer_reopen(&l->timing, path, kept_timing(path, step, &seconds), err);
    ct_run_path(path, folder, "log.jsonl", err);
    ct_writer_reopen(&l->log, path, log_bytes, err);
    l->began = ct_clock_s() - (seconds > 0 ? seconds : 0);
    return err->status;
}

ct_status ct_run_log_close(ct_run_log *l, ct_error *err)
{
    ct_writer_commit(&l->log);
    ct_writer_commit(&l->timing);
    if (l->json.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "run: no memory for a line of its log");
    ct_json_free(&l->json);
    return err->status;
}
