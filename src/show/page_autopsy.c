/* page_autopsy.c -- a diagnosis on a page; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include "show/pictures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void picture(ct_writer *page, const char *title, const char *reading, const ct_chart *c,
                    const ct_axes *least)
{
    ct_axes a = *least;
    ct_chart_widen(c, &a);
    ct_chart_margin(&a, least);
    ct_put_raw(page, "<section>");
    ct_put_element(page, "h2", title);
    ct_put_element(page, "p class=\"dim\"", reading);
    ct_put_raw(page, "<figure>");
    ct_svg_begin(page, CT_CHART_WIDTH, CT_CHART_HEIGHT, "data-kind=\"diagnosis\"", title, reading);
    ct_chart_draw(page, c, &a);
    ct_svg_end(page);
    ct_put_raw(page, "</figure></section>\n");
}

/* Shares of two kinds over [-1, 1]. */
static void histogram(ct_writer *page, const char *title, const char *reading, const double *first,
                      const char *first_name, const double *second, const char *second_name)
{
    ct_chart c = {.x_name = "cosine", .y_name = "share of each kind"};
    const ct_axes least = ct_chart_axes(-1, 1, 0, 0.05);
    ct_chart_add(&c, (ct_series){CT_BARS, "fa", first_name, .y = first, .n = CT_COSINE_BINS});
    if (second != NULL)
        ct_chart_add(&c, (ct_series){CT_BARS, "fb", second_name, .y = second, .n = CT_COSINE_BINS});
    picture(page, title, reading, &c, &least);
}

static void spectrum(ct_writer *page, const ct_findings *f, const char *const side[2])
{
    enum { SHOWN = 256 };
    ct_chart c = {.x_name = "number, largest first", .y_name = "singular value"};
    const ct_axes least = ct_chart_axes(1, 2, 0, 1e-3);
    for (int i = 0; i < f->n_sides; i++) {
        const int n = f->side[i].n_spectrum < SHOWN ? f->side[i].n_spectrum : SHOWN;
        ct_chart_add(&c, (ct_series){CT_LINE, i == 0 ? "a" : "b", side[i], .y = f->side[i].spectrum,
                                     .n = n});
    }
    picture(page, "Singular values",
            "Of the centred unit rows, at most the first 256: how many directions are in use.", &c,
            &least);
}

/* A row of a table: one figure, or one a side. */
static void row(ct_writer *s, const char *name, double a, double b, int n)
{
    char text[2][32] = {"", ""};
    for (int i = 0; i < n; i++)
        if (isfinite(i == 0 ? a : b))
            snprintf(text[i], sizeof text[i], "%.4g", i == 0 ? a : b);
    ct_page_cells(s, "td", (const char *const[]){name, text[0], n == 2 ? text[1] : NULL, NULL});
}

static void table_of_sides(ct_writer *s, const ct_findings *f, const char *const side[2])
{
    const ct_side_findings *x = &f->side[0], *y = &f->side[1];
    const int n = f->n_sides;
    ct_put_raw(s, "<table><thead>");
    ct_page_row(s, "th", "of a side", n == 2 ? side[0] : "", n == 2 ? side[1] : "");
    ct_put_raw(s, "</thead><tbody>");
    row(s, "length of a row, median", x->norm_median, y->norm_median, n);
    row(s, "... least", x->norm_least, y->norm_least, n);
    row(s, "... most", x->norm_most, y->norm_most, n);
    row(s, "rows equal to an earlier one", x->duplicates, y->duplicates, n);
    row(s, "mean cosine of different rows", x->mean_cosine, y->mean_cosine, n);
    row(s, "total variance", x->variance, y->variance, n);
    row(s, "std sqrt(d)", x->std_sqrt_d, y->std_sqrt_d, n);
    row(s, "effective rank", x->rank, y->rank, n);
    row(s, "... centred", x->rank_centred, y->rank_centred, n);
    row(s, "participation ratio", x->participation, y->participation, n);
    row(s, "uniformity", x->uniformity, y->uniformity, n);
    if (n == 2) {
        row(s, "recall@1 of the other side", f->recall[0].at1, f->recall[1].at1, n);
        row(s, "... @10", f->recall[0].at10, f->recall[1].at10, n);
        row(s, "hubness", f->hubness[0], f->hubness[1], n);
    }
    ct_put_raw(s, "</tbody></table>\n");
}

