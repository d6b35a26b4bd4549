/* page_sweep.c -- a sweep on a page; see page.h.
 *
 * Layer: show. */
#include "show/page.h"

#include "show/phase.h"
#include "show/spreads.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS = 512, LONGEST = 45 /* characters that fit into a picture */ };

static void table(ct_writer *s, const ct_sweep *sweep, const ct_sweep_run *run)
{
    ct_put_raw(s, "<div class=\"scroll\"><table><thead>");
    ct_page_row(s, "th", "point", "settings", "state", "runs", "left ln N at step", "recall@1",
                "loss", "effective rank, centred");
    ct_put_raw(s, "</thead><tbody>\n");
    for (int k = 0; k < sweep->n_points; k++) {
        const ct_sweep_point p = ct_sweep_summary(sweep, run, k);
        char settings[SETTINGS], number[16], runs[32], text[4][64];
        if (p.n == 0)
            continue;
        ct_sweep_settings(sweep, k, settings, sizeof settings);
        snprintf(number, sizeof number, "%d", k + 1);
        snprintf(runs, sizeof runs, "%d of %d", ct_phase_in_state(&p), p.n);
        ct_spread_text(text[0], sizeof text[0], p.escape);
        ct_spread_text(text[1], sizeof text[1], p.recall[0]);
        ct_spread_text(text[2], sizeof text[2], p.loss);
        ct_spread_text(text[3], sizeof text[3], p.rank[0]);
        ct_page_row(s, "td", number, settings, ct_phase_name(&p), runs, text[0], text[1], text[2],
                    text[3]);
    }
    ct_put_raw(s, "</tbody></table></div>\n");
}

static void pictures(ct_writer *s, const ct_sweep *sweep, const ct_sweep_run *run)
{
    static const char *const NAME[4] = {"recall@1 of images", "step that leaves ln N", "loss",
                                        "effective rank of images, centred"};
    static char label[CT_SPREADS][SETTINGS];
    ct_spread_line line[4][CT_SPREADS];
    int n = 0;
    for (int k = 0; k < sweep->n_points && n < CT_SPREADS; k++) {
        const ct_sweep_point p = ct_sweep_summary(sweep, run, k);
        if (p.n == 0)
            continue;
        ct_sweep_settings(sweep, k, label[n], sizeof label[n]);
        if (strlen(label[n]) == 0 || strlen(label[n]) > LONGEST)
            snprintf(label[n], sizeof label[n], "point %d", k + 1);
        const ct_spread x[4] = {p.recall[0], p.escape, p.loss, p.rank[0]};
        for (int q = 0; q < 4; q++)
            line[q][n] = (ct_spread_line){label[n], x[q], (double)NAN};
        n++;
    }
    ct_put_raw(s, "<div class=\"kinds\">\n");
    for (int q = 0; q < 4 && n > 0; q++)
        ct_spreads_figure(s, NAME[q], line[q], n);
    ct_put_raw(s, "</div>\n");
}

void ct_page_sweep(ct_page *p, const char *command, const ct_sweep *sweep, const ct_sweep_run *run)
{
    char text[128];
    const int n = sweep->n_points * sweep->n_seeds;
    int done = 0;
    for (int k = 0; k < n; k++)
        done += run[k].done;
    ct_put_element(p, "pre", command);
    snprintf(text, sizeof text, "%d points, each from %d seed%s; %d of %d runs are here.",
             sweep->n_points, sweep->n_seeds, sweep->n_seeds == 1 ? "" : "s", done, n);
    ct_put_element(p, "p", text);
    if (sweep->n_axes == 2) {
        ct_put_raw(p, "<section class=\"wide\"><figure>");
        ct_phase_figure(p, sweep, run);
        ct_put_raw(p, "</figure></section>\n");
    } else if (sweep->n_points <= CT_SPREADS) {
        pictures(p, sweep, run);
    }
    table(p, sweep, run);
}
