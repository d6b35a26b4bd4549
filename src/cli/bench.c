/* bench.c -- contrast bench [--only TEXT] [--json]
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/json.h"
#include "lab/bench.h"

static const char *only_option;

static const cli_option OPTIONS[] = {
    {"--only", NULL, CLI_TEXT, &only_option, "TEXT",
     "rows whose name holds TEXT: product, kernel, step, N=32"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print JSON"},
};

const cli_option *cli_bench_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static void print_row(void *ctx, const ct_bench_row *r)
{
    (void)ctx;
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

static void json_row(void *ctx, const ct_bench_row *r)
{
    ct_json *j = ctx;
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

int cli_bench(int argc, char **argv)
{
    ct_error err = {0};
    ct_json j = {0};
    if (argc != 0)
        return cli_usage("bench: expected no arguments, found %s", argv[0]);
    ct_device *device = cli_device(&err);
    if (device == NULL)
        return cli_fail(&err);
    if (cli.json) {
        ct_json_open(&j, NULL, '{');
        ct_json_string(&j, "isa", ct_device_isa(device));
        ct_json_integer(&j, "threads", ct_device_threads(device));
        ct_json_open(&j, "rows", '[');
    } else {
        printf("%s, %d threads; medians; a limit is measured here too (fma in registers, copy)\n\n",
               ct_device_isa(device), ct_device_threads(device));
    }
    const ct_status status = ct_bench(device, only_option, cli.json ? json_row : print_row, &j,
                                      &err);
    if (cli.json && status == CT_OK)
        cli_put_json(&j);
    ct_json_free(&j);
    ct_device_free(device);
    return status == CT_OK ? 0 : cli_fail(&err);
}
