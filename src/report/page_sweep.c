/* page_sweep.c -- a sweep on a page; see page.h.
 *
 * Layer: report. */
#include "report/page.h"

#include "report/phase.h"
#include "report/spreads.h"

#include <math.h>
#include <stdio.h>

enum { SETTINGS = 512 };

static void spread_text(char out[48], ct_spread x)
{
    if (!isfinite(x.median))
        snprintf(out, 48, "%s", isnan(x.median) ? "" : "never");
    else if (x.least == x.most)
        snprintf(out, 48, "%.4g", x.median);
    else
        snprintf(out, 48, "%.4g [%.4g, %.4g]", x.median, x.least, x.most);
}

static void table(ct_svg *s, const ct_sweep *sweep, const ct_sweep_run *run)
{
    ct_page_raw(s, "<div class=\"scroll\"><table><thead>");
    ct_page_row(s, "th", "settings", "state", "runs", "left ln N at step", "recall@1", "loss", "effective rank");
    ct_page_raw(s, "</thead><tbody>\n");
    for (int k = 0; k < sweep->n_points; k++) {
        const ct_sweep_point p = ct_sweep_summary(sweep, run, k);
        char                 settings[SETTINGS], runs[32], text[4][48];
        if (p.n == 0)
            continue;
        ct_sweep_settings(sweep, k, settings, sizeof settings);
        snprintf(runs, sizeof runs, "%d of %d", ct_phase_in_state(&p), p.n);
        spread_text(text[0], p.escape);
        spread_text(text[1], p.recall[0]);
        spread_text(text[2], p.loss);
        spread_text(text[3], p.rank[0]);
        ct_page_row(s, "td", settings, ct_phase_name(&p), runs, text[0], text[1], text[2], text[3]);
    }
    ct_page_raw(s, "</tbody></table></div>\n");
}

static void pictures(ct_svg *s, const ct_sweep *sweep, const ct_sweep_run *run)
{
    static const char *const NAME[4] = {"recall@1 of images", "step that leaves ln N", "loss", "effective rank of images"};
    static char              label[CT_SPREADS][SETTINGS];
    ct_spread_line           line[4][CT_SPREADS];
    int                      n = 0;
    for (int k = 0; k < sweep->n_points && n < CT_SPREADS; k++) {
        const ct_sweep_point p = ct_sweep_summary(sweep, run, k);
        if (p.n == 0)
            continue;
        ct_sweep_settings(sweep, k, label[n], sizeof label[n]);
        const ct_spread x[4] = {p.recall[0], p.escape, p.loss, p.rank[0]};
        for (int q = 0; q < 4; q++)
            line[q][n] = (ct_spread_line){label[n], x[q], (double)NAN};
        n++;
    }
    ct_page_raw(s, "<div class=\"kinds\">\n");
    for (int q = 0; q < 4 && n > 0; q++)
        ct_spreads_figure(s, NAME[q], line[q], n);
    ct_page_raw(s, "</div>\n");
}

void ct_page_sweep(ct_page *p, const ct_sweep *sweep, const ct_sweep_run *run)
{
    char what[2048];
    ct_sweep_describe(sweep, what, sizeof what);
    ct_page_element(&p->s, "pre", what);
    if (sweep->n_axes == 2) {
        ct_page_raw(&p->s, "<section class=\"wide\"><figure>");
        ct_phase_figure(&p->s, sweep, run);
        ct_page_raw(&p->s, "</figure></section>\n");
    } else if (sweep->n_points <= CT_SPREADS) {
        pictures(&p->s, sweep, run);
    }
    table(&p->s, sweep, run);
}
