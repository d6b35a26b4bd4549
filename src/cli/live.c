/* live.c -- `--live`: the screen while a run trains, within 3 % of its time.
 *
 * A frame asks the towers about the probe, which costs more than drawing it; so the next
 * one waits for 64 times what the last one took, and a tenth of a second at least.
 *
 * Layer: cli. */
#include "cli/progress.h"

#include "platform/clock.h"
#include "platform/terminal.h"
#include "show/live.h"
#include "train/snapshot.h"

struct cli_live {
    ct_live screen;
    ct_snapshot snapshot;
    ct_terminal terminal;
    ct_trainer *trainer;
    double next_s, diagnosed_s;
    ct_diagnosis diagnosis;
};

cli_live *cli_live_new(ct_trainer *t, const ct_terminal *terminal, ct_arena *arena)
{
    cli_live *l = terminal->redraw ? ct_arena_zeroed(arena, 1, sizeof *l) : NULL;
    if (l == NULL)
        return NULL;
    int columns, lines = 24;
    ct_terminal_size(terminal->out, &columns, &lines);
    for (int i = 0; i < lines; i++) /* what was on the screen stays, above it */
        fputc('\n', terminal->out);
    l->terminal = *terminal;
    l->trainer = t;
    l->screen.steps = t->recipe.train.steps;
    l->screen.moment = &l->snapshot.moment;
    l->screen.cosine = l->snapshot.s;
    l->diagnosed_s = -1;
    return l;
}

void cli_live_step(cli_live *l, const ct_step *s, double seconds)
{
    const ct_recipe *recipe = &l->trainer->recipe;
    ct_live *screen = &l->screen;
    ct_live_loss(screen, s->loss);
    if (seconds < l->next_s && s->step != recipe->train.steps)
        return;
    const double began = ct_clock_s();
    const ct_landmarks landmarks = ct_trainer_landmarks(l->trainer, s);
    int columns = 80, lines = 24;
    if (ct_snapshot_take(l->trainer, &l->snapshot, CT_IGNORE_ERROR) != CT_OK)
        return;                        /* the run will say why */
    if (began - l->diagnosed_s >= 1) { /* the state, at most once a second */
        ct_trainer_diagnose(l->trainer, ct_pairs_split(l->trainer->pairs, CT_VALIDATION),
                            l->snapshot.n, &l->diagnosis, CT_IGNORE_ERROR);
        l->diagnosed_s = began;
    }
    const double pairs = (double)s->step * recipe->train.batch;
    screen->now = s->loss;
    screen->temperature = s->at.temperature;
    screen->all_equal = landmarks.all_equal;
    screen->floor = landmarks.floor;
    screen->pairs_per_second = seconds > 0 ? pairs / seconds : 0;
    screen->state = ct_state_describe(l->diagnosis.state)->name;
    screen->meaning = ct_state_describe(l->diagnosis.state)->meaning;
    screen->n_pairs = l->snapshot.n;
    ct_terminal_size(l->terminal.out, &columns, &lines);
    ct_live_draw(&l->terminal, screen, columns, lines);
    const double cost = ct_clock_s() - began;
    l->next_s = seconds + cost + (64 * cost > 0.1 ? 64 * cost : 0.1);
}
