/* terminal.h -- numbers and pictures as text. Private.
 *
 * With colour, cells and pixels are coloured blocks; without it the same call
 * prints plain characters, so that nothing is lost in a log or a pipe.
 */
#ifndef SHOW_TERMINAL_H
#define SHOW_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct ct_terminal {
    FILE *out;
    bool colour; /* may use colours             */
    bool redraw; /* may go back over its line   */
    int width;   /* columns                     */
} ct_terminal;

/* A matrix of values in [-1, 1], as an annotated heat map: blue -1, white 0,
 * red 1. Each row is indented by `indent` columns. */
void ct_draw_matrix(const ct_terminal *t, int indent, const double *s, int rows, int cols);

/* The same as cells without numbers, two rows a line, as many as have room: (n, n). */
void ct_draw_cells(const ct_terminal *t, int indent, const double *s, int n, int lines,
                   int columns);

/* n pictures side by side, width x height x 3 bytes each; two pixels a character.
 * Without colour a pixel is a letter of its hue (r g b y ...) or a dot. */
void ct_draw_pictures(const ct_terminal *t, int indent, const uint8_t *const *picture, int n,
                      int width, int height);

/* One character for each of n values, in eight heights; the highest is the largest, or `most` if
 * that is larger. */
void ct_bars_text(const double *x, int n, double most, char *out);

#endif
