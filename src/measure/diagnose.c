/* diagnose.c -- from numbers to one word, and the sentences that support it.
 *
 * Three tables. FACTS: what the numbers amount to, each with its limit. RULES: which facts make
 * which state, asked from the top, and the sentences that are its evidence. FINDINGS: what is said
 * of any state, with the rows and columns that it names. A new finding is a fact, a limit and a
 * sentence; words.c has the states in words and the {keys} of sentences.
 *
 * A limit is where the cases of tests/unit/measure/diagnosis_cases.c part, with room on both sides;
 * none is a law. No verdict rests on the loss alone: it can turn a verdict of the geometry
 * into `uncertain`, say which of two it is, or differ from the loss of these rows. */
#include "measure/measure.h"

#include "contrast/scalar.h"

#include <math.h>
#include <string.h>

#define FEWEST_ROWS  12   /* below: every number is mostly chance                         */
#define SURE_ROWS    32   /* below: healthy, with a caution                               */
#define HUGE_LENGTH  1e15 /* squares near the end of float                                */
#define ZERO_SHARE   0.01 /* of rows that have no direction, or an odd length             */
#define EQUAL_BELOW  1e-3 /* total variance: rows differ by 3 % of their length           */
#define CONSTANT     1e-5 /* one side of two, the other scattered: a point                */
#define NARROW_BELOW 0.1  /* total variance: a cone, mean cosine above 0.9                */
#define FEW_SHARE    0.25 /* of the directions there are, and at most FEW of them         */
#define FEW          4.5
#define WORKS        0.5  /* recall@1                                                     */
#define SELDOM       0.15 /* recall@1, better side: below, pairs are not found                */
#define CHANCE       0.4  /* share of wrong items ahead; 0.5 is pure chance               */
#define WEAK         0.2  /* above: pairs match, but not well                             */
#define SIGMAS       4    /* of that share under chance, 1 / sqrt(12 n): pairs match      */
#define DOUBT        3    /* ... and below this they do not                               */
#define PARTNERS     3.5  /* standard deviations: see partners                            */
#define GAP          0.4  /* distance of the means                                        */
#define LARGE_GAP    0.85 /* beyond, hubs follow from it: what is nearest to the other mean */
#define GAP_SHARE    0.4  /* of the distance of pairs that the gap makes up               */
#define SEPARABLE    0.85 /* held out; few rows in few columns overlap                    */
#define AT_LN_N      0.05 /* of ln N: the loss sits there                                 */
#define POINTS       4    /* rows to a point: they lie on a few points                    */
#define REPEATS      0.25 /* of rows: nothing else can be told                            */
#define SOME_REPEATS 0.01 /* ... and above this the set is not healthy, if they put       */
#define LIFT         0.05 /*     so much under the loss                                   */
#define LOW_RANK     8    /* directions that there are, to one before a cliff             */
#define SIGN_SHARE   0.1  /* of rows whose partner is the farthest item                   */
#define LOST         0.04 /* of rows whose partner has another number                     */
/* Density of ranks near the top over that of far ones: a mixture of right pairs and of others has
 * as many, noise has more. */
#define UNIFORM    1.6
#define HUB        0.25 /* of rows that one item is nearest to                          */
#define ALL_HUB    0.9  /* ... by no gap                                               */
#define ROGUE      0.5  /* of the squared lengths, in one column                        */
#define LOSS_MOVES 0.1  /* of the way from all equal to the floor: loss given, of these rows */
#define LOSS_APART 0.5  /* ... or of the larger of the two                              */
#define LOSS_NOISE 5e-3 /*     and of that way                                          */
#define LOW_LOSS   0.5  /* of its value for equal rows: a cone works                    */

#define VARIANCE                                                                                \
    "different rows of a side have mean cosine {mean_cosine}, total variance {total_variance} " \
    "(0: all equal, 1: scattered)"
#define DIRECTIONS                                                                        \
    "participation ratio {participation_ratio}, effective rank {effective_rank_centred} " \
    "(centred), in {columns} columns"
#define PAIRS                                                                                    \
    "recall@1 is {recall_at_1} of {compared_rows}; the share of wrong items ahead of the right " \
    "one is "                                                                                    \
    "{wrong_ahead} (chance: 0.5)"
#define LABELS                                                                                  \
    "of rows with another of their group the nearest is of it for {precision_at_1} (by chance " \
    "{precision_by_chance}); the vote of the 5 nearest is right for {knn_accuracy}"
