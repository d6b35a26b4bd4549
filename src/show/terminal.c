/* terminal.c -- heat maps, small pictures and bars from characters.
 *
 * Colours are those of the 6 x 6 x 6 cube that every terminal since xterm-256 has. */
#include "show/terminal.h"

#include <math.h>

typedef struct rgb {
    int r, g, b; /* 0..255 */
} rgb;

/* The nearest of the cube's colours. */
static int in_cube(rgb c)
{
    const int in[3] = {c.r, c.g, c.b};
    int code = 16;
    for (int k = 0, weight = 36; k < 3; k++, weight /= 6)
        code += weight * (in[k] < 115 ? in[k] >= 48 : (in[k] - 35) / 40);
    return code;
}

/* Colour of the text (layer 38) or of its background (48). */
static void set_colour(const ct_terminal *t, int layer, rgb c)
{
    fprintf(t->out, "\033[%d;5;%dm", layer, in_cube(c));
}

static void reset(const ct_terminal *t)
{
    if (t->colour)
        fputs("\033[0m", t->out);
}

/* Two pixels, one above the other: the upper half block takes the text's colour, the lower half
 * the background's. Without colour, a character. */
static void put_pixels(const ct_terminal *t, rgb top, rgb bottom, char plain)
{
    if (!t->colour) {
        fputc(plain, t->out);
        return;
    }
    set_colour(t, 38, top);
    set_colour(t, 48, bottom);
    fputs("\u2580", t->out);
}

/* From 0 for -1 to 10 for 1. */
static int level_of(double v)
{
    return (int)floor(fmax(-1, fmin(1, v)) * 5 + 5.5); /* NaN: fmin and fmax give a number */
}

/* -1 blue, 0 white, 1 red, in steps of 0.2: colours that the cube has exactly. */
static rgb heat(double v)
{
    static const rgb RAMP[] = {{0, 95, 175},    {95, 135, 215},  {135, 175, 255}, {175, 215, 255},
                               {215, 215, 255}, {255, 255, 255}, {255, 215, 215}, {255, 175, 175},
                               {255, 135, 135}, {215, 95, 95},   {175, 0, 0}};
    return RAMP[level_of(v)];
}

void ct_draw_matrix(const ct_terminal *t, int indent, const double *s, int rows, int cols)
{
    for (int i = 0; i < rows; i++) {
        fprintf(t->out, "%*s", indent, "");
        for (int j = 0; j < cols; j++) {
            const double v = s[i * cols + j];
            if (t->colour) {
                set_colour(t, 48, heat(v));
                set_colour(t, 38, fabs(v) > 0.7 ? (rgb){255, 255, 255} : (rgb){0, 0, 0});
            }
            fprintf(t->out, " %5.2f ", v == 0 ? 0 : v); /* no minus before zero */
        }
        reset(t);
        fputc('\n', t->out);
    }
}

void ct_draw_cells(const ct_terminal *t, int indent, const double *s, int n, int lines, int columns)
{
    static const char PLAIN[] = "%-:.   +*#@";
    for (int i = 0; i + 1 < n && lines > 0; i += 2, lines--) {
        fprintf(t->out, "%*s", indent, "");
        for (int j = 0; j < n && j < columns; j++) {
            const double top = s[i * n + j], bottom = s[(i + 1) * n + j];
            const char plain = PLAIN[level_of(fabs(top) > fabs(bottom) ? top : bottom)];
            put_pixels(t, heat(top), heat(bottom), plain);
        }
        reset(t);
        fputs("\033[K\n", t->out);
    }
}

static rgb pixel(const uint8_t *picture, int width, int x, int y)
{
    const uint8_t *p = picture + 3 * (y * width + x);
    return (rgb){p[0], p[1], p[2]};
}

/* A letter for a clear hue, '.' for grey. */
static char hue_letter(rgb c)
{
    const int most = c.r > c.g ? (c.r > c.b ? c.r : c.b) : (c.g > c.b ? c.g : c.b);
    const int least = c.r < c.g ? (c.r < c.b ? c.r : c.b) : (c.g < c.b ? c.g : c.b);
    if (most - least < 60)
        return most > 200 ? '#' : '.';
    const int middle = (most + least) / 2;
    const int bits = 4 * (c.r > middle) + 2 * (c.g > middle) + (c.b > middle);
    return ".bgcrmy#"[bits]; /* blue green cyan red magenta yellow white */
}

/* Two rows of a picture's pixels. */
static void draw_line(const ct_terminal *t, const uint8_t *picture, int width, int height, int y)
{
    for (int x = 0; x < width; x++) {
        const rgb top = pixel(picture, width, x, y),
                  bottom = pixel(picture, width, x, y + 1 < height ? y + 1 : y);
        const char a = hue_letter(top), b = hue_letter(bottom);
        put_pixels(t, top, bottom, a != '.' ? a : b);
    }
    reset(t);
}

void ct_draw_pictures(const ct_terminal *t, int indent, const uint8_t *const *picture, int n,
                      int width, int height)
{
    for (int y = 0; y < height; y += 2) {
        fprintf(t->out, "%*s", indent, "");
        for (int i = 0; i < n; i++) {
            draw_line(t, picture[i], width, height, y);
            fputs(i + 1 < n ? "  " : "\n", t->out);
        }
    }
}

void ct_bars_text(const double *x, int n, double most, char *out)
{
    static const char LEVEL[] = " .:-=+*#@";
    for (int i = 0; i < n; i++)
        most = fmax(most, x[i]);
    for (int i = 0; i < n; i++)
        out[i] = LEVEL[most > 0 ? (int)ceil(8 * fmax(0, fmin(1, x[i] / most))) : 0];
    out[n] = '\0';
}
