/* diagnose.c -- from numbers to one word, and the sentences that carry it.
 *
 * The rules stand in ct_diagnose in the order in which they are asked; each names its
 * limit below. A limit is where the cases of tests/unit/measure/diagnosis_cases.c part,
 * with room on both sides; none is a law. No verdict rests on the loss alone: it can
 * only turn a verdict of the geometry into `uncertain`, or say which of two it is.
 *
 * Layer: measure. */
#include "contrast/diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define FEWEST_ROWS   12   /* below: every number is mostly chance                         */
#define LENGTH_SPREAD 1e3  /* longest over median length, or median over shortest          */
#define HUGE_LENGTH   1e15 /* squares near the end of float                                */
#define ZERO_SHARE    0.01 /* of rows that have no direction                               */
#define EQUAL         1e-3 /* total variance: rows differ by 3 % of their length           */
#define ONE_POINT     1e-7 /* one side alone: rounding                                     */
#define NARROW        0.1  /* total variance: a cone, mean cosine above 0.9                */
#define FEW_SHARE     0.25 /* of the directions there are, and at most FEW of them         */
#define FEW           4.5
#define WORKS         0.5  /* recall@1                                                     */
#define CHANCE        0.4  /* share of wrong items ahead; 0.5 is pure chance               */
#define WEAK          0.2  /* above: pairs match, but not well                             */
#define SIGMAS        4    /* of that share under chance, 1 / sqrt(12 n): pairs match      */
#define DOUBT         3    /* ... and below this they do not                               */
#define PARTNERS      3.5  /* standard deviations: see partners                            */
#define GAP           0.4  /* distance of the means                                        */
#define GAP_SHARE     0.4  /* of the distance of pairs that the gap makes up               */
#define SEPARABLE     0.85 /* held out; few rows in few columns overlap                    */
#define AT_LN_N       0.05 /* of ln N: the loss sits there                                 */

static const ct_state_text TEXT[CT_N_STATES] = {
    [CT_HEALTHY] = {"healthy", "spread, in many directions, and pairs find each other",
                    "overfitting: measure rows that were not trained on",
                    "nothing; compare recall on a test split"},
    [CT_COLLAPSED] = {"collapsed", "all embeddings of a side point the same way",
                      "plateau: there the rows still differ by more than a few percent of their "
                      "length and the run "
                      "may yet leave; a narrow cone whose pairs match",
                      "negatives in the loss, first of all; then start again with Adam, or a "
                      "temperature near 0.07, or "
                      "a larger batch: all-equal is a saddle, and a step that is large enough "
                      "leaves it; check dead or "
                      "saturated units and weight decay"},
    [CT_DIMENSIONAL_COLLAPSE] =
        {"dimensional-collapse", "spread, but in one or a few directions only",
         "data that has only a few degrees of freedom: then retrieval works; see the spectrum",
         "a smaller learning rate and less weight decay (large steps kill directions), then a "
         "smaller temperature or more negatives, which ask for more directions"},
    [CT_PLATEAU] = {"plateau",
                    "a narrow cone near the all-equal saddle, at ln N; pairs do not match yet",
                    "collapsed: rows equal to a few percent; unaligned: rows spread; shuffled "
                    "pairs: the loss stays at "
                    "ln N with any setting",
                    "Adam instead of SGD, or a larger rate, or a smaller temperature: near the "
                    "saddle the way out grows "
                    "by rate / (N temperature) a step; if nothing changes run the pair-shuffle "
                    "control: contrast check"},
    [CT_UNALIGNED] = {"unaligned", "each side is spread, but pairs do not match",
                      "mispaired: rows match, in another order; an untrained model",
                      "train; if it was trained: is the pairing of the data right (pair-shuffle "
                      "control), is the "
                      "softmax over the right axis, do both sides see the same items"},
    [CT_MISPAIRED] = {"mispaired",
                      "rows match rows of the other side, but not those with their number",
                      "unaligned: there no order of the rows matches",
                      "look at how the two files are ordered and joined: sorting, shuffling of one "
                      "side, a dropped row"},
    [CT_MODALITY_GAP] = {"modality-gap", "pairs match, but the two sides lie apart as wholes",
                         "healthy: a gap does not harm retrieval across sides, only absolute "
                         "cosines and searches over "
                         "both sides together",
                         "if absolute cosines matter: subtract each side's mean, or train longer "
                         "at a larger temperature"},
    [CT_DEGENERATE_NORMS] =
        {"degenerate-norms", "lengths that cosines cannot be trusted on",
         "collapsed: all-zero rows look so after normalising",
         "find the rows: NaN comes from divergence, zeros from dead units or empty inputs, huge "
         "lengths from a missing normalisation or weight decay"},
    [CT_UNCERTAIN] = {"uncertain", "too few rows, or the evidence splits", "",
                      "measure more rows, and the other side; "
                      "give --loss, --temperature and --batch"},
};

