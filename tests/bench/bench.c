/* bench.c -- how fast this machine does what training does.
 *
 *     make bench && build/bench [--only TEXT] [--json] [--threads N]
 *
 * Every figure is the median of repeated measurements of at least a millisecond each, after a
 * warm-up; beside it stands the limit that the machine sets, measured in the same run:
 * multiply-adds by independent chains of fma in registers on all threads at once, bytes by a copy
 * between arrays of the size the kernels work on. A step is forward, symmetric loss with a learned
 * temperature, backward and AdamW. --only measures the rows whose "kind name" holds TEXT: product,
 * kernel, step, N=32. CONTRAST_ISA chooses the kernels, as for the program. */
#include "contrast/loss.h"
#include "contrast/models.h"
#include "contrast/ops.h"
#include "contrast/optim.h"
#include "contrast/plain.h"
#include "kernels/kernels.h"
#include "peak.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENTS (1 << 20) /* of a kernel's arrays: 4 MiB each, in the last-level cache */

/* ---- the machine ---- */

#define ROUNDS 20000
#define COPIED (1 << 14) /* elements a block of the copy */

static void fma_block(void *ctx, int block)
{
    (void)block;
    peak_rounds(ct_device_isa(ctx), ROUNDS);
}

static void work_fma(void *arg)
{
    ct_device *dev = ((bench *)arg)->device;
    k_parallel(dev, ct_device_threads(dev), fma_block, dev);
}

typedef struct kernel_args {
    ct_device *device;
    ct_real *a, *b, *c, *d;
    int which;
} kernel_args;

static void copy_block(void *ctx, int block)
{
    const kernel_args *k = ctx;
    const size_t from = (size_t)block * COPIED;
    memcpy(k->b + from, k->a + from, COPIED * sizeof *k->b);
}

static void work_copy(void *arg)
{
    const kernel_args *k = arg;
    k_parallel(k->device, ELEMENTS / COPIED, copy_block, arg);
}

#define WARM  4096 /* elements that a core keeps close: less than the pool would share out */
#define TIMES 32

static void exp_block(void *ctx, int block)
{
    const kernel_args *k = ctx;
    const size_t from = (size_t)block * WARM;
    for (int i = 0; i < TIMES; i++)
        k_exp(k->device, WARM, k->a + from, k->b + from);
}

static void work_exp(void *arg)
{
    const kernel_args *k = arg;
    k_parallel(k->device, ct_device_threads(k->device), exp_block, arg);
}

static void measure_machine(bench *b)
{
    kernel_args k = {.device = b->device, .a = numbers(b, ELEMENTS), .b = numbers(b, ELEMENTS)};
    const double flops = peak_rounds(ct_device_isa(b->device), ROUNDS) *
                         ct_device_threads(b->device);
    const double bytes = 2.0 * ELEMENTS * sizeof(ct_real);
    if (b->err->status != CT_OK)
        return;
    bench_row fma = {.kind = "machine",
                     .name = "fma in registers",
                     .seconds = measure(work_fma, b)};
    bench_row copy = {.kind = "machine",
                      .name = "copy of 4 MiB",
                      .seconds = measure(work_copy, &k)};
    bench_row exps = {.kind = "machine",
                      .name = "exp in the cache",
                      .seconds = measure(work_exp, &k)};
    const double warm = (double)TIMES * WARM * ct_device_threads(b->device);
    b->exps = warm / exps.seconds;
    b->flops = flops / fma.seconds;
    b->bytes = bytes / copy.seconds;
    if (wanted(b, fma.kind, fma.name))
        report(b, fma, flops, 0);
    if (wanted(b, copy.kind, copy.name))
        report(b, copy, 0, bytes);
    if (wanted(b, exps.kind, exps.name))
        report(b, exps, 0, 2 * warm * sizeof(ct_real));
}

/* ---- products ---- */

typedef struct product_args {
    ct_device *device;
    int m, n, k;
    ct_real *a, *b, *c;
} product_args;

static void work_product(void *arg)
{
    const product_args *p = arg;
    k_matmul_nn(p->device, p->m, p->n, p->k, p->a, p->b, p->c, false);
}

static void measure_products(bench *b)
{
    static const int SHAPE[][3] = {{7, 256, 768},      {32, 128, 128},  {128, 128, 128},
                                   {256, 256, 256},    {512, 512, 512}, {1024, 1024, 1024},
                                   {2048, 2048, 2048}, {512, 784, 256}, {2048, 64, 2048}};
    for (size_t i = 0; i < sizeof SHAPE / sizeof *SHAPE; i++) {
        const int m = SHAPE[i][0], n = SHAPE[i][1], k = SHAPE[i][2];
        bench_row row = {.kind = "product"};
        snprintf(row.name, sizeof row.name, "%dx%dx%d", m, n, k);
        if (!wanted(b, row.kind, row.name))
            continue;
        ct_arena_reset(&b->arena);
        const size_t am = (size_t)m, an = (size_t)n, ak = (size_t)k;
        product_args p = {b->device,          m, n, k, numbers(b, am * ak), numbers(b, ak * an),
                          numbers(b, am * an)};
        if (b->err->status != CT_OK)
            return;
        const double flops = 2.0 * m * n * k;
        row.seconds = measure(work_product, &p);
        row.limit = flops / b->flops;
        report(b, row, flops, 0);
    }
}

