/* linear.c -- a dense layer: two parameters and one operation.
 *
 * Weight decay is for weights: it limits how steep a layer is, and a bias has no
 * part in that. Biases start at zero except under CT_INIT_CONE.
 *
 * Easy to get wrong: C leaves open in which order the arguments of a call or the
 * parts of an initialiser are computed, and both numbers and places in the graph
 * go by order; so each has a statement of its own.
 *
 * Layer: engine. Needs ops (linear). Used by models. */
#include "contrast/nn.h"

#include <stdio.h>

/* Parameter NAME.PART. A name that is too long is cut here and then refused by
 * ct_params_declare, whose limit is lower. */
static int declare_part(ct_params *p, const char *name, const char *part, int rows, int cols,
                        ct_init init, int fan_in, bool decay)
{
    char full[sizeof p->list->name + 1];
    snprintf(full, sizeof full, "%s.%s", name, part);
    return ct_params_declare(p, full, rows, cols, init, fan_in, decay);
}

ct_linear_layer ct_linear_declare(ct_params *p, const char *name, int in, int out, ct_activation f,
                                  ct_init init)
{
    const ct_init bias_init = init == CT_INIT_CONE ? init : CT_INIT_ZERO;
    ct_linear_layer l = {.f = f};
    l.weight = declare_part(p, name, "weight", out, in, init, in, true);
    l.bias = declare_part(p, name, "bias", 1, out, bias_init, in, false);
    return l;
}

ct_tensor *ct_linear_apply(ct_graph *g, ct_params *p, ct_linear_layer l, ct_tensor *x)
{
    ct_tensor *w = ct_params_tensor(g, p, l.weight);
    ct_tensor *b = ct_params_tensor(g, p, l.bias);
    return ct_linear(g, x, w, b, l.f);
}