#define WITHIN                                                                                    \
    "cosines are {tolerance} within groups and {between_cosine} between; {violated_triplets} of " \
    "the triplets are violated; supervised contrastive loss {supervised_loss} at temperature 0.07"
#define CLASSES                                                                         \
    "variance within groups is {class_variance} of that between them, their means are " \
    "{off_simplex} off a simplex (0 and 0: neural collapse, each group one corner)"
#define ORDER "what is left of the order still matches pairs: a collapse in scale, not yet in rank"

#define LOSS_IS      "the loss is {value}; it is {all_equal} when all embeddings are equal, and "
#define WITH_REPEATS LOSS_IS "{floor_by_duplicates} at best with these repeats"
#define GIVEN        "your code says {value}; this loss of these rows is {loss_here}"
#define MISTAKE      "{mistake} would give {loss_mistaken} on these rows"
#define CLIFF_IS                                                                                  \
    "{side} uses {directions} of {columns} directions, then a cliff: the next singular value is " \
    "{cliff} of the last of them"
#define LOW_RANK_COSTS                                                                        \
    "retrieval works in them; but no more can be told apart than they hold, the rest of the " \
    "columns is memory without use, and new kinds of items have no room"
#define UNEVEN                                                                                 \
    "of the wrong items {group_ahead} are ahead in the mean over groups: a large group hides " \
    "that the others do not match"
#define APART "the means lie {modality_gap} apart"
#define REPEATED                                                                   \
    "{points} different rows among {rows} on {side}: row {repeated_row} is there " \
    "{repeated_times} times{from_0}"
#define STEP  "from row {shift_from} on the partner of a row of the first side is "
#define STEPS " ({shift_rows} of {compared_rows} rows){from_0}"
#define HUB_IS                                                                               \
    "row {hub_row} of {side} is nearest to {hub_rows} of {compared_rows} rows of the other " \
    "side{from_0}"

/* ---- facts ---- */

typedef struct facts {
    bool alone;
    double least, most;   /* total variance */
    double wrong, sigmas; /* share of wrong items ahead, and how far from chance */
    double loss, share;   /* ... over its value for equal embeddings */
    double recall;        /* at 1, of the better side */
    double labels;        /* of one array: how well they are found */
    bool knows_loss, matched, equal, narrow, wanted;
    bool few, odd, empty, lifted, all_hub;
    bool merged; /* rows of groups that are known to differ became equal: few directions are left */
    int constant, bad, zero, uneven, repeats, narrow_rank, cliff, hub, hubs, fixed,
        rogue;       /* of which sides: 1, 2 or 3, both */
    double repeated; /* share of rows that repeat others of another group */
    bool on_points, some_lost, lost, in_step, inverted, no_wrong, hidden;
    bool loss_differs, differs; /* a loss; from that of these rows */
} facts;

/* Directions that a side could use: equal rows make none. */
static double directions(const ct_measures *m, int s)
{
    return fmin(fmin(m->rows - m->duplicate_rows[s], m->compared_rows) - 1, m->columns);
}

/* Do rows have partners under other numbers? If both sides are drawn alike, no more than half of
 * the rows are in a mutual nearest pair and half are nearer to some row of the other side than to
 * any of their own (measured: for 2 to 768 columns); the answer is by how many standard deviations,
 * 1 / sqrt(4 n), the two shares exceed that. */
static double partners(const ct_measures *m)
{
    return fmax(0, (m->mutual_nearest_elsewhere - 0.5) * sqrt(4.0 * m->compared_rows)) +
           fmax(0, (m->nearer_to_other_side - 0.5) * sqrt(4.0 * m->nearer_rows));
}

/* How far precision@1 lies above the chance of its group sizes: 0 as chance (or within the noise of
 * so many rows), 1 perfect. NaN: there are no labels. */
static double labels_found(const ct_measures *m)
{
    const double chance = m->precision_by_chance, above = m->precision_at_1 - chance;
    const bool noise = above < SIGMAS * sqrt(chance * (1 - chance) / m->compared_rows);
    return noise ? 0 : above / (1 - chance);
}