/* ---- kernels on 2^20 elements, as rows of 64 where they work on rows ---- */

enum {
    EXP,
    LOG,
    TANH,
    GELU,
    GELU_GRAD,
    NORMALIZE,
    NORMALIZE_GRAD,
    EXP_SUMS,
    DOT,
    SGD,
    ADAMW,
    N_KERNELS
};

static const struct {
    const char *name;
    int moved; /* arrays of ELEMENTS read and written */
} KERNEL[N_KERNELS] = {
    [EXP] = {"exp", 2},
    [LOG] = {"log", 2},
    [TANH] = {"tanh", 2},
    [GELU] = {"gelu", 2},
    [GELU_GRAD] = {"gelu backward", 3},
    [NORMALIZE] = {"normalise rows", 2},
    [NORMALIZE_GRAD] = {"normalise rows backward", 4},
    [EXP_SUMS] = {"log-sum-exp of rows", 1},
    [DOT] = {"dot", 2},
    [SGD] = {"sgd with momentum", 5},
    [ADAMW] = {"adamw", 7},
};

static void work_kernel(void *arg)
{
    static const k_adamw_args ADAM = {(ct_real)1e-3, (ct_real)0.9, (ct_real)0.999, (ct_real)1e-8,
                                      (ct_real)1e-2, (ct_real)0.5, (ct_real)0.5};
    kernel_args *k = arg;
    ct_device *dev = k->device;
    const int rows = ELEMENTS / 64;
    switch (k->which) {
    case EXP: k_exp(dev, ELEMENTS, k->a, k->b); break;
    case LOG: k_log(dev, ELEMENTS, k->a, k->b); break;
    case TANH: k_activation(dev, CT_ACT_TANH, ELEMENTS, k->a, k->b); break;
    case GELU: k_activation(dev, CT_ACT_GELU, ELEMENTS, k->a, k->b); break;
    case GELU_GRAD: k_activation_grad(dev, CT_ACT_GELU, ELEMENTS, k->a, k->a, k->b, k->c); break;
    case NORMALIZE: k_normalize_rows(dev, rows, 64, k->a, CT_NORM_EPS, k->b, k->d); break;
    case NORMALIZE_GRAD:
        k_normalize_rows_grad(dev, rows, 64, k->a, k->d, CT_NORM_EPS, k->b, k->c, true);
        break;
    case EXP_SUMS: k_row_exp_sums(dev, rows, 64, k->a, k->d, k->d + rows, NULL); break;
    case DOT: k->d[0] = k_dot(dev, ELEMENTS, k->a, k->b); break;
    case SGD: k_sgd(dev, ELEMENTS, (ct_real)1e-3, (ct_real)0.9, 0, k->a, k->b, k->c); break;
    case ADAMW: k_adamw(dev, ELEMENTS, &ADAM, k->a, k->b, k->d, k->c); break;
    }
}

static void measure_kernels(bench *b)
{
    for (int which = 0; which < N_KERNELS; which++) {
        bench_row row = {.kind = "kernel"};
        snprintf(row.name, sizeof row.name, "%s", KERNEL[which].name);
        if (!wanted(b, row.kind, row.name))
            continue;
        ct_arena_reset(&b->arena);
        kernel_args k = {b->device,
                         numbers(b, ELEMENTS),
                         numbers(b, ELEMENTS),
                         numbers(b, ELEMENTS),
                         numbers(b, ELEMENTS),
                         which};
        if (b->err->status != CT_OK)
            return;
        for (int i = 0; i < ELEMENTS; i++) /* second moments and lengths are not negative */
            k.d[i] = k.d[i] * k.d[i] + (ct_real)0.1;
        const double bytes = KERNEL[which].moved * (double)ELEMENTS * sizeof(ct_real);
        row.seconds = measure(work_kernel, &k);
        row.limit = bytes / b->bytes;
        report(b, row, 0, bytes);
    }
}

/* ---- training steps: forward, symmetric loss with a learned temperature, backward, AdamW ---- */

typedef struct step_shape {
    int in[2], width[3], n;
} step_shape;

typedef struct step_args {
    ct_device *device;
    ct_graph graph;
    ct_two_tower model;
    ct_optim optim;
    ct_batch_side batch[2];
} step_args;

