/* page_runs.c -- runs beside each other; see page.h.
 *
 * All text from recipes, captions and file names goes through ct_svg_escaped; the
 * script's data are numbers, base64 and strings in which no "<" is left.
 *
 * Layer: show. Needs formats (json, base64, bmp). */
#include "show/page.h"

#include "formats/base64.h"
#include "formats/bmp.h"
#include "formats/json.h"
#include "show/pictures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define put     ct_svg_put
#define PICTURE 48 /* pixels of a picture on the page, as page.css has them */

/* All pictures of the probe, one above the other, as a background that .pic looks at. */
static ct_status sprite(ct_svg *s, const ct_record *r, int run, ct_arena *arena, ct_error *err)
{
    size_t size = 0;
    if (r->width == 0)
        return CT_OK;
    const uint8_t *bmp = ct_bmp_encode(r->pixels, r->width, r->height * r->n, r->channels, arena,
                                       &size);
    char *text = bmp != NULL ? ct_arena_alloc(arena, CT_BASE64_BYTES(size)) : NULL;
    if (text == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "report: no memory for pictures");
    ct_base64_put(text, bmp, size);
    put(s, "<style>.p%d{height:%dpx;background-image:url(data:image/bmp;base64,", run,
        PICTURE * r->height / r->width);
    ct_page_raw(s, text);
    ct_page_raw(s, ")}</style>\n");
    return CT_OK;
}

/* ---- the story ---- */

static const ct_mark *last_test(const ct_record *r)
{
    for (int k = r->n_marks - 1; k >= 0; k--)
        if (strcmp(r->mark[k].split, "test") == 0)
            return &r->mark[k];
    return NULL;
}

static void story(ct_svg *s, const ct_record *r)
{
    const int last = r->n_lines - 1;
    const ct_mark *test = last_test(r);
    ct_page_raw(s, "<div>");
    ct_page_element(s, "h3", r->folder);
    if (r->state != NULL) {
        ct_page_raw(s, "<p><strong>");
        ct_svg_escaped(s, r->state);
        ct_page_raw(s, "</strong>: ");
        ct_svg_escaped(s, r->meaning);
        ct_page_raw(s, "</p>\n");
    }
    put(s, "<p>The loss of a batch went from %.4f at step %.0f to %.4f at step %.0f", r->loss[0],
        r->step[0], r->loss[last], r->step[last]);
    if (isfinite(r->all_equal))
        put(s, "; it is %.4f where all embeddings are equal, and at least %.4g", r->all_equal,
            r->floor);
    put(s, ". The temperature ended at %.4g.", r->temperature[last]);
    if (test != NULL)
        put(s,
            " Of %d test pairs, %.3f of the images found their caption first and %.3f of the "
            "captions their image.",
            test->n, test->recall[0], test->recall[1]);
    ct_page_raw(s, "</p>\n");
    if (r->n_evidence > 0) {
        ct_page_raw(s, "<ul>");
        for (int k = 0; k < r->n_evidence; k++)
            ct_page_element(s, "li", r->evidence[k]);
        ct_page_raw(s, "</ul>\n");
    }
    if (r->remedy != NULL && *r->remedy != '\0') {
        ct_page_raw(s, "<p>Try first: ");
        ct_svg_escaped(s, r->remedy);
        ct_page_raw(s, "</p>\n");
    }
    ct_page_raw(s, "</div>\n");
}

/* ---- pictures ---- */

static void picture(ct_svg *s, ct_picture kind, const ct_record *r, int run,
                    const ct_ranges *ranges)
{
    char attributes[256], description[1200];
    const ct_axes a = ct_picture_axes(kind, r, ranges);
    ct_svg svg;
    snprintf(
        attributes, sizeof attributes,
        "data-run=\"%d\" data-kind=\"%s\" data-axes=\"%.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g\"",
        run, ct_picture_describe(kind)->name, a.left, a.top, a.right, a.bottom, a.x0, a.x1, a.y0,
        a.y1);
    snprintf(description, sizeof description, "%s, %.600s", ct_picture_describe(kind)->title,
             r->folder);
    ct_page_raw(s, "<figure>");
    ct_svg_begin(&svg, s->w, CT_PICTURE_WIDTH, CT_PICTURE_HEIGHT, attributes, description,
                 ct_picture_describe(kind)->reading);
    ct_picture_draw(&svg, kind, r, ranges, r->n_moments - 1);
    ct_svg_end(&svg);
    ct_page_raw(s, "<figcaption>");
    ct_svg_escaped(s, r->folder);
    put(s, ", <span data-step=\"%d\">step %ld</span></figcaption></figure>\n", run,
        r->moment[r->n_moments - 1].step);
}

