/* export_projector.c -- embeddings for the Embedding Projector, to be looked at from
 * all sides: the two files that its "Load" button asks for.
 *
 * Layer: lab. Needs formats (numbers as text). */
#include "lab/export.h"

#include "formats/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

static void put_vector(ct_writer *w, const ct_real *x, int d)
{
    for (int k = 0; k < d; k++) {
        char number[CT_NUMBER_BYTES];
        ct_number_put(number, (double)x[k], true);
        ct_writer_bytes(w, number, strlen(number));
        ct_writer_bytes(w, k + 1 < d ? "\t" : "\n", 1);
    }
}

ct_status ct_export_projector(const ct_search *s, const char *folder, ct_error *err)
{
    const ct_side *text = &s->t->pairs->side[1];
    char path[CT_PATH_BYTES + 16], rest[32];
    ct_writer vectors, labels;
    ct_folder_make(folder, err);
    snprintf(path, sizeof path, "%s/vectors.tsv", folder);
    ct_writer_open(&vectors, path, CT_REPLACE, err);
    snprintf(path, sizeof path, "%s/metadata.tsv", folder);
    ct_writer_open(&labels, path, CT_REPLACE, err);
    ct_writer_bytes(&labels, "label\tside\tpair\n", 16);
    for (int k = 0; k < 2 * s->n; k++) { /* all images, then all texts */
        const int side = k / s->n, i = k % s->n;
        const char *label = text->text != NULL ? text->text[text->text_of[s->items[i]]] : "";
        put_vector(&vectors, s->unit[side] + (size_t)i * (size_t)s->d, s->d);
        for (; *label != '\0'; label++) /* a tab in a caption would be another column */
            ct_writer_bytes(&labels, *label == '\t' ? " " : label, 1);
        const int n = snprintf(rest, sizeof rest, "\t%s\t%d\n", side == 0 ? "image" : "text", i);
        ct_writer_bytes(&labels, rest, (size_t)n);
    }
    ct_writer_commit(&vectors);
    return ct_writer_commit(&labels);
}