static void work_step(void *arg)
{
    step_args *s = arg;
    ct_graph *g = &s->graph;
    ct_params *p = &s->model.params;
    ct_graph_reset(g);
    ct_params_zero_grad(p);
    ct_tensor *z[2];
    ct_two_tower_embed_both(g, &s->model, s->batch, z);
    ct_tensor *loss = ct_loss_clip(g, z[0], z[1],
                                   &(ct_loss_inputs){
                                       .log_scale = ct_two_tower_log_scale(g, &s->model)});
    ct_backward(g, loss, NULL);
    ct_optim_step(&s->optim, s->device, p->x, ct_params_gradients(p), p->n_decay, 1e-3);
    ct_two_tower_clamp(&s->model);
}

/* Operations: each weight is used by every pair forward and for its own gradient, and, but
 * in a first layer, for its input's; the loss takes three products of n x n x d. */
static double step_flops(const step_shape *s)
{
    double per_pair = 0;
    for (int side = 0; side < 2; side++)
        per_pair += 2.0 * s->in[side] * s->width[0] + 3.0 * s->width[0] * s->width[1] +
                    3.0 * s->width[1] * s->width[2];
    return 2 * (per_pair * s->n + 3.0 * s->n * s->n * s->width[2]);
}

static void init_step(bench *b, const step_shape *shape, step_args *s)
{
    ct_two_tower_config c = {.temperature = 0.07, .learn_scale = true};
    ct_optim_config o = ct_optim_defaults(CT_ADAMW);
    o.weight_decay = 0.01;
    for (int side = 0; side < 2; side++) {
        c.side[side].mlp = (ct_mlp_config){.in = shape->in[side],
                                           .widths = {shape->width[0], shape->width[1],
                                                      shape->width[2]},
                                           .n_layers = 3,
                                           .activation = CT_ACT_RELU,
                                           .init = CT_INIT_HE};
        ct_real *x = numbers(b, (size_t)shape->n * (size_t)shape->in[side]);
        s->batch[side] = (ct_batch_side){.n = shape->n, .x = x};
    }
    ct_two_tower_init(&s->model, &c, 1, b->err);
    ct_optim_init(&s->optim, &o, s->model.params.size, b->err);
}

/* What went wrong while the row was measured. */
static void check_graph(bench *b, const ct_graph *g)
{
    const ct_error *e = ct_graph_error(g);
    if (e != NULL)
        CT_FAIL(b->err, e->status, "%s", e->msg);
}

static void measure_steps(bench *b)
{
    static const step_shape SHAPE[] = {
        {{64, 48}, {128, 128, 64}, 7},
        {{64, 48}, {128, 128, 64}, 32},
        {{784, 256}, {256, 256, 64}, 7},
        {{784, 256}, {256, 256, 64}, 32},
        {{784, 256}, {256, 256, 64}, 128},
        {{784, 256}, {256, 256, 64}, 512},
        {{784, 256}, {256, 256, 64}, 2048},
        {{784, 512}, {1024, 1024, 256}, 512},
        {{784, 256}, {256, 256, 64}, 8192},
        {{784, 256}, {64, 64, 64}, 512}, /* the rest: how it scales */
        {{784, 256}, {128, 128, 64}, 512},
        {{784, 256}, {512, 512, 64}, 512},
        {{784, 256}, {1024, 1024, 64}, 512},
    };
    for (size_t i = 0; i < sizeof SHAPE / sizeof *SHAPE && b->err->status == CT_OK; i++) {
        const step_shape *h = &SHAPE[i];
        bench_row row = {.kind = "step", .pairs = h->n};
        snprintf(row.name, sizeof row.name, "%d,%d %d-%d-%d N=%d", h->in[0], h->in[1], h->width[0],
                 h->width[1], h->width[2], h->n);
        if (!wanted(b, row.kind, row.name))
            continue;
        ct_arena_reset(&b->arena);
        step_args s = {.device = b->device};
        ct_graph_init(&s.graph, b->device, 0);
        init_step(b, h, &s);
        if (b->err->status == CT_OK) {
            const double flops = step_flops(h),
                         bytes = 7.0 * (double)s.model.params.size * sizeof(ct_real);
            row.seconds = measure(work_step, &s);
            row.limit = flops / b->flops + bytes / b->bytes;
            row.mbytes = 1e-6 * ((double)s.graph.arena.used +
                                 4.0 * (double)s.model.params.size * sizeof(ct_real));
            report(b, row, flops, 0);
        }
        check_graph(b, &s.graph);
        ct_optim_free(&s.optim);
        ct_two_tower_free(&s.model);
        ct_graph_free(&s.graph);
    }
}

/* ---- a loss: walked in tiles, and composed of plain operations that keep the matrix ---- */

typedef struct loss_args {
    ct_graph graph;
    ct_real *x[2], log_scale;
    int n, d;
    bool composed; /* of plain operations, which keep the matrix */
} loss_args;