static void pictures(ct_svg *s, const ct_record *r, int n)
{
    const ct_ranges ranges = ct_picture_ranges(r, n);
    ct_page_raw(s, n > 1 ? "<div class=\"kinds many\">\n" : "<div class=\"kinds\">\n");
    for (int kind = 0; kind < CT_N_PICTURES; kind++) {
        const ct_picture_text *text = ct_picture_describe((ct_picture)kind);
        ct_page_raw(s, "<section>");
        ct_page_element(s, "h2", text->title);
        ct_page_element(s, "p class=\"dim\"", text->reading);
        ct_page_raw(s, "<div class=\"runs\">\n");
        for (int i = 0; i < n; i++)
            picture(s, (ct_picture)kind, &r[i], i, &ranges);
        ct_page_raw(s, "</div></section>\n");
    }
    ct_page_raw(s, "</div>\n");
}

/* ---- nearest neighbours ---- */

static void pixel_box(ct_svg *s, const ct_record *r, int run, int item, bool own)
{
    if (r->width > 0)
        put(s, "<span class=\"pic p%d%s\" style=\"background-position:0 %dpx\"></span> ", run,
            own ? " own" : "", -(PICTURE * r->height / r->width) * item);
}

/* The `k` captions nearest to image i, first the nearest. */
static void nearest_captions(const ct_record *r, const ct_moment *m, int i, int k, int *out)
{
    for (int got = 0; got < k; got++) {
        int best = -1;
        for (int j = 0; j < r->n; j++) {
            bool taken = false;
            for (int t = 0; t < got; t++)
                taken = taken || out[t] == j;
            if (!taken && (best < 0 || m->cosine[i * r->n + j] > m->cosine[i * r->n + best]))
                best = j;
        }
        out[got] = best;
    }
}

static void neighbours(ct_svg *s, const ct_record *r, int run)
{
    const ct_moment *m = &r->moment[r->n_moments - 1];
    const int k = r->n < 3 ? r->n : 3, rows = r->n < 6 ? r->n : 6;
    ct_page_raw(s, "<div>");
    ct_page_element(s, "h3", r->folder);
    put(s,
        "<div data-script hidden><p><span data-pair=\"%d\"></span>; its nearest captions, with "
        "their own pictures, at "
        "<span data-step=\"%d\"></span>:</p><div class=\"strip\" id=\"near%d\"></div></div>\n",
        run, run, run);
    put(s,
        "<table><thead><tr><th>image</th><th>nearest captions at step "
        "%ld</th><th>cosine</th></tr></thead><tbody>\n",
        m->step);
    for (int i = 0; i < rows; i++) {
        int near[3] = {0, 0, 0};
        nearest_captions(r, m, i, k, near);
        for (int t = 0; t < k; t++) {
            ct_page_raw(s, "<tr>");
            if (t == 0) {
                put(s, "<td rowspan=\"%d\">", k);
                pixel_box(s, r, run, i, false);
                put(s, "%d</td>", i + 1);
            }
            ct_page_raw(s, "<td>");
            if (near[t] == i)
                ct_page_raw(s, "<strong>its own:</strong> ");
            ct_svg_escaped(s, r->caption[near[t]]);
            put(s, "</td><td class=\"num\">%.2f</td></tr>\n", ct_record_cosine(r, m, i, near[t]));
        }
    }
    ct_page_raw(s, "</tbody></table></div>\n");
}

/* ---- how to do it again ---- */

static void again(ct_svg *s, const ct_record *r)
{
    ct_page_raw(s, "<div>");
    ct_page_element(s, "h3", r->folder);
    ct_page_raw(s, "<pre>contrast train ");
    ct_svg_escaped(s, r->folder);
    ct_page_raw(s, "/recipe.ini -o again\ncontrast hash again");
    if (r->hash != NULL)
        put(s, "    # %.40s", r->hash);
    ct_page_raw(s, "</pre>\n<details><summary>recipe.ini</summary><pre>");
    ct_svg_escaped(s, r->recipe);
    ct_page_raw(s, "</pre></details></div>\n");
}

/* ---- the script's data ---- */

static void numbers(ct_json *j, const char *key, const double *x, int n)
{
    ct_json_open(j, key, '[');
    for (int i = 0; i < n; i++)
        ct_json_float(j, NULL, (float)x[i]);
    ct_json_close(j);
}

static void moment_json(ct_json *j, const ct_record *r, const ct_moment *m)
{
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", m->step);
    ct_json_string(j, "cosines", m->cosine_text);
    numbers(j, "positive", m->bin[0], CT_RECORD_BINS);
    numbers(j, "negative", m->bin[1], CT_RECORD_BINS);
    ct_json_open(j, "sigma", '[');
    numbers(j, NULL, m->sigma[0], m->n_sigma);
    numbers(j, NULL, m->sigma[1], m->n_sigma);
    ct_json_close(j);
    ct_json_open(j, "plane", '[');
    for (int i = 0; i < 4 * r->n; i++)
        ct_json_float(j, NULL,
                      (float)(floor(m->plane[i / (2 * r->n)][i / 2 % r->n][i % 2] * 1e3 + 0.5) /
                              1e3));
    ct_json_close(j);
    ct_json_float(j, "alignment", (float)m->alignment);
    numbers(j, "uniformity", m->uniformity, 2);
    ct_json_close(j);
}

