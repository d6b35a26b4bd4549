/* masks.c -- captions equal word for word: one target or several.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/loss.h"
#include "contrast/ops.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

enum { N = 64, D = 16, CAPTIONS = 10 };

/* Captions equal word for word have equal embeddings, and then one target a row or all of the row's
 * group come to the same: loss, and gradient of the pictures, of N pictures that share ten
 * captions. */
void ct_lesson_masks(ct_lesson_run *run, ct_error *err)
{
    static const char *const NAME[2] = {"clip", "unicl"};
    ct_real a[N * D], b[CAPTIONS * D], gradient[2][N * D] = {{0}};
    ct_real log_scale = (ct_real)ct_scalar_log(1 / 0.07);
    int caption[N], offset[N + 1] = {0};
    double loss[2] = {0}, most = 0;
    ct_graph g;
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 7);
    for (int i = 0; i < N * D; i++)
        a[i] = (ct_real)ct_random_normal(&r);
    for (int i = 0; i < CAPTIONS * D; i++)
        b[i] = (ct_real)ct_random_normal(&r);
    for (int i = 0; i < N; i++) {
        caption[i] = (int)ct_random_below(&r, CAPTIONS);
        offset[i + 1] = i + 1; /* bags of one row */
    }
    ct_graph_init(&g, run->device, 0);
    for (int k = 0; k < 2; k++) {
        ct_graph_reset(&g);
        ct_tensor *x = ct_leaf(&g, N, D, a),
                  *y = ct_embedding_bag(&g, ct_constant(&g, CAPTIONS, D, b), N, offset, caption);
        const ct_loss_inputs in = {.log_scale = ct_constant(&g, 1, 1, &log_scale),
                                   .group = caption};
        ct_tensor *l = ct_loss_find(NAME[k])->apply(&g, x, y, &in);
        ct_backward(&g, l, NULL);
        if (ct_graph_error(&g) != NULL)
            CT_FAIL(err, ct_graph_error(&g)->status, "%s", ct_graph_error(&g)->msg);
        for (int i = 0; i < N * D && err->status == CT_OK; i++)
            gradient[k][i] = x->dx[i];
        loss[k] = err->status == CT_OK ? (double)l->x[0] : 0;
    }
    for (int i = 0; i < N * D; i++) {
        const double apart = fabs((double)gradient[0][i] - (double)gradient[1][i]);
        most = apart > most ? apart : most; /* gcc 12 for ARM fails on fmax here */
    }
    ct_row_exact(ct_lesson_add(run, "captions equal word for word: loss, one target less several"),
                 loss[0] - loss[1], 0, 1e-5);
    ct_row_exact(ct_lesson_add(run, "... largest difference of their gradients"), most, 0, 1e-6);
    ct_graph_free(&g);
}
