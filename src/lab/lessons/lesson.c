/* lesson.c -- reading a lesson, and giving it. The Makefile makes lab/lessons.h of NAME.txt here.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "formats/text.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

/* In this order they are told; what they measure without training. */
static const struct {
    const char *name;
    void (*measure)(ct_lesson_run *run, ct_error *err);
} GALLERY[] = {
    {"escape", ct_lesson_escape},
    {"floor", ct_lesson_floor},
    {"cone", ct_lesson_cone},
    {"gap", ct_lesson_gap},
    {"dimensional", ct_lesson_dimensional},
    {"information", ct_lesson_information},
    {"temperature", NULL},
    {"negatives", NULL},
    {"symmetry", ct_lesson_symmetry},
    {"false-negatives", ct_lesson_false_negatives},
    {"masks", ct_lesson_masks},
    {"broken", ct_lesson_broken},
};
#define N_LESSONS ((int)(sizeof GALLERY / sizeof *GALLERY))

/* Name and text of each. */
static const char *const TEXT[][2] = {
#include "lab/lessons.h"
};

static const ct_field PARTS[] = {
    {.key = "title", .kind = CT_STRING, CT_AT(ct_lesson, title)},
    {.key = "rule", .kind = CT_STRING, CT_AT(ct_lesson, rule)},
    {.key = "source", .kind = CT_STRING, CT_AT(ct_lesson, source)},
    {.key = "see_also", .kind = CT_STRING, CT_AT(ct_lesson, see_also)},
};
const ct_fields ct_lesson_fields = CT_FIELDS(PARTS);

const char *ct_lesson_name(int i)
{
    return i < N_LESSONS ? GALLERY[i].name : NULL;
}

/* ---- reading: the texts are ours, so what is wrong in one is a bug ---- */

/* What stands behind `mark`, cut off at it; NULL: there is no mark. */
static char *cut(char *text, const char *mark)
{
    char *at = text != NULL ? strstr(text, mark) : NULL;
    if (at == NULL)
        return NULL;
    *at = '\0';
    at += strlen(mark);
    return at + strspn(at, " ");
}

/* RECIPE, N seeds SETTINGS */
static void read_study(ct_study *s, char *text)
{
    char *seeds = cut(text, ", ");
    s->recipe = text;
    s->common = cut(seeds, " seeds");
    s->seeds = seeds != NULL ? atoi(seeds) : 0;
    CT_ASSERT(s->common != NULL && s->seeds >= 1 && s->seeds <= CT_STUDY_SEEDS);
}

/* NAME: SETTINGS, or NAME: shuffled */
static void read_variant(ct_variant *v, char *text)
{
    v->settings = cut(text, ":");
    v->name = text;
    CT_ASSERT(v->settings != NULL);
    v->shuffled = strcmp(v->settings, "shuffled") == 0;
    if (v->shuffled)
        v->settings = "";
}

/* KEY: A < B, or KEY: A ~ 0.75 +- 0.1, or KEY: every run of A ~ 1 */
static void read_claim(ct_claim *c, char *text)
{
    static const char EVERY[] = "every run of ";
    char *low = cut(text, ": "), *high = cut(low, " < "), *expected = cut(low, " ~ ");
    const char *tolerance = cut(expected, " +- ");
    CT_ASSERT((high != NULL) != (expected != NULL));
    *c = (ct_claim){.kind = high != NULL ? CT_BELOW : CT_NEAR, .key = text, .low = low};
    c->high = high;
    if (strncmp(low, EVERY, strlen(EVERY)) == 0) {
        c->kind = CT_EVERY;
        c->low += strlen(EVERY);
    }
    ct_number_get(expected != NULL ? expected : "", &c->expected);
    ct_number_get(tolerance != NULL ? tolerance : "", &c->tolerance);
}