static void layers_json(ct_json *j, const ct_layers *l)
{
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "step", l->step);
    ct_json_open(j, "cosine", '[');
    for (int side = 0; side < 2; side++)
        numbers(j, NULL, l->cosine[side], l->n[side]);
    ct_json_close(j);
    ct_json_open(j, "gradient", '[');
    for (int side = 0; side < 2; side++)
        numbers(j, NULL, l->gradient[side], l->n[side]);
    ct_json_close(j);
    ct_json_close(j);
}

static void run_json(ct_json *j, const ct_record *r)
{
    ct_json_open(j, NULL, '{');
    ct_json_integer(j, "n", r->n);
    ct_json_integer(j, "picture_height", r->width > 0 ? PICTURE * r->height / r->width : 0);
    numbers(j, "step", r->step, r->n_lines);
    numbers(j, "loss", r->loss, r->n_lines);
    ct_json_open(j, "caption", '[');
    for (int i = 0; i < r->n; i++)
        ct_json_string(j, NULL, r->caption != NULL ? r->caption[i] : "");
    ct_json_close(j);
    ct_json_open(j, "layers", '[');
    for (int k = 0; k < r->n_layers; k++)
        layers_json(j, &r->layers[k]);
    ct_json_close(j);
    ct_json_open(j, "moments", '[');
    for (int k = 0; k < r->n_moments; k++)
        moment_json(j, r, &r->moment[k]);
    ct_json_close(j);
    ct_json_close(j);
}

/* Within <script>, "<" could end it: as JSON knows it by number too, so it is written. */
static ct_status script(ct_svg *s, const ct_record *r, int n, ct_error *err)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '[');
    for (int i = 0; i < n; i++)
        run_json(&j, &r[i]);
    ct_json_close(&j);
    ct_page_raw(s, "<script type=\"application/json\" id=\"data\">");
    for (const char *at = j.failed ? "" : j.text; *at != '\0';) {
        const size_t plain = strcspn(at, "<");
        ct_writer_bytes(s->w, at, plain);
        at += plain;
        if (*at == '<') {
            ct_page_raw(s, "\\u003c");
            at++;
        }
    }
    ct_page_raw(s, "</script>\n");
    const ct_status status = j.failed ? CT_FAIL(err, CT_ERR_NOMEM, "report: no memory for its data")
                                      : CT_OK;
    ct_json_free(&j);
    return status;
}

/* ---- the page ---- */

static const char CONTROLS[] =
    "<div class=\"bar\" data-script hidden>\n<button id=\"play\" type=\"button\">Play</button>\n"
    "<button id=\"back\" type=\"button\" aria-label=\"one snapshot back\">&#8592;</button>\n"
    "<button id=\"on\" type=\"button\" aria-label=\"one snapshot on\">&#8594;</button>\n"
    "<label>time <input id=\"time\" type=\"range\" min=\"0\" value=\"0\"></label>\n"
    "<label>pair <input id=\"pair\" type=\"range\" min=\"1\" value=\"1\"></label>\n";

ct_status ct_page_runs(ct_page *p, const ct_record *r, int n, ct_error *err)
{
    ct_svg *s = &p->s;
    bool captions = false;
    ct_status status = CT_OK;
    ct_arena arena;
    ct_arena_init(&arena, 0);
    for (int i = 0; i < n && status == CT_OK; i++)
        status = sprite(s, &r[i], i, &arena, err);
    ct_arena_free(&arena);
    ct_page_raw(s, "<section><h2>What happened</h2><div class=\"runs\">\n");
    for (int i = 0; i < n; i++) {
        story(s, &r[i]);
        captions = captions || r[i].caption != NULL;
    }
    ct_page_raw(s, "</div></section>\n");
    ct_page_raw(s, CONTROLS);
    for (int i = 0; i < n; i++)
        put(s,
            "<span class=\"num\"><span data-step=\"%d\"></span><span "
            "data-loss=\"%d\"></span></span>\n",
            i, i);
    ct_page_raw(s, "</div>\n<main>\n");
    put(s,
        "<p class=\"dim\">The pictures from the cosines on show %d fixed pairs of validation, here "
        "at the end of training.</p>\n",
        r->n);
    pictures(s, r, n);
    if (captions) {
        ct_page_raw(s, "<section><h2>Nearest captions</h2><div class=\"runs\">\n");
        for (int i = 0; i < n; i++)
            if (r[i].caption != NULL)
                neighbours(s, &r[i], i);
        ct_page_raw(s, "</div></section>\n");
    }
    ct_page_raw(s, "<section><h2>Do it again</h2><p class=\"dim\">Equal hashes mean equal weights, "
                   "to the last bit.</p><div class=\"runs\">\n");
    for (int i = 0; i < n; i++)
        again(s, &r[i]);
    ct_page_raw(s, "</div></section>\n</main>\n");
    return status == CT_OK ? script(s, r, n, err) : status;
}
