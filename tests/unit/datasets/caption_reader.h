/* caption_reader.h -- what the captions of `shapes` say, read by something that
 * knows nothing of how they are made; for the tests of that data set. */
#ifndef CAPTION_READER_H
#define CAPTION_READER_H

#include "contrast/data.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

static const char *const SHAPE[] = {"circle", "square", "triangle", "star",
                                    "cross",  "ring",   "diamond",  "heart"};
static const char *const COLOUR[] = {"red",  "orange", "yellow", "green",
                                     "blue", "purple", "pink",   "white"};

static inline const char *caption_of(const ct_pairs *p, int item)
{
    return p->side[1].text[p->side[1].text_of[item]];
}

static inline const uint8_t *pixels_of(const ct_pairs *p, int item)
{
    return p->side[0].u8 + (size_t)item * (size_t)p->side[0].dim;
}

static inline int find_word(const char *const *list, int n, const char *word)
{
    for (int k = 0; k < n; k++)
        if (strcmp(list[k], word) == 0)
            return k;
    return -1;
}

/* What a caption says. Of two objects, 0 is the upper or the left one. */
typedef struct meaning {
    int n, colour[2], shape[2];
    int column, row; /* of one object: -1, 0, 1 */
    bool large, vertical;
} meaning;

static inline meaning read_caption(const char *caption)
{
    meaning m = {0};
    char text[128], *save = NULL;
    bool swapped = false;
    int colour = -1;
    strcpy(text, caption);
    for (char *w = strtok_r(text, " ,:", &save); w != NULL; w = strtok_r(NULL, " ,:", &save)) {
        int shape = find_word(SHAPE, 8, w), c = find_word(COLOUR, 8, w);
        colour = c >= 0 ? c : colour;
        if (shape >= 0) {
            ck_assert_msg(m.n < 2 && colour >= 0, "%s", caption);
            m.colour[m.n] = colour;
            m.shape[m.n++] = shape;
            colour = -1;
        }
        m.large |= strcmp(w, "large") == 0 || strcmp(w, "big") == 0;
        m.column += strcmp(w, "right") == 0 ? 1 : strcmp(w, "left") == 0 ? -1 : 0;
        m.row += strcmp(w, "bottom") == 0 ? 1 : strcmp(w, "top") == 0 ? -1 : 0;
        m.vertical |= strcmp(w, "above") == 0 || strcmp(w, "below") == 0;
        bool first = strcmp(w, "left") == 0 || strcmp(w, "above") == 0;
        bool second = strcmp(w, "right") == 0 || strcmp(w, "below") == 0;
        if (m.n == 1 && (first || second))
            swapped = second;
        else if (m.n == 2 && (first || second)) /* says where the other one is */
            ck_assert_msg(second != swapped, "%s", caption);
    }
    if (m.n == 2) {
        m.column = m.row = 0;
        if (swapped) {
            int c = m.colour[0], s = m.shape[0];
            m.colour[0] = m.colour[1];
            m.shape[0] = m.shape[1];
            m.colour[1] = c;
            m.shape[1] = s;
        }
    }
    return m;
}

static inline int meaning_number(const char *caption)
{
    meaning m = read_caption(caption);
    int k = m.n;
    for (int i = 0; i < 2; i++)
        k = (k * 8 + m.colour[i]) * 8 + m.shape[i];
    return (((k * 2 + m.large) * 2 + m.vertical) * 3 + m.column + 1) * 3 + m.row + 1;
}

#endif
