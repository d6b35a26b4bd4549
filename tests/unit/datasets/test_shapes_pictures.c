/* test_shapes_pictures.c -- what a caption says is in the picture: where, how large and
 * in which colour, measured on the pixels. */
#include "suites.h"

#include "../../../datasets/shapes.h"
#include "caption_reader.h"
#include "contrast/datasets.h"

#include <math.h>

/* Palette as a person names it, and the named colour nearest to v. */
static int name_colour(const double v[3])
{
    static const double RGB[8][3] = {{225, 45, 50},   {245, 140, 35}, {250, 220, 60},
                                     {60, 185, 75},   {60, 110, 235}, {150, 70, 205},
                                     {245, 135, 190}, {240, 240, 240}};
    int best = -1;
    double least = 1e9;
    for (int k = 0; k < 8; k++) {
        double d = 0;
        for (int c = 0; c < 3; c++)
            d += (v[c] - RGB[k][c]) * (v[c] - RGB[k][c]);
        if (d < least) {
            least = d;
            best = k;
        }
    }
    return best;
}

/* What can be seen in a part [x0, x1) x [y0, y1) of a noiseless picture, given its
 * background: area, centre (in shares of the picture), and the colour farthest from
 * the background. */
typedef struct view {
    double area, x, y, colour[3];
} view;

static view look(const uint8_t *pixels, int size, const double ground[3], int x0, int x1, int y0,
                 int y1)
{
    view v = {0};
    double farthest = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            const uint8_t *rgb = pixels + 3 * (y * size + x);
            double d = 0;
            for (int c = 0; c < 3; c++)
                d = fmax(d, fabs(rgb[c] - ground[c]));
            double share = fmin(
                1, d / 110); /* each colour is that far from a dark grey in some channel */
            if (d < 2)
                continue;
            v.area += share;
            v.x += share * (x + 0.5) / size;
            v.y += share * (y + 0.5) / size;
            if (d > farthest) {
                farthest = d;
                for (int c = 0; c < 3; c++)
                    v.colour[c] = rgb[c];
            }
        }
    v.x /= v.area;
    v.y /= v.area;
    return v;
}

/* The commonest colour of the border is the background: at most one corner is covered. */
static void find_ground(const uint8_t *pixels, int size, double ground[3])
{
    for (int c = 0; c < 3; c++) {
        int corner[4] = {pixels[c], pixels[3 * (size - 1) + c], pixels[3 * size * (size - 1) + c],
                         pixels[3 * (size * size - 1) + c]};
        ground[c] = corner[0] == corner[1] || corner[0] == corner[2] ? corner[0] : corner[3];
    }
}

START_TEST(pictures_show_what_captions_say)
{
    ct_data_options o = ct_data_defaults();
    o.noise = 0;
    o.seed = 3;
    o.size = 24;
    o.n_train = 600;
    o.n_validation = o.n_test = o.n_composition = 0;
    ct_pairs *p = ct_shapes(&o, CT_IGNORE_ERROR);
    double area[2] = {0}, n[2] = {0};
    for (int i = 0; i < p->n; i++) {
        const uint8_t *pixels = pixels_of(p, i);
        const char *said = caption_of(p, i);
        meaning m = read_caption(said);
        double ground[3];
        find_ground(pixels, 24, ground);
        if (m.n == 1) {
            view v = look(pixels, 24, ground, 0, 24, 0, 24);
            ck_assert_msg(name_colour(v.colour) == m.colour[0], "%s", said);
            ck_assert_msg(fabs(v.x - (0.5 + 0.24 * m.column)) < 0.08, "%s: x %g", said, v.x);
            ck_assert_msg(fabs(v.y - (0.5 + 0.24 * m.row)) < 0.08, "%s: y %g", said, v.y);
            ck_assert_msg(m.large ? v.area > 30 : v.area > 10, "%s: area %g", said, v.area);
            area[m.large] += v.area;
            n[m.large]++;
        } else {
            for (int k = 0; k < 2; k++) {
                int x0 = m.vertical ? 0 : 12 * k, y0 = m.vertical ? 12 * k : 0;
                view v = look(pixels, 24, ground, x0, m.vertical ? 24 : x0 + 12, y0,
                              m.vertical ? y0 + 12 : 24);
                ck_assert_msg(name_colour(v.colour) == m.colour[k], "%s: object %d", said, k);
                ck_assert_msg(v.area > 25, "%s: area %g", said, v.area);
            }
        }
    }
    ck_assert_double_gt(area[1] / n[1], 1.8 * area[0] / n[0]);
    ct_pairs_free(p);
}
END_TEST

