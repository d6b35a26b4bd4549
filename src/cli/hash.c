/* hash.c -- contrast hash RUN|FILE: sixteen digits that stand for the weights.
 *
 * Names, sizes and values of the parameters, in the order of their names; not the
 * optimiser's moments, not the recipe. Two runs with equal hashes have the same weights to the
 * last bit, whatever machines they ran on.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "formats/bytes.h"
#include "formats/safetensors.h"
#include "train/run.h"

#include <inttypes.h>
#include <string.h>

static const char *at_option;

static const cli_option OPTIONS[] = {
    {"--at", NULL, CLI_TEXT, &at_option, "WHICH", "checkpoint: latest (default), best or a step"},
};

const cli_option *cli_hash_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static uint64_t hash_of(const ct_safetensors *file)
{
    uint64_t hash = CT_BYTES_HASH;
    for (int i = 0; i < file->n_tensors; i++) {
        const ct_safetensor *t = &file->tensor[i];
        if (strncmp(t->name, "optim.", 6) == 0)
            continue;
        hash = ct_bytes_hash(hash, t->name, strlen(t->name) + 1);
        for (int d = 0; d < t->n_dims; d++) {
            unsigned char size[8];
            ct_bytes_put(size, 8, (uint64_t)t->dim[d]);
            hash = ct_bytes_hash(hash, size, sizeof size);
        }
        hash = ct_bytes_hash(hash, t->bytes, t->count * t->width);
    }
    return hash;
}

static ct_status hash_file(const char *path, char out[CLI_HASH_BYTES], ct_error *err)
{
    ct_arena arena;
    ct_safetensors file;
    ct_arena_init(&arena, 0);
    const ct_status status = ct_safetensors_read(path, &arena, &file, err);
    if (status == CT_OK)
        snprintf(out, CLI_HASH_BYTES, "%016" PRIx64, hash_of(&file));
    ct_arena_free(&arena);
    return status;
}

ct_status cli_hash_run(const char *folder, char out[CLI_HASH_BYTES])
{
    char path[CT_PATH_BYTES];
    const ct_status status = ct_run_checkpoint(folder, NULL, path, CT_IGNORE_ERROR);
    return status == CT_OK ? hash_file(path, out, CT_IGNORE_ERROR) : status;
}

int cli_hash(int argc, char **argv)
{
    ct_error err = {0};
    char path[CT_PATH_BYTES], hash[CLI_HASH_BYTES];
    if (argc != 1)
        return cli_usage(
            "hash: expected one run's folder or one .safetensors file, found %d arguments", argc);
    ct_status status = CT_OK;
    if (ct_run_exists(argv[0]))
        status = ct_run_checkpoint(argv[0], at_option, path, &err);
    else
        snprintf(path, sizeof path, "%s", argv[0]); /* cut short, it is not found */
    if (status == CT_OK)
        status = hash_file(path, hash, &err);
    if (status != CT_OK)
        return cli_fail(&err);
    printf("%s  %s\n", hash, path);
    return 0;
}