static void work_loss(void *arg)
{
    loss_args *l = arg;
    ct_graph *g = &l->graph;
    ct_graph_reset(g);
    ct_tensor *a = ct_leaf(g, l->n, l->d, l->x[0]), *b = ct_leaf(g, l->n, l->d, l->x[1]),
              *s = ct_leaf(g, 1, 1, &l->log_scale);
    ct_backward(g,
                l->composed ? ct_plain_clip(g, a, b, s)
                            : ct_loss_clip(g, a, b, &(ct_loss_inputs){.log_scale = s}),
                NULL);
}

/* In linear memory S is made twice, for the sums and for the gradients of both sides: four
 * products, and an exponential a cell each time. */
static double loss_limit(const bench *b, const loss_args *l)
{
    const double cells = (double)l->n * l->n;
    return 4 * 2 * cells * l->d / b->flops + 2 * cells / b->exps;
}

static void measure_losses(bench *b)
{
    static const loss_args SHAPE[] = {
        {.n = 256, .d = 64},    {.n = 256, .d = 64, .composed = true},
        {.n = 1024, .d = 64},   {.n = 1024, .d = 64, .composed = true},
        {.n = 4096, .d = 64},   {.n = 4096, .d = 64, .composed = true},
        {.n = 16384, .d = 128}, {.n = 65536, .d = 64},
    };
    for (size_t i = 0; i < sizeof SHAPE / sizeof *SHAPE && b->err->status == CT_OK; i++) {
        loss_args l = SHAPE[i];
        l.log_scale = (ct_real)2.66;
        bench_row row = {.kind = "loss"};
        snprintf(row.name, sizeof row.name, "clip N=%d d=%d%s", l.n, l.d,
                 l.composed ? ", composed" : "");
        if (!wanted(b, row.kind, row.name))
            continue;
        ct_arena_reset(&b->arena);
        ct_graph_init(&l.graph, b->device, 0);
        for (int side = 0; side < 2; side++)
            l.x[side] = numbers(b, (size_t)l.n * (size_t)l.d);
        if (b->err->status == CT_OK) {
            row.seconds = measure(work_loss, &l);
            row.limit = l.n > 4096 ? loss_limit(b, &l) : 0; /* smaller S are kept */
            report(b, row, 6.0 * l.n * l.n * l.d, 0);
        }
        check_graph(b, &l.graph);
        ct_graph_free(&l.graph);
    }
}

static int fail(const ct_error *err)
{
    fprintf(stderr, "bench: error: %s\n", err->msg);
    return err->status == CT_ERR_CONFIG ? 2 : 1;
}

/* The command line; false if it is not one. */
static bool read_options(int argc, char **argv, const char **only, bool *json, int *threads)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--json") == 0) {
            *json = true;
            continue;
        }
        if (value == NULL)
            return false;
        if (strcmp(argv[i], "--only") == 0)
            *only = value;
        else if (strcmp(argv[i], "--threads") == 0)
            *threads = atoi(value);
        else
            return false;
        i++;
    }
    return *threads >= 0;
}

int main(int argc, char **argv)
{
    ct_error err = {0};
    ct_json j = {0};
    bench b = {.err = &err};
    bool json = false;
    int threads = 0; /* all that this process may use */
    if (!read_options(argc, argv, &b.only, &json, &threads)) {
        fputs("usage: bench [--only TEXT] [--json] [--threads N]\n", stderr);
        return 2;
    }
    const char *isa = getenv("CONTRAST_ISA");
    b.device = ct_device_new(threads, isa != NULL && *isa != '\0' ? isa : NULL, &err);
    if (b.device == NULL)
        return fail(&err);
    if (json) {
        b.json = &j;
        ct_json_open(&j, NULL, '{');
        ct_json_string(&j, "isa", ct_device_isa(b.device));
        ct_json_integer(&j, "threads", ct_device_threads(b.device));
        ct_json_open(&j, "rows", '[');
    } else {
        printf("%s, %d threads; medians; a limit is measured here too (fma in registers, copy)\n\n",
               ct_device_isa(b.device), ct_device_threads(b.device));
    }
    ct_arena_open(&b.arena, "bench", 0, &err);
    measure_machine(&b);
    measure_products(&b);
    measure_kernels(&b);
    measure_losses(&b);
    measure_steps(&b);
    if (b.n_rows == 0)
        CT_FAIL(&err, CT_ERR_CONFIG, "no row is called \"%s\"", b.only);
    if (json && err.status == CT_OK) {
        while (j.depth > 0)
            ct_json_close(&j);
        puts(j.failed ? "" : j.text);
    }
    ct_arena_free(&b.arena);
    ct_json_free(&j);
    ct_device_free(b.device);
    return err.status == CT_OK ? 0 : fail(&err);
}
