/* export.c -- a run as a PyTorch module that a person can read, its pairs, and embeddings for the
 * Embedding Projector.
 *
 * The module is models/two_tower.py, the same for every run; what differs between runs is in the
 * checkpoint, which it reads as it is. The projector's "Load" button asks for two files. */
#include "lab/export.h"

#include "data/inside.h"
#include "formats/bytes.h"
#include "formats/npy.h"
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

/* ---- the pairs, as files that anybody reads, and contrast too ----
 *
 *     image.npy, text.npy or text.txt   the two sides
 *     split.txt                         the split of each pair
 *     groups.npy                        equal numbers mean the same; if there are groups */

/* Line i is text[of[i]]. */
static void write_lines(const char *path, const char *const *text, const int *of, int n,
                        ct_error *err)
{
    ct_writer w;
    ct_writer_open(&w, path, err);
    for (int i = 0; i < n && err->status == CT_OK; i++) {
        ct_writer_bytes(&w, text[of[i]], strlen(text[of[i]]));
        ct_writer_bytes(&w, "\n", 1);
    }
    ct_writer_commit(&w);
}

/* Values stay of their type: the standardisation of float32 values is not that of float64. */
static void write_rows(const char *path, const ct_side *s, int n, ct_error *err)
{
    const ct_npy *a = s->file != NULL ? &s->file->array : NULL;
    const bool bytes = s->u8 != NULL || (a != NULL && data_are_bytes(a));
    const int width = 4 << (a != NULL && a->width > (a->kind == 'f' ? 4 : 2));
    const int dim[] = {n, s->width > 0 ? s->height : s->dim, s->width, s->channels};
    ct_writer w;
    unsigned char out[8];
    double x[DATA_PIECE];
    const char *real = width == 8 ? "<f8" : "<f4";
    ct_npy_begin(&w, path, bytes ? "|u1" : real, dim, s->width > 0 ? 4 : 2, err);
    for (int i = 0; i < n; i++)
        for (int from = 0, here; (here = data_values(s, i, from, x, err)) > 0; from += here)
            for (int k = 0; k < here; k++) {
                if (bytes)
                    out[0] = (unsigned char)x[k];
                else
                    ct_bytes_put_real(out, width, x[k]);
                ct_writer_bytes(&w, out, bytes ? 1 : (size_t)width);
            }
    ct_writer_commit(&w);
}

static void write_groups(const char *path, const ct_pairs *p, ct_error *err)
{
    ct_writer w;
    unsigned char out[4];
    ct_npy_begin(&w, path, "<i4", &p->n, 1, err);
    for (int i = 0; i < p->n; i++) {
        ct_bytes_put(out, 4, (uint64_t)(uint32_t)p->group[i]);
        ct_writer_bytes(&w, out, 4);
    }
    ct_writer_commit(&w);
}

ct_status ct_export_data(const ct_pairs *p, const char *folder, ct_error *err)
{
    static const char *const TEXT[] = {"image.txt", "text.txt"}, *const ROWS[] = {"image.npy",
                                                                                  "text.npy"};
    const char *split[CT_N_SPLITS];
    char path[CT_PATH_BYTES];
    ct_arena arena;
    ct_arena_open(&arena, "export", 0, err);
    int *of = ct_arena_zeroed(&arena, (size_t)p->n, sizeof *of);
    ct_folder_make(folder, err);
    for (int k = 0; k < 2; k++) {
        const ct_side *s = &p->side[k];
        if (s->text != NULL)
            write_lines(ct_folder_path(path, folder, TEXT[k], err), s->text, s->text_of, p->n, err);
        else
            write_rows(ct_folder_path(path, folder, ROWS[k], err), s, p->n, err);
    }
    if (p->group != NULL)
        write_groups(ct_folder_path(path, folder, "groups.npy", err), p, err);
    for (int s = 0; s < CT_N_SPLITS; s++) {
        split[s] = ct_split_name((ct_split)s);
        for (int k = 0; k < p->count[s] && of != NULL; k++)
            of[p->index[s][k]] = s;
    }
    write_lines(ct_folder_path(path, folder, "split.txt", err), split, of, p->n, err);
    ct_arena_free(&arena);
    return err->status;
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
