/* export_torch.c -- a run as a PyTorch module that a person can read.
 *
 * The module is models/two_tower.py, the same for every run; what differs between runs
 * is in the metadata of the weights.
 *
 * Layer: lab. Needs formats (safetensors). */
#include "lab/export.h"

#include "formats/safetensors.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

static const char MODULE[] =
#include "models/two_tower.py.h"
    ;

/* The recipe's section of a side, and what the data had to say. */
static void describe(ct_json *j, const ct_trainer *t, int side)
{
    const ct_tower *tower = &t->model.side[side];
    const ct_tower_recipe *r = &t->recipe->tower[side];
    const void *object = t->recipe;
    const char *name = side == 0 ? "image" : "text";
    ct_json_open(j, name, '{');
    ct_json_bool(j, "reads_text", tower->table >= 0);
    ct_json_integer(j, "in", tower->table >= 0 ? r->model.bag_dim : tower->in);
    ct_json_number(j, "mean", t->standard[side].mean);
    ct_json_number(j, "spread", t->standard[side].spread);
    ct_fields_json(j, ct_fields_find(&ct_recipe_fields, name, &object)->members, r);
    ct_json_close(j);
}

static void write_weights(const ct_trainer *t, const char *path, ct_error *err)
{
    const ct_params *p = &t->model.params;
    ct_named_matrix matrix[CT_MAX_PARAMS];
    ct_json towers = {0};
    for (int i = 0; i < p->n; i++) {
        const ct_param *q = &p->list[i];
        matrix[i] = (ct_named_matrix){q->name, q->x, q->rows, q->cols, q->rows == 1 && !q->decay};
    }
    ct_json_open(&towers, NULL, '{');
    for (int side = 0; side < 2; side++)
        describe(&towers, t, side);
    ct_json_close(&towers);
    const ct_metadata metadata = {"contrast.towers", towers.text};
    if (towers.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path);
    else
        ct_safetensors_write(path, matrix, p->n, &metadata, 1, err);
    ct_json_free(&towers);
}

ct_status ct_export_torch(const ct_trainer *t, const char *path, ct_error *err)
{
    char weights[CT_PATH_BYTES];
    ct_writer w;
    const int stem = (int)strlen(path) - 3;
    if (stem < 1 || strcmp(path + stem, ".py") != 0 ||
        snprintf(weights, sizeof weights, "%.*s.safetensors", stem, path) >= (int)sizeof weights)
        return CT_FAIL(err, CT_ERR_CONFIG, "--torch %.60s: expected a name that ends in .py", path);
    write_weights(t, weights, err);
    ct_writer_open(&w, path, CT_REPLACE, err);
    ct_writer_bytes(&w, MODULE, sizeof MODULE - 1);
    return ct_writer_commit(&w);
}
