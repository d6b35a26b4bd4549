/* embed.c -- contrast embed RUN (--images F | --texts F) -o E.npy */
#include "cli/cli.h"

#include "formats/lines.h"
#include "formats/npy.h"

#include <string.h>

/* Standard input to its end. */
static char *read_input(ct_arena *arena, size_t *size, ct_error *err)
{
    size_t room = 1 << 16, got;
    char *text = ct_arena_alloc(arena, room + 1);
    *size = 0;
    while (text != NULL && (got = fread(text + *size, 1, room - *size, stdin)) > 0) {
        *size += got;
        if (*size < room)
            continue;
        char *more = ct_arena_alloc(arena, 2 * room + 1);
        text = more != NULL ? memcpy(more, text, room) : NULL;
        room *= 2;
    }
    if (ferror(stdin))
        CT_FAIL(err, CT_ERR_IO, "standard input: cannot be read");
    if (text != NULL)
        text[*size] = '\0';
    return text;
}

/* The lines of standard input; the answer is their embeddings. */
static ct_real *embed_input(cli_call *c, int *n, ct_error *err)
{
    char **line;
    size_t size;
    char *text = read_input(&c->arena, &size, err);
    const int d = ct_trainer_width(&c->trainer);
    if (c->trainer.pairs->side[1].text == NULL)
        CT_FAIL(err, CT_ERR_FORMAT,
                "embed: standard input holds texts, the run's tower reads numbers");
    if (err->status != CT_OK ||
        ct_lines_parse("standard input", text, size, &c->arena, &line, n, err) != CT_OK)
        return NULL;
    ct_real *z = ct_arena_zeroed(&c->arena, (size_t)*n * (size_t)d + 1, sizeof *z);
    if (z != NULL)
        ct_trainer_embed_texts(&c->trainer, 1, (const char *const *)line, *n, z, err);
    return z;
}

static ct_real *embed_file(cli_call *c, int side, const char *path, int *n, ct_error *err)
{
    const ct_side *own = &c->trainer.pairs->side[side];
    ct_pairs *items = ct_items_from_file(path, side, own->width, own->height, err);
    if (items == NULL)
        return NULL;
    *n = items->n;
    const size_t d = (size_t)ct_trainer_width(&c->trainer);
    ct_real *z = ct_arena_zeroed(&c->arena, (size_t)*n * d, sizeof *z);
    if (z != NULL)
        ct_trainer_embed_pairs(&c->trainer, side, items, items->index[CT_TRAIN], *n, z, err);
    ct_pairs_free(items);
    return z;
}

int cli_run_embed(cli_call *c, ct_error *err)
{
    const int d = ct_trainer_width(&c->trainer);
    ct_real *z = NULL;
    int n = 0;
    if ((c->images != NULL) == (c->texts != NULL) || c->output == NULL)
        CT_FAIL(err, CT_ERR_CONFIG, "embed: expected --images F or --texts F, and -o E.npy");
    else if (c->images != NULL)
        z = embed_file(c, 0, c->images, &n, err);
    else if (strcmp(c->texts, "-") == 0)
        z = embed_input(c, &n, err);
    else
        z = embed_file(c, 1, c->texts, &n, err);
    if (err->status != CT_OK)
        return 0;
    ct_unit_rows(z, n, d);
    if (ct_npy_write_matrix(c->output, z, n, d, err) == CT_OK)
        printf("%s: %d unit row%s of %d\n", c->output, n, CT_S(n), d);
    return 0;
}
