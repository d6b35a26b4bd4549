/* live.c -- see live.h. A frame is a list of lines of known width, so that it fits a
 * terminal of any size: what has no room is left out from below.
 *
 * Layer: show. */
#include "show/live.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void ct_live_loss(ct_live *l, double loss)
{
    if (l->n > 0 && l->in_last < l->stride) {
        l->loss[l->n - 1] += (loss - l->loss[l->n - 1]) / (double)++l->in_last;
        return;
    }
    if (l->n == CT_LIVE_HISTORY) {
        for (int i = 0; i < l->n / 2; i++)
            l->loss[i] = (l->loss[2 * i] + l->loss[2 * i + 1]) / 2;
        l->n /= 2;
        l->stride *= 2;
    }
    l->stride = l->stride > 0 ? l->stride : 1;
    l->in_last = 1;
    l->loss[l->n++] = loss;
}

/* ---- lines ---- */

typedef struct screen {
    const ct_terminal *t;
    int columns, left; /* lines left */
} screen;

/* A line cut to the width, if there is room for it. */
static void line(screen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(screen *s, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (s->left-- > 0)
        fprintf(s->t->out, "%.*s\033[K\n", s->columns - 1, text);
}

/* `rows` lines of the loss: '*'; '=' where it would be if all were equal; '.' its floor. */
static void draw_loss(screen *s, const ct_live *l, int rows)
{
    char text[256], label[16];
    const int width = s->columns - 10 < 120 ? s->columns - 10 : 120;
    const double a = isfinite(l->all_equal) ? l->all_equal : -1;
    double most = a;
    for (int k = 0; k < l->n; k++)
        most = fmax(most, 1.02 * l->loss[k]);
    for (int r = 0; r < rows; r++) {
        const double high = most * (rows - r) / rows, low = most * (rows - r - 1) / rows;
        const bool equal = a >= low && a < high, floor_here = l->floor >= low && l->floor < high;
        memset(text, equal ? '=' : floor_here ? '.' : ' ', (size_t)width);
        for (int c = 0; c < width && l->n > 0; c++) {
            const double v = l->loss[l->n >= width ? c * l->n / width : c < l->n ? c : l->n - 1];
            if ((c < l->n || l->n >= width) && v >= low && v < high)
                text[c] = '*';
        }
        text[width] = '\0';
        label[0] = '\0';
        if (equal || floor_here || r == 0)
            snprintf(label, sizeof label, "%.4f", equal ? a : floor_here ? l->floor : most);
        line(s, "%8s|%s", label, text);
    }
}

void ct_live_draw(const ct_terminal *t, const ct_live *l, int columns, int lines)
{
    const ct_moment *m = l->moment;
    char bar[CT_LIVE_HISTORY];
    screen s = {t, columns < 250 ? columns : 250, lines - 1}; /* the cursor rests on the last */
    fputs("\033[H", t->out);
    line(&s, "step %.0f/%ld  loss %.4f  tau %.3f  %.0f pairs/s", m->step, l->steps, l->now,
         l->temperature, l->pairs_per_second);
    line(&s, "%s: %s", l->state, l->meaning);
    line(&s, "loss: *   all equal: = %.4f   floor: . %.4g", l->all_equal, l->floor);
    draw_loss(&s, l, s.left >= 28 ? 8 : s.left >= 12 ? 5 : 3);
    for (int k = 0; k < 2; k++) {
        ct_bars_text(m->bin[k], CT_PROBE_BINS, 0, bar);
        line(&s, "cosines, %s -1|%s|1", k == 0 ? "pairs " : "others", bar);
    }
    for (int k = 0; k < 2; k++) {
        ct_bars_text(m->spectrum[k], m->n_spectrum[k], 1, bar);
        line(&s, "spectrum, %s %.2f|%s|", k == 0 ? "image" : "text ", m->spectrum[k][0], bar);
    }
    line(&s, "cosines of %d images (rows) and captions (columns)", l->n_pairs);
    if (s.left > 0)
        ct_draw_cells(t, 2, l->cosine, l->n_pairs, s.left, s.columns - 3);
    fputs("\033[J", t->out);
    fflush(t->out);
}
