/* page_runs.c -- runs beside each other; see page.h.
 *
 * All text from recipes, captions and file names is escaped; the script's data are numbers, base64
 * and strings in which no "<" is left. */
#include "show/page.h"

#include "formats/text.h"
#include "show/doc.h"
#include "show/pictures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PICTURE 48 /* pixels of a picture on the page, as page.css has them */

static int picture_height(const ct_probe *p)
{
    return p->width > 0 ? PICTURE * p->height / p->width : 0;
}

/* All pictures of the probe, one above the other, as a background that .pic looks at. */
static void sprite(ct_writer *w, const ct_probe *p, int run)
{
    ct_put(w, "<style>.p%d{height:%dpx;background-image:url(", run, picture_height(p));
    ct_put_picture(w, p->pixels, p->width, p->height * p->n, p->channels);
    ct_put_raw(w, ")}</style>\n");
}

/* Its parts stand side by side. */
static void begin_section(ct_writer *w, const char *title, const char *words)
{
    ct_put(w, "<section><h2>%s</h2>\n<p class=\"dim\">%s</p>\n<div class=\"runs\">\n", title,
           words);
}

/* ---- what happened ---- */

static void story(ct_writer *w, const ct_record *r, int run)
{
    const ct_line *first = r->line, *last = r->n_lines > 0 ? &r->line[r->n_lines - 1] : NULL;
    const ct_mark *test = r->n_marks[1] > 0 ? &r->mark[1][r->n_marks[1] - 1] : NULL;
    const ct_doc d = {.page = w};
    char word[CT_WORD_BYTES];
    (void)run;
    if (r->state != NULL)
        ct_doc_about(&d, "%s: %s", r->state, r->meaning);
    if (last != NULL)
        ct_put(w, "<p>The loss of a batch went from %.4f at step %.0f to %.4f at step %.0f",
               first->loss, first->step, last->loss, last->step);
    else
        ct_put(w, "<p>The run was imported at step %.0f", r->moment[0].step);
    if (last != NULL && isfinite(last->all_equal))
        ct_put(w, "; it is %.4f where all embeddings are equal, and at least %.4f", last->all_equal,
               last->floor);
    ct_put_raw(w, ".");
    if (last != NULL)
        ct_put(w, " The temperature ended at %.4g.", last->temperature);
    if (test != NULL)
        ct_put(w,
               " Of %d test pair%s, %.3f of the images found their caption first and %.3f of the "
               "captions their image.%s",
               test->n, CT_S(test->n), test->recall[0], test->recall[1],
               r->n_evidence > 0 ? " Measured on them:" : "");
    ct_put_raw(w, "</p>\n");
    for (int k = 0; k < r->n_evidence; k++)
        ct_doc_item(&d, "%s", r->evidence[k]);
    if (r->remedy != NULL && *r->remedy != '\0')
        ct_doc_about(&d, "Try first: %s", r->remedy);
    if (r->settings != NULL && *r->settings != '\0')
        ct_doc_code(&d, "contrast train %s/recipe.ini %s", ct_text_word(word, r->folder),
                    r->settings);
}

/* ---- pictures ---- */

static void picture(ct_writer *w, int kind, const ct_record *r, int run, const ct_axes *a)
{
    char attributes[256], title[1200];
    const ct_picture *p = &ct_pictures[kind];
    const int last = r->n_moments - 1;
    snprintf(
        attributes, sizeof attributes,
        "data-run=\"%d\" data-kind=\"%s\" data-axes=\"%.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g\"",
        run, p->name, a->left, a->top, a->right, a->bottom, a->x0, a->x1, a->y0, a->y1);
    snprintf(title, sizeof title, "%s, %.600s", p->title, r->folder);
    ct_put_raw(w, "<figure>");
    ct_svg_begin(w, CT_CHART_WIDTH, CT_CHART_HEIGHT, attributes, title, p->reading);
    ct_picture_draw(w, kind, r, a, last);
    ct_svg_end(w);
    ct_put(w, "<figcaption>%s, <span data-step=\"%d\">step %.0f</span></figcaption></figure>\n",
           r->folder, run, r->moment[last].step);
}

static void pictures(ct_writer *w, const ct_record *r, int n)
{
    ct_put(w, "<div class=\"kinds%s\">\n", n > 1 ? " many" : "");
    for (int kind = 0; kind < CT_N_PICTURES; kind++) {
        const ct_axes axes = ct_picture_axes(kind, r, n);
        const ct_picture *p = &ct_pictures[kind];
        begin_section(w, p->title, p->reading);
        for (int i = 0; i < n; i++)
            picture(w, kind, &r[i], i, &axes);
        ct_put_raw(w, "</div></section>\n");
    }
    ct_put_raw(w, "</div>\n");
}

