/* inspect.c -- contrast inspect FILE: a safetensors file, or a run's checkpoint.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/safetensors.h"
#include "formats/text.h"
#include "train/run.h"

#include <math.h>
#include <string.h>

static const cli_option OPTIONS[] = {
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print JSON"},
};

const cli_option *cli_inspect_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

typedef struct summary {
    double mean, spread, norm;
} summary;

static ct_status summarise(const ct_safetensor *t, ct_arena *scratch, summary *out, ct_error *err)
{
    ct_arena_reset(scratch);
    ct_real *x = ct_arena_zeroed(scratch, t->count + 1, sizeof *x);
    double sum = 0, squares = 0, apart = 0;
    if (x == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "inspect: no memory for %s", t->name);
    ct_safetensor_values(t, x);
    for (size_t i = 0; i < t->count; i++) {
        sum += (double)x[i];
        squares += (double)x[i] * (double)x[i];
    }
    out->mean = t->count > 0 ? sum / (double)t->count : 0;
    for (size_t i = 0; i < t->count; i++)
        apart += ((double)x[i] - out->mean) * ((double)x[i] - out->mean);
    out->spread = t->count > 0 ? sqrt(apart / (double)t->count) : 0;
    out->norm = sqrt(squares);
    return CT_OK;
}

static void print_shape(const ct_safetensor *t, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "(");
    for (int k = 0; k < t->n_dims; k++)
        used += (size_t)snprintf(out + used, size - used, k == 0 ? "%d" : ", %d", t->dim[k]);
    snprintf(out + used, size - used, ")");
}

/* One parameter; the mean gradient of AdamW is its first moment, of SGD's it is the
 * last step. */
static ct_status show(ct_json *j, const ct_safetensors *f, const ct_safetensor *t,
                      ct_arena *scratch, ct_error *err)
{
    char name[CT_SAFETENSORS_NAME + 16], shape[64], gradient[32] = "";
    summary s, g;
    ct_status status = summarise(t, scratch, &s, err);
    snprintf(name, sizeof name, "optim.m.%s", t->name);
    const ct_safetensor *moment = ct_safetensors_find(f, name);
    if (status == CT_OK && moment != NULL)
        status = summarise(moment, scratch, &g, err);
    if (status != CT_OK)
        return status;
    print_shape(t, shape, sizeof shape);
    if (cli.json) {
        ct_json_open(j, t->name, '{');
        ct_json_string(j, "shape", shape);
        ct_json_number(j, "mean", s.mean);
        ct_json_number(j, "spread", s.spread);
        if (moment != NULL)
            ct_json_number(j, "gradient_norm", g.norm);
        ct_json_close(j);
        return CT_OK;
    }
    if (moment != NULL)
        snprintf(gradient, sizeof gradient, "%12.4g", g.norm);
    printf("%-24s %-16s %12.4g %12.4g %s\n", t->name, shape, s.mean, s.spread, gradient);
    return CT_OK;
}

static ct_status show_all(const ct_safetensors *f, ct_arena *scratch, ct_error *err)
{
    const char *hash = ct_safetensors_metadata(f, CT_SAFETENSORS_HASH);
    ct_json j = {0};
    size_t count = 0;
    ct_status status = CT_OK;
    if (cli.json)
        ct_json_open(&j, NULL, '{');
    for (int i = 0; i < f->n_metadata && cli.json; i++)
        ct_json_string(&j, f->metadata[i].key, f->metadata[i].value);
    for (int i = 0; i < f->n_metadata && !cli.json; i++)
        if (strchr(f->metadata[i].value, '\n') == NULL &&
            *ct_text_unprintable(f->metadata[i].value) == '\0')
            printf("%-24s %s\n", f->metadata[i].key, f->metadata[i].value);
    if (cli.json)
        ct_json_open(&j, "parameters", '{');
    else
        printf("\n%-24s %-16s %12s %12s %12s\n", "parameter", "shape", "mean", "spread",
               "|gradient|");
    for (int i = 0; i < f->n_tensors && status == CT_OK; i++) {
        if (strncmp(f->tensor[i].name, "optim.", 6) == 0)
            continue;
        status = show(&j, f, &f->tensor[i], scratch, err);
        count += f->tensor[i].count;
    }
    if (cli.json && status == CT_OK) {
        cli_put_json(&j);
    } else if (status == CT_OK) {
        const char *recipe = ct_safetensors_metadata(f, "contrast.recipe");
        printf("%zu values; %s %s\n", count,
               hash != NULL ? "its hash is right:" : "it carries no hash",
               hash != NULL ? hash : "");
        if (recipe != NULL)
            printf("\n%s", recipe);
    }
    ct_json_free(&j);
    return status;
}

int cli_inspect(int argc, char **argv)
{
    ct_error err = {0};
    char path[CT_PATH_BYTES];
    ct_arena arena, scratch;
    if (argc != 1)
        return cli_usage("inspect: expected a file or a run's folder, found %d arguments", argc);
    ct_arena_init(&arena, 0);
    ct_arena_init(&scratch, 0);
    ct_safetensors *file = ct_arena_alloc(&arena, sizeof *file);
    const char *name = argv[0];
    ct_status status = file == NULL ? CT_FAIL(&err, CT_ERR_NOMEM, "inspect: no memory for %s", name)
                                    : CT_OK;
    if (status == CT_OK && ct_run_exists(name)) {
        status = ct_run_checkpoint(name, NULL, path, &err);
        name = path;
    }
    if (status == CT_OK)
        status = ct_safetensors_read(name, &arena, file, &err);
    if (status == CT_OK)
        status = show_all(file, &scratch, &err);
    ct_arena_free(&scratch);
    ct_arena_free(&arena);
    return status == CT_OK ? 0 : cli_fail(&err);
}
