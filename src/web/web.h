/* web.h -- what the playground asks of the engine. Private.
 *
 * page.js calls these functions in WebAssembly; a unit test calls them in the program. Answers are
 * JSON by the same field tables as log.jsonl and --json, valid until the next call; one that could
 * not be given has a member "error", in the words of the program. Rows are ct_real as base64. Files
 * are kept in memory by page.js: what is dropped on the page, and checkpoints.
 *
 * The Makefile exports every name of this file that begins with ct_web_, and ct_alloc and ct_free.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "contrast/real.h"

typedef struct ct_web ct_web;

/* Free with ct_web_free. NULL: no memory. */
ct_web *ct_web_new(void);
void ct_web_free(ct_web *w);

/* Begin a run of a built-in recipe with settings, one "section.key=value" in a line. The answer has
 * its recipe as a file, and the probe. */
const char *ct_web_open(ct_web *w, const char *recipe, const char *settings);

/* So many updates, or fewer if the loss is no longer finite: "steps", a line each. */
const char *ct_web_step(ct_web *w, int count);

/* How the probe lies now: its moment as in log.jsonl; its embeddings. */
const char *ct_web_look(ct_web *w);
const char *ct_web_rows(ct_web *w);

/* The batch of the last step, before its update: embeddings as the towers give them, the gradients
 * at those of images, captions. Ask before anything else is looked at. */
const char *ct_web_batch(ct_web *w);

/* What the diagnosis says of the validation split, and the escape meter. */
const char *ct_web_judge(ct_web *w);

/* Write a checkpoint, and answer with the fingerprint of its weights; read one of this run. */
const char *ct_web_save(ct_web *w, const char *path);
const char *ct_web_load(ct_web *w, const char *path);

/* The embedding of a typed caption. */
const char *ct_web_embed(ct_web *w, const char *caption);

/* contrast diagnose A [B]; B may be "". */
const char *ct_web_diagnose(ct_web *w, const char *a, const char *b);

/* contrast diagnose --loss VALUE --batch N. */
const char *ct_web_numbers(ct_web *w, double value, int batch);

/* Embeddings without an encoder: x (2, n, d) takes so many steps down infonce, none to look alone.
 * The answer has the loss there, its landmarks and gradient, and how far the common part of paired
 * rows is from all equal. */
const char *ct_web_free_rows(ct_web *w, ct_real *x, int n, int d, double temperature, double rate,
                             int steps);

#endif
