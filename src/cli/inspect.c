/* inspect.c -- contrast inspect RUN | FILE: what a safetensors file holds; and contrast hash
 * RUN | FILE: a fingerprint of its parameters. */
#include "cli/cli.h"

#include "formats/bytes.h"
#include "formats/safetensors.h"
#include "show/table.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef struct parameter {
    const char *name;
    char shape[64];
    double mean, std, gradient_norm; /* NaN: the file has no moments */
} parameter;

static const ct_field PARAMETER[] = {
    {CT_ROW("parameter", CT_STRING, parameter, name)},
    {CT_ROW("shape", CT_TEXT, parameter, shape)},
    {CT_ROW("mean", CT_REAL, parameter, mean)},
    {CT_ROW("std", CT_REAL, parameter, std)},
    {CT_ROW("gradient_norm", CT_REAL, parameter, gradient_norm), .label = "|gradient|",
     .optional = true},
};
static const ct_fields COLUMNS = CT_FIELDS(PARAMETER);

/* A file, or the checkpoint `which` of the run in that folder. */
static ct_status read_file(const char *name, const char *which, ct_arena *arena,
                           ct_safetensors *out, char path[CT_PATH_BYTES], ct_error *err)
{
    if (ct_run_exists(name))
        ct_run_checkpoint(name, which, path, err);
    else
        snprintf(path, CT_PATH_BYTES, "%s", name); /* cut short, it is not found */
    return ct_safetensors_read(path, arena, out, err);
}

/* ---- hash ---- */

ct_status cli_hash(const char *name, const char *which, char out[CLI_HASH_BYTES],
                   char path[CT_PATH_BYTES], ct_error *err)
{
    ct_arena arena;
    ct_safetensors file;
    ct_arena_open(&arena, "hash", 0, err);
    if (read_file(name, which, &arena, &file, path, err) == CT_OK)
        snprintf(out, CLI_HASH_BYTES, "%016" PRIx64, ct_weights_hash(&file));
    ct_arena_free(&arena);
    return err->status;
}

int cli_run_hash(cli_call *c, ct_error *err)
{
    char path[CT_PATH_BYTES], digits[CLI_HASH_BYTES];
    if (cli_hash(c->argv[0], c->checkpoint, digits, path, err) == CT_OK)
        printf("%s  %s\n", digits, path);
    return 0;
}

/* ---- inspect ---- */

/* Mean and standard deviation of values, and the root of their sum of squares. */
typedef struct summary {
    double mean, std, norm;
} summary;

/* Read where they stand: a file may be half of all memory. */
static double value(const ct_safetensor *t, size_t i)
{
    return (double)(ct_real)ct_bytes_number(t->bytes + i * t->width, t->kind, (int)t->width, false);
}

static summary summarise(const ct_safetensor *t)
{
    double sum = 0, squares = 0, apart = 0;
    const double n = (double)t->count;
    if (t->count == 0)
        return (summary){.mean = 0};
    for (size_t i = 0; i < t->count; i++) {
        sum += value(t, i);
        squares += value(t, i) * value(t, i);
    }
    for (size_t i = 0; i < t->count; i++)
        apart += (value(t, i) - sum / n) * (value(t, i) - sum / n);
    return (summary){sum / n, sqrt(apart / n), sqrt(squares)};
}

/* The mean gradient of AdamW is its first moment; of SGD it is the last step. */
static parameter describe(const ct_safetensors *f, const ct_safetensor *t)
{
    char moment[CT_SAFETENSORS_NAME + 16];
    const summary values = summarise(t);
    parameter p = {t->name, "(", values.mean, values.std, (double)NAN};
    for (int k = 0, used = 1; k < t->n_dims; k++)
        used += snprintf(p.shape + used, sizeof p.shape - (size_t)used, k == 0 ? "%d" : ", %d",
                         t->dim[k]);
    strcat(p.shape, ")");
    snprintf(moment, sizeof moment, "optim.m.%s", t->name);
    if (ct_safetensors_find(f, moment) != NULL)
        p.gradient_norm = summarise(ct_safetensors_find(f, moment)).norm;
    return p;
}

static void put_json(ct_json *j, const ct_safetensors *f, const parameter *p, int n)
{
    const ct_fields members = {PARAMETER + 1, COLUMNS.n - 1}; /* the name is the key */
    char hash[CLI_HASH_BYTES];
    snprintf(hash, sizeof hash, "%016" PRIx64, ct_weights_hash(f));
    ct_json_string(j, "hash", hash);
    for (int i = 0; i < f->n_metadata; i++)
        ct_json_string(j, f->metadata[i].key, f->metadata[i].value);
    ct_json_open(j, "parameters", '{');
    for (int i = 0; i < n; i++) {
        ct_json_open(j, p[i].name, '{');
        ct_fields_json(j, &members, &p[i]);
        ct_json_close(j);
    }
}

static void print_text(const ct_safetensors *f, const parameter *p, int n, size_t values)
{
    const char *hash = ct_safetensors_metadata(f, CT_SAFETENSORS_HASH);
    const char *recipe = ct_safetensors_metadata(f, "contrast.recipe");
    const bool known = hash != NULL && strcmp(hash, CT_SAFETENSORS_ZEROS) != 0;
    for (int i = 0; i < f->n_metadata; i++)
        if (*ct_text_unprintable(f->metadata[i].value) == '\0' && f->metadata[i].value != hash)
            printf("%-24s %s\n", f->metadata[i].key, f->metadata[i].value);
    printf("\n");
    ct_table_print(&CT_TABLE(&COLUMNS, p, n), stdout, 0);
    printf("%zu value%s; hash %016" PRIx64 "; file hash: %s\n", values, CT_S(values),
           ct_weights_hash(f), known ? "right" : "none");
    if (recipe != NULL)
        printf("\n%s", recipe);
}

int cli_run_inspect(cli_call *c, ct_error *err)
{
    char path[CT_PATH_BYTES];
    ct_safetensors f;
    parameter *p = ct_arena_zeroed(&c->arena, CT_SAFETENSORS_MAX, sizeof *p);
    size_t values = 0;
    int n = 0;
    read_file(c->argv[0], c->checkpoint, &c->arena, &f, path, err);
    for (int i = 0; err->status == CT_OK && i < f.n_tensors; i++)
        if (!ct_safetensor_values(&f.tensor[i], NULL)) {
            CT_FAIL(err, CT_ERR_FORMAT, "%s: %s has a value that is not finite", path,
                    f.tensor[i].name);
        } else if (ct_is_parameter(&f.tensor[i])) {
            p[n++] = describe(&f, &f.tensor[i]);
            values += f.tensor[i].count;
        }
    if (err->status == CT_OK && c->json)
        put_json(&c->j, &f, p, n);
    else if (err->status == CT_OK)
        print_text(&f, p, n, values);
    return 0;
}
