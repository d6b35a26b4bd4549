/* losses.c -- the losses by name, and what they are told when they are told nothing.
 *
 * Values that each is known to have (all equal, at best) are in measure/landmarks.c.
 *
 * Layer: losses. */
#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <string.h>

static const ct_loss_options DEFAULTS = {.in_modal = true,
                                         .penalty = 0.002,
                                         .margin = 0.2,
                                         .mining = CT_MINE_ALL,
                                         .beta = 1,
                                         .tau_plus = 0.1,
                                         .align_power = 2,
                                         .uniform_t = 2,
                                         .uniform = 1,
                                         .mu = 1,
                                         .lambda = 0.0051,
                                         .invariance = 25,
                                         .variance = 25,
                                         .covariance = 1};

ct_loss_options ct_loss_defaults(void)
{
    return DEFAULTS;
}

const ct_loss_options *loss_options(const ct_loss_options *options)
{
    return options != NULL ? options : &DEFAULTS;
}

double ct_loss_bias(int n)
{
    return n > 1 ? -ct_scalar_log(n - 1) : 0;
}

static const ct_loss LOSSES[] = {
    {.name = "question",
     .summary = "cross-entropy over the rows of the cosine matrix, temperature 1",
     .uses_queue = true,
     .apply = ct_loss_question},
    {.name = "npair",
     .summary = "the same of products, with a penalty on lengths",
     .apply = ct_loss_npair},
    {.name = "infonce",
     .summary = "InfoNCE, one direction, with a temperature",
     .learns_scale = true,
     .uses_queue = true,
     .apply = ct_loss_infonce},
    {.name = "clip",
     .summary = "InfoNCE in both directions (symmetric)",
     .learns_scale = true,
     .uses_queue = true,
     .apply = ct_loss_clip},
    {.name = "ntxent",
     .summary = "symmetric, negatives from both sides (SimCLR)",
     .learns_scale = true,
     .apply = ct_loss_ntxent},
    {.name = "siglip",
     .summary = "each pair of rows is a yes-or-no question, with a bias",
     .learns_scale = true,
     .uses_bias = true,
     .apply = ct_loss_siglip},
    {.name = "dcl",
     .summary = "symmetric, the positive left out of the sum (decoupled)",
     .learns_scale = true,
     .uses_queue = true,
     .apply = ct_loss_dcl},
    {.name = "unicl",
     .summary = "symmetric, pairs of equal group are positives too",
     .learns_scale = true,
     .uses_groups = true,
     .apply = ct_loss_unicl},
    {.name = "triplet",
     .summary = "hinge on a positive and a negative (all, semi-hard, hardest)",
     .apply = ct_loss_triplet},
    {.name = "hard-negative",
     .summary = "NT-Xent with hard negatives weighing more, debiased",
     .learns_scale = true,
     .apply = ct_loss_hard_negative},
    {.name = "align-uniform",
     .summary = "pairs close, each side spread over the sphere",
     .apply = ct_loss_align_uniform},
    {.name = "spectral",
     .summary = "-2 s of pairs and the squares of all others",
     .apply = ct_loss_spectral},
    {.name = "barlow",
     .summary = "columns: correlated between sides, not with each other",
     .apply = ct_loss_barlow},
    {.name = "vicreg",
     .summary = "columns: equal, varying, and not correlated",
     .apply = ct_loss_vicreg},
    {.name = "positives",
     .summary = "1 - cosine of the pairs, no negatives: collapses",
     .apply = ct_loss_positives},
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
