/* nearest.c -- the name that a mistyped word was meant to be.
 *
 * Layer: formats. Used for the keys of recipes and the words of commands. */
#include "formats/text.h"

#include <string.h>

#define LONGEST 63

/* Levenshtein's distance: insertions, deletions and replacements of a byte that
 * turn a into b. row[j] is the distance between a[0..i) and b[0..j). */
static int distance(const char *a, const char *b)
{
    int row[LONGEST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0]; /* of (i-1, j-1) */
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            const int gap = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = best < gap ? best : gap;
        }
    }
    return row[m];
}

const char *ct_nearest_name(const char *word, const char *const *name, int n, size_t stride)
{
    const char *nearest = NULL;
    size_t least = (strlen(word) + 2) / 3 + 1;
    for (int i = 0; i < n && strlen(word) <= LONGEST; i++) { /* a longer one is no slip */
        const char *candidate = *(const char *const *)((const char *)name + (size_t)i * stride);
        size_t d = strlen(candidate) <= LONGEST ? (size_t)distance(word, candidate) : least;
        if (d < least) {
            least = d;
            nearest = candidate;
        }
    }
    return nearest;
}
