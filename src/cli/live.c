/* live.c -- `--live`: the screen while a run trains, within 3 % of its time.
 *
 * A frame asks the towers about the probe, which costs more than drawing it; so the next
 * one waits for 64 times what the last one took, and a tenth of a second at least.
 *
 * Layer: cli. */
#include "cli/run_report.h"

#include "contrast/diagnose.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/memory.h"
#include "show/live.h"

enum { CT_LIVE_MOST = CT_PROBE * 1024 }; /* numbers of a side that are diagnosed */

struct cli_live {
    ct_live history;
    ct_snapshot snapshot;
    ct_trainer *trainer;
    double next_s, diagnosed_s;
    ct_state state;
    ct_findings findings;
    ct_real x[2][CT_LIVE_MOST];
};

cli_live *cli_live_new(ct_trainer *t, const ct_terminal *terminal)
{
    cli_live *l = terminal->redraw ? ct_alloc_zeroed(1, sizeof *l) : NULL;
    if (l == NULL)
        return NULL;
    int columns, lines = 24;
    ct_terminal_size(terminal->out, &columns, &lines);
    for (int i = 0; i < lines; i++) /* what was on the screen stays, above it */
        fputc('\n', terminal->out);
    l->trainer = t;
    l->state = CT_UNCERTAIN;
    return l;
}

void cli_live_free(cli_live *l)
{
    ct_free(l);
}

/* The state of the probe, at most once a second. */
static void diagnose(cli_live *l, double now)
{
    const ct_pairs *p = l->trainer->pairs;
    const int *items = p->index[p->count[CT_VALIDATION] > 0 ? CT_VALIDATION : CT_TRAIN];
    const int n = l->snapshot.n, d = ct_trainer_width(l->trainer);
    ct_diagnosis diagnosis;
    if ((l->diagnosed_s > 0 && now - l->diagnosed_s < 1) || n * d > CT_LIVE_MOST)
        return;
    l->diagnosed_s = now;
    for (int side = 0; side < 2; side++)
        if (ct_trainer_embed(l->trainer, side, items, n, l->x[side], CT_IGNORE_ERROR) != CT_OK)
            return;
    if (ct_findings_measure(l->trainer->device, l->x[0], l->x[1], n, d, NULL, &l->findings,
                            CT_IGNORE_ERROR) != CT_OK)
        return;
    ct_diagnose(&l->findings, NULL, &diagnosis);
    l->state = diagnosis.state;
}

void cli_live_step(cli_live *l, const ct_terminal *terminal, const ct_step *s, double seconds)
{
    const int steps = l->trainer->recipe->train.steps;
    ct_live_loss(&l->history, s->loss);
    if (seconds < l->next_s && s->step != steps)
        return;
    const double began = ct_clock_s();
    int columns = 80, lines = 24;
    if (ct_snapshot_take(l->trainer, &l->snapshot, CT_IGNORE_ERROR) != CT_OK)
        return; /* the run will say why */
    diagnose(l, began);
    ct_terminal_size(terminal->out, &columns, &lines);
    /* at the temperature of now, which may be learned */
    ct_loss_setting now = ct_recipe_setting(l->trainer->recipe);
    now.temperature = s->temperature;
    const ct_landmarks landmarks = ct_landmarks_of(l->trainer->loss, &now, NULL);
    l->history.all_equal = landmarks.all_equal;
    l->history.floor = landmarks.floor;
    const ct_state_text *text = ct_state_describe(l->state);
    const ct_live_frame frame = {.snapshot = &l->snapshot,
                                 .step = s->step,
                                 .steps = steps,
                                 .loss = s->loss,
                                 .temperature = s->temperature,
                                 .pairs_per_second = seconds > 0
                                                         ? (double)s->step *
                                                               l->trainer->recipe->train.batch /
                                                               seconds
                                                         : 0,
                                 .state = text->name,
                                 .meaning = text->meaning};
    ct_live_draw(terminal, &l->history, &frame, columns, lines);
    const double cost = ct_clock_s() - began;
    l->next_s = seconds + cost + (64 * cost > 0.1 ? 64 * cost : 0.1);
}