/* ---- nearest neighbours ---- */

/* For the script: the captions nearest to the image of the pair that is chosen. */
static void neighbours(ct_writer *w, const ct_record *r, int run)
{
    if (r->probe.n_captions > 0)
        ct_put(w,
               "<p><span data-pair=\"%d\"></span>; its nearest captions, with their own pictures, "
               "at <span data-step=\"%d\"></span>:</p><div class=\"strip\" id=\"near%d\"></div>\n",
               run, run, run);
}

/* ---- how to do it again ---- */

static void again(ct_writer *w, const ct_record *r, int run)
{
    (void)run;
    ct_put(w, "<pre>contrast train %s/recipe.ini -o again\ncontrast hash again%s%s</pre>\n",
           r->folder, r->hash != NULL ? "    # " : "", r->hash != NULL ? r->hash : "");
    ct_put(w, "<details><summary>recipe.ini</summary><pre>%s</pre></details>\n", r->recipe);
}

/* ---- the script's data ---- */

static void run_json(ct_json *j, const ct_record *r)
{
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "n", r->probe.n);
    ct_json_integer(j, "picture_height", picture_height(&r->probe));
    ct_json_open(j, "caption", '[');
    for (int i = 0; i < r->probe.n_captions; i++)
        ct_json_string(j, NULL, r->probe.caption[i]);
    ct_json_close(j);
    ct_table_json(&CT_TABLE(&ct_line_fields, r->line, r->n_lines), j, "lines");
    ct_table_json(&CT_TABLE(&ct_layers_fields, r->layers, r->n_layers), j, "layers");
    ct_table_json(&CT_TABLE(&ct_moment_fields, r->moment, r->n_moments), j, "moments");
    ct_json_close(j);
}

/* Within <script>, "<" could end it: as JSON knows it by number too, so it is written. */
static void data(ct_writer *w, const ct_record *r, int n, ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '[');
    for (int i = 0; i < n; i++)
        run_json(&j, &r[i]);
    ct_json_close(&j);
    if (j.failed)
        CT_FAIL(err, CT_ERR_NOMEM, "report: no memory for its data");
    ct_put_raw(w, "<script type=\"application/json\" id=\"data\">");
    for (const char *at = j.failed ? "" : j.text; *at != '\0'; at++)
        if (*at == '<')
            ct_put_raw(w, "\\u003c");
        else
            ct_writer_bytes(w, at, 1);
    ct_put_raw(w, "</script>\n");
    ct_json_free(&j);
}

/* ---- the page ---- */

static const char CONTROLS[] =
#include "src/show/controls.html.h"
    ;

/* A section with a part for each run. */
static void for_each(ct_writer *w, const char *title, const char *words, const ct_record *r, int n,
                     void (*part)(ct_writer *, const ct_record *, int run))
{
    begin_section(w, title, words);
    for (int i = 0; i < n; i++) {
        ct_put(w, "<div><h3>%s</h3>\n", r[i].folder);
        part(w, &r[i], i);
        ct_put_raw(w, "</div>\n");
    }
    ct_put_raw(w, "</div></section>\n");
}

ct_status ct_page_runs(ct_writer *w, const ct_record *r, int n, ct_error *err)
{
    bool captions = false;
    for (int i = 0; i < n; i++) {
        captions = captions || r[i].probe.n_captions > 0;
        if (r[i].probe.width > 0)
            sprite(w, &r[i].probe, i);
    }
    for_each(w, "What happened", "", r, n, story);
    ct_put_raw(w, CONTROLS);
    for (int i = 0; i < n; i++)
        ct_put(
            w,
            "<span class=\"num\">%s: <span data-step=\"%d\"></span><span data-loss=\"%d\"></span>"
            "</span>\n",
            r[i].folder, i, i);
    ct_put(w,
           "</div>\n<main>\n<p class=\"dim\">The pictures from the cosines on show %d fixed pairs "
           "of validation, counted from 0, here at the end of training.</p>\n",
           r->probe.n);
    pictures(w, r, n);
    if (captions) {
        ct_put_raw(w, "<div data-script hidden>\n");
        for_each(w, "Nearest captions", "", r, n, neighbours);
        ct_put_raw(w, "</div>\n");
    }
    for_each(w, "Do it again", "Equal hashes mean equal weights, to the last bit.", r, n, again);
    ct_put_raw(w, "</main>\n");
    data(w, r, n, err);
    return err->status;
}
