/* export_projector.c -- embeddings for the Embedding Projector, to be looked at from
 * all sides.
 *
 * All images first, then all texts, so that a pair is item i and item n + i.
 *
 * Layer: lab. Needs formats (json, png). */
#include "lab/export.h"

#include "formats/bytes.h"
#include "formats/json.h"
#include "formats/png.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

enum { SPRITE_MOST = 8192 }; /* pixels a side that browsers take */

static ct_status open_in(ct_writer *w, const char *folder, const char *name, ct_error *err)
{
    char path[CT_PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", folder);
    return ct_writer_open(w, path, CT_REPLACE, err);
}

static ct_status write_tensors(const ct_search *s, const char *folder, ct_error *err)
{
    ct_writer w;
    ct_status status = open_in(&w, folder, "tensors.bytes", err);
    if (status != CT_OK)
        return status;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < (size_t)s->n * (size_t)s->d; i++) {
            const float x = (float)s->unit[side][i];
            uint32_t bits;
            unsigned char byte[4];
            memcpy(&bits, &x, sizeof bits);
            ct_bytes_put(byte, 4, bits);
            ct_writer_bytes(&w, byte, 4);
        }
    return ct_writer_commit(&w);
}

/* A tab in a caption would be another column. */
static void write_label(ct_writer *w, const char *text)
{
    for (; *text != '\0'; text++)
        ct_writer_bytes(w, *text == '\t' ? " " : text, 1);
}

static ct_status write_labels(const ct_search *s, const char *folder, ct_error *err)
{
    const ct_side *text = &s->t->pairs->side[1];
    ct_writer w;
    ct_status status = open_in(&w, folder, "labels.tsv", err);
    if (status != CT_OK)
        return status;
    ct_writer_bytes(&w, "label\tside\tpair\n", 16);
    for (int k = 0; k < 2 * s->n; k++) {
        char rest[64];
        const int i = k % s->n;
        if (text->text != NULL)
            write_label(&w, text->text[text->text_of[s->items[i]]]);
        const int n = snprintf(rest, sizeof rest, "%s\t%d\n", k < s->n ? "\timage" : "\ttext", i);
        ct_writer_bytes(&w, rest, (size_t)n);
    }
    return ct_writer_commit(&w);
}

/* A square of pictures; the texts' places are grey. False: none can be made. */
static ct_status write_sprite(const ct_search *s, const char *folder, bool *made, ct_error *err)
{
    const ct_side *side = &s->t->pairs->side[0];
    char path[CT_PATH_BYTES];
    int across = 1;
    *made = false;
    while ((long)across * across < 2L * s->n)
        across++;
    const size_t w = (size_t)side->width * (size_t)across,
                 h = (size_t)side->height * (size_t)across;
    if (w == 0 || h == 0 || w > SPRITE_MOST || h > SPRITE_MOST ||
        snprintf(path, sizeof path, "%s/sprite.png", folder) >= (int)sizeof path)
        return CT_OK;
    ct_arena arena, scratch;
    ct_arena_init(&arena, 0);
    ct_arena_init(&scratch, 0);
    uint8_t *all = ct_arena_alloc(&arena, 3 * w * h), *one;
    ct_status status = all == NULL ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path)
                                   : CT_OK;
    if (all != NULL)
        memset(all, 0xD0, 3 * w * h);
    for (int i = 0; i < s->n && status == CT_OK; i++) {
        ct_arena_reset(&scratch);
        status = ct_search_picture(s, i, &scratch, &one, err);
        const size_t row = 3 * (size_t)side->width, x = (size_t)(i % across) * row;
        const size_t y = (size_t)(i / across) * (size_t)side->height;
        for (size_t k = 0; k < (size_t)side->height && status == CT_OK; k++)
            memcpy(all + (y + k) * 3 * w + x, one + k * row, row);
    }
    if (status == CT_OK)
        status = ct_png_write(path, all, (int)w, (int)h, 3, err);
    *made = status == CT_OK;
    ct_arena_free(&scratch);
    ct_arena_free(&arena);
    return status;
}

static void put_sizes(ct_json *j, const char *key, int a, int b)
{
    ct_json_open(j, key, '[');
    ct_json_integer(j, NULL, a);
    ct_json_integer(j, NULL, b);
    ct_json_close(j);
}

static ct_status write_config(const ct_search *s, const char *folder, bool sprite, ct_error *err)
{
    const ct_side *side = &s->t->pairs->side[0];
    ct_json j = {0};
    ct_writer w;
    ct_json_open(&j, NULL, '{');
    ct_json_open(&j, "embeddings", '[');
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "tensorName", s->t->pairs->name);
    put_sizes(&j, "tensorShape", 2 * s->n, s->d);
    ct_json_string(&j, "tensorPath", "tensors.bytes");
    ct_json_string(&j, "metadataPath", "labels.tsv");
    if (sprite) {
        ct_json_open(&j, "sprite", '{');
        ct_json_string(&j, "imagePath", "sprite.png");
        put_sizes(&j, "singleImageDim", side->width, side->height);
        ct_json_close(&j);
    }
    for (int k = 0; k < 3; k++)
        ct_json_close(&j);
    ct_status status = j.failed ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its configuration",
                                          folder)
                                : open_in(&w, folder, "projector_config.json", err);
    if (status == CT_OK) {
        ct_writer_bytes(&w, j.text, j.used);
        status = ct_writer_commit(&w);
    }
    ct_json_free(&j);
    return status;
}

ct_status ct_export_projector(const ct_search *s, const char *folder, ct_error *err)
{
    bool sprite = false;
    ct_status status = ct_folder_make(folder, err);
    if (status == CT_OK)
        status = write_tensors(s, folder, err);
    if (status == CT_OK)
        status = write_labels(s, folder, err);
    if (status == CT_OK)
        status = write_sprite(s, folder, &sprite, err);
    return status == CT_OK ? write_config(s, folder, sprite, err) : status;
}
