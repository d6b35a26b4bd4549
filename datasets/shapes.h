/* shapes.h -- what the parts of the `shapes` generator share. Private to datasets/.
 *
 * A scene is everything that a caption may mention and a picture must show. */
#ifndef DATASETS_SHAPES_H
#define DATASETS_SHAPES_H

#include "contrast/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CIRCLE, SQUARE, TRIANGLE, STAR, CROSS, RING, DIAMOND, HEART, N_SHAPES };
enum { N_COLOURS = 8, N_SIZES = 2, N_PLACES = 9, N_DIRECTIONS = 2 };

typedef struct scene {
    int n_objects;
    int shape[2], colour[2]; /* of each object                                      */
    int size, place;         /* of one object: small or large; 3 row + column       */
    int direction;           /* of two: 0 the first is above, 1 it is to the left   */
} scene;

/* Pixels of a scene, (size, size, 3). Jitter and noise (standard deviation, of
 * 255) come from r. */
void ct_shapes_draw(const scene *s, int size, double noise, ct_random *r, uint8_t *pixels);

/* A caption of the scene, or of its first object alone, into text; the wording comes from r. */
#define CAPTION_BYTES 128
void ct_shapes_caption(const scene *s, bool first_object, ct_random *r, char text[CAPTION_BYTES]);

#endif
