/* search.c -- contrast search RUN [QUERY]: a text finds images, an image's number
 * finds texts. */
#include "cli/cli.h"

#include "lab/search.h"
#include "show/table.h"
#include "train/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum { DRAWN = 5 };

/* What is found, as it is shown. */
typedef struct found {
    double score;
    int index;
    const char *text, *where; /* where: its file and line; NULL: it was generated */
    char place[CT_RECIPE_TEXT + 16];
} found;

static const ct_field FOUND[] = {
    {CT_ROW("score", CT_REAL, found, score), .format = "%.3f"},
    {CT_ROW("index", CT_INT, found, index)},
    {CT_ROW("text", CT_STRING, found, text)},
    {CT_ROW("where", CT_STRING, found, where), .optional = true},
};
static const ct_fields COLUMNS = CT_FIELDS(FOUND);

/* An item of a side, with its pair's text. Where it was read: FILE:LINE of a text or a table,
 * FILE[ROW] of an array. */
static void look_at(const ct_search *s, int side, ct_hit hit, found *out)
{
    const ct_data_recipe *data = &s->t->recipe.data;
    const ct_side *texts = &s->t->pairs->side[1];
    const bool table = *data->text == '\0', lines = table || s->t->pairs->side[side].text != NULL;
    const int item = s->items[hit.at];
    *out = (found){.score = hit.score, .index = hit.at, .text = ""};
    if (texts->text != NULL)
        out->text = texts->text[texts->text_of[item]];
    if (data->kind != CT_DATA_PAIRS)
        return;
    snprintf(out->place, sizeof out->place, lines ? "%s:%d" : "%s[%d]",
             side == 0 || table ? data->image : data->text, item + lines);
    out->where = out->place;
}

/* The first few pictures that fit, if these are pictures. */
static void draw(cli_call *c, const ct_search *s, const found *f, int n)
{
    const ct_side *side = &s->t->pairs->side[0];
    const uint8_t *picture[DRAWN];
    const int fits = side->width > 0 ? (c->out.width - 2) / (side->width + 2) : 0;
    int shown = 0;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (; shown < n && shown < DRAWN && shown < fits; shown++) {
        uint8_t *p = ct_arena_alloc(&arena, 3 * (size_t)side->width * (size_t)side->height);
        if (p == NULL || ct_picture_bytes(s->t->pairs, s->items[f[shown].index], 1, 3, &arena, p,
                                          CT_IGNORE_ERROR) != CT_OK)
            break;
        picture[shown] = p;
    }
    if (shown > 0)
        ct_draw_pictures(&c->out, 2, picture, shown, side->width, side->height);
    ct_arena_free(&arena);
}

/* One query. A whole number is the number of an image. */
static void answer(cli_call *c, const ct_search *s, const char *query, ct_error *err)
{
    ct_hit hit[CLI_TOP];
    found row[CLI_TOP];
    char *end;
    const bool texts = s->t->pairs->side[1].text != NULL;
    const long number = strtol(query, &end, 10);
    const bool by_item = end > query && *end == '\0';
    int n = 0;
    if (by_item ? number < 0 || number >= s->n : !texts)
        CT_FAIL(err, CT_ERR_CONFIG, "search: %.60s: expected the number of an item, 0 to %d%s",
                query, s->n - 1, texts ? ", or a text" : "");
    else if (by_item)
        n = ct_search_item(s, (int)number, 1, c->top, hit);
    else if (ct_text_ids(query, &s->t->recipe.tower[1].text, NULL, 0) == 0)
        CT_FAIL(err, CT_ERR_CONFIG, "search: '%.60s': there is nothing in it that the tower reads",
                query);
    else
        n = ct_search_text(s, query, 0, c->top, hit, err);
    if (err->status != CT_OK)
        return;
    for (int i = 0; i < n; i++)
        look_at(s, by_item, hit[i], &row[i]);
    const found asked = {.index = by_item ? (int)number : 0};
    const ct_table hits = CT_TABLE(&COLUMNS, row, n);
    ct_json_string(&c->j, "query", query);
    ct_table_json(&hits, &c->j, "hits");
    if (!c->json) {
        draw(c, s, by_item ? &asked : row, by_item ? 1 : n);
        ct_table_print(&hits, stdout, 0);
    }
    cli_put_json(c, err);
}

/* Queries as they are typed, until the input ends. */
static void converse(cli_call *c, const ct_search *s, ct_error *err)
{
    const bool watched = cli_terminal(c, stdin).redraw && c->out.redraw;
    char line[1024];
    if (watched)
        printf("%d pair%s; type a text, or a number from 0 to %d for an image; end with Ctrl-D\n",
               s->n, CT_S(s->n), s->n - 1);
    while (err->status == CT_OK) {
        fputs(watched ? "> " : "", stdout);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            break;
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0')
            answer(c, s, line, err);
    }
    if (ferror(stdin))
        CT_FAIL(err, CT_ERR_IO, "standard input: cannot be read");
}

int cli_run_search(cli_call *c, ct_error *err)
{
    ct_search s = {0};
    if (ct_search_init(&s, &c->trainer, (ct_split)c->split, err) == CT_OK && c->argc == 2)
        answer(c, &s, c->argv[1], err);
    else if (err->status == CT_OK)
        converse(c, &s, err);
    ct_search_free(&s);
    return 0;
}
