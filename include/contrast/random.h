/* random.h -- counter-based random numbers.
 *
 * A number is a pure function of (seed, stream, step, index), so it does not
 * depend on what was drawn before, on threads or on the machine, and a resumed
 * run needs no generator state. Philox4x32-10 (Salmon, Moraes, Dror and Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the key is the seed,
 * the counter's four words are index / 4, step (low word first) and stream. */
#ifndef CT_RANDOM_H
#define CT_RANDOM_H

#include "contrast/status.h"

#include <stdint.h>

CT_C_BEGIN

/* Who draws. One stream a purpose, so that no two purposes share numbers. */
typedef enum ct_stream {
    CT_STREAM_INIT = 1, /* initial weights; step = number of the parameter   */
    CT_STREAM_SHUFFLE,  /* order of the training pairs; step = epoch         */
    CT_STREAM_DROPOUT,  /* step = training step and layer                    */
    CT_STREAM_DATA,     /* generated data sets; step = number of the item    */
    CT_STREAM_CAPTION,  /* wording of captions; step = number of the item    */
    CT_STREAM_SPLIT,    /* which item goes to which split                    */
    CT_STREAM_PROBE,    /* demonstrations and experiments                    */
    CT_STREAM_TEST,     /* tests                                             */
} ct_stream;

typedef struct ct_random {
    uint64_t seed, step;
    ct_stream stream;
    uint64_t at;    /* index of the next number that is drawn; may be set */
    uint64_t drawn; /* what is kept: the block that `word` is, plus 1 */
    uint32_t word[4];
} ct_random;

ct_random ct_random_make(uint64_t seed, ct_stream stream, uint64_t step);

/* Draw the next number: 32 bits; uniform in [0, 1) with 24 bits, exact in
 * float; standard normal (inverse of the distribution function: one number a
 * draw); integer in [0, n), n > 0, by multiply-shift (bias below n / 2^32). */
uint32_t ct_random_bits(ct_random *r);
double ct_random_uniform(ct_random *r);
double ct_random_normal(ct_random *r);
uint32_t ct_random_below(ct_random *r, uint32_t n);

/* Fisher-Yates: put the n items into random order. */
void ct_random_shuffle(ct_random *r, int *items, int n);

CT_C_END
#endif
