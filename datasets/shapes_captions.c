/* shapes_captions.c -- scenes in words, in several ways each.
 *
 * For shapes.c. A text tower may see no more than a bag of words and neighbouring
 * word pairs. So captions must say who is where by neighbours: in "red star above
 * blue ring" the pair "star above" does it. "A star to the left of a ring" would
 * not: "star to" and "the left" leave open which of the two is meant. No two scenes
 * share a caption. */
#include "shapes.h"

#include <stdio.h>

static const char *const SHAPE[N_SHAPES] = {"circle", "square", "triangle", "star",
                                            "cross",  "ring",   "diamond",  "heart"};
static const char *const COLOUR[N_COLOURS] = {"red",  "orange", "yellow", "green",
                                              "blue", "purple", "pink",   "white"};
static const char *const SIZE[N_SIZES][2] = {{"small", "little"}, {"large", "big"}};
static const char *const PLACE[N_PLACES] = {
    "at the top left",    "at the top",    "at the top right",
    "on the left",        "in the centre", "on the right",
    "at the bottom left", "at the bottom", "at the bottom right",
};

/* Where the first of two objects is, and where the second is. */
static const char *const SIDE[N_DIRECTIONS][2] = {{"above", "below"}, {"left", "right"}};

static const char *const OPENING[] = {"", "there is ", "a picture of ", "this is "};

/* One of n ways. */
static int pick(ct_random *r, int n)
{
    return (int)ct_random_below(r, (uint32_t)n);
}

static void describe_one(const scene *s, ct_random *r, char text[CAPTION_BYTES])
{
    int wording = pick(r, 5);
    const char *size = SIZE[s->size][pick(r, 2)], *colour = COLOUR[s->colour[0]],
               *shape = SHAPE[s->shape[0]];
    const char *place = PLACE[s->place];
    if (wording == 4)
        snprintf(text, CAPTION_BYTES, "%s, a %s %s %s", place, size, colour, shape);
    else
        snprintf(text, CAPTION_BYTES, "%sa %s %s %s %s", OPENING[wording], size, colour, shape,
                 place);
}

static const char *article(const char *noun)
{
    return noun[0] == 'o' ? "an" : "a"; /* orange */
}

static void describe_two(const scene *s, ct_random *r, char text[CAPTION_BYTES])
{
    int wording = pick(r, 7), a = pick(r, 2), b = 1 - a;
    const char *ca = COLOUR[s->colour[a]], *sa = SHAPE[s->shape[a]],
               *side_a = SIDE[s->direction][a];
    const char *cb = COLOUR[s->colour[b]], *sb = SHAPE[s->shape[b]],
               *side_b = SIDE[s->direction][b];
    const char *of = s->direction == 1 ? " of" : "";
    if (wording == 6)
        snprintf(text, CAPTION_BYTES, "%s %s %s, %s %s %s", ca, sa, side_a, cb, sb, side_b);
    else if (wording >= 4)
        snprintf(text, CAPTION_BYTES, "%s%s %s %s%s %s %s", wording == 5 ? "two shapes: " : "", ca,
                 sa, side_a, of, cb, sb);
    else
        snprintf(text, CAPTION_BYTES, "%s%s %s %s %s%s %s %s %s", OPENING[wording], article(ca), ca,
                 sa, side_a, of, article(cb), cb, sb);
}

/* Of its first object alone. */
static void describe_first(const scene *s, ct_random *r, char text[CAPTION_BYTES])
{
    const char *colour = COLOUR[s->colour[0]];
    snprintf(text, CAPTION_BYTES, "%s%s %s %s", OPENING[pick(r, 4)], article(colour), colour,
             SHAPE[s->shape[0]]);
}

void ct_shapes_caption(const scene *s, bool first_object, ct_random *r, char text[CAPTION_BYTES])
{
    if (first_object)
        describe_first(s, r, text);
    else if (s->n_objects == 1)
        describe_one(s, r, text);
    else
        describe_two(s, r, text);
}
