/* font.c -- text for pixels: letters of lines and curves, our own; see raster.h.
 *
 * A letter is a list of strokes, a stroke a list of points, a point two hexadecimal digits:
 * x from the left edge, y from the lowest descender (3 the baseline, a the height of x, d
 * that of H). A stroke joins its points by straight lines; one with ~ in front is a
 * quadratic B-spline: it begins at the first point, ends at the last, and between
 * them passes the middles of the lines, tangent to them; a point given twice is a corner.
 * One point alone is a dot.
 *
 * Layer: show. */
#include "show/raster.h"

#include "formats/text.h"

#include <math.h>
#include <string.h>

#define UNIT   0.065 /* of the font's size */
#define BASE   3
#define GAP    2.9 /* units between two letters */
#define SPACE  4.0
#define WEIGHT 0.085 /* width of the strokes, of the font's size */
#define DOT    1.4   /* width of a dot, of the strokes */
#define PIECES 8     /* lines to a curve */

static const char *const GLYPH[] = {
    "",
    "0d06 03",
    "0d0a 2d2a",
    "2d13 5d43 0a7a 0676", /* space ! " # */
    "~6a6c0c0868640406 3e32",
    "~2d4d49090d2d ~779793535777 8d13",
    "~73291d5d5a07035377",
    "0d0a", /* $ % & ' */
    "~2e0b0522",
    "~0e2b2502",
    "2d29 0c4a 4c0a",
    "3a34 0767", /* ( ) * + */
    "1301",
    "0747",
    "03",
    "4e02", /* , - . / */
    "~3d6d63030d3d",
    "0b3d33",
    "~0b0d6d69030363",
    "~0b0d5d5828 ~2868630305", /* 0 1 2 3 */
    "434d0666",
    "5d0d08 ~082969630305",
    "~5d0c0363690906",
    "0d6d23", /* 4 5 6 7 */
    "~3d6d68080d3d ~386863030838",
    "~13646d0d07676a",
    "03 09",
    "1301 19", /* 8 9 : ; */
    "6a0764",
    "0868 0565",
    "0a6704",
    "~0b0d5d592826 23", /* < = > ? */
    "~597975353959 ~7974a4ad0d0181",
    "034d83 1676",
    "030d ~0d3d6d683808 ~084878734303",
    "~8b7d0d037385", /* @ A B C */
    "030d ~0d4d8d834303",
    "6d0d0363 0858",
    "6d0d03 0858",
    "~8b7d0d0383878757", /* D E F G */
    "0d03 8d83 0888",
    "0d03",
    "~5d57530306",
    "0d03 7d07 2973", /* H I J K */
    "0d0363",
    "030d448d83",
    "030d838d",
    "~4d8d83030d4d", /* L M N O */
    "030d ~0d4d7d774707",
    "~4d8d83030d4d 5682",
    "030d ~0d4d7d774707 4773",
    "~7b7d0d0878730305", /* P Q R S */
    "0d8d 4d43",
    "~0d070373777d",
    "0d438d",
    "0d235d83ad", /* T U V W */
    "0d73 7d03",
    "0d488d 4843",
    "0d7d0373",
    "2e0e0222", /* X Y Z [ */
    "0e42",
    "0e2e2202",
    "093d69",
    "0171", /* \ ] ^ _ */
    "0d2b",
    "~080a5a5753 ~572707033355",
    "0d03 ~3a6a63030a3a",
    "~585a0a035355", /* ` a b c */
    "6d63 ~3a6a63030a3a",
    "~0767676a0a035365",
    "~4d1d1a13 0a3a",
    "~3a6a63030a3a ~6a64600001", /* d e f g */
    "0d03 ~070a6a6763",
    "0a03 0d",
    "~2a232000 2d",
    "0d03 5a06 2853", /* h i j k */
    "~0d060323",
    "0a03 ~070a5a5753 ~575aaaa7a3",
    "0a03 ~070a6a6763",
    "~3a6a63030a3a", /* l m n o */
    "0a00 ~3a6a63030a3a",
    "6a60 ~3a6a63030a3a",
    "0a03 ~070a3a",
    "~585a0a0756530305", /* p q r s */
    "~1c161343 0a4a",
    "~0a06036366 6a63",
    "0a336a",
    "0a2349638a", /* t u v w */
    "0a53 5a03",
    "0a33 6a20",
    "0a5a0353",
    "~3e1e1908 ~08171232", /* x y z { */
    "0e01",
    "~0e2e2938 ~38272202",
    "~06295578", /* | } ~ */
    "~0c0d4d4b080848",
    "030d6d6303", /* superscript two; any other: a box */
};
enum { OTHER = (int)(sizeof GLYPH / sizeof *GLYPH) - 1, SQUARED = OTHER - 1 };