static void look_at_side(facts *f, const ct_diagnosis *d, int s)
{
    const ct_measures *m = &d->measures;
    const ct_clues *c = &d->shape.clues;
    const double rows = m->rows, points = rows - m->duplicate_rows[s];
    /* On a circle or a sphere many rows are near to another by chance, but few to the last digits.
     */
    const bool chance = c->directions[s] > 0 && c->directions[s] < 4 &&
                        2 * c->alike_rows[s] < m->duplicate_rows[s];
    const double repeated = c->groups > 0 && !chance ? 1 - points / c->groups : 0;
    f->few = f->few || m->participation_ratio[s] < fmin(FEW, FEW_SHARE * directions(m, s));
    f->odd = f->odd || c->odd_rows[s] > ZERO_SHARE * rows || m->length_most[s] > HUGE_LENGTH;
    f->empty = f->empty || m->zero_rows[s] > ZERO_SHARE * rows;
    f->on_points = f->on_points && POINTS * points <= c->groups;
    if (repeated > f->repeated) {
        f->repeated = repeated;
        f->repeats = 1 << s;
        f->lifted = repeated > SOME_REPEATS && !(c->repeats_floor[s] < LIFT);
    }
    f->constant |= (m->rows > 1 && (points == 1 || m->total_variance[s] < CONSTANT)) << s;
    f->bad |= (m->not_finite_rows[s] > 0) << s;
    f->zero |= (m->zero_rows[s] > 0) << s;
    f->uneven |= (c->odd_rows[s] > 0) << s;
    f->narrow_rank |= (c->directions[s] > 0) << s;
    f->cliff |= (c->directions[s] > 0 && LOW_RANK * c->directions[s] <= directions(m, s)) << s;
    f->fixed |= (c->fixed_columns[s] > 0 && c->fixed_columns[s] < m->columns) << s;
    f->rogue |= (c->rogue_share[s] > ROGUE && m->columns >= 8) << s;
    f->all_hub = f->all_hub || c->hub_rows[s] > ALL_HUB * m->compared_rows;
    f->hubs |= (c->hubs[s] > 1) << s;
    f->hub |= (fmax(c->hub_rows[s], c->hubbed[s] / 2) >= HUB * m->compared_rows &&
               m->rows >= FEWEST_ROWS)
              << s;
}

static facts facts_of(const ct_diagnosis *d)
{
    const ct_measures *m = &d->measures;
    const ct_landmarks *l = &d->landmarks;
    const ct_clues *c = &d->shape.clues;
    facts f = {.alone = m->n_sides == 1, .on_points = c->groups > 0};
    for (int s = 0; s < m->n_sides; s++)
        look_at_side(&f, d, s);
    /* The numbers of a side that is not there are 0 or NaN: fmin and fmax pass over them, and no
     * comparison holds. */
    f.merged = isnan(c->repeats_floor[0]) && (f.few || f.cliff != 0);
    f.labels = f.alone ? labels_found(m) : (double)NAN;
    f.least = fmin(m->total_variance[0], m->total_variance[1]);
    f.most = fmax(m->total_variance[0], m->total_variance[1]);
    f.wrong = (m->wrong_ahead[0] + m->wrong_ahead[1]) / 2;
    f.sigmas = (0.5 - f.wrong) * sqrt(12.0 * m->compared_rows);
    f.knows_loss = l->loss != NULL && isfinite(d->loss) && isfinite(l->all_equal);
    f.loss = f.knows_loss ? d->loss : (double)NAN;
    f.share = l->all_equal > 0 ? f.loss / l->all_equal : (double)NAN;
    f.hidden = f.wrong < CHANCE && c->group_ahead > CHANCE;
    f.matched = f.wrong < CHANCE && f.sigmas > SIGMAS && !f.hidden;
    f.equal = f.most < EQUAL_BELOW || f.constant != 0;
    f.narrow = f.most < NARROW_BELOW || f.least < EQUAL_BELOW;
    f.wanted = f.most < NARROW_BELOW && l->loss != NULL && ct_landmarks_want_collapse(l);
    f.no_wrong = !f.alone && isnan(f.wrong);
    f.recall = fmax(m->recall_at_1[0], m->recall_at_1[1]); /* of the better side */
    /* Untrained towers put partners at one end or the other by chance, but few of all rows. */
    const double turned = c->reversed_rows / (double)m->compared_rows;
    f.inverted = turned > SIGN_SHARE && turned + f.recall > WORKS;
    /* Ranks of rows that have lost their partner are anywhere; those of the rest at the top. That
     * so many have lost it in the same way is no chance. */
    const double anywhere = c->far_rows * (0.2 / 0.75);
    f.in_step = c->lost_rows >= fmax(5, LOST * m->compared_rows) &&
                c->shift_rows > m->mutual_nearest_elsewhere * m->compared_rows / 2;
    f.some_lost = c->lost_rows > 1 && 2 * c->lost_rows >= c->far_rows &&
                  c->between_rows <= UNIFORM * anywhere + 2 * sqrt(anywhere) &&
                  m->mutual_nearest > LOST; /* else not one pair is right */
    f.lost = f.some_lost && c->lost_rows >= fmax(5, LOST * m->compared_rows);
    const double apart = fabs(d->loss - d->loss_here), way = fabs(l->all_equal - l->floor);
    f.loss_differs = d->loss_compared &&
                     (!isfinite(d->loss) || d->mistake != NULL || apart > LOSS_MOVES * way ||
                      (apart > LOSS_APART * fmax(fabs(d->loss), fabs(d->loss_here)) &&
                       apart > LOSS_NOISE * way));
    f.differs = f.loss_differs || (d->gradient_compared && !d->gradient_right);
    return f;
}

