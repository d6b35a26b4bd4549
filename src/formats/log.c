/* log.c -- see log.h. */
#include "formats/log.h"

#include <string.h>

void ct_log_put(ct_log *log, const char *kind, const ct_fields *fields, const void *object)
{
    ct_json *j = &log->line;
    ct_json_reset(j);
    ct_json_open(j, NULL, '{');
    if (kind != NULL)
        ct_json_string(j, "kind", kind);
    ct_fields_json(j, fields, object);
    ct_json_close(j);
    if (j->failed) {
        CT_FAIL(log->writer.err, CT_ERR_NOMEM, "%s: no memory for a line", log->writer.path);
        return;
    }
    j->text[j->used] = '\n'; /* over the NUL, so that it is one call */
    ct_writer_bytes(&log->writer, j->text, j->used + 1);
}

ct_status ct_log_close(ct_log *log)
{
    ct_json_free(&log->line);
    return ct_writer_commit(&log->writer);
}

bool ct_log_next(char **text, const ct_fields *fields, void *object)
{
    ct_json_reader r;
    char *line = *text, *end = strchr(line, '\n');
    if (end == NULL)
        return false;
    *end = '\0';
    *text = end + 1;
    ct_json_reader_init(&r, line);
    return ct_json_next(&r) == CT_JSON_OBJECT && ct_fields_read(&r, fields, object, NULL);
}

/* ---- what becomes pictures ---- */

static const ct_field PICTURE[] = {
    {CT_ROW("width", CT_INT, ct_probe, width)},
    {CT_ROW("height", CT_INT, ct_probe, height)},
    {CT_ROW("channels", CT_INT, ct_probe, channels)},
    {CT_ROW("pixels", CT_BYTES, ct_probe, pixels), CT_USED(ct_probe, n_pixels)},
};
static const ct_fields PICTURE_FIELDS = CT_FIELDS(PICTURE);

static const ct_field PROBE[] = {
    {CT_ROW("pairs", CT_INT, ct_probe, n)},
    {CT_ROW("split", CT_STRING, ct_probe, split)},
    {CT_ROWS("captions", CT_STRING, ct_probe, caption, n_captions), .optional = true},
    {.key = "picture", CT_INNER(ct_probe, PICTURE_FIELDS), .optional = true},
};
const ct_fields ct_probe_fields = CT_FIELDS(PROBE);

/* In ten-thousandths: more than a picture shows, and soon written. */
static const ct_field MOMENT[] = {
    {CT_ROW("step", CT_REAL, ct_moment, step)},
    {CT_ROW("cosines", CT_BYTES, ct_moment, cosine), CT_USED(ct_moment, n_cosines)},
    {CT_ROW("positive", CT_REAL, ct_moment, bin[0]), .count = CT_PROBE_BINS, .parts = 1e4},
    {CT_ROW("negative", CT_REAL, ct_moment, bin[1]), .count = CT_PROBE_BINS, .parts = 1e4},
    {CT_ROWS("image_spectrum", CT_REAL, ct_moment, spectrum[0], n_spectrum[0]), .parts = 1e4},
    {CT_ROWS("text_spectrum", CT_REAL, ct_moment, spectrum[1], n_spectrum[1]), .parts = 1e4},
    {CT_ROWS("plane", CT_REAL, ct_moment, plane, n_plane), .parts = 1e4},
    {CT_ROW("plane_share", CT_REAL, ct_moment, share), .count = 1, .parts = 1e4},
    {CT_ROW("alignment", CT_REAL, ct_moment, alignment), .count = 1, .parts = 1e4},
    {CT_ROW("uniformity", CT_REAL, ct_moment, uniformity), .count = 2, .parts = 1e4},
};
const ct_fields ct_moment_fields = CT_FIELDS(MOMENT);

static const ct_field LAYER[] = {
    {CT_ROW("weight", CT_STRING, ct_layer, weight)},
    {CT_ROW("gradient_norm", CT_REAL, ct_layer, gradient)},
    {CT_ROW("mean_cosine", CT_REAL, ct_layer, cosine)},
    {CT_ROW("dead", CT_REAL, ct_layer, dead)},
    {CT_ROW("saturated", CT_REAL, ct_layer, saturated)},
};
const ct_fields ct_layer_fields = CT_FIELDS(LAYER);
