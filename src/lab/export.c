/* export.c -- a run as a PyTorch module that a person can read, and embeddings for the Embedding
 * Projector.
 *
 * The module is models/two_tower.py, the same for every run; what differs between runs is in the
 * checkpoint, which it reads as it is. The projector's "Load" button asks for two files. */
#include "lab/export.h"

#include "formats/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

static const char MODULE[] =
#include "models/two_tower.py.h"
    ;

ct_status ct_export_torch(ct_trainer *t, const char *path, ct_error *err)
{
    char weights[CT_PATH_BYTES];
    ct_writer w;
    const int stem = (int)strlen(path) - 3;
    if (stem < 1 || strcmp(path + stem, ".py") != 0 ||
        snprintf(weights, sizeof weights, "%.*s.safetensors", stem, path) >= (int)sizeof weights)
        return CT_FAIL(err, CT_ERR_CONFIG, "--torch %.60s: expected a name that ends in .py", path);
    ct_checkpoint_save(t, weights, err);
    ct_writer_open(&w, path, err);
    ct_writer_bytes(&w, MODULE, sizeof MODULE - 1);
    return ct_writer_commit(&w);
}

/* ---- for the projector ---- */

ct_status ct_export_projector(const ct_search *s, const char *folder, ct_error *err)
{
    const ct_side *text = &s->t->pairs->side[1];
    char path[CT_PATH_BYTES], cell[CT_NUMBER_BYTES + 32];
    ct_writer vectors, labels;
    ct_folder_make(folder, err);
    ct_writer_open(&vectors, ct_folder_path(path, folder, "vectors.tsv", err), err);
    ct_writer_open(&labels, ct_folder_path(path, folder, "metadata.tsv", err), err);
    ct_writer_bytes(&labels, "label\tside\tpair\n", 16);
    for (int k = 0; k < 2 * s->n; k++) { /* all images, then all texts */
        const int side = k / s->n, i = k % s->n;
        const ct_real *x = s->unit[side] + (size_t)i * (size_t)s->d;
        const char *label = text->text != NULL ? text->text[text->text_of[s->items[i]]] : "";
        for (int j = 0; j < s->d; j++) {
            ct_number_put(cell, (double)x[j], true);
            ct_writer_bytes(&vectors, cell, strlen(cell));
            ct_writer_bytes(&vectors, j + 1 < s->d ? "\t" : "\n", 1);
        }
        for (; *label != '\0'; label++) /* a tab in a caption would be another column */
            ct_writer_bytes(&labels, *label == '\t' ? " " : label, 1);
        snprintf(cell, sizeof cell, "\t%s\t%d\n", side == 0 ? "image" : "text", i);
        ct_writer_bytes(&labels, cell, strlen(cell));
    }
    ct_writer_commit(&vectors);
    return ct_writer_commit(&labels);
}