/* ---- rules ---- */

/* What a rule says: sentences, and in other words than those of its state what that means and what
 * to try first. */
enum { MEANING = 5, REMEDY, N_SAID };

typedef struct rule {
    int holds; /* and for which sides, if the evidence speaks of {side} */
    ct_state state;
    const char *say[N_SAID];
} rule;

/* The first rule that holds gives the state. */
static void conclude_state(ct_diagnosis *d, const facts *f)
{
    const ct_measures *m = &d->measures;
    const double gap = m->modality_gap, recall = f->recall;
    const bool matched = f->matched, narrow = f->narrow, separable = m->separability >= SEPARABLE;
    const char *const best = d->landmarks.duplicates > 0 ? WITH_REPEATS : LOSS_IS "{floor} at best";
    const char *const said_loss = f->knows_loss ? best : NULL;
    const char *const order = matched ? ORDER : NULL;
    const bool weak = fmax(f->wrong, d->shape.clues.group_ahead) > WEAK;
    const char *const pairs = f->alone ? NULL : PAIRS;
    const int by = d->shape.clues.shift;
    const char *const near = by < 0 ? STEP "the row before" STEPS : STEP "the row after" STEPS;
    const char *const step = by * by == 1 ? near : STEP "{shift} rows on" STEPS;
    const bool one_constant = !f->alone && f->constant != 3 && f->most >= NARROW_BELOW;
    /* clang-format off */
    const rule RULES[] = {
        /* Nothing below can be trusted, nor told from chance. */
        {f->bad, CT_DEGENERATE_NORMS,
         {"{not_finite_rows} of {rows} rows of {side} hold a NaN or an infinity, the first of them "
          "row {first_not_finite}{from_0}"}},
        {f->empty, CT_DEGENERATE_NORMS,
         {"{zero_rows} of {rows} rows have no length: no direction"}},
        {f->odd, CT_DEGENERATE_NORMS,
         {"lengths are {length_least} at least, {length_most} at most; median {length_median}; the "
          "longest is row {longest_row}{from_0}"}},
        {one_constant ? f->constant : 0, CT_COLLAPSED,
         {"all {rows} rows of {side} are one point; the other side is scattered: one tower is "
          "constant", VARIANCE, said_loss,
          [REMEDY] = "look at that tower: frozen or detached, dead units, an input that is the "
                     "same for all items"}},
        {f->constant > 0 && !(f->share < 1 - 2 * AT_LN_N), CT_COLLAPSED,
         {"all {rows} rows are one point, which is no coincidence", VARIANCE, said_loss,
          f->alone ? NULL : "a softmax over {rows} equal rows has the loss ln {rows} = {ln_rows}"}},
        {m->rows < FEWEST_ROWS || m->columns < 2, CT_UNCERTAIN,
         {"{rows} x {columns}: below 12 rows or 2 columns all numbers are mostly chance"}},
        /* One point, or a few. */
        {f->wanted, CT_COLLAPSED,
         {VARIANCE, "the loss has no negatives: all equal is its optimum", order}},
        {f->equal && !d->loss_measured && f->share < 1 - 2 * AT_LN_N, CT_UNCERTAIN,
         {VARIANCE, said_loss, "but that is far below its value for equal embeddings: it was not "
                               "measured on these", order}},
        {f->equal, CT_COLLAPSED, {VARIANCE, said_loss, order}},
        {f->on_points, CT_COLLAPSED, /* (): else clang-tidy sees a comma missing */
         {"{rows} rows lie on {points} points: {duplicate_rows} are duplicates", (VARIANCE), pairs,
          said_loss, [MEANING] = "rows lie on a few points"}},
        /* A cone. One whose pairs match at a loss below ln N works at its temperature: read on. */
        {narrow && f->alone, CT_UNCERTAIN,
         {VARIANCE, said_loss, "a narrow cone; without the other side nobody can say whether it "
                               "has collapsed, waits or works"}},
        {narrow && matched && !(f->share < LOW_LOSS), CT_UNCERTAIN,
         {VARIANCE, PAIRS, said_loss, "a narrow cone whose pairs match: whether that works depends "
                                      "on the temperature"}},
        {narrow && !matched && fabs(f->share - 1) > AT_LN_N, CT_UNCERTAIN,
         {VARIANCE, PAIRS, said_loss, "but that is not near ln N: it was not measured on these"}},
        {narrow && !matched, CT_PLATEAU,
         {VARIANCE, PAIRS, said_loss, "pairs deviate from the means together by {cross_covariance} "
                                      "(cross-covariance; above 0 the saddle repels)"}},
        /* Rows that repeat answer each other's questions. */
        {f->repeated > REPEATS && !f->merged ? f->repeats : 0, CT_REPEATS,
         {REPEATED, "repeats of {side} put {repeats_floor} under the loss: the mean of ln of how "
                    "often a row is there", pairs}},
        /* One array with labels: K groups need K - 1 directions and may be one point each. */
        {f->labels >= WORKS, CT_HEALTHY,
         {VARIANCE, DIRECTIONS, said_loss,
          [MEANING] = "rows of a group find each other, and groups lie apart"}},
        {f->labels > 0 && !f->few, CT_UNCERTAIN,
         {VARIANCE, DIRECTIONS, "labels show, but weakly"}},
        {f->labels <= 0 && !f->few, CT_UNALIGNED,
         {(VARIANCE), "labels do not show in the cosines",
          [MEANING] = "rows of a group are no nearer to each other than to the rest",
          [REMEDY] = "train; if it was: are the labels those of these rows, in their order"}},
        /* Few directions. */
        {f->cliff, CT_DIMENSIONAL_COLLAPSE,
         {CLIFF_IS, pairs, matched && recall >= WORKS ? LOW_RANK_COSTS : NULL, said_loss}},
        {f->few && fmin(m->recall_at_1[0], m->recall_at_1[1]) >= WORKS, CT_UNCERTAIN,
         {DIRECTIONS, PAIRS, said_loss, "but retrieval works in them: the data may have no more"}},
        {f->few, CT_DIMENSIONAL_COLLAPSE, {DIRECTIONS, pairs, said_loss}},
        /* Many, but pairs do not match. */
        {f->no_wrong, CT_UNCERTAIN,
         {VARIANCE, "no row has a wrong item that it could find: all {rows} rows are of one group, "
                    "so recall is not known"}},
        {f->inverted, CT_INVERTED,
         {PAIRS, "the partner of {reversed_rows} of {compared_rows} rows of the first side is "
                 "among the farthest items: a sign on these rows",
          "the cosine of partners is {diagonal_mean}, that of others {off_diagonal_mean}",
          said_loss}},
        {f->in_step, CT_MISPAIRED, {step, PAIRS}},
        {f->lost, CT_MISPAIRED,
         {"a share of {mutual_nearest_elsewhere} of the rows have a mutual nearest row with "
          "another number, and their own partner is anywhere: pairs are right in part", PAIRS}},
        {f->hidden, CT_UNALIGNED, {PAIRS, UNEVEN, said_loss}},
        {!matched && f->wrong < CHANCE && f->sigmas > DOUBT, CT_UNCERTAIN,
         {PAIRS, "better than chance, but {compared_rows} rows are too few to be sure"}},
        {!matched && partners(m) > PARTNERS, CT_MISPAIRED,
         {PAIRS, "a share of {mutual_nearest_elsewhere} of the rows have a mutual nearest row with "
                 "another number, and {nearer_to_other_side} are nearer to a row of the other side "
                 "than to any of their own"}},
        {!matched && !f->alone, CT_UNALIGNED, {PAIRS, VARIANCE, said_loss}},
        /* They match. */
        {gap < LARGE_GAP || f->all_hub ? f->hub : 0, CT_HUB,
         {HUB_IS, PAIRS, VARIANCE, said_loss,
          gap >= GAP ? APART : NULL}},
        {f->differs, CT_LOSS_DIFFERS,
         {f->loss_differs && isfinite(d->loss) ? GIVEN : NULL, PAIRS, VARIANCE,
          [MEANING] = f->loss_differs ? NULL : "the gradient that was given is not the gradient of "
                                               "this loss of these rows"}},
        {!weak && gap >= GAP && gap * gap >= GAP_SHARE * m->alignment,
         separable ? CT_MODALITY_GAP : CT_UNCERTAIN,
         {"the means lie {modality_gap} apart, pairs a mean squared distance of {alignment}",
          "a linear separator finds the side for a share of {separability} of unseen rows", PAIRS,
          separable ? NULL : "a gap, or too few rows to tell"}},
        {weak ? 0 : f->hub, CT_HUB, {HUB_IS, PAIRS, VARIANCE, said_loss}},
        {f->lifted ? f->repeats : 0, CT_REPEATS,
         {REPEATED, pairs, VARIANCE, said_loss}},
        {weak, CT_UNCERTAIN,
         {VARIANCE, PAIRS, gap >= GAP ? APART : DIRECTIONS, said_loss,
          "pairs match better than by chance, but weakly",
          [REMEDY] = "train on; if it stays so, the pairs share little"}},
        {recall < SELDOM, CT_UNCERTAIN,
         {PAIRS, VARIANCE, "the right item is among the near ones but seldom the nearest: pairs "
                           "match by a class or a topic, or weakly",
          [REMEDY] = "where several rows mean the same give --groups; else train on, or ask "
                     "whether the pairs share more than that"}},
        {f->share > 1 - AT_LN_N / 2 || f->loss < d->landmarks.floor * (1 - 1e-3) - 1e-6,
         CT_UNCERTAIN,
         {VARIANCE, PAIRS, DIRECTIONS, said_loss,
          "but such a loss does not belong to such embeddings: another N, temperature or file?"}},
        {f->alone, CT_HEALTHY, /* one side finds nothing */
         {VARIANCE, DIRECTIONS, said_loss,
          [MEANING] = "rows point in many directions; whether pairs find each other, one side "
                      "cannot show",
          [REMEDY] = "measure both sides, and rows that were not trained on"}},
        {narrow, CT_HEALTHY,
         {VARIANCE, PAIRS, said_loss,
          [MEANING] = "a narrow cone, in which pairs find each other at this temperature",
          [REMEDY] = "subtract each side's mean where cosines themselves matter"}},
        {true, CT_HEALTHY,
         {VARIANCE, PAIRS, DIRECTIONS, said_loss,
          m->rows < SURE_ROWS ? "but {rows} rows are few: measure some hundred to be sure" : NULL}},
    };
    /* clang-format on */
    const rule *r = RULES;
    while (!r->holds)
        r++; /* the last one always does */
    d->state = r->state;
    d->text = *ct_state_describe(d->state);
    if (d->state == CT_UNCERTAIN) /* asks for what is missing */
        d->text.remedy = f->knows_loss ? "measure more rows, of both sides"
                                       : "measure more rows, of both sides; give --loss, "
                                         "--temperature and --batch";
    if (r->say[MEANING] != NULL)
        d->text.meaning = r->say[MEANING];
    if (r->say[REMEDY] != NULL)
        d->text.remedy = r->say[REMEDY];
    for (int i = 0; i < MEANING; i++)
        if (r->say[i] != NULL)
            measure_say(d, r->holds, r->say[i]);
}

