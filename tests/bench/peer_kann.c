/* peer_kann.c -- the training step of build/bench (bench.c) in KANN; built by peer_kann.sh.
 *
 *     peer_kann IN IN WIDTH WIDTH WIDTH N
 *
 * prints the median seconds of a step. KANN has no rows of unit length, no transposed matrix and no
 * AdamW. What comes nearest stands in: its layer normalisation, a second product of the towers, and
 * its RMSprop, which moves 20 bytes a parameter where AdamW moves 28. It runs on one thread, since
 * its threads share a batch, and here every row needs all others; a BLAS may use more. */
#include "kann.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LAYERS = 3, MOST = 400 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *numbers(int n)
{
    float *x = malloc(sizeof *x * (size_t)n);
    for (int i = 0; x != NULL && i < n; i++)
        x[i] = (float)kad_drand_normal(NULL);
    return x;
}

static kad_node_t *feed(int rows, int cols, float *x)
{
    kad_node_t *in = kad_feed(2, rows, cols);
    in->x = x;
    return in;
}

static kad_node_t *tower(int n, int in, const int *width)
{
    kad_node_t *t = feed(n, in, numbers(n * in));
    for (int i = 0; i < LAYERS; i++)
        t = i + 1 < LAYERS ? kad_relu(kann_layer_dense(t, width[i]))
                           : kann_layer_dense(t, width[i]);
    return kad_stdnorm(t);
}

/* The cross-entropy of each row of scale a b' against the diagonal. */
static kad_node_t *direction(kad_node_t *a, kad_node_t *b, kad_node_t *scale, kad_node_t *truth)
{
    return kad_ce_multi(kad_softmax(kad_mul(kad_cmul(a, b), scale)), truth);
}

static kann_t *model(const int *in, const int *width, int n)
{
    float *diagonal = calloc((size_t)n * (size_t)n, sizeof *diagonal);
    for (int i = 0; i < n; i++)
        diagonal[(size_t)i * (size_t)n + (size_t)i] = 1;
    kad_node_t *a = tower(n, in[0], width), *b = tower(n, in[1], width),
               *scale = kann_new_leaf(KAD_VAR, 0.2f, 1, 1), *truth = feed(n, n, diagonal);
    return kann_new(kad_add(direction(a, b, scale, truth), direction(b, a, scale, truth)), 0);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int v[6];
    for (int i = 0; i < 6; i++)
        v[i] = argc == 7 ? atoi(argv[i + 1]) : 0;
    if (v[5] < 2) {
        fputs("usage: peer_kann IN IN WIDTH WIDTH WIDTH N\n", stderr);
        return 2;
    }
    kann_t *net = model(v, v + 2, v[5]);
    const int size = net != NULL ? kann_size_var(net) : 0;
    float *r = calloc((size_t)size + 1, sizeof *r);
    double sample[MOST];
    int n = 0;
    if (net == NULL || r == NULL)
        return 1;
    for (const double began = now(); n < 10 || (n < MOST && now() - began < 0.4); n++) {
        const double start = now();
        kann_cost(net, 0, 1);
        kann_RMSprop(size, 1e-3f, NULL, 0.9f, net->g, net->x, r);
        sample[n] = now() - start;
    }
    qsort(sample + 3, (size_t)n - 3, sizeof *sample, compare); /* the first three warm up */
    printf("%.9f\n", sample[3 + (n - 3) / 2]);
    free(r);
    kann_delete(net);
    return 0;
}
