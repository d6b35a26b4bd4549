/* live.c -- see live.h. A frame is a list of lines of known width, so that it fits a
 * terminal of any size: what has no room is left out from below.
 *
 * Layer: show. */
#include "show/live.h"

#include <math.h>
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

/* A line cut to the width; false if there is no more room. */
static bool line(screen *s, const char *text)
{
    if (s->left <= 0)
        return false;
    s->left--;
    fprintf(s->t->out, "%.*s\033[K\n", s->columns - 1, text);
    return true;
}

/* One character a value, in eight heights. */
static void bars(const double *x, int n, double most, char *out)
{
    static const char LEVEL[] = " .:-=+*#@";
    for (int i = 0; i < n; i++)
        out[i] = LEVEL[most > 0 ? (int)ceil(8 * fmax(0, fmin(1, x[i] / most))) : 0];
    out[n] = '\0';
}

static double most_of(const double *x, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, x[i]);
    return most;
}

/* `rows` lines of the loss: '*'; '=' where it would be if all were equal; '.' its floor. */
static void draw_loss(screen *s, const ct_live *l, int rows)
{
    char text[256], label[16];
    const int width = s->columns - 10 < 120 ? s->columns - 10 : 120;
    const double most = fmax(most_of(l->loss, l->n), l->all_equal) * 1.02,
                 a = isfinite(l->all_equal) ? l->all_equal : -1;
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
        char whole[300];
        snprintf(whole, sizeof whole, "%8s|%s", label, text);
        line(s, whole);
    }
}

static int level_of(double cosine)
{
    return (int)floor(fmax(-1, fmin(1, cosine)) * 5 + 5.5);
}

/* Two rows of the matrix a line: half blocks where there is colour, their mean as a character
 * elsewhere. */
static void draw_matrix(screen *s, const ct_snapshot *m)
{
    static const int HEAT[11] = {25, 68, 111, 153, 189, 231, 224, 217, 210, 167, 124};
    static const char PLAIN[] = "%-:.   +*#@";
    const int cols = m->n < s->columns - 3 ? m->n : s->columns - 3;
    for (int i = 0; i + 1 < m->n && s->left > 0; i += 2, s->left--) {
        fputs("  ", s->t->out);
        for (int j = 0; j < cols; j++) {
            const double top = m->s[i * m->n + j], bottom = m->s[(i + 1) * m->n + j];
            if (s->t->colour)
                fprintf(s->t->out, "\033[38;5;%dm\033[48;5;%dm\u2580", HEAT[level_of(top)],
                        HEAT[level_of(bottom)]);
            else
                fputc(PLAIN[level_of(fabs(top) > fabs(bottom) ? top : bottom)], s->t->out);
        }
        fputs(s->t->colour ? "\033[0m\033[K\n" : "\033[K\n", s->t->out);
    }
}

void ct_live_draw(const ct_terminal *t, const ct_live *l, const ct_live_frame *f, int columns,
                  int lines)
{
    char text[512], bar[64];
    screen s = {t, columns < 250 ? columns : 250, lines - 1}; /* the cursor rests on the last */
    fputs("\033[H", t->out);
    snprintf(text, sizeof text, "step %ld/%ld  loss %.4f  tau %.3f  %.0f pairs/s", f->step,
             f->steps, f->loss, f->temperature, f->pairs_per_second);
    line(&s, text);
    snprintf(text, sizeof text, "%s: %s", f->state, f->meaning);
    line(&s, text);
    snprintf(text, sizeof text, "loss: *   all equal: = %.4f   floor: . %.4g", l->all_equal,
             l->floor);
    line(&s, text);
    draw_loss(&s, l, s.left >= 28 ? 8 : s.left >= 12 ? 5 : 3);
    for (int k = 0; k < 2; k++) {
        bars(f->snapshot->bin[k], CT_PROBE_BINS, most_of(f->snapshot->bin[k], CT_PROBE_BINS), bar);
        snprintf(text, sizeof text, "%s -1|%s|1", k == 0 ? "cosines, pairs " : "cosines, others",
                 bar);
        line(&s, text);
    }
    for (int k = 0; k < 2; k++) {
        const int n = f->snapshot->n_sigma;
        bars(f->snapshot->sigma[k], n, fmax(1, f->snapshot->sigma[k][0]), bar);
        snprintf(text, sizeof text, "%s %.2f|%s|", k == 0 ? "spectrum, image" : "spectrum, text ",
                 f->snapshot->sigma[k][0], bar);
        line(&s, text);
    }
    snprintf(text, sizeof text, "cosines of %d images (rows) and captions (columns)",
             f->snapshot->n);
    if (line(&s, text))
        draw_matrix(&s, f->snapshot);
    fputs("\033[J", t->out);
    fflush(t->out);
}
