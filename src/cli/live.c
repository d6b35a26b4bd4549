/* live.c -- `--live`: the screen while a run trains, redrawn in place, within 3 % of its time.
 *
 * A frame asks the towers about the probe, which costs more than drawing it; so the next one waits
 * for 64 times what the last one took, and a tenth of a second at least. It is a list of lines of
 * known width, so that it fits a terminal of any size: what has no room is left out from below. No
 * mode of the terminal is changed (no other screen, no hidden cursor) and every frame ends with
 * plain colours, so there is nothing to restore however the program ends. */
#include "cli/cli.h"

#include "platform/machine.h"
#include "train/snapshot.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define HISTORY 256

struct cli_live {
    double loss[HISTORY]; /* means over `stride` steps each */
    int n;
    long stride, in_last;

    ct_trainer *trainer;
    ct_snapshot snapshot;
    ct_diagnosis diagnosis;
    double next_s, diagnosed_s;

    ct_terminal terminal;
    int columns, left; /* of the frame; lines that are left */
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
    l->stride = 1;
    l->diagnosed_s = -1;
    return l;
}

/* When the history is full, neighbours are joined. */
static void add_loss(cli_live *l, double loss)
{
    if (l->n > 0 && l->in_last < l->stride) {
        l->loss[l->n - 1] += (loss - l->loss[l->n - 1]) / (double)++l->in_last;
        return;
    }
    if (l->n == HISTORY) {
        for (int i = 0; i < l->n / 2; i++)
            l->loss[i] = (l->loss[2 * i] + l->loss[2 * i + 1]) / 2;
        l->n /= 2;
        l->stride *= 2;
    }
    l->in_last = 1;
    l->loss[l->n++] = loss;
}

/* A line cut to the width, if there is room for it. */
static void line(cli_live *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(cli_live *l, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (l->left-- > 0)
        fprintf(l->terminal.out, "%.*s\033[K\n", l->columns - 1, text);
}

/* `rows` lines of the loss: '*'; '=' where it would be if all were equal; '.' its floor. */
static void draw_loss(cli_live *l, const ct_landmarks *at, int rows)
{
    char text[256], label[16];
    const int width = l->columns - 10 < 120 ? l->columns - 10 : 120;
    const double a = isfinite(at->all_equal) ? at->all_equal : -1;
    double most = a;
    if (width < 0)
        return;
    for (int k = 0; k < l->n; k++)
        most = fmax(most, 1.02 * l->loss[k]);
    for (int r = 0; r < rows; r++) {
        const double high = most * (rows - r) / rows, low = most * (rows - r - 1) / rows;
        const bool equal = a >= low && a < high, floor_here = at->floor >= low && at->floor < high;
        memset(text, equal ? '=' : floor_here ? '.' : ' ', (size_t)width);
        for (int c = 0; c < width && c < l->n; c++) {
            const double v = l->loss[l->n > width ? c * l->n / width : c];
            if (v >= low && v < high)
                text[c] = '*';
        }
        text[width] = '\0';
        label[0] = '\0';
        if (equal || floor_here || r == 0)
            snprintf(label, sizeof label, "%.4f", equal ? a : floor_here ? at->floor : most);
        line(l, "%8s|%s", label, text);
    }
}

static void draw(cli_live *l, const ct_step *s, double seconds)
{
    const ct_train_recipe *train = &l->trainer->recipe.train;
    ct_landmarks at = ct_trainer_landmarks(l->trainer, s);
    const ct_state_text *state = ct_state_describe(l->diagnosis.state);
    const ct_moment *m = &l->snapshot.moment;
    const double pairs = (double)s->step * train->batch;
    char bar[HISTORY];
    int columns = 80, lines = 24;
    at.floor = fmax(at.floor, at.duplicates);
    ct_terminal_size(l->terminal.out, &columns, &lines);
    l->columns = columns < 250 ? columns : 250;
    l->left = lines - 1; /* the cursor rests on the last */
    fputs("\033[H", l->terminal.out);
    line(l, "step %.0f/%d  loss %.4f  tau %.3f  %.0f pairs/s", m->step, train->steps, s->loss,
         s->at.temperature, seconds > 0 ? pairs / seconds : 0);
    line(l, "%s: %s", state->name, state->meaning);
    line(l, "loss: *   all equal: = %.4f   floor: . %.4g", at.all_equal, at.floor);
    draw_loss(l, &at, l->left >= 28 ? 8 : l->left >= 12 ? 5 : 3);
    for (int k = 0; k < 2; k++) {
        ct_bars_text(m->bin[k], CT_PROBE_BINS, 0, bar);
        line(l, "cosines, %s -1|%s|1", k == 0 ? "pairs " : "others", bar);
    }
    for (int k = 0; k < 2; k++) {
        ct_bars_text(m->spectrum[k], m->n_spectrum[k], 1, bar);
        line(l, "spectrum, %s %.2f|%s|", k == 0 ? "image" : "text ", m->spectrum[k][0], bar);
    }
    line(l, "cosines of %d images (rows) and captions (columns)", l->snapshot.n);
    if (l->left > 0)
        ct_draw_cells(&l->terminal, 2, l->snapshot.s, l->snapshot.n, l->left, l->columns - 3);
    fputs("\033[J", l->terminal.out);
    fflush(l->terminal.out);
}

void cli_live_step(cli_live *l, const ct_step *s, double seconds)
{
    add_loss(l, s->loss);
    if (seconds < l->next_s && s->step != l->trainer->recipe.train.steps)
        return;
    const double began = ct_clock_s();
    if (ct_snapshot_take(l->trainer, &l->snapshot, CT_IGNORE_ERROR) != CT_OK)
        return;                        /* the run will say why */
    if (began - l->diagnosed_s >= 1) { /* the state, at most once a second */
        ct_trainer_evaluate(l->trainer, ct_pairs_split(l->trainer->pairs, CT_VALIDATION),
                            l->snapshot.n, NULL, &l->diagnosis, CT_IGNORE_ERROR);
        l->diagnosed_s = began;
    }
    draw(l, s, seconds);
    const double cost = ct_clock_s() - began;
    l->next_s = seconds + cost + (64 * cost > 0.1 ? 64 * cost : 0.1);
}
