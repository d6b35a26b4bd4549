/* first.c -- contrastive learning on one page, through the public headers alone.
 *
 *     build/first             two towers learn which rows belong together
 *     build/first collapse    the same but for one word, and the loss stays at ln 7
 *
 * A pair is one thing seen twice: 16 numbers, and the same numbers in another order, both with
 * noise. Nobody tells the towers the order. All they learn from is that row i of one side belongs
 * to row i of the other and to none of the other six. The word is the activation: six sigmoid
 * layers squeeze all inputs into nearly one point, and where all embeddings are equal the
 * gradient of this loss is zero. */
#include "contrast/models.h"
#include "contrast/optim.h"
#include "contrast/random.h"
#include "contrast/scalar.h"

#include <stdio.h>
#include <string.h>

enum { N = 7, D = 16, STEPS = 1000, SEED = 1 }; /* N pairs in a batch, D numbers in a row */

static const double TAU = 0.1, RATE = 0.1; /* temperature, learning rate */

/* Fresh pairs for every step. */
static void draw_pairs(int step, ct_real x[N][D], ct_real y[N][D])
{
    ct_random r = ct_random_make(SEED, CT_STREAM_DATA, (uint64_t)step);
    for (int i = 0; i < N; i++)
        for (int k = 0; k < D; k++) {
            const double thing = ct_random_normal(&r);
            x[i][k] = (ct_real)(thing + 0.1 * ct_random_normal(&r));
            y[i][k * 5 % D] = (ct_real)(thing + 0.1 * ct_random_normal(&r));
        }
}

/* S[i,j] is the cosine of a's row i and b's row j. The loss is the cross-entropy of each row of
 * S / tau against the diagonal: the mean of ln sum_j e^(S[i,j] / tau) - S[i,i] / tau. */
static ct_tensor *contrastive_loss(ct_graph *g, ct_tensor *a, ct_tensor *b)
{
    a = ct_normalize_rows(g, a, CT_NORM_EPS);
    b = ct_normalize_rows(g, b, CT_NORM_EPS);
    ct_tensor *all = ct_scale(g, ct_matmul_nt(g, a, b), (ct_real)(1 / TAU));
    ct_tensor *own = ct_scale(g, ct_row_dots(g, a, b), (ct_real)(1 / TAU));
    return ct_mean(g, ct_sub(g, ct_lse_rows(g, all), own));
}

int main(int argc, char **argv)
{
    const bool collapse = argc > 1 && strcmp(argv[1], "collapse") == 0;
    if (argc > 1 + collapse) {
        fprintf(stderr, "usage: first [collapse]\n");
        return 2;
    }
    const ct_mlp_config layers = {.in = D,
                                  .widths = {64, 64, 64, 64, 64, 32},
                                  .n_layers = 6,
                                  .activation = collapse ? CT_ACT_SIGMOID : CT_ACT_RELU,
                                  .init = CT_INIT_HE};
    const ct_optim_config sgd = ct_optim_defaults(CT_SGD);
    ct_error err = {0}; /* after the first failure, later calls do nothing */
    ct_device *device = ct_device_new(1, NULL, &err);
    ct_graph g;
    ct_graph_init(&g, device, 0);
    ct_params p;
    ct_params_init(&p);
    const ct_mlp one = ct_mlp_declare(&p, "one", &layers);
    const ct_mlp other = ct_mlp_declare(&p, "other", &layers);
    ct_params_build(&p, SEED, &err);
    ct_optim optim;
    ct_optim_init(&optim, &sgd, p.size, &err);

    /* All equal: 7 answers, each as good as the others. At best: cosines 1 and -1/6. */
    const double equal = ct_scalar_log(N);
    const double best = ct_scalar_log1p((N - 1) * ct_scalar_exp(-N / ((N - 1) * TAU)));
    for (int step = 0; step <= STEPS && err.status == CT_OK; step++) {
        ct_real x[N][D], y[N][D];
        ct_graph_reset(&g); /* the last step's tensors die; the parameters stay */
        draw_pairs(step, x, y);
        ct_tensor *a = ct_mlp_apply(&g, &p, &one, ct_constant(&g, N, D, *x));
        ct_tensor *b = ct_mlp_apply(&g, &p, &other, ct_constant(&g, N, D, *y));
        ct_tensor *loss = contrastive_loss(&g, a, b);
        ct_params_zero_grad(&p);
        ct_backward(&g, loss, NULL);
        ct_optim_step(&optim, device, p.x, ct_params_gradients(&p), p.n_decay, RATE);
        err = g.error;
        if (step % 200 == 0 && loss != NULL)
            printf("step %4d   loss %.4f   all equal (ln 7) %.4f   floor %.5f\n", step,
                   (double)loss->x[0], equal, best);
    }
    if (err.status != CT_OK)
        fprintf(stderr, "first: %s\n", err.msg);
    ct_optim_free(&optim);
    ct_params_free(&p);
    ct_graph_free(&g);
    ct_device_free(device);
    return err.status == CT_OK ? 0 : 1;
}
