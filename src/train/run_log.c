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
    ct_fields_json(ct_run_log_begin(l, "evaluation", step), &ct_evaluation_fields, e);
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
