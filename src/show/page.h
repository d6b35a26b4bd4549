/* page.h -- what was measured, as one HTML file. Private.
 *
 * No network, no other file; readable with scripts off. A page is opened, gets its parts (doc.h,
 * and runs), and is closed with its one script; failures to write wait for the close.
 */
#ifndef SHOW_PAGE_H
#define SHOW_PAGE_H

#include "show/record.h"
#include "show/svg.h"

/* Errors  CT_ERR_IO */
ct_status ct_page_open(ct_writer *p, const char *path, const char *title, ct_error *err);
/* Keep it if `so_far` is CT_OK, else leave no trace. Errors  CT_ERR_IO; so_far */
ct_status ct_page_close(ct_writer *p, ct_status so_far);

/* Runs on the same axes, with the numbers by which the page's script moves the pictures through
 * their snapshots. Errors  CT_ERR_NOMEM */
ct_status ct_page_runs(ct_writer *p, const ct_record *r, int n, ct_error *err);

/* ---- parts ---- */

/* A picture with its title above; what is drawn between them is its own. */
void ct_figure_begin(ct_writer *w, const char *kind, double height, const char *title,
                     const char *reading);
void ct_figure_end(ct_writer *w);

/* The address of a picture of the data, 1 channel or 3, that is in the address itself. */
void ct_put_picture(ct_writer *w, const uint8_t *pixels, int width, int height, int channels);

#endif
