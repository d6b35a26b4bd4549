/* story.h -- what `contrast demo` prints. Private.
 *
 * Parts that take a while to measure are told twice: with NULL before it, for
 * the heading, and with the figures behind it. Without a terminal (t NULL)
 * nothing is told.
 */
#ifndef REPORT_STORY_H
#define REPORT_STORY_H

#include "formats/json.h"
#include "lab/demo.h"
#include "show/terminal.h"

void ct_story_question(const ct_terminal *t, const ct_question *q);
void ct_story_positives(const ct_terminal *t, const ct_study_rows *rows);
void ct_story_fixes(const ct_terminal *t, const ct_study_rows *rows);
void ct_story_healthy(const ct_terminal *t, const ct_healthy *f, const ct_pairs *p);

/* The same figures: question, trainings (an object each), healthy. */
void ct_story_json(const ct_demo *f, ct_json *j);

#endif