const ct_state_text *ct_state_describe(ct_state state)
{
    return &TEXT[state];
}

/* ---- what the rules are made of ---- */

typedef struct view {
    const ct_findings *f;
    const ct_loss_reading *loss; /* or NULL */
    ct_diagnosis *out;
} view;

static void say(view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(view *v, const char *fmt, ...)
{
    va_list args;
    if (v->out->n_evidence == CT_EVIDENCE)
        return;
    va_start(args, fmt);
    vsnprintf(v->out->evidence[v->out->n_evidence++], sizeof v->out->evidence[0], fmt, args);
    va_end(args);
}

static bool decide(view *v, ct_state state)
{
    v->out->state = state;
    return true;
}

static const char *side_name(const view *v, int s)
{
    return v->f->n_sides == 1 ? "the" : s == 0 ? "the first side's" : "the second side's";
}

static bool knows_loss(const view *v)
{
    return v->loss != NULL && isfinite(v->loss->loss) && isfinite(v->loss->all_equal) &&
           v->loss->all_equal > 0;
}

/* Loss over what it is when all is equal; 1 if that is not known. */
static double loss_share(const view *v)
{
    return knows_loss(v) ? v->loss->loss / v->loss->all_equal : 1;
}

static double ahead(const view *v)
{
    return (v->f->ahead[0] + v->f->ahead[1]) / 2;
}

/* Standard deviations away from chance. */
static double certainty(const view *v)
{
    return (0.5 - ahead(v)) * sqrt(12.0 * v->f->n);
}

static bool pairs_match(const view *v)
{
    return v->f->n_sides == 2 && ahead(v) < CHANCE && certainty(v) > SIGMAS;
}

static double least_variance(const view *v)
{
    const double a = v->f->side[0].variance, b = v->f->side[1].variance;
    return v->f->n_sides == 1 || a < b ? a : b;
}

static double most_variance(const view *v)
{
    const double a = v->f->side[0].variance, b = v->f->side[1].variance;
    return v->f->n_sides == 1 || a > b ? a : b;
}

static void say_variance(view *v)
{
    for (int s = 0; s < v->f->n_sides; s++)
        say(v, "%s rows have mean cosine %.4f and total variance %.2g (0: all equal, 1: spread)",
            side_name(v, s), v->f->side[s].mean_cosine, v->f->side[s].variance);
}

static void say_pairs(view *v)
{
    if (v->f->n_sides == 2)
        say(v,
            "recall@1 is %.3f and %.3f of %d; on average %.0f %% of wrong items are ahead of the "
            "right one (chance: 50 %%)",
            v->f->recall[0].at1, v->f->recall[1].at1, v->f->n, 100 * ahead(v));
}

static void say_loss(view *v)
{
    if (knows_loss(v))
        say(v,
            "the loss %.4f is %.1f %% of what it is when all embeddings are equal (%.4f); the "
            "floor is %.4f",
            v->loss->loss, 100 * loss_share(v), v->loss->all_equal, v->loss->floor);
}

/* ---- the rules ---- */

static bool has_degenerate_norms(view *v)
{
    bool bad = false;
    for (int s = 0; s < v->f->n_sides; s++) {
        const ct_side_findings *x = &v->f->side[s];
        if (x->bad_rows > 0) {
            say(v, "%d of %d of %s rows hold a NaN or an infinity", x->bad_rows, v->f->n,
                side_name(v, s));
            bad = true;
        } else if (x->zero_rows > ZERO_SHARE * v->f->n) {
            say(v, "%d of %d of %s rows have no length, so no direction", x->zero_rows, v->f->n,
                side_name(v, s));
            bad = true;
        } else if (x->norm_most > LENGTH_SPREAD * x->norm_median || x->norm_most > HUGE_LENGTH ||
                   (x->zero_rows == 0 && x->norm_least * LENGTH_SPREAD < x->norm_median)) {
            say(v, "%s lengths go from %.3g over a median of %.3g to %.3g", side_name(v, s),
                x->norm_least, x->norm_median, x->norm_most);
            bad = true;
        }
    }
    return bad && decide(v, CT_DEGENERATE_NORMS);
}

static bool has_too_few(view *v)
{
    if (v->f->n >= FEWEST_ROWS && v->f->d >= 2)
        return false;
    say(v, "%d rows of %d: below %d rows or 2 columns every number here is mostly chance", v->f->n,
        v->f->d, FEWEST_ROWS);
    return decide(v, CT_UNCERTAIN);
}

static bool is_collapsed(view *v)
{
    const bool equal = most_variance(v) < EQUAL || least_variance(v) < ONE_POINT;
    const bool unasked = v->loss != NULL && v->loss->no_negatives && most_variance(v) < NARROW;
    if (!equal && !unasked)
        return false;
    say_variance(v);
    if (unasked)
        say(v, "the loss has no negatives: all equal is its optimum");
    else
        say_loss(v);
    if (pairs_match(v))
        say(v,
            "what is left of the order still matches pairs (recall@1 %.3f): a collapse in scale, "
            "not yet in rank",
            v->f->recall[0].at1);
    if (!unasked && loss_share(v) < 1 - 2 * AT_LN_N) {
        say(v, "but the loss is far below its value for equal embeddings: it was not measured on "
               "these");
        return decide(v, CT_UNCERTAIN);
    }
    return decide(v, CT_COLLAPSED);
}

static bool is_narrow(view *v)
{
    const bool cone = most_variance(v) < NARROW || least_variance(v) < EQUAL;
    if (!cone)
        return false;
    if (pairs_match(v) && knows_loss(v) && loss_share(v) < 1 - AT_LN_N)
        return false; /* narrow, but at its temperature it works: go on */
    say_variance(v);
    say_pairs(v);
    say_loss(v);
    if (v->f->n_sides == 1) {
        say(v, "a narrow cone; without the other side nobody can say whether it has collapsed, "
               "waits or works");
        return decide(v, CT_UNCERTAIN);
    }
    if (pairs_match(v)) {
        say(v, "a narrow cone whose pairs match: whether that works depends on the temperature");
        return decide(v, CT_UNCERTAIN);
    }
    if (knows_loss(v) && fabs(loss_share(v) - 1) > AT_LN_N) {
        say(v, "but the loss is not near ln N: it was not measured on these");
        return decide(v, CT_UNCERTAIN);
    }
    say(v,
        "pairs deviate from the means together by %.2g (cross-covariance; above 0 the saddle "
        "repels)",
        v->f->cross_covariance);
    return decide(v, CT_PLATEAU);
}

/* Directions that a side could use: equal rows make none. */
static double directions(const ct_findings *f, const ct_side_findings *x)
{
    const int rows = f->n - x->duplicates - 1;
    return rows < f->d ? rows : f->d;
}

static bool uses_few_directions(view *v)
{
    bool few = false;
    for (int s = 0; s < v->f->n_sides; s++) {
        const ct_side_findings *x = &v->f->side[s];
        const double limit = fmin(FEW, FEW_SHARE * directions(v->f, x));
        if (x->participation >= limit)
            continue;
        say(v, "%s rows use %.1f of %.0f directions (participation ratio; effective rank %.1f)",
            side_name(v, s), x->participation, directions(v->f, x), x->rank_centred);
        few = true;
    }
    if (!few)
        return false;
    say_pairs(v);
    say_loss(v);
    if (v->f->n_sides == 2 && fmin(v->f->recall[0].at1, v->f->recall[1].at1) >= WORKS) {
        say(v, "but retrieval works in them: the data may have no more");
        return decide(v, CT_UNCERTAIN);
    }
    return decide(v, CT_DIMENSIONAL_COLLAPSE);
}

/* Do rows have partners under other numbers? If both sides are drawn alike, no more than
 * half of the rows are in a mutual nearest pair and half are nearer to some row of the
 * other side than to any of their own (measured: for 2 to 768 columns); the answer is
 * by how many standard deviations, 1 / sqrt(4 n), the two shares exceed that. */
static double partners(const view *v)
{
    const ct_findings *f = v->f;
    return fmax(0, (f->matched_elsewhere - 0.5) * sqrt(4.0 * f->n)) +
           fmax(0, (f->nearer - 0.5) * sqrt(4.0 * f->nearer_rows));
}

static bool does_not_match(view *v)
{
    if (v->f->n_sides == 1 || pairs_match(v))
        return false;
    say_pairs(v);
    if (ahead(v) < CHANCE && certainty(v) > DOUBT) {
        say(v, "better than chance, but %d rows are too few to be sure", v->f->n);
        return decide(v, CT_UNCERTAIN);
    }
    if (partners(v) > PARTNERS) {
        say(v,
            "%.0f %% of rows have a mutual nearest row of another number, and %.0f %% are nearer "
            "to a row of the other side "
            "than to any of their own",
            100 * v->f->matched_elsewhere, 100 * v->f->nearer);
        return decide(v, CT_MISPAIRED);
    }
    say_variance(v);
    say_loss(v);
    return decide(v, CT_UNALIGNED);
}

static bool has_gap(view *v)
{
    const ct_findings *f = v->f;
    if (f->n_sides == 1 || f->gap < GAP || f->gap * f->gap < GAP_SHARE * f->alignment ||
        f->separability < SEPARABLE)
        return false;
    say(v, "the means lie %.3f apart: %.0f %% of the squared distance of pairs", f->gap,
        100 * f->gap * f->gap / f->alignment);
    say(v, "a linear separator tells the sides of %.1f %% of unseen rows", 100 * f->separability);
    say_pairs(v);
    return decide(v, CT_MODALITY_GAP);
}

static bool is_healthy(view *v)
{
    const ct_findings *f = v->f;
    say_variance(v);
    say_pairs(v);
    say(v, "effective rank %.1f, participation ratio %.1f, of %.0f directions",
        f->side[0].rank_centred, f->side[0].participation, directions(f, &f->side[0]));
    say_loss(v);
    if (f->n_sides == 2 && ahead(v) > WEAK) {
        say(v,
            "pairs match better than by chance, but weakly: train on, or the pairs share little");
        return decide(v, CT_UNCERTAIN);
    }
    if (knows_loss(v) &&
        (loss_share(v) > 1 - AT_LN_N / 2 || v->loss->loss < v->loss->floor * (1 - 1e-3) - 1e-6)) {
        say(v,
            "but such a loss does not belong to such embeddings: another N, temperature or file?");
        return decide(v, CT_UNCERTAIN);
    }
    return decide(v, CT_HEALTHY);
}

void ct_diagnose(const ct_findings *f, const ct_loss_reading *loss, ct_diagnosis *out)
{
    view v = {f, loss, out};
    *out = (ct_diagnosis){.state = CT_UNCERTAIN};
    (void)(has_degenerate_norms(&v)   /* nothing below can be trusted        */
           || has_too_few(&v)         /* ... nor told from chance            */
           || is_collapsed(&v)        /* one point                           */
           || is_narrow(&v)           /* a cone: plateau, or uncertain       */
           || uses_few_directions(&v) /* spread in few directions           */
           || does_not_match(&v)      /* spread: mispaired or unaligned      */
           || has_gap(&v)             /* matches, but apart                  */
           || is_healthy(&v));
}
