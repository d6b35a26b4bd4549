/* latent.c -- the `latent` data set: vector pairs whose mutual information is known.
 *
 * For checking the bound I(x; y) >= ln n - loss against the truth. k coordinates of
 * a hidden vector are shared with correlation rho, the others are independent; a
 * rotation of each side changes no information and hides which coordinates they are. */
#include "contrast/datasets.h"

#include "contrast/random.h"
#include "contrast/scalar.h"

#include <math.h>

/* Reflections v (d - 1, d) whose product is a uniformly random rotation: number k
 * sends axis k to a random direction g among axes k, k + 1, ... (Stewart 1980).
 *     H_k x = x - 2 <v_k, x> / <v_k, v_k> v_k        v_k = g - |g| e_k */
static void draw_reflections(ct_random *r, double *v, int d)
{
    for (int k = 0; k + 1 < d; k++, v += d) {
        double square = 0;
        for (int j = k; j < d; j++) {
            v[j] = ct_random_normal(r);
            square += v[j] * v[j];
        }
        v[k] -= sqrt(square);
    }
}

/* z = H_0 H_1 ... z */
static void rotate(double *z, const double *v, int d)
{
    for (int k = d - 2; k >= 0; k--) {
        const double *vk = v + (size_t)k * (size_t)d;
        double dot = 0, square = 0;
        for (int j = k; j < d; j++) {
            dot += vk[j] * z[j];
            square += vk[j] * vk[j];
        }
        for (int j = k; j < d; j++)
            z[j] -= 2 * dot / square * vk[j];
    }
}

/* One pair of hidden vectors: b = rho a + sqrt(1 - rho^2) noise where shared. */
static void draw_hidden(ct_random *r, const ct_data_options *o, double *a, double *b)
{
    double rest = sqrt(1 - o->rho * o->rho);
    for (int j = 0; j < o->dim; j++) {
        a[j] = ct_random_normal(r);
        b[j] = ct_random_normal(r);
        if (j < o->shared)
            b[j] = o->rho * a[j] + rest * b[j];
    }
}

static void fill(ct_pairs *p, const ct_data_options *o, ct_error *err)
{
    const size_t d = (size_t)o->dim;
    double *v[2], *z[2]; /* of each side: reflections, and one hidden vector */
    float *x[2];
    for (int side = 0; side < 2; side++) {
        v[side] = ct_arena_zeroed(&p->arena, d * d, sizeof *v[side]);
        z[side] = ct_arena_zeroed(&p->arena, d, sizeof *z[side]);
        x[side] = ct_arena_zeroed(&p->arena, (size_t)p->n, d * sizeof *x[side]);
        if (err->status != CT_OK)
            return;
        ct_random r = ct_random_make(o->seed, CT_STREAM_DATA, UINT64_MAX - (uint64_t)side);
        draw_reflections(&r, v[side], o->dim);
        p->side[side].f32 = x[side];
        p->side[side].dim = o->dim;
    }
    for (int split = 0; split < CT_N_SPLITS; split++)
        for (int k = 0; k < p->count[split]; k++) {
            ct_random r = ct_random_make(o->seed, CT_STREAM_DATA,
                                         (uint64_t)k * CT_N_SPLITS + (uint64_t)split);
            draw_hidden(&r, o, z[0], z[1]);
            for (int side = 0; side < 2; side++) {
                rotate(z[side], v[side], o->dim);
                for (size_t j = 0; j < d; j++)
                    x[side][(size_t)p->index[split][k] * d + j] = (float)z[side][j];
            }
        }
}

ct_pairs *ct_latent(const ct_data_options *o, ct_error *err)
{
    const int count[CT_N_SPLITS] = {o->n_train, o->n_validation, o->n_test, 0};
    if (o->dim < 1 || o->dim > 1024)
        CT_FAIL(err, CT_ERR_CONFIG, "latent: dim is %d; expected 1 to 1024", o->dim);
    if (o->shared < 1 || o->shared > o->dim)
        CT_FAIL(err, CT_ERR_CONFIG, "latent: shared is %d; expected 1 to dim, %d", o->shared,
                o->dim);
    if (!(fabs(o->rho) < 1))
        CT_FAIL(err, CT_ERR_CONFIG, "latent: rho is %g; expected a number between -1 and 1",
                o->rho);
    ct_pairs *p = ct_pairs_new("latent", count, err);
    if (p != NULL) {
        p->mutual_information = -0.5 * o->shared * ct_scalar_log1p(-o->rho * o->rho);
        fill(p, o, err);
    }
    return ct_pairs_finish(p, err);
}