/* Large white shapes in the centre of 64 x 64 pixels, seen at 9 x 9 points. */
START_TEST(shapes_look_like_their_names)
{
    static const char *const SEEN[2][9] = {
        /* circle    square    triangle  star */
        {"......... ......... ......... .........", "...###... ......... ....#.... ....#....",
         "..#####.. ..#####.. ....#.... ....#....", ".#######. ..#####.. ...###... .#######.",
         ".#######. ..#####.. ..#####.. ..#####..", ".#######. ..#####.. ..#####.. ...###...",
         "..#####.. ..#####.. .#######. ...#.#...", "...###... ......... ......... ..#...#..",
         "......... ......... ......... ........."},
        /* cross     ring      diamond   heart */
        {"......... ......... ......... .........", "...###... ..#####.. ....#.... ..##.##..",
         "...###... ..##.##.. ...###... .#######.", ".#######. .##...##. ..#####.. .#######.",
         ".#######. .##...##. .#######. .#######.", ".#######. .##...##. ..#####.. ..#####..",
         "...###... ..#####.. ...###... ...###...", "...###... ...###... ....#.... ....#....",
         "......... ......... ......... ........."},
    };
    for (int shape = 0; shape < N_SHAPES; shape++) {
        static uint8_t pixels[64 * 64 * 3];
        scene s = {.n_objects = 1, .shape = {shape}, .colour = {7}, .size = 1, .place = 4};
        ct_random r = ct_random_make(1, CT_STREAM_TEST, 2); /* jitter is small there */
        ct_shapes_draw(&s, 64, 0, &r, pixels);
        for (int k = 0; k < 81; k++) {
            int x = 32 + (k % 9 - 4) * 4, y = 32 + (k / 9 - 4) * 4;
            char seen = pixels[3 * (64 * y + x)] > 150 ? '#' : '.';
            ck_assert_msg(seen == SEEN[shape / 4][k / 9][10 * (shape % 4) + k % 9],
                          "%s at row %d, column %d", SHAPE[shape], k / 9, k % 9);
        }
    }
}
END_TEST

START_TEST(noise_has_the_standard_deviation_asked_for)
{
    ct_data_options o = ct_data_defaults();
    double sum = 0, square = 0;
    o.n_train = 20;
    o.n_validation = o.n_test = o.n_composition = 0;
    o.noise = 4;
    ct_pairs *noisy = ct_shapes(&o, CT_IGNORE_ERROR);
    o.noise = 0;
    ct_pairs *clean = ct_shapes(&o, CT_IGNORE_ERROR);
    int n = clean->n * clean->side[0].dim, used = 0;
    for (int k = 0; k < n; k++) {
        double x = clean->side[0].u8[k], d = noisy->side[0].u8[k] - x;
        if (x < 25 || x > 230) /* there the byte's range cuts it */
            continue;
        used++;
        sum += d;
        square += d * d;
    }
    ck_assert_int_gt(used, n / 2);
    ck_assert_double_eq_tol(sum / used, 0, 0.15);
    ck_assert_double_eq_tol(sqrt(square / used), 4, 0.15);
    ct_pairs_free(noisy);
    ct_pairs_free(clean);
}
END_TEST

TCase *shapes_pictures_case(void)
{
    TCase *tc = tcase_create("shapes_pictures");
    tcase_set_timeout(tc, 60);
    add_tests(tc, pictures_show_what_captions_say, shapes_look_like_their_names,
              noise_has_the_standard_deviation_asked_for);
    return tc;
}