static void table_of_pairs(ct_writer *s, const ct_autopsy *a)
{
    const ct_findings *f = &a->findings;
    const ct_landmarks *l = &a->landmarks;
    char name[96];
    ct_put_raw(s, "<table><thead>");
    ct_page_row(s, "th", "of the pairs", "");
    ct_put_raw(s, "</thead><tbody>");
    row(s, "mean cosine of pairs", f->diagonal_mean, 0, 1);
    row(s, "... of others", f->off_diagonal_mean, 0, 1);
    row(s, "alignment", f->alignment, 0, 1);
    row(s, "modality gap", f->gap, 0, 1);
    row(s, "separability of the sides (0.5: mixed)", f->separability, 0, 1);
    if (l->loss != NULL) {
        snprintf(name, sizeof name, "loss %s at N = %d, tau = %g, %s", l->loss->name, l->at.n,
                 l->at.temperature, a->loss_measured ? "measured" : "given");
        row(s, name, a->loss, 0, 1);
        row(s, "... where all are equal", l->all_equal, 0, 1);
        row(s, "... spread at random", l->random, 0, 1);
        row(s, "... at its floor", l->floor, 0, 1);
        if (l->duplicates > 0)
            row(s, "... at its floor by duplicates", l->duplicates, 0, 1);
    }
    ct_put_raw(s, "</tbody></table>\n");
}

void ct_page_autopsy(ct_page *p, const ct_autopsy *a, const char *const side[2])
{
    const ct_findings *f = &a->findings;
    const ct_state_text *text = ct_state_describe(a->diagnosis.state);
    ct_writer *s = p;
    char size[64];
    ct_put_raw(s, "<section><p><strong>");
    ct_put_raw(s, text->name);
    ct_put_raw(s, "</strong>: ");
    ct_put_text(s, text->meaning);
    ct_put_raw(s, "</p>\n<ul>");
    for (int i = 0; i < a->diagnosis.n_evidence; i++)
        ct_put_element(s, "li", a->diagnosis.evidence[i]);
    ct_put_raw(s, "</ul>\n");
    if (*text->look_alikes != '\0') {
        ct_put_raw(s, "<p>Looks alike: ");
        ct_put_text(s, text->look_alikes);
        ct_put_raw(s, "</p>\n");
    }
    ct_put_raw(s, "<p>Try first: ");
    ct_put_text(s, text->remedy);
    snprintf(size, sizeof size, "Measured on %d rows of %d.", f->n, f->d);
    ct_put_raw(s, "</p>\n");
    ct_put_element(s, "p class=\"dim\"", size);
    ct_put_raw(s, "</section><div class=\"kinds\">\n");
    if (f->side[0].bad_rows + (f->n_sides == 2 ? f->side[1].bad_rows : 0) == 0) {
        if (f->n_sides == 2)
            histogram(s, "Cosines of pairs and of others",
                      "Matched: pairs right of the others. Collapsed: one narrow hill.",
                      f->histogram_on, "pairs", f->histogram_off, "others (dashed)");
        histogram(s, "Cosines within a side",
                  "Of different rows. Spread: a hill about 0. Collapsed: all near 1.",
                  f->side[0].histogram, side[0], f->n_sides == 2 ? f->side[1].histogram : NULL,
                  side[1]);
        spectrum(s, f, side);
    }
    ct_put_raw(s, "</div>\n");
    table_of_sides(s, f, side);
    if (f->n_sides == 2)
        table_of_pairs(s, a);
}
