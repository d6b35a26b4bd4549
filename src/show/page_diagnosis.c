/* page_diagnosis.c -- a diagnosis on a page; see page.h.
 *
 * Layer: show. */
#include "measure/fields.h"
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

static void spectrum(ct_writer *page, const ct_diagnosis *d, const char *const side[2])
{
    enum { SHOWN = 256 };
    ct_chart c = {.x_name = "number, largest first", .y_name = "singular value"};
    const ct_axes least = ct_chart_axes(1, 2, 0, 1e-3);
    for (int i = 0; i < d->measures.n_sides; i++) {
        const int n = d->shape.n_singular[i];
        ct_chart_add(&c, (ct_series){CT_LINE, i == 0 ? "a" : "b", side[i],
                                     .y = d->shape.singular[i], .n = n < SHOWN ? n : SHOWN});
    }
    picture(page, "Singular values",
            "Of the centred unit rows, at most the first 256: how many directions are in use.", &c,
            &least);
}

/* A line for each number of an object: what each side has, or both together. */
static void rows_of(ct_writer *s, const ct_fields *fields, const void *object)
{
    for (int i = 0; i < fields->n; i++) {
        ct_field f = fields->row[i];
        const int n = f.used > 0 ? *(const int *)((const char *)object + f.used - 1) : 1;
        char text[2][64] = {"", ""};
        f.size /= f.count > 0 ? (size_t)f.count : 1;
        f.count = 0;
        f.used = 0;
        for (int k = 0; k < n; k++, f.offset += f.size)
            ct_field_show(&f, object, text[k], sizeof text[k]);
        if (!f.detail && strcmp(text[0], "-") != 0)
            ct_page_row(s, "td", f.label != NULL ? f.label : f.key, text[0], text[1]);
    }
}

void ct_page_diagnosis(ct_page *p, const ct_diagnosis *d, const char *const side[2])
{
    const ct_measures *m = &d->measures;
    const ct_distributions *shape = &d->shape;
    const ct_state_text *text = &d->text;
    ct_writer *s = p;
    char size[64];
    ct_put_raw(s, "<section><p><strong>");
    ct_put_raw(s, text->name);
    ct_put_raw(s, "</strong>: ");
    ct_put_text(s, text->meaning);
    ct_put_raw(s, "</p>\n<ul>");
    for (int i = 0; i < d->n_evidence; i++)
        ct_put_element(s, "li", d->evidence[i]);
    ct_put_raw(s, "</ul>\n");
    if (*text->look_alikes != '\0') {
        ct_put_raw(s, "<p>Looks alike: ");
        ct_put_text(s, text->look_alikes);
        ct_put_raw(s, "</p>\n");
    }
    ct_put_raw(s, "<p>Try first: ");
    ct_put_text(s, text->remedy);
    snprintf(size, sizeof size, "Measured on %d rows of %d.", m->rows, m->columns);
    ct_put_raw(s, "</p>\n");
    ct_put_element(s, "p class=\"dim\"", size);
    ct_put_raw(s, "</section><div class=\"kinds\">\n");
    if (m->not_finite_rows[0] + m->not_finite_rows[1] == 0) {
        if (m->n_sides == 2)
            histogram(s, "Cosines of pairs and of others",
                      "Matched: pairs right of the others. Collapsed: one narrow hill.",
                      shape->pairs, "pairs", shape->others, "others (dashed)");
        histogram(s, "Cosines within a side",
                  "Of different rows. Spread: a hill about 0. Collapsed: all near 1.",
                  shape->within[0], side[0], m->n_sides == 2 ? shape->within[1] : NULL, side[1]);
        spectrum(s, d, side);
    }
    ct_put_raw(s, "</div>\n");
    ct_put_raw(s, "<table><thead>");
    ct_page_row(s, "th", "measure", m->n_sides == 2 ? side[0] : "", m->n_sides == 2 ? side[1] : "");
    ct_put_raw(s, "</thead><tbody>");
    rows_of(s, &ct_measures_fields, m);
    if (d->landmarks.loss != NULL) {
        ct_page_row(s, "th", d->landmarks.loss->name, d->loss_measured ? "measured" : "given", "");
        rows_of(s, &ct_loss_fields, d);
        rows_of(s, &ct_landmarks_fields, &d->landmarks);
    }
    ct_put_raw(s, "</tbody></table>\n");
}
