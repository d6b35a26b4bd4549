/* style.c -- see style.h.
 *
 * Layer: show. */
#include "show/style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LIGHT, DARK };

static const struct {
    const char *name, *value[2]; /* light, dark */
} COLOUR[] = {
    {"bg", {"#ffffff", "#14171c"}},   {"ink", {"#1b1f24", "#e6e8eb"}},
    {"dim", {"#57606a", "#a0a8b2"}},  {"grid", {"#e3e6ea", "#2c323a"}},
    {"code", {"#f4f5f7", "#1f242b"}}, {"a", {"#0072b2", "#56b4e9"}},
    {"b", {"#c44e00", "#f0a030"}},    {"hi", {"#000000", "#ffffff"}},
};
#define N_COLOURS (sizeof COLOUR / sizeof *COLOUR)

static const ct_style STYLE[] = {
    {"bg", NULL, "bg", .width = 0},
    {"grid", "grid", NULL, .width = 0},
    {"frame", "dim", NULL, .width = 0},
    {"a", "a", NULL, .width = 1.8},
    {"b", "b", NULL, .width = 1.8, .on = 6, .off = 3},
    {"fa", "a", "a", .fill_opacity = 0.55},
    {"fb", "b", "b", .fill_opacity = 0.25, .width = 1.6, .on = 6, .off = 3},
    {"da", NULL, "a", .width = 0},
    {"db", "b", NULL, .width = 1.6},
    {"equal", "ink", NULL, .on = 7, .off = 4},
    {"floor", "ink", NULL, .on = 2, .off = 3},
    {"join", "dim", NULL, .stroke_opacity = 0.55},
    {"now", "hi", NULL, .width = 1.4},
};
#define N_STYLES (sizeof STYLE / sizeof *STYLE)

/* ---- the heat map: classes h0 (cosine -1) to h20 (1) ---- */

/* blue, pale or dark, orange: told apart by all kinds of colour vision */
static void heat(int theme, int k, uint8_t rgb[3])
{
    static const double END[2][3][3] = {{{33, 102, 172}, {246, 246, 246}, {190, 70, 5}},
                                        {{86, 170, 240}, {34, 38, 44}, {250, 150, 50}}};
    const double *to = END[theme][k < 10 ? 0 : 2], *zero = END[theme][1], f = fabs(k - 10.0) / 10;
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(zero[c] + f * (to[c] - zero[c]) + 0.5);
}

/* The number of a word that begins a class, -1 if it is no heat. */
static int heat_of(const char *word)
{
    char *end;
    const int k = word[0] == 'h' && word[1] >= '0' && word[1] <= '9'
                      ? (int)strtol(word + 1, &end, 10)
                      : -1;
    return k > CT_HOTTEST ? -1 : k;
}

/* ---- looking up ---- */

ct_style ct_style_find(const char *look)
{
    if (*look == '#')
        return (ct_style){.name = look, .fill = look};
    for (const char *word = look; *word != '\0'; word += strspn(word, " ")) {
        const size_t n = strcspn(word, " ");
        if (heat_of(word) >= 0)
            return (ct_style){.name = word, .fill = word};
        for (size_t k = 0; k < N_STYLES; k++)
            if (strlen(STYLE[k].name) == n && memcmp(STYLE[k].name, word, n) == 0)
                return STYLE[k];
        word += n;
    }
    return (ct_style){.name = NULL};
}

void ct_style_colour(const char *name, uint8_t rgb[3])
{
    const char *value = name;
    if (heat_of(name) >= 0) {
        heat(LIGHT, heat_of(name), rgb);
        return;
    }
    for (size_t k = 0; k < N_COLOURS; k++)
        if (strcmp(COLOUR[k].name, name) == 0)
            value = COLOUR[k].value[LIGHT];
    CT_ASSERT(*value == '#');
    const unsigned long bits = strtoul(value + 1, NULL, 16);
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint8_t)(bits >> (16 - 8 * c));
}

/* ---- CSS ---- */

#define put ct_svg_put

static void css_colours(ct_svg *s, int theme)
{
    uint8_t rgb[3];
    for (size_t k = 0; k < N_COLOURS; k++)
        put(s, "--%s:%s;", COLOUR[k].name, COLOUR[k].value[theme]);
    for (int k = 0; k <= CT_HOTTEST; k++) {
        heat(theme, k, rgb);
        put(s, "--h%d:rgb(%d,%d,%d);", k, rgb[0], rgb[1], rgb[2]);
    }
}

static void css_paint(ct_svg *s, const char *what, const char *colour, double opacity)
{
    put(s, colour != NULL ? "%s:var(--%s);" : "%s:none;", what, colour);
    if (opacity > 0)
        put(s, "%s-opacity:%g;", what, opacity);
}

static void css_class(ct_svg *s, const ct_style *style)
{
    put(s, ".%s{", style->name);
    css_paint(s, "stroke", style->stroke, style->stroke_opacity);
    css_paint(s, "fill", style->fill, style->fill_opacity);
    if (style->width > 0)
        put(s, "stroke-width:%g;", style->width);
    if (style->on > 0)
        put(s, "stroke-dasharray:%g %g", style->on, style->off);
    put(s, "}");
}

void ct_style_css(ct_svg *s)
{
    static const char *const FOR[4] = {":root{", "@media(prefers-color-scheme:dark){:root{",
                                       ":root[data-theme=light]{color-scheme:light;",
                                       ":root[data-theme=dark]{color-scheme:dark;"};
    for (int rule = 0; rule < 4; rule++) {
        put(s, "%s", FOR[rule]);
        css_colours(s, rule % 2 == 0 ? LIGHT : DARK);
        put(s, rule == 1 ? "}}" : "}");
    }
    put(s, "svg{font-family:system-ui,sans-serif}svg text{fill:var(--ink)}svg .seen "
           "text{fill:var(--dim)}");
    for (size_t k = 0; k < N_STYLES; k++)
        css_class(s, &STYLE[k]);
    for (int k = 0; k <= CT_HOTTEST; k++)
        put(s, ".h%d{fill:var(--h%d)}", k, k);
}