/* A line "WORD: REST". */
static void read_line(ct_lesson *l, int n[3], const char *word, char *rest)
{
    enum { STUDIES, VARIANTS, CLAIMS };
    const void *object = l;
    const ct_field *f = ct_fields_find(&ct_lesson_fields, word, &object);
    ct_study *s = &l->study[n[STUDIES] - (n[STUDIES] > 0)];
    if (f != NULL) {
        *(const char **)(void *)((char *)l + f->offset) = rest;
    } else if (strcmp(word, "study") == 0 && n[STUDIES] < CT_LESSON_STUDIES) {
        n[VARIANTS] = n[CLAIMS] = 0;
        read_study(&l->study[n[STUDIES]++], rest);
    } else if (strcmp(word, "variant") == 0 && n[VARIANTS] < CT_STUDY_VARIANTS) {
        read_variant(&s->variant[n[VARIANTS]++], rest);
    } else if (strcmp(word, "claim") == 0 && n[CLAIMS] < CT_STUDY_CLAIMS) {
        read_claim(&s->claim[n[CLAIMS]++], rest);
    } else {
        CT_ASSERT(strcmp(word, "shown") == 0);
        s->shown = rest;
    }
}

ct_status ct_lesson_read(const char *name, ct_arena *arena, ct_lesson *out, ct_error *err)
{
    int k = 0, n[3] = {0};
    while (strcmp(TEXT[k][0], name) != 0)
        k++;
    char *lines, *text = ct_arena_strdup(arena, TEXT[k][1]);
    if (text == NULL)
        return err->status;
    *out = (ct_lesson){.name = name, .title = text};
    for (char *c = text; (c = strstr(c, "\n ")) != NULL;)
        *c = ' '; /* lines that begin with a space go on */
    /* Title, an empty line, text, an empty line, lines of words. */
    out->text = lines = cut(text, "\n\n");
    lines = cut(lines, "\n\n");
    while (lines != NULL && *lines != '\0') {
        char *line = lines;
        lines = cut(line, "\n");
        char *rest = cut(line, ": ");
        if (rest != NULL)
            read_line(out, n, line, rest);
    }
    for (k = 0; k < N_LESSONS; k++)
        if (strcmp(GALLERY[k].name, name) == 0)
            out->measure = GALLERY[k].measure;
    return err->status;
}

/* ---- giving ---- */

/* Are the files of a recipe there? Those that need none say yes. */
static bool has_data(const ct_recipe *r)
{
    char path[2 * CT_RECIPE_TEXT];
    snprintf(path, sizeof path, "%s", r->data.image);
    if (r->data.kind == CT_DATA_FASHION_MNIST)
        snprintf(path, sizeof path, "%s/train-images-idx3-ubyte", r->data.dir);
    return r->data.kind == CT_DATA_SHAPES || r->data.kind == CT_DATA_LATENT || ct_file_exists(path);
}

static void give_study(const ct_study *s, ct_lesson_run *run, ct_study_rows *rows, ct_arena *arena,
                       ct_error *err)
{
    ct_recipe recipe = ct_recipe_defaults();
    ct_runs made;
    ct_recipe_load(&recipe, s->recipe, err);
    if (err->status == CT_OK && !has_data(&recipe)) {
        ct_lesson_add(run, "%s: left out; bring it with sh datasets/%s.sh", s->recipe, s->recipe);
        return;
    }
    ct_study_run(s, run->threads, arena, &made, err);
    ct_runs_rows(&made, s->shown, false, arena, rows, err);
    for (int c = 0; c < CT_STUDY_CLAIMS && s->claim[c].kind != CT_NO_CLAIM; c++)
        if (err->status == CT_OK)
            ct_lesson_claim(run, &made, &s->claim[c]);
}

ct_status ct_lesson_give(const ct_lesson *l, ct_lesson_run *run, ct_arena *arena, ct_error *err)
{
    if (l->measure != NULL)
        l->measure(run, err);
    for (int k = 0; k < CT_LESSON_STUDIES && l->study[k].recipe != NULL; k++)
        give_study(&l->study[k], run, &run->study[k], arena, err);
    return err->status;
}