/* What is said of any state, unless the state is that. */
static void add_findings(ct_diagnosis *d, const facts *f)
{
    const ct_state is = d->state;
    const ct_measures *m = &d->measures;
    const ct_clues *c = &d->shape.clues;
    const bool narrow = is == CT_COLLAPSED || is == CT_PLATEAU; /* who is nearest is chance there */
    const struct {
        int holds;
        const char *say;
    } FINDINGS[] = {
        {!f->alone && c->groups > 0 && c->groups < m->rows && !f->no_wrong,
         "{groups} different captions or groups among {rows} rows: recall@1 asks for one's own "
         "partner among items of other groups; of any item of the group it is {recall_of_group}"},
        {m->n_sides == 2 && m->alignment == 0,
         "the two sides are the same rows: each pair is one row twice, of cosine 1"},
        /* Pairs have groups of their own captions too, and those may all differ. */
        {isnan(c->repeats_floor[0]) && (c->groups == 1 || (f->alone && c->groups == m->rows)),
         "labels or captions make no groups: {groups} different ones among {rows} rows"},
        {f->some_lost && is != CT_MISPAIRED,
         "at least {lost_rows} of {compared_rows} rows have their mutual nearest under another "
         "number and their own partner far away: shuffled, perhaps"},
        {d->gradient_compared,
         "the gradient that was given has {gradient_length} times the length of the right one of "
         "the first and the second side, at cosine {gradient_cosine}"},
        {d->gradient_compared, d->gradient_is},
        {d->loss_compared && isfinite(d->loss) && !(is == CT_LOSS_DIFFERS && f->loss_differs),
         GIVEN},
        {d->loss_compared && d->mistake != NULL, MISTAKE},
        {d->loss_compared && !isfinite(d->loss),
         "your code says that it is not finite; this loss of these rows is {loss_here}"},
        {d->loss_compared && !isfinite(d->loss),
         "these rows are finite: look for the logarithm of 0, an exponential without its maximum "
         "subtracted, a row of zeros that is divided by its length, a rate that is too large"},
        {is != CT_HUB && !narrow ? f->hub : 0, HUB_IS},
        {narrow ? 0 : f->hub & f->hubs,
         "{hubs} rows of {side} are nearest to {hubbed} of {compared_rows} rows of the other side"},
        {is != CT_DIMENSIONAL_COLLAPSE && is != CT_COLLAPSED ? f->narrow_rank : 0, CLIFF_IS},
        {is == CT_HEALTHY && f->narrow_rank != 0 && !f->alone, LOW_RANK_COSTS},
        {is != CT_DEGENERATE_NORMS ? f->uneven : 0,
         "row {longest_row} of {side} has the length {length_most}, the median is "
         "{length_median}{from_0}"},
        {is != CT_REPEATS && is != CT_COLLAPSED && f->repeated > 0 ? f->repeats : 0, REPEATED},
        {is != CT_COLLAPSED ? f->fixed : 0,
         "{fixed_columns} of {columns} columns of {side} never vary"},
        {is != CT_COLLAPSED || f->constant == 0 ? f->rogue : 0,
         "column {rogue_column} of {side} holds {rogue_share} of the squared lengths"},
        {f->zero, "row {zero_row} of {side} has no length{from_0}"},
    };
    for (size_t i = 0; i < sizeof FINDINGS / sizeof *FINDINGS; i++)
        if (FINDINGS[i].holds)
            measure_say(d, FINDINGS[i].holds, FINDINGS[i].say);
}

