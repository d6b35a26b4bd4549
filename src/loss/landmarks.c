/* landmarks.c -- the losses by name, and what each is worth when all embeddings
 * are equal and at best. A loss that sits exactly at a landmark says why.
 *
 * Layer: loss. */
#include "contrast/loss.h"
#include "contrast/scalar.h"

#include <stddef.h>
#include <string.h>

/* All equal: every p is 1/n. */
static double log_n(int n, double temperature)
{
    (void)temperature;
    return ct_scalar_log(n);
}

/* Perfectly aligned pairs on a regular simplex: cosine 1 on the diagonal and
 * -1/(n-1) off it, a gap of n/(n-1) (Wang and Isola 2020; Graf et al. 2021). */
double ct_simplex_floor(int n, double temperature)
{
    if (n < 2)
        return 0;
    return ct_scalar_log1p((n - 1) * ct_scalar_exp(-n / ((n - 1) * temperature)));
}

static double question_floor(int n, double temperature)
{
    (void)temperature;
    return ct_simplex_floor(n, 1);
}

static double zero(int n, double temperature)
{
    (void)n;
    (void)temperature;
    return 0;
}

static const ct_loss LOSSES[] = {
    {"question", "cross-entropy over the rows of the cosine matrix, temperature 1", false, false, ct_loss_question,
     log_n, question_floor},
    {"infonce", "InfoNCE, one direction, with a temperature", true, false, ct_loss_infonce, log_n, ct_simplex_floor},
    {"clip", "InfoNCE in both directions (symmetric)", true, false, ct_loss_clip, log_n, ct_simplex_floor},
    {"unicl", "symmetric, pairs of equal group are positives too", true, true, ct_loss_unicl, log_n, ct_simplex_floor},
    {"positives", "1 - cosine of the pairs, no negatives: collapses", false, false, ct_loss_positives, zero, zero},
};

const ct_loss *ct_loss_all(int *n)
{
    *n = (int)(sizeof LOSSES / sizeof *LOSSES);
    return LOSSES;
}

const ct_loss *ct_loss_find(const char *name)
{
    for (size_t i = 0; i < sizeof LOSSES / sizeof *LOSSES; i++)
        if (strcmp(name, LOSSES[i].name) == 0)
            return &LOSSES[i];
    return NULL;
}
