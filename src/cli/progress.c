/* progress.c -- progress of a run, and the figures at its end.
 *
 * The loss is always shown with ln N, where it would be if all embeddings were
 * equal, and its floor: a number alone does not say whether a run is stuck. */
#include "cli/cli.h"

#include "platform/machine.h"
#include "show/table.h"

#include <math.h>

#define SLOW_S 20 /* of a run with --slow: help/train.txt says so */

/* On a terminal a line that is redrawn, and no longer than it is wide. */
static void draw_line(cli_progress *p, const ct_trainer *t, const ct_step *s)
{
    char line[512];
    const ct_recipe *recipe = &t->recipe;
    const ct_landmarks l = ct_trainer_landmarks(t, s);
    const double rate = p->seconds > 0 ? (double)s->step / p->seconds : 0;
    const double left = rate > 0 ? (double)(recipe->train.steps - s->step) / rate : 0;
    snprintf(line, sizeof line,
             "step %ld/%d loss %.4f (all equal %.4f, floor %.4f) %.0f pairs/s %.0f s left", s->step,
             recipe->train.steps, s->loss, l.all_equal, fmax(l.floor, l.duplicates),
             rate * recipe->train.batch, left);
    if (p->terminal.redraw)
        fprintf(p->terminal.out, "\r\033[K%.*s", p->terminal.width - 1, line);
    else
        fprintf(p->terminal.out, "%s\n", line);
    fflush(p->terminal.out);
}

static void on_step(void *ctx, const ct_trainer *t, const ct_step *s, double seconds)
{
    cli_progress *p = ctx;
    const int steps = t->recipe.train.steps, tenth = steps >= 10 ? steps / 10 : 1;
    p->seconds = seconds;
    if (p->c->slow) /* ahead of an even pace */
        ct_clock_wait((double)SLOW_S * (double)s->step / steps - seconds);
    if (p->live != NULL)
        cli_live_step(p->live, s, seconds);
    if (p->c->quiet || p->live != NULL)
        return;
    const bool due = p->terminal.redraw ? seconds - p->last_s > 0.1
                                        : s->step == 1 || s->step % tenth == 0;
    if (!due && s->step != steps)
        return;
    p->last_s = seconds;
    draw_line(p, t, s);
}

/* Once for each state, as a command that can be copied. */
static void tell_remedy(cli_progress *p, ct_state state, const char *why, const char *settings)
{
    if (state == CT_HEALTHY || (p->told >> state & 1) != 0)
        return;
    p->told |= 1u << state;
    fprintf(p->terminal.out, "  try: %s\n", why);
    if (*settings != '\0' && p->folder != NULL)
        fprintf(p->terminal.out, "  %s train %s/recipe.ini %s\n", cli_name, p->folder, settings);
}

static void on_evaluation(void *ctx, const ct_trainer *t, const ct_evaluation *e)
{
    cli_progress *p = ctx;
    if (t->step == t->recipe.train.steps) {
        p->final[p->n_final++] = *e;
        const ct_remedy r = ct_remedy_of(&t->recipe, e->state);
        if (!p->c->quiet && e->split != CT_COMPOSITION)
            tell_remedy(p, e->state, r.why, r.settings);
    } else if (!p->c->quiet && p->live == NULL) {
        fprintf(p->terminal.out,
                "%sstep %ld: %s recall@1 %.3f image to text, %.3f text to image, of %d\n",
                p->terminal.redraw ? "\r\033[K" : "", t->step, ct_split_name(e->split),
                e->measures.recall_at_1[0], e->measures.recall_at_1[1], e->measures.rows);
    }
}

static void on_monitor(void *ctx, const ct_trainer *t, const ct_monitor *m)
{
    cli_progress *p = ctx;
    const ct_diagnosis *d = &m->diagnosis;
    if (p->c->quiet)
        return;
    fprintf(p->terminal.out, "step %ld: %s: %s\n", t->step, d->text.name, d->evidence[0]);
    tell_remedy(p, d->state, d->text.remedy, d->remedy.settings);
}

void cli_tell_repeats(FILE *f, const ct_recipe *r, int pairs, int captions)
{
    if (r->data.kind == CT_DATA_PAIRS && captions > 0 && captions < pairs)
        fprintf(f, "data: %d pairs, %d distinct captions\n", pairs, captions);
}

void cli_progress_begin(cli_progress *p, cli_call *c, ct_trainer *t)
{
    *p = (cli_progress){.c = c,
                        .watch = {.ctx = p,
                                  .on_step = on_step,
                                  .on_evaluation = on_evaluation,
                                  .on_monitor = on_monitor,
                                  .stop = &cli_stop,
                                  .safe = &cli_safe},
                        .terminal = cli_terminal(c, stderr)};
    const ct_loss_setting one = ct_trainer_setting(t, 1), two = ct_trainer_setting(t, 2);
    if (t->recipe.train.batch == 1 && t->recipe.loss.queue == 0 &&
        ct_landmarks_of(t->loss, &one, NULL).all_equal == 0 &&
        ct_landmarks_of(t->loss, &two, NULL).all_equal != 0)
        fprintf(stderr, "contrast: warning: train.batch=1: a batch of one has no negatives: the "
                        "loss is 0\n");
    if (!c->quiet)
        cli_tell_repeats(p->terminal.out, &t->recipe, t->pairs->n, t->pairs->side[1].n_texts);
    if (c->live)
        p->live = cli_live_new(t, &p->terminal, &c->arena);
}

void cli_print_evaluation(const ct_evaluation *e)
{
    printf("%s, %d pair%s (image to text, text to image):\n", ct_split_name(e->split),
           e->measures.rows, CT_S(e->measures.rows));
    ct_table_print_lines(&ct_evaluation_fields, e, stdout, 2);
}

void cli_progress_end(cli_progress *p, const ct_trainer *t, const char *folder, ct_error *err)
{
    cli_call *c = p->c;
    const ct_table ends = CT_TABLE(&ct_evaluation_fields, p->final, p->n_final);
    if (p->terminal.redraw && !c->quiet && t->step > 0)
        fputc('\n', p->terminal.out);
    if (err->status != CT_OK)
        return;
    ct_json_string(&c->j, "run", folder);
    ct_json_integer(&c->j, "steps", t->step);
    ct_json_number(&c->j, "seconds", p->seconds);
    ct_table_json(&ends, &c->j, "evaluations");
    if (c->json)
        return;
    for (int i = 0; i < p->n_final; i++)
        cli_print_evaluation(&p->final[i]);
    if (p->n_final > 0 && c->command->run != cli_run_import)
        printf("%ld step%s in %.1f s; next: %s eval %s\n", t->step, CT_S(t->step), p->seconds,
               cli_name, p->folder);
    else if (cli_stop == 0)
        printf("%s: imported, at step %ld; next: %s eval %s\n", folder, t->step, cli_name,
               p->folder);
    else
        printf("stopped after step %ld; next: %s resume %s\n", t->step, cli_name, p->folder);
}
