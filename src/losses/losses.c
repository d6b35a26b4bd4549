/* losses.c -- the losses by name, and what they are told when they are told nothing.
 *
 * What each computes is in loss.h; values that it is known to have are in measure/landmarks.c. */
#include "contrast/scalar.h"
#include "losses/pairs.h"

#include <string.h>

/* clang-format off */
static const ct_loss_options DEFAULTS = {
    .in_modal = true, .penalty = 0.002, .margin = 0.2, .mining = CT_MINE_ALL,
    .beta = 1, .tau_plus = 0.1, .align_power = 2, .uniform_t = 2, .uniform = 1,
    .mu = 1, .lambda = 0.0051, .invariance = 25, .variance = 25, .covariance = 1};
/* clang-format on */

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

/* What each looks at is named; what is not named is false. */
/* clang-format off */
static const ct_loss LOSSES[] = {
    {.name = "question", .apply = ct_loss_question, .uses_queue = true,
     .summary = "cross-entropy over the rows of the cosine matrix, temperature 1"},
    {.name = "npair", .apply = ct_loss_npair,
     .summary = "the same of products, with a penalty on lengths"},
    {.name = "infonce", .apply = ct_loss_infonce, .learns_scale = true, .uses_queue = true,
     .summary = "InfoNCE, one direction, with a temperature"},
    {.name = "clip", .apply = ct_loss_clip, .learns_scale = true, .uses_queue = true,
     .summary = "InfoNCE in both directions (symmetric)"},
    {.name = "ntxent", .apply = ct_loss_ntxent, .learns_scale = true,
     .summary = "symmetric, negatives from both sides (SimCLR)"},
    {.name = "siglip", .apply = ct_loss_siglip, .learns_scale = true, .uses_bias = true,
     .summary = "each pair of rows is a yes-or-no question, with a bias"},
    {.name = "dcl", .apply = ct_loss_dcl, .learns_scale = true, .uses_queue = true,
     .summary = "symmetric, the positive left out of the sum (decoupled)"},
    {.name = "unicl", .apply = ct_loss_unicl, .learns_scale = true, .uses_groups = true,
     .summary = "symmetric, pairs of equal group are positives too"},
    {.name = "supcon", .apply = ct_loss_supcon, .learns_scale = true, .uses_groups = true,
     .summary = "NT-Xent, rows of equal group are positives too (supervised)"},
    {.name = "triplet", .apply = ct_loss_triplet,
     .summary = "hinge on a positive and a negative (all, semi-hard, hardest)"},
    {.name = "hard-negative", .apply = ct_loss_hard_negative, .learns_scale = true,
     .summary = "NT-Xent with hard negatives weighing more, debiased"},
    {.name = "align-uniform", .apply = ct_loss_align_uniform,
     .summary = "pairs close, each side spread over the sphere"},
    {.name = "spectral", .apply = ct_loss_spectral,
     .summary = "-2 s of pairs and the squares of all others"},
    {.name = "barlow", .apply = ct_loss_barlow,
     .summary = "columns: correlated between sides, not with each other"},
    {.name = "vicreg", .apply = ct_loss_vicreg,
     .summary = "columns: equal, varying, and not correlated"},
    {.name = "positives", .apply = ct_loss_positives,
     .summary = "1 - cosine of the pairs, no negatives: collapses"},
};
/* clang-format on */

const ct_loss *ct_loss_all(int *n)
{
    *n = (int)(sizeof LOSSES / sizeof *LOSSES);
    return LOSSES;
}

/* What people call them, as is_called compares: letters and digits. */
static const struct {
    const char *name, *loss;
} ALIASES[] = {
    {"nce", "infonce"},
    {"moco", "infonce"},
    {"multiplenegatives", "infonce"},
    {"multiplenegativesranking", "infonce"},
    {"mnr", "infonce"},
    {"mnrl", "infonce"},
    {"simclr", "ntxent"},
    {"supervisedcontrastive", "supcon"},
    {"sigmoid", "siglip"},
    {"decoupled", "dcl"},
    {"tripletmargin", "triplet"},
    {"hcl", "hard-negative"},
    {"alignmentuniformity", "align-uniform"},
    {"barlowtwins", "barlow"},
};

/* "NT-Xent", "nt_xent" and "NTXentLoss" are "ntxent". */
static bool is_called(const char *said, const char *name)
{
    for (;; said++, name++) {
        said += strspn(said, "-_ ");
        name += strspn(name, "-_ ");
        const char c = (char)(*said >= 'A' && *said <= 'Z' ? *said + 32 : *said);
        if (*name == '\0')
            return c == '\0' || strcmp(said, "Loss") == 0 || strcmp(said, "loss") == 0;
        if (c != *name)
            return false;
    }
}

const ct_loss *ct_loss_find(const char *name)
{
    const char *known = name;
    for (size_t i = 0; i < sizeof ALIASES / sizeof *ALIASES; i++)
        if (is_called(name, ALIASES[i].name))
            known = ALIASES[i].loss;
    for (size_t i = 0; i < sizeof LOSSES / sizeof *LOSSES; i++)
        if (is_called(known, LOSSES[i].name))
            return &LOSSES[i];
    return NULL;
}
