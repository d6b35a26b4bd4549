/* search.c -- contrast search RUN [QUERY]: a text finds images, an image's number
 * finds texts.
 *
 * Layer: cli. */
#include "cli/cli.h"
#include "cli/opened.h"

#include "lab/search.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 100, DRAWN = 5 };

static struct {
    const char *split, *checkpoint;
    int top;
} option;

static const cli_option OPTIONS[] = {
    {"--top", "-k", CLI_INT, &option.top, "K", "how many to show (default 5, at most 100)"},
    {"--split", NULL, CLI_TEXT, &option.split, "S",
     "where to look: test (default), train, validation, composition"},
    {"--checkpoint", NULL, CLI_TEXT, &option.checkpoint, "C", "latest (default), best, or a step"},
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print JSON"},
};

const cli_option *cli_search_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static const char *text_of(const ct_search *s, int at)
{
    const ct_side *side = &s->t->pairs->side[1];
    return side->text != NULL ? side->text[side->text_of[s->items[at]]] : "";
}

static void draw(const ct_search *s, const ct_hit *hit, int n)
{
    const ct_side *side = &s->t->pairs->side[0];
    const ct_terminal terminal = cli_terminal(stdout);
    const uint8_t *picture[DRAWN];
    const int fits = side->width > 0 ? (terminal.width - 2) / (side->width + 2) : 0;
    int shown = 0;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (uint8_t *p; shown < n && shown < DRAWN && shown < fits &&
                     ct_search_picture(s, hit[shown].at, &arena, &p, CT_IGNORE_ERROR) == CT_OK;)
        picture[shown++] = p;
    if (shown > 0)
        ct_draw_pictures(&terminal, 2, picture, shown, side->width, side->height);
    ct_arena_free(&arena);
}

static void print_json(const ct_search *s, const char *query, const ct_hit *hit, int n)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "query", query);
    ct_json_open(&j, "hits", '[');
    for (int i = 0; i < n; i++) {
        ct_json_open(&j, NULL, '{');
        ct_json_integer(&j, "index", hit[i].at);
        ct_json_number(&j, "score", hit[i].score);
        ct_json_string(&j, "text", text_of(s, hit[i].at));
        ct_json_close(&j);
    }
    cli_put_json(&j);
}

/* One query. A whole number below n is the number of an image. */
static ct_status answer(const ct_search *s, const char *query, ct_error *err)
{
    ct_hit hit[MOST];
    char *end;
    const long number = strtol(query, &end, 10);
    const bool by_item = end > query && *end == '\0' && number >= 0 && number < s->n;
    const int k = option.top == 0 ? 5 : option.top;
    int n;
    if (by_item)
        n = ct_search_item(s, (int)number, 1, k, hit);
    else if (s->t->pairs->side[1].text != NULL)
        n = ct_search_text(s, query, 0, k, hit, err);
    else
        return CT_FAIL(err, CT_ERR_CONFIG,
                       "search: the run has no texts; expected the number of an item, 0 to %d",
                       s->n - 1);
    if (n < 0)
        return err->status;
    if (cli.json) {
        print_json(s, query, hit, n);
        return CT_OK;
    }
    if (by_item)
        draw(s, &(ct_hit){(int)number, 1}, 1);
    else
        draw(s, hit, n);
    for (int i = 0; i < n; i++)
        printf("  %6.3f  %5d  %s\n", hit[i].score, hit[i].at, text_of(s, hit[i].at));
    return CT_OK;
}

/* Queries as they are typed, until the input ends. */
static ct_status converse(const ct_search *s, ct_error *err)
{
    const bool watched = cli_terminal(stdin).redraw && cli_terminal(stdout).redraw;
    char line[1024];
    if (watched)
        printf("%d pairs; type a text, or a number from 0 to %d for an image; end with Ctrl-D\n",
               s->n, s->n - 1);
    for (;;) {
        if (watched)
            fputs("> ", stdout);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            return ferror(stdin) ? CT_FAIL(err, CT_ERR_IO, "standard input: cannot be read")
                                 : CT_OK;
        line[strcspn(line, "\r\n")] = '\0';
        ct_status status = line[0] != '\0' ? answer(s, line, err) : CT_OK;
        if (status != CT_OK)
            return status;
    }
}

int cli_search(int argc, char **argv)
{
    ct_error err = {0};
    opened_run run;
    ct_search search = {0};
    if (argc != 1 && argc != 2)
        return cli_usage(
            "search: expected a run's folder and a query (in quotes), found %d arguments", argc);
    const int split = cli_split(option.split);
    if (split < 0)
        return 2;
    if (option.top > MOST)
        return cli_usage("--top %d: expected at most %d", option.top, MOST);
    ct_status status = opened_run_open(&run, argv[0], option.checkpoint, &err);
    if (status == CT_OK)
        status = ct_search_init(&search, &run.trainer, (ct_split)split, &err);
    if (status == CT_OK)
        status = argc == 2 ? answer(&search, argv[1], &err) : converse(&search, &err);
    ct_search_free(&search);
    opened_run_close(&run);
    return status == CT_OK ? 0 : cli_fail(&err);
}
