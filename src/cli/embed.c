/* embed.c -- contrast embed RUN (--images F | --texts F) -o E.npy
 *
 * Layer: cli. */
#include "cli/cli.h"
#include "cli/opened.h"

#include "formats/lines.h"
#include "formats/npy.h"
#include "lab/search.h"

#include <string.h>

static struct {
    const char *images, *texts, *output, *checkpoint;
} option;

static const cli_option OPTIONS[] = {
    {"--images", NULL, CLI_TEXT, &option.images, "F",
     "items of the first side: .npy, IDX, .pgm, .ppm, .tsv"},
    {"--texts", NULL, CLI_TEXT, &option.texts, "F",
     "items of the second side: a text a line, or .npy; -: standard input"},
    {"--output", "-o", CLI_TEXT, &option.output, "E.npy", "where the embeddings go"},
    {"--checkpoint", NULL, CLI_TEXT, &option.checkpoint, "C", "latest (default), best, or a step"},
};

const cli_option *cli_embed_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

/* Standard input to its end, as texts. */
static ct_status embed_input(opened_run *run, ct_arena *arena, ct_real **z, int *n, ct_error *err)
{
    size_t room = 1 << 16, size = 0, got;
    char *text = ct_arena_alloc(arena, room + 1), **line;
    while (text != NULL && (got = fread(text + size, 1, room - size, stdin)) > 0)
        if ((size += got) == room) {
            char *more = ct_arena_alloc(arena, 2 * room + 1);
            text = more != NULL ? memcpy(more, text, size) : NULL;
            room *= 2;
        }
    if (text == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "standard input: no memory for it");
    if (ferror(stdin))
        return CT_FAIL(err, CT_ERR_IO, "standard input: cannot be read");
    text[size] = '\0';
    ct_status status = ct_lines_parse("standard input", text, size, arena, &line, n, err);
    if (status == CT_OK && run->pairs->side[1].text == NULL)
        status = CT_FAIL(err, CT_ERR_FORMAT,
                         "embed: standard input holds texts, the run's tower reads numbers");
    const int d = ct_trainer_width(&run->trainer);
    if (status == CT_OK &&
        (*z = ct_arena_zeroed(arena, (size_t)*n * (size_t)d + 1, sizeof **z)) == NULL)
        status = CT_FAIL(err, CT_ERR_NOMEM, "embed: no memory for %d embeddings", *n);
    if (status == CT_OK)
        status = ct_trainer_embed_texts(&run->trainer, 1, (const char *const *)line, *n, *z, err);
    if (status == CT_OK)
        ct_unit_rows(*z, *n, d);
    return status;
}

static ct_status embed_file(opened_run *run, int side, const char *path, ct_arena *arena,
                            ct_real **z, int *n, ct_error *err)
{
    const ct_side *own = &run->pairs->side[side];
    ct_pairs *items = ct_items_from_file(path, side, own->width, own->height, err);
    if (items == NULL)
        return err->status;
    *n = items->n;
    *z = ct_arena_zeroed(arena, (size_t)*n * (size_t)ct_trainer_width(&run->trainer), sizeof **z);
    const ct_status status = *z == NULL ? CT_FAIL(err, CT_ERR_NOMEM,
                                                  "embed: no memory for %d embeddings", *n)
                                        : ct_embed_items(&run->trainer, side, items, *z, err);
    ct_pairs_free(items);
    return status;
}

int cli_embed(int argc, char **argv)
{
    ct_error err = {0};
    opened_run run;
    ct_arena arena;
    ct_real *z = NULL;
    int n = 0;
    if (argc != 1)
        return cli_usage("embed: expected one run's folder, found %d arguments", argc);
    if ((option.images != NULL) == (option.texts != NULL) || option.output == NULL)
        return cli_usage("embed: expected --images F or --texts F, and -o E.npy");
    ct_arena_init(&arena, 0);
    ct_status status = opened_run_open(&run, argv[0], option.checkpoint, &err);
    if (status == CT_OK && option.texts != NULL && strcmp(option.texts, "-") == 0)
        status = embed_input(&run, &arena, &z, &n, &err);
    else if (status == CT_OK)
        status = embed_file(&run, option.texts != NULL,
                            option.texts != NULL ? option.texts : option.images, &arena, &z, &n,
                            &err);
    if (status == CT_OK)
        status = ct_npy_write_matrix(option.output, z, n, ct_trainer_width(&run.trainer), &err);
    if (status == CT_OK)
        printf("%s: %d unit rows of %d\n", option.output, n, ct_trainer_width(&run.trainer));
    ct_arena_free(&arena);
    opened_run_close(&run);
    return status == CT_OK ? 0 : cli_fail(&err);
}
