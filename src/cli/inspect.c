/* inspect.c -- contrast inspect FILE: a safetensors file, or a run's checkpoint.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/safetensors.h"
#include "formats/text.h"
#include "train/run.h"

#include <math.h>
#include <string.h>

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
static ct_status show(const cli_line *in, ct_json *j, const ct_safetensors *f,
                      const ct_safetensor *t, ct_arena *scratch, ct_error *err)
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
    if (in->json) {
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

static ct_status show_all(const cli_line *in, const ct_safetensors *f, ct_arena *scratch,
                          ct_error *err)
{
    const char *hash = ct_safetensors_metadata(f, CT_SAFETENSORS_HASH);
    ct_json j = {0};
    size_t count = 0;
    ct_status status = CT_OK;
    if (in->json)
        ct_json_open(&j, NULL, '{');
    for (int i = 0; i < f->n_metadata && in->json; i++)
        ct_json_string(&j, f->metadata[i].key, f->metadata[i].value);
    for (int i = 0; i < f->n_metadata && !in->json; i++)
        if (strchr(f->metadata[i].value, '\n') == NULL &&
            *ct_text_unprintable(f->metadata[i].value) == '\0')
            printf("%-24s %s\n", f->metadata[i].key, f->metadata[i].value);
    if (in->json)
        ct_json_open(&j, "parameters", '{');
    else
        printf("\n%-24s %-16s %12s %12s %12s\n", "parameter", "shape", "mean", "spread",
               "|gradient|");
    for (int i = 0; i < f->n_tensors && status == CT_OK; i++) {
        if (strncmp(f->tensor[i].name, "optim.", 6) == 0)
            continue;
        status = show(in, &j, f, &f->tensor[i], scratch, err);
        count += f->tensor[i].count;
    }
    if (in->json && status == CT_OK) {
        cli_put_json(&j, err);
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

static int inspect(const cli_line *in, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_arena arena, scratch;
    ct_arena_init(&arena, 0);
    ct_arena_init(&scratch, 0);
    ct_safetensors *file = ct_arena_alloc(&arena, sizeof *file);
    const char *name = in->argv[0];
    if (file == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "inspect: no memory for %s", name);
    if (err->status == CT_OK && ct_run_exists(name)) {
        ct_run_checkpoint(name, NULL, path, err);
        name = path;
    }
    if (err->status == CT_OK && ct_safetensors_read(name, &arena, file, err) == CT_OK)
        show_all(in, file, &scratch, err);
    ct_arena_free(&scratch);
    ct_arena_free(&arena);
    return 0;
}

static const cli_option OPTIONS[] = {CLI_JSON, CLI_END};

const cli_command CLI_INSPECT = {
    .name = "inspect",
    .group = CLI_TO_LOOK,
    .arguments = "RUN | FILE",
    .least = 1,
    .most = 1,
    .expects = "a file or a run's folder",
    .summary = "list what is in a checkpoint or a safetensors file",
    .help = "Every parameter with its mean, spread and, in a checkpoint, the norm of its mean "
            "gradient; "
            "the recipe; the\n"
            "hash. Of a run, its latest checkpoint.\n",
    .options = OPTIONS,
    .run = inspect,
};
