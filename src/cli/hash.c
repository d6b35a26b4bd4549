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

ct_status cli_hash_run(const char *folder, char out[CLI_HASH_BYTES], ct_error *err)
{
    char path[CT_PATH_BYTES];
    const ct_status status = ct_run_checkpoint(folder, NULL, path, err);
    return status == CT_OK ? hash_file(path, out, err) : status;
}

static int hash(const cli_line *in, ct_error *err)
{
    char path[CT_PATH_BYTES], digits[CLI_HASH_BYTES];
    if (ct_run_exists(in->argv[0]))
        ct_run_checkpoint(in->argv[0], in->checkpoint, path, err);
    else
        snprintf(path, sizeof path, "%s", in->argv[0]); /* cut short, it is not found */
    if (err->status == CT_OK && hash_file(path, digits, err) == CT_OK)
        printf("%s  %s\n", digits, path);
    return 0;
}

static const cli_option OPTIONS[] = {CLI_CHECKPOINT,
                                     {"--at", NULL, CLI_TEXT, CLI_AT(checkpoint), "C", "the same"},
                                     CLI_END};

const cli_command CLI_HASH = {
    .name = "hash",
    .group = CLI_TO_LOOK,
    .arguments = "RUN | FILE",
    .least = 1,
    .most = 1,
    .expects = "one run's folder or one .safetensors file",
    .summary = "print a 16-digit fingerprint of a run's weights",
    .help =
        "Equal hashes mean equal weights to the last bit: the way to see that two machines did the "
        "same.\n",
    .options = OPTIONS,
    .run = hash,
};