void ct_conclude(ct_diagnosis *d)
{
    d->ln_rows = ct_scalar_log(d->measures.rows);
    const facts f = facts_of(d);
    d->n_evidence = 0;
    d->remedy = (ct_remedy){.settings = ""};
    conclude_state(d, &f);
    for (int i = 0; i < 3 && !isnan(f.labels); i++)
        measure_say(d, 3, (const char *[]){LABELS, WITHIN, CLASSES}[i]);
    add_findings(d, &f);
}

/* ---- from arrays ---- */

ct_status ct_diagnose(const ct_embedded *e, ct_diagnosis *d, ct_error *err)
{
    ct_measure(e, &d->measures, &d->shape, err);
    const ct_measures *m = &d->measures;
    const bool finite = m->not_finite_rows[0] + m->not_finite_rows[1] == 0;
    const bool given = !isnan(d->loss);
    d->loss_measured = false;
    d->loss_compared = false;
    d->gradient_compared = false;
    d->loss_here = (double)NAN;
    d->mistake = NULL;
    if (err->status == CT_OK && d->landmarks.loss != NULL && e->b != NULL && finite) {
        d->loss_here = measure_loss(&d->landmarks, e, err);
        d->loss_measured = !given;
        if (d->loss_measured)
            d->loss = d->loss_here;
        else if (e->n < d->landmarks.at.n)
            d->loss_here = (double)NAN; /* what is seen in a batch depends on its size */
        else
            measure_mistake(d, e, err);
        d->loss_compared = given && !isnan(d->loss_here);
        if (e->gradient != NULL)
            measure_gradient(d, e, err);
    }
    if (err->status == CT_OK)
        ct_conclude(d);
    return err->status;
}
