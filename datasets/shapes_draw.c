/* shapes_draw.c -- pictures of scenes, the same bytes on every machine.
 *
 * For shapes.c. A shape is a test "is this point inside?" in coordinates where its
 * radius is 1; a pixel's colour is mixed by how many of 16 points in it are
 * inside. Only + - * / and comparisons, in a written order; one draw of a random
 * number to a statement, since C leaves the order within an expression open. */
#include "shapes.h"

#include <math.h>
#include <stdbool.h>

/* A pentagram is the set of points inside at least four of its five lines. */
static bool is_star(double x, double y)
{
    static const double NORMAL[5][2] = {{0, -1}, /* one line flat above, the others 72 degrees on */
                                        {0.95105651629515357, -0.30901699437494742},
                                        {0.58778525229247313, 0.80901699437494742},
                                        {-0.58778525229247313, 0.80901699437494742},
                                        {-0.95105651629515357, -0.30901699437494742}};
    int inside = 0;
    for (int k = 0; k < 5; k++)
        inside += NORMAL[k][0] * x + NORMAL[k][1] * (y - 0.1) < 0.37;
    return inside >= 4;
}

/* (u^2 + v^2 - 1)^3 < u^2 v^3, v up. */
static bool is_heart(double x, double y)
{
    double u = 1.2 * x, v = 0.12 - 1.2 * y, a = u * u + v * v - 1;
    return a * a * a < u * u * v * v * v;
}

/* x to the right, y down, about [-1, 1] each. Made to be told apart when they are
 * five pixels across. */
static bool is_inside(int shape, double x, double y)
{
    double w = fabs(x), h = fabs(y), rr = x * x + y * y;
    switch (shape) {
    case CIRCLE: return rr < 0.9;
    case SQUARE: return w < 0.82 && h < 0.82;
    case TRIANGLE: return y < 0.8 && w < 0.58 * (y + 1);
    case STAR: return is_star(x, y);
    case CROSS: return (w < 0.32 && h < 1) || (h < 0.32 && w < 1);
    case RING: return rr < 1 && rr > 0.3;
    case DIAMOND: return w / 0.9 + h / 1.1 < 1;
    default: return is_heart(x, y);
    }
}

static const double COLOUR[N_COLOURS][3] = {
    {225, 45, 50},   {245, 140, 35},
    {250, 220, 60},  {60, 185, 75}, /* red, orange, yellow, green */
    {60, 110, 235},  {150, 70, 205},
    {245, 135, 190}, {240, 240, 240}, /* blue, purple, pink, white  */
};

/* Uniform in [-reach, reach). */
static double jitter(ct_random *r, double reach)
{
    return reach * (2 * ct_random_uniform(r) - 1);
}

/* An object on the picture: centre and radius in shares of its side. */
typedef struct object {
    int shape;
    double x, y, radius, colour[3];
} object;

static object place_object(const scene *s, int which, ct_random *r)
{
    static const double AT[3] = {0.26, 0.5, 0.74}, RADIUS[N_SIZES] = {0.16, 0.24};
    bool alone = s->n_objects == 1;
    object o = {.shape = s->shape[which]};
    o.x = AT[alone ? s->place % 3 : 1] + jitter(r, alone ? 0.03 : 0.06);
    o.y = AT[alone ? s->place / 3 : 2 * which] + jitter(r, alone ? 0.03 : 0.02);
    o.radius = (alone ? RADIUS[s->size] : 0.21) * (1 + jitter(r, 0.07));
    if (!alone && s->direction == 1) { /* side by side: flipped about the diagonal */
        double x = o.x;
        o.x = o.y;
        o.y = x;
    }
    for (int c = 0; c < 3; c++)
        o.colour[c] = COLOUR[s->colour[which]][c] + jitter(r, 14);
    return o;
}

/* No shape has a point further out, either way: a star reaches 0.37 / cos 72 degrees, less 0.1. */
#define REACH 1.25

/* The share of pixel (px, py) that the object covers, by 4 x 4 points in it. Most pixels are far
 * away. */
static double coverage(const object *o, int px, int py, int size)
{
    const double reach = REACH * o->radius * size;
    double x[4], y[4];
    int n = 0;
    if (px > o->x * size + reach || px + 1 < o->x * size - reach || py > o->y * size + reach ||
        py + 1 < o->y * size - reach)
        return 0;
    for (int k = 0; k < 4; k++) {
        x[k] = ((px + (k + 0.5) / 4) / size - o->x) / o->radius;
        y[k] = ((py + (k + 0.5) / 4) / size - o->y) / o->radius;
    }
    for (int k = 0; k < 16; k++)
        n += is_inside(o->shape, x[k % 4], y[k / 4]);
    return n / 16.0;
}

static void mix(double v[3], const double colour[3], double share)
{
    for (int c = 0; c < 3; c++)
        v[c] += share * (colour[c] - v[c]);
}

static uint8_t to_byte(double v)
{
    const double positive = v < 0 ? 0 : v;
    return (uint8_t)(positive > 255 ? 255 : positive + 0.5);
}

void ct_shapes_draw(const scene *s, int size, double noise, ct_random *r, uint8_t *pixels)
{
    object o[2];
    double shade = 40 + jitter(r, 25), ground[3];
    for (int c = 0; c < 3; c++)
        ground[c] = shade + jitter(r, 8);
    for (int k = 0; k < s->n_objects; k++)
        o[k] = place_object(s, k, r);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++) {
            double v[3] = {ground[0], ground[1], ground[2]};
            for (int k = 0; k < s->n_objects; k++)
                mix(v, o[k].colour, coverage(&o[k], x, y, size));
            for (int c = 0; c < 3; c++)
                *pixels++ = to_byte(v[c] + noise * ct_random_normal(r));
        }
}
