/* markup.h -- text of pages and pictures. Private.
 *
 * Failures to write wait for the writer's commit.
 */
#ifndef SHOW_MARKUP_H
#define SHOW_MARKUP_H

#include "platform/file.h"

/* Markup as it is, and markup with values of %d, %c, %s and what doubles have: a string is put in
 * as ct_put_text does it, so what it says is never markup. */
void ct_put_raw(ct_writer *w, const char *markup);
void ct_put(ct_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text as it should be read, in an element or an attribute; what XML cannot hold is replaced. */
void ct_put_text(ct_writer *w, const char *text);

#endif
