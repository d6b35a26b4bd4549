/* run_report.c -- progress of a run, and the figures at its end.
 *
 * The loss is always shown beside ln N, where it would be if all embeddings were
 * equal, and its floor: a number alone does not say whether a run is stuck.
 *
 * Layer: cli. */
#include "cli/run_report.h"

#include <math.h>
#include <string.h>

static void draw_progress(run_report *r, const ct_trainer *t, const ct_step *s, double seconds)
{
    const int steps = t->recipe->train.steps;
    const double share = (double)s->step / steps,
                 rate = seconds > 0 ? (double)s->step / seconds : 0;
    FILE *f = r->terminal.out;
    if (r->terminal.redraw)
        fputs("\r\033[K", f);
    fprintf(f, "step %ld/%d ", s->step, steps);
    if (r->terminal.redraw && r->terminal.width >= 80)
        ct_draw_bar(&r->terminal, 16, share);
    fprintf(f, " loss %.4f (all equal %.4f, floor %.4f)", s->loss, r->all_equal, r->floor);
    if (r->terminal.redraw && r->terminal.width >= 110)
        fprintf(f, " tau %.3f", s->temperature);
    fprintf(f, " %.0f pairs/s %.0f s left", rate * t->recipe->train.batch,
            rate > 0 ? (double)(steps - s->step) / rate : 0);
    const char *words = s->step >= 50 ? ct_monitor_words(r->mean, r->all_equal) : NULL;
    if (words != NULL && (!r->terminal.redraw || r->terminal.width >= 150))
        fprintf(f, "; %s", words);
    else if (words != NULL)
        fputs("; stuck at ln N", f);
    if (!r->terminal.redraw)
        fputc('\n', f);
    fflush(f);
}

static void on_step(void *ctx, const ct_trainer *t, const ct_step *s, double seconds)
{
    run_report *r = ctx;
    const int steps = t->recipe->train.steps, tenth = steps >= 10 ? steps / 10 : 1;
    r->seconds = seconds;
    r->mean = r->mean == 0 ? s->loss : 0.98 * r->mean + 0.02 * s->loss;
    if (r->live != NULL)
        cli_live_step(r->live, &r->terminal, s, seconds);
    if (r->in->quiet || r->live != NULL)
        return;
    const bool due = r->terminal.redraw ? seconds - r->last_s > 0.1
                                        : s->step == 1 || s->step % tenth == 0;
    if (!due && s->step != steps)
        return;
    r->last_s = seconds;
    draw_progress(r, t, s, seconds);
}

static void on_evaluation(void *ctx, const ct_trainer *t, const ct_evaluation *e)
{
    run_report *r = ctx;
    if (e->split != CT_VALIDATION) {
        r->final[r->n_final++] = *e;
    } else if (!r->in->quiet && r->live == NULL) {
        fprintf(r->terminal.out,
                "%sstep %ld: validation recall@1 %.3f image to text, %.3f text to image, of %d\n",
                r->terminal.redraw ? "\r\033[K" : "", t->step, e->recall[0].at1, e->recall[1].at1,
                e->n);
    }
}

static void on_monitor(void *ctx, const ct_trainer *t, const ct_monitor *m)
{
    const run_report *r = ctx;
    if (r->in->quiet)
        return;
    fprintf(r->terminal.out, "step %ld: %s: %s\n", t->step, ct_state_describe(m->state)->name,
            m->evidence);
    if (m->state != CT_HEALTHY)
        fprintf(r->terminal.out, "  try: %s\n", ct_state_describe(m->state)->remedy);
}

void run_report_begin(run_report *r, const cli_line *in, ct_trainer *t)
{
    const ct_recipe *recipe = t->recipe;
    const ct_loss *loss = ct_loss_find(recipe->loss.name);
    ct_loss_setting s = ct_recipe_setting(recipe);
    if (recipe->loss.learn_temperature)
        s.temperature = 0.01; /* as low as it may fall */
    const ct_landmarks l = ct_landmarks_of(loss, &s, NULL);
    *r = (run_report){.in = in,
                      .watch = {.ctx = r,
                                .on_step = on_step,
                                .on_evaluation = on_evaluation,
                                .on_monitor = on_monitor,
                                .stop = &cli_stop,
                                .safe = &cli_safe},
                      .terminal = cli_terminal(in, stderr),
                      .all_equal = l.all_equal,
                      .floor = l.floor};
    if (in->live)
        r->live = cli_live_new(t, &r->terminal);
}

void print_evaluation(const ct_evaluation *e)
{
    const ct_geometry *g = &e->geometry;
    printf("%s, %d pairs:\n", ct_split_name(e->split), e->n);
    for (int i = 0; i < 2; i++)
        printf("  %s  recall@1 %.3f  @5 %.3f  @10 %.3f  median rank %.1f\n",
               i == 0 ? "image to text" : "text to image", e->recall[i].at1, e->recall[i].at5,
               e->recall[i].at10, e->recall[i].median_rank);
    printf("  loss %.4f at N = %d (all equal: %.4f)", e->loss, e->batch, e->landmarks.all_equal);
    printf("  mean cosine of pairs %.3f, of others %.3f\n", g->diagonal_mean, g->off_diagonal_mean);
    printf("  effective rank %.1f and %.1f (centred %.1f and %.1f)  modality gap %.3f\n",
           g->rank[0], g->rank[1], g->rank_centred[0], g->rank_centred[1], g->gap);
    if (!isnan(e->tolerance[0]))
        printf("  tolerance (mean cosine within a group) %.3f and %.3f\n", e->tolerance[0],
               e->tolerance[1]);
    if (!isnan(e->prompt_accuracy))
        printf("  prompt accuracy %.4f\n", e->prompt_accuracy);
}

static void print_json(const run_report *r, const ct_trainer *t, const char *folder, ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_json_string(&j, "run", folder);
    ct_json_integer(&j, "steps", t->step);
    ct_json_number(&j, "seconds", r->seconds);
    ct_json_open(&j, "evaluations", '[');
    for (int i = 0; i < r->n_final; i++) {
        ct_json_open(&j, NULL, '{');
        ct_evaluation_json(&j, &r->final[i]);
        ct_json_close(&j);
    }
    cli_put_json(&j, err);
}

void run_report_end(run_report *r, const ct_trainer *t, const char *folder, ct_error *err)
{
    cli_live_free(r->live);
    if (r->terminal.redraw && !r->in->quiet && t->step > 0)
        fputc('\n', r->terminal.out);
    if (err->status != CT_OK)
        return;
    if (r->in->json) {
        print_json(r, t, folder, err);
        return;
    }
    for (int i = 0; i < r->n_final; i++)
        print_evaluation(&r->final[i]);
    if (r->n_final > 0)
        printf("%ld steps in %.1f s; next: contrast eval %s\n", t->step, r->seconds, folder);
}
