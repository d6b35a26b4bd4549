/* lesson.c -- reads and gives a lesson. The Makefile makes lab/lessons.h of NAME.txt here. */
#include "lab/lessons/lesson.h"

#include <stdlib.h>
#include <string.h>

/* In the order of the list, with what they measure without training. */
static const struct {
    const char *name;
    void (*measure)(ct_lesson_run *run, ct_error *err);
} GALLERY[] = {
    {"escape", ct_lesson_escape},
    {"floor", ct_lesson_floor},
    {"cone", NULL},
    {"gap", ct_lesson_gap},
    {"dimensional", NULL},
    {"information", ct_lesson_information},
    {"temperature", NULL},
    {"negatives", NULL},
    {"symmetry", ct_lesson_symmetry},
    {"false-negatives", ct_lesson_false_negatives},
    {"masks", ct_lesson_masks},
    {"broken", ct_lesson_broken},
};
#define N_LESSONS ((int)(sizeof GALLERY / sizeof *GALLERY))
#define N_TEXTS   ((int)(sizeof TEXT / sizeof *TEXT))

/* Name and text of each. */
static const char *const TEXT[][2] = {
#include "lab/lessons.h"
};

static const ct_field PARTS[] = {
    {CT_ROW("title", CT_STRING, ct_lesson, title)},
    {CT_ROW("ask", CT_STRING, ct_lesson, ask)},
    {CT_ROWS("answers", CT_STRING, ct_lesson, answer, n_answers)},
    {CT_ROW("right_answer", CT_INT, ct_lesson, right)},
    {CT_ROW("why", CT_STRING, ct_lesson, why)},
    {CT_ROW("rule", CT_STRING, ct_lesson, rule)},
    {CT_ROW("source", CT_STRING, ct_lesson, source)},
    {CT_ROW("see_also", CT_STRING, ct_lesson, see_also)},
};
const ct_fields ct_lesson_fields = CT_FIELDS(PARTS);

const char *ct_lesson_name(int i)
{
    return i < N_LESSONS ? GALLERY[i].name : NULL;
}

/* ---- reading: the texts are ours, so what is wrong in one is a bug ---- */

/* A line "WORD: REST": a part of the lesson, or of the study that was begun last. */
static void read_line(ct_lesson *l, const char *word, char *rest)
{
    const void *object = l;
    const ct_field *f = ct_fields_find(&ct_lesson_fields, word, &object);
    ct_study *s = &l->study[l->n_studies > 0 ? l->n_studies - 1 : 0];
    CT_ASSERT(l->n_studies < CT_LESSON_STUDIES && s->n_variants < CT_STUDY_VARIANTS &&
              s->n_claims < CT_STUDY_CLAIMS);
    if (f != NULL) {
        *(const char **)(void *)((char *)l + f->offset) = rest;
    } else if (strcmp(word, "answer") == 0 || strcmp(word, "right") == 0) {
        CT_ASSERT(l->n_answers < CT_LESSON_ANSWERS);
        l->answer[l->n_answers++] = rest;
        if (*word == 'r')
            l->right = l->n_answers;
    } else if (strcmp(word, "study") == 0) { /* RECIPE, N seeds SETTINGS */
        char *seeds = ct_text_cut(rest, ", "), *common = ct_text_cut(seeds, " seeds");
        CT_ASSERT(common != NULL);
        s = &l->study[l->n_studies++];
        *s = (ct_study){.recipe = rest, .common = common};
        s->seeds = atoi(seeds);
    } else if (strcmp(word, "variant") == 0) { /* NAME: SETTINGS, or NAME: shuffled */
        const char *settings = ct_text_cut(strrchr(rest, ':'), ":");
        CT_ASSERT(settings != NULL);
        const bool shuffled = strcmp(settings, "shuffled") == 0;
        s->variant[s->n_variants++] = (ct_variant){.name = rest,
                                                   .settings = shuffled ? "" : settings,
                                                   .shuffled = shuffled};
    } else if (strcmp(word, "claim") == 0) {
        s->claim[s->n_claims++] = rest;
    } else if (strcmp(word, "heading") == 0) {
        s->heading = rest;
    } else if (strcmp(word, "about") == 0) {
        s->about = rest;
    } else {
        CT_ASSERT(strcmp(word, "shown") == 0);
        s->shown = rest;
    }
}

ct_status ct_lesson_read(const char *name, ct_arena *arena, ct_lesson *out, ct_error *err)
{
    int k = 0, t = 0;
    while (k < N_LESSONS && strcmp(GALLERY[k].name, name) != 0)
        k++;
    while (t < N_TEXTS && strcmp(TEXT[t][0], name) != 0)
        t++;
    CT_ASSERT(t < N_TEXTS);
    char *line = ct_arena_strdup(arena, TEXT[t][1]);
    if (line == NULL)
        return err->status;
    *out = (ct_lesson){.name = name, .title = line};
    if (k < N_LESSONS) /* the demo's studies are none of the gallery */
        out->measure = GALLERY[k].measure;
    for (char *c = line; (c = strstr(c, "\n ")) != NULL;)
        *c = ' '; /* lines that begin with a space continue the last */
    /* Title, an empty line, text, an empty line, lines of words. */
    line = ct_text_cut(line, "\n\n");
    out->text = line;
    line = ct_text_cut(line, "\n\n");
    while (line != NULL && *line != '\0') {
        char *next = ct_text_cut(line, "\n"), *rest = ct_text_cut(line, ": ");
        if (rest != NULL)
            read_line(out, line, rest);
        line = next;
    }
    return err->status;
}

/* ---- giving ---- */

static void give_study(const ct_study *s, ct_lesson_run *run, ct_study_rows *rows, ct_arena *arena,
                       ct_error *err)
{
    ct_runs made;
    CT_ASSERT(ct_recipe_builtin(s->recipe) != NULL); /* or what is not there would be left out */
    ct_study_run(s, run->threads, arena, &made, err);
    if (err->status == CT_ERR_IO) { /* real data that was never brought here is no failure */
        *err = (ct_error){.status = CT_OK};
        ct_lesson_add(run, "%s: left out; bring it with sh datasets/%s.sh", s->recipe, s->recipe);
        return;
    }
    ct_runs_rows(&made, s->shown, false, arena, rows, err);
    for (int c = 0; c < s->n_claims && err->status == CT_OK; c++)
        ct_lesson_claim(run, &made, s->claim[c]);
}

ct_status ct_lesson_give(const ct_lesson *l, ct_lesson_run *run, ct_arena *arena, ct_error *err)
{
    if (l->measure != NULL)
        l->measure(run, err);
    for (int k = 0; k < l->n_studies; k++)
        give_study(&l->study[k], run, &run->study[k], arena, err);
    return err->status;
}
