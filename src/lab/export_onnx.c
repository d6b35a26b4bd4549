/* export_onnx.c -- a tower as an ONNX graph.
 *
 *     numbers  (x - mean) / spread ------------------------------> layers -> unit rows
 *     texts    mean of the table's rows at ids, where mask is 1 -> layers -> unit rows
 *
 * ONNX has no bag of embeddings and, in operators 17, no GELU: both are composed.
 *
 * Layer: lab. Needs formats (onnx). */
#include "lab/export.h"

#include "formats/onnx.h"
#include "platform/file.h"

#include <math.h>
#include <stdio.h>

typedef struct builder {
    ct_onnx onnx;
    const ct_trainer *t;
    int side, made;
    char at[16]; /* name of the value made last */
} builder;

/* The value made last becomes op(it, more). */
static void then(builder *b, const char *op, const char *more, const char *attribute, int value,
                 bool list)
{
    char inputs[160], output[16];
    snprintf(inputs, sizeof inputs, "%s %s", b->at, more);
    snprintf(output, sizeof output, "v%d", b->made++);
    ct_onnx_node(&b->onnx, op, inputs, output, attribute, value, list);
    snprintf(b->at, sizeof b->at, "%s", output);
}

static void number(builder *b, const char *name, double x)
{
    const ct_real narrow = (ct_real)x;
    ct_onnx_floats(&b->onnx, name, 0, 1, &narrow);
}

static void activate(builder *b, ct_activation f)
{
    char z[16];
    switch (f) {
    case CT_ACT_NONE: break;
    case CT_ACT_RELU: then(b, "Relu", "", NULL, 0, false); break;
    case CT_ACT_TANH: then(b, "Tanh", "", NULL, 0, false); break;
    case CT_ACT_SIGMOID: then(b, "Sigmoid", "", NULL, 0, false); break;
    case CT_ACT_GELU: /* z (1 + erf(z / sqrt 2)) / 2 */
        snprintf(z, sizeof z, "%s", b->at);
        then(b, "Mul", "sqrt_half", NULL, 0, false);
        then(b, "Erf", "", NULL, 0, false);
        then(b, "Add", "one", NULL, 0, false);
        then(b, "Mul", z, NULL, 0, false);
        then(b, "Mul", "half", NULL, 0, false);
        break;
    }
}

static void put_parameter(builder *b, int i)
{
    const ct_param *p = &b->t->model.params.list[i];
    ct_onnx_floats(&b->onnx, p->name, p->rows == 1 && !p->decay ? 0 : p->rows, p->cols, p->x);
}

static void put_inputs(builder *b, const ct_tower *tower)
{
    const ct_params *p = &b->t->model.params;
    const ct_standard *s = &b->t->standard[b->side];
    char inputs[64];
    if (tower->table < 0) {
        ct_onnx_input(&b->onnx, "x", CT_ONNX_FLOAT, tower->in, NULL);
        number(b, "mean", s->mean);
        number(b, "spread", s->spread);
        snprintf(b->at, sizeof b->at, "x");
        then(b, "Sub", "mean", NULL, 0, false);
        then(b, "Div", "spread", NULL, 0, false);
        return;
    }
    ct_onnx_input(&b->onnx, "ids", CT_ONNX_INT64, 0, "L");
    ct_onnx_input(&b->onnx, "mask", CT_ONNX_FLOAT, 0, "L");
    ct_onnx_integer(&b->onnx, "axis_1", 1);
    ct_onnx_integer(&b->onnx, "axis_2", 2);
    put_parameter(b, tower->table);
    ct_onnx_node(&b->onnx, "Unsqueeze", "mask axis_2", "mask_3", NULL, 0, false);
    ct_onnx_node(&b->onnx, "ReduceSum", "mask axis_1", "count", "keepdims", 1, false);
    ct_onnx_node(&b->onnx, "Max", "count one", "divisor", NULL, 0, false);
    snprintf(inputs, sizeof inputs, "%s ids", p->list[tower->table].name);
    ct_onnx_node(&b->onnx, "Gather", inputs, "rows", NULL, 0, false);
    snprintf(b->at, sizeof b->at, "rows");
    then(b, "Mul", "mask_3", NULL, 0, false);
    then(b, "ReduceSum", "axis_1", "keepdims", 0, false);
    then(b, "Div", "divisor", NULL, 0, false);
}

static ct_status export_tower(const ct_trainer *t, int side, const char *path, ct_error *err)
{
    builder b = {.t = t, .side = side};
    const ct_tower *tower = &t->model.side[side];
    const ct_params *p = &t->model.params;
    bool gelu = false;
    ct_onnx_begin(&b.onnx, side == 0 ? "image_tower" : "text_tower");
    for (int i = 0; i < tower->mlp.n_layers; i++)
        gelu = gelu || tower->mlp.layer[i].f == CT_ACT_GELU;
    if (gelu || tower->table >= 0)
        number(&b, "one", 1);
    if (gelu) {
        number(&b, "half", 0.5);
        number(&b, "sqrt_half", sqrt(0.5));
    }
    number(&b, "eps", (double)CT_NORM_EPS);
    put_inputs(&b, tower);
    for (int i = 0; i < tower->mlp.n_layers; i++) {
        const ct_linear_layer *l = &tower->mlp.layer[i];
        char more[128];
        put_parameter(&b, l->weight);
        put_parameter(&b, l->bias);
        snprintf(more, sizeof more, "%s %s", p->list[l->weight].name, p->list[l->bias].name);
        then(&b, "Gemm", more, "transB", 1, false);
        activate(&b, l->f);
    }
    char z[16], inputs[48];
    snprintf(z, sizeof z, "%s", b.at);
    then(&b, "ReduceL2", "", "axes", 1, true);
    then(&b, "Max", "eps", NULL, 0, false);
    snprintf(inputs, sizeof inputs, "%s %s", z, b.at);
    ct_onnx_node(&b.onnx, "Div", inputs, "embedding", NULL, 0, false);
    ct_onnx_output(&b.onnx, "embedding", ct_trainer_width(t));
    return ct_onnx_write(&b.onnx, path, err);
}

ct_status ct_export_onnx(const ct_trainer *t, const char *folder, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_status status = ct_folder_make(folder, err);
    for (int side = 0; side < 2 && status == CT_OK; side++) {
        if (snprintf(path, sizeof path, "%s/%s_tower.onnx", folder, side == 0 ? "image" : "text") >=
            (int)sizeof path)
            return CT_FAIL(err, CT_ERR_IO, "%.60s...: the path is too long", folder);
        status = export_tower(t, side, path, err);
    }
    return status;
}
