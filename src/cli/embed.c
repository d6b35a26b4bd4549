/* embed.c -- contrast embed RUN (--images F | --texts F) -o E.npy
 *
 * Layer: cli. */
#include "cli/open.h"

#include "formats/lines.h"
#include "formats/npy.h"
#include "lab/search.h"

#include <string.h>

/* Standard input to its end, as texts. */
static ct_status embed_input(cli_run *run, ct_arena *arena, ct_real **z, int *n, ct_error *err)
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

static ct_status embed_file(cli_run *run, int side, const char *path, ct_arena *arena, ct_real **z,
                            int *n, ct_error *err)
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

static int embed(const cli_line *in, ct_error *err)
{
    cli_run run;
    ct_arena arena;
    ct_real *z = NULL;
    int n = 0;
    const char *path = in->texts != NULL ? in->texts : in->images;
    if ((in->images != NULL) == (in->texts != NULL) || in->output == NULL) {
        CT_FAIL(err, CT_ERR_CONFIG, "embed: expected --images F or --texts F, and -o E.npy");
        return 0;
    }
    ct_arena_init(&arena, 0);
    cli_open(&run, in, in->argv[0], err);
    if (err->status == CT_OK && in->texts != NULL && strcmp(in->texts, "-") == 0)
        embed_input(&run, &arena, &z, &n, err);
    else if (err->status == CT_OK)
        embed_file(&run, in->texts != NULL, path, &arena, &z, &n, err);
    if (err->status == CT_OK)
        ct_npy_write_matrix(in->output, z, n, ct_trainer_width(&run.trainer), err);
    if (err->status == CT_OK)
        printf("%s: %d unit rows of %d\n", in->output, n, ct_trainer_width(&run.trainer));
    ct_arena_free(&arena);
    cli_close(&run);
    return 0;
}

/* clang-format off */
static const cli_option OPTIONS[] = {
    {"--images", NULL, CLI_TEXT, CLI_AT(images), "F",
     "items of the first side: .npy, IDX, .pgm, .ppm, .tsv"},
    {"--texts", NULL, CLI_TEXT, CLI_AT(texts), "F",
     "items of the second side: one text per line, or .npy; -: standard input"},
    {"--output", "-o", CLI_TEXT, CLI_AT(output), "E.npy", "where the embeddings go"},
    CLI_CHECKPOINT,
    CLI_END};

const cli_command CLI_EMBED = {
    .name = "embed", .group = CLI_TO_USE, .arguments = "RUN (--images F | --texts F) -o E.npy",
    .least = 1, .most = 1,
    .summary = "write embeddings of images or texts as a NumPy array",
    .help = "Unit rows: a dot product is a cosine. They do not depend on what else is embedded, "
            "nor on threads.",
    .options = OPTIONS, .run = embed,
};
/* clang-format on */
