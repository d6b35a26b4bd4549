/* rows.h -- the rows of the benchmark: how one is measured, and how it is shown. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "contrast/arena.h"
#include "contrast/device.h"
#include "contrast/real.h"
#include "formats/json.h"
#include "platform/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 400  /* most measurements of a row                */
#define LEAST_S 1e-3 /* time of one measurement, at least         */
#define ROW_S   0.4  /* time for a row, unless it needs more ...  */
#define LEAST   7    /* ... for so many measurements              */

typedef struct bench_row {
    const char *kind; /* "machine", "product", "kernel", "loss", "step"                  */
    char name[80];
    double seconds; /* median of one call                                       */
    double gflops;  /* 1e9 operations a second; a multiply-add counts as two    */
    double gbytes;  /* 1e9 bytes a second, read and written; 0: not measured    */
    int pairs;      /* of a step, else 0                                        */
    double mbytes;  /* 1e6 bytes that a step holds: graph, parameters, moments  */
    double limit;   /* seconds that the machine's limits allow; 0: none stated  */
} bench_row;

typedef struct bench {
    ct_device *device;
    const char *only;
    ct_json *json;             /* NULL: print */
    ct_arena arena;            /* of one row */
    double flops, bytes, exps; /* the machine's limits, a second */
    int n_rows;
    ct_error *err;
} bench;

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Median seconds of one call of work(arg). */
static double measure(void (*work)(void *arg), void *arg)
{
    double sample[SAMPLES], began = ct_clock_s();
    work(arg);
    const double first = ct_clock_s() - began;
    const int calls = first > LEAST_S ? 1 : (int)(LEAST_S / (first + 1e-7)) + 1;
    int n = 0;
    began = ct_clock_s();
    while (n < SAMPLES && (n < LEAST || ct_clock_s() - began < ROW_S)) {
        const double from = ct_clock_s();
        for (int i = 0; i < calls; i++)
            work(arg);
        sample[n++] = (ct_clock_s() - from) / calls;
    }
    qsort(sample, (size_t)n, sizeof *sample, by_value);
    return sample[n / 2];
}

static bool wanted(const bench *b, const char *kind, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s %s", kind, name);
    return b->only == NULL || strstr(full, b->only) != NULL;
}

static ct_real *numbers(bench *b, size_t n)
{
    ct_real *x = ct_arena_alloc(&b->arena, n * sizeof *x);
    for (size_t i = 0; x != NULL && i < n; i++)
        x[i] = (ct_real)((double)(i * 2654435761u % 1000) / 500 - 1);
    return x;
}

static void print_row(const bench_row *r)
{
    char speed[32] = "", limit[32] = "", pairs[64] = "";
    if (r->gflops > 0)
        snprintf(speed, sizeof speed, "%.1f GFLOP/s", r->gflops);
    else
        snprintf(speed, sizeof speed, "%.1f GB/s", r->gbytes);
    if (r->limit > 0)
        snprintf(limit, sizeof limit, "%3.0f %% of the limit", 100 * r->limit / r->seconds);
    if (r->pairs > 0)
        snprintf(pairs, sizeof pairs, "%8.0f pairs/s %7.1f MB", r->pairs / r->seconds, r->mbytes);
    printf("  %-8s %-32s %10.4f ms %16s  %-18s %s\n", r->kind, r->name, 1e3 * r->seconds, speed,
           limit, pairs);
    fflush(stdout);
}

static void json_row(ct_json *j, const bench_row *r)
{
    ct_json_open(j, NULL, '{');
    ct_json_string(j, "kind", r->kind);
    ct_json_string(j, "name", r->name);
    ct_json_number(j, "seconds", r->seconds);
    ct_json_number(j, "gflops", r->gflops);
    ct_json_number(j, "gbytes", r->gbytes);
    ct_json_number(j, "limit_seconds", r->limit);
    ct_json_integer(j, "pairs", r->pairs);
    ct_json_number(j, "mbytes", r->mbytes);
    ct_json_close(j);
}

static void report(bench *b, bench_row row, double flops, double bytes)
{
    row.gflops = flops / row.seconds * 1e-9;
    row.gbytes = bytes / row.seconds * 1e-9;
    b->n_rows++;
    if (b->json != NULL)
        json_row(b->json, &row);
    else
        print_row(&row);
}

#endif