/* The letter at *text, which goes on behind it. */
static const char *next(const char **text)
{
    uint32_t code;
    const int n = ct_utf8_get(*text, &code);
    *text += n > 0 ? n : 1;
    if (n > 0 && (code < ' ' || code == 127))
        code = ' '; /* as in SVG */
    return GLYPH[n == 0 ? OTHER : code == 0xb2 ? SQUARED : code > '~' ? OTHER : (int)code - ' '];
}

typedef struct point {
    double x, y;
} point;

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Points of the stroke at *glyph, which goes on behind it; 0 at the end. */
static int next_stroke(const char **glyph, bool *curved, point p[16])
{
    int n = 0;
    const char *at = *glyph + strspn(*glyph, " ");
    *curved = *at == '~';
    for (at += *curved; *at != '\0' && *at != ' '; at += 2)
        p[n++] = (point){digit(at[0]), digit(at[1]) - BASE};
    *glyph = at;
    return n;
}

/* Units from a letter to the next. */
static double advance(const char *glyph)
{
    double width = 0;
    bool curved;
    point p[16];
    if (*glyph == '\0')
        return SPACE;
    for (int n; (n = next_stroke(&glyph, &curved, p)) > 0;)
        while (n-- > 0)
            width = fmax(width, p[n].x);
    return width + GAP;
}

/* Where letters are drawn: the origin of the letter, the axes of a unit, in the picture's units. */
typedef struct place {
    ct_raster *r;
    point at, right, up;
    double width;
} place;

static point on(const place *l, point p)
{
    return (point){l->at.x + p.x * l->right.x + p.y * l->up.x,
                   l->at.y + p.x * l->right.y + p.y * l->up.y};
}

static void straight(const place *l, point a, point b, double width)
{
    const point from = on(l, a), to = on(l, b);
    ct_raster_stroke(l->r, CT_RASTER_STROKE, from.x, from.y, to.x, to.y, 0, width);
}

static point between(point a, point b, double t)
{
    return (point){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

/* From a to b, towards the corner c. */
static void curve(const place *l, point a, point c, point b)
{
    point last = a;
    for (int k = 1; k <= PIECES; k++) {
        const double t = (double)k / PIECES;
        const point p = between(between(a, c, t), between(c, b, t), t);
        straight(l, last, p, l->width);
        last = p;
    }
}

static void draw(const place *l, const char *glyph)
{
    bool curved;
    point p[16];
    for (int n; (n = next_stroke(&glyph, &curved, p)) > 0;) {
        point at = p[0];
        for (int i = 1; i + 1 < n && curved; i++) {
            const point to = i + 2 == n ? p[n - 1] : between(p[i], p[i + 1], 0.5);
            curve(l, at, p[i], to);
            at = to;
        }
        for (int i = 1; i < n && !curved; i++)
            straight(l, p[i - 1], p[i], l->width);
        if (n == 1)
            straight(l, at, at, l->width * DOT);
    }
}

void ct_raster_text(ct_raster *r, double x, double y, double size, ct_svg_anchor anchor,
                    double turn, const char *text)
{
    static const point DEGREE = {0.99984769515639124, 0.017452406437283512}; /* cosine and sine */
    point right = {UNIT * size, 0};
    double width = -GAP;
    for (int k = (int)fabs(turn); k > 0; k--)
        right = (point){right.x * DEGREE.x - right.y * DEGREE.y,
                        right.x * DEGREE.y + right.y * DEGREE.x};
    if (turn < 0)
        right.y = -right.y;
    for (const char *at = text; *at != '\0';)
        width += advance(next(&at));
    const double back = width * (anchor == CT_SVG_START ? 0 : anchor == CT_SVG_MIDDLE ? 0.5 : 1);
    place l = {
        r, {x - back * right.x, y - back * right.y}, right, {right.y, -right.x}, WEIGHT * size};
    while (*text != '\0') {
        const char *glyph = next(&text);
        draw(&l, glyph);
        l.at = on(&l, (point){advance(glyph), 0});
    }
    ct_raster_ink(r, CT_RASTER_STROKE, "ink", 1);
}
