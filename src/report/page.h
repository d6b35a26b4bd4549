/* page.h -- a report of runs as one HTML file. Private.
 *
 * No network, no other file; readable with scripts off; its one script moves the
 * pictures through the snapshots of the runs. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/record.h"

/* Errors  CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_page_save(const ct_record *r, int n, const char *path, ct_error *err);

extern const char        ct_page_style[];
extern const char *const ct_page_script[]; /* one after the other, up to NULL */

#endif
