/* report.h -- what runs wrote down, for pages and pictures. Private. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/cli.h"
#include "contrast/arena.h"
#include "show/record.h"

/* Records of n runs, each with the landmarks of its loss, its hash and, if `diagnosed`, its state;
 * memory of the arena. Errors  those of ct_record_read and the recipe */
ct_status cli_records(const cli_line *in, int n, char **folder, bool diagnosed, ct_record *r,
                      ct_arena *arena, ct_error *err);

#endif
