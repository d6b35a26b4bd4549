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
    {.key = "width", .kind = CT_INT, CT_AT(ct_probe, width)},
    {.key = "height", .kind = CT_INT, CT_AT(ct_probe, height)},
    {.key = "channels", .kind = CT_INT, CT_AT(ct_probe, channels)},
    {.key = "pixels", .kind = CT_BYTES, CT_AT(ct_probe, pixels), CT_USED(ct_probe, n_pixels)},
};
static const ct_fields PICTURE_FIELDS = CT_FIELDS(PICTURE);

static const ct_field PROBE[] = {
    {.key = "pairs", .kind = CT_INT, CT_AT(ct_probe, n)},
    {.key = "split", .kind = CT_STRING, CT_AT(ct_probe, split)},
    {.key = "captions",
     .kind = CT_STRING,
     CT_LIST(ct_probe, caption, n_captions),
     .optional = true},
    {.key = "picture",
     .kind = CT_GROUP,
     .size = sizeof(ct_probe),
     .members = &PICTURE_FIELDS,
     .optional = true},
};
const ct_fields ct_probe_fields = CT_FIELDS(PROBE);

/* In ten-thousandths: more than a picture shows, and soon written. */
#define PARTS(name, member, most)                                                               \
    {                                                                                           \
        .key = (name), .kind = CT_REAL, CT_AT(ct_moment, member), .count = (most), .parts = 1e4 \
    }
#define SOME(name, member, n)                                                       \
    {                                                                               \
        .key = (name), .kind = CT_REAL, CT_LIST(ct_moment, member, n), .parts = 1e4 \
    }

static const ct_field MOMENT[] = {
    {.key = "step", .kind = CT_REAL, CT_AT(ct_moment, step)},
    {.key = "cosines", .kind = CT_BYTES, CT_AT(ct_moment, cosine), CT_USED(ct_moment, n_cosines)},
    PARTS("positive", bin[0], CT_PROBE_BINS),
    PARTS("negative", bin[1], CT_PROBE_BINS),
    SOME("image_spectrum", spectrum[0], n_spectrum[0]),
    SOME("text_spectrum", spectrum[1], n_spectrum[1]),
    SOME("plane", plane, n_plane),
    PARTS("plane_share", share, 1),
    PARTS("alignment", alignment, 1),
    PARTS("uniformity", uniformity, 2),
};
const ct_fields ct_moment_fields = CT_FIELDS(MOMENT);

static const ct_field LAYER[] = {
    {.key = "weight", .kind = CT_STRING, CT_AT(ct_layer, weight)},
    {.key = "gradient_norm", .kind = CT_REAL, CT_AT(ct_layer, gradient)},
    {.key = "mean_cosine", .kind = CT_REAL, CT_AT(ct_layer, cosine)},
    {.key = "dead", .kind = CT_REAL, CT_AT(ct_layer, dead)},
    {.key = "saturated", .kind = CT_REAL, CT_AT(ct_layer, saturated)},
};
const ct_fields ct_layer_fields = CT_FIELDS(LAYER);
