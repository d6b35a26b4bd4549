/* markup.h -- text of pages and pictures. Private.
 *
 * Failures to write wait for the writer's commit.
 */
#ifndef SHOW_MARKUP_H
#define SHOW_MARKUP_H

#include "platform/file.h"

/* Markup as it is: formatted, at most 2,047 bytes, or of any length. */
void ct_put(ct_writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ct_put_raw(ct_writer *w, const char *markup);

/* Text as it should be read, in an element or an attribute; what XML cannot hold is replaced. */
void ct_put_text(ct_writer *w, const char *text);

/* <tag>text</tag> and a new line; the tag may have attributes. */
void ct_put_element(ct_writer *w, const char *tag, const char *text);

#endif
