/* export_torch.c -- a run as a PyTorch module that a person can read.
 *
 * The module is models/two_tower.py, the same for every run; what differs between runs
 * is in the metadata of the weights.
 *
 * Layer: lab. Needs formats (safetensors). */
#include "lab/export.h"

#include "formats/json.h"
#include "formats/safetensors.h"
#include "formats/text.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

static const char MODULE[] =
#include "models/two_tower.py.h"
    ;

static const char *const ACTIVATION[] = {
    [CT_ACT_NONE] = "none", [CT_ACT_RELU] = "relu",       [CT_ACT_GELU] = "gelu",
    [CT_ACT_TANH] = "tanh", [CT_ACT_SIGMOID] = "sigmoid",
};

static void describe(ct_json *j, const ct_trainer *t, int side)
{
    const ct_tower *tower = &t->model.side[side];
    const ct_tower_recipe *r = &t->recipe->tower[side];
    const ct_mlp *m = &tower->mlp;
    ct_json_open(j, side == 0 ? "image" : "text", '{');
    ct_json_integer(j, "in", tower->table >= 0 ? r->model.bag_dim : tower->in);
    ct_json_open(j, "layers", '[');
    for (int i = 0; i < m->n_layers; i++)
        ct_json_integer(j, NULL, t->model.params.list[m->layer[i].weight].rows);
    ct_json_close(j);
    ct_json_string(j, "activation", ACTIVATION[r->model.mlp.activation]);
    ct_json_string(j, "last_activation", ACTIVATION[r->model.mlp.last_activation]);
    ct_json_number(j, "mean", t->standard[side].mean);
    ct_json_number(j, "spread", t->standard[side].spread);
    ct_json_open(j, "text", '{'); /* empty: numbers */
    if (tower->table >= 0) {
        ct_json_integer(j, "buckets", r->text.buckets);
        ct_json_integer(j, "words", r->text.words);
        ct_json_integer(j, "word_pairs", r->text.word_pairs);
        ct_json_integer(j, "ngram_min", r->text.ngram_min);
        ct_json_integer(j, "ngram_max", r->text.ngram_max);
    }
    ct_json_close(j);
    ct_json_close(j);
}

static ct_status write_module(const char *path, ct_error *err)
{
    ct_writer w;
    ct_status status = ct_writer_open(&w, path, CT_REPLACE, err);
    if (status != CT_OK)
        return status;
    ct_writer_bytes(&w, MODULE, sizeof MODULE - 1);
    return ct_writer_commit(&w);
}

static ct_status write_weights(const ct_trainer *t, const char *path, ct_error *err)
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
    const ct_status status = towers.failed
                                 ? CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for it", path)
                                 : ct_safetensors_write(path, matrix, p->n, &metadata, 1, err);
    ct_json_free(&towers);
    return status;
}

ct_status ct_export_torch(const ct_trainer *t, const char *path, ct_error *err)
{
    char weights[CT_PATH_BYTES];
    const size_t n = strlen(path);
    if (n < 4 || strcmp(path + n - 3, ".py") != 0 ||
        snprintf(weights, sizeof weights, "%.*s.safetensors", (int)n - 3, path) >=
            (int)sizeof weights)
        return CT_FAIL(err, CT_ERR_CONFIG, "--torch %.60s: expected a name that ends in .py", path);
    const ct_status status = write_weights(t, weights, err);
    return status == CT_OK ? write_module(path, err) : status;
}
