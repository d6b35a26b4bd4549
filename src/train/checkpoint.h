/* checkpoint.h -- everything that a killed run needs to continue with the same bits, in one
 * safetensors file. Private.
 *
 *     image.0.weight ...           parameters, under PyTorch's names
 *     optim.m.image.0.weight ...   first and second moments (optim.v. ...)
 *     queue.image, queue.text      past embeddings, if the loss uses them
 *     metadata                     format, step, the recipe, standardisation, beta^step, the best
 *                                  evaluation so far, how much of the log belongs to it, the hash
 *                                  of all
 *
 * The batch of a step, its dropout and its rate are functions of (seed, step), so a sampler or a
 * generator has no state to be kept.
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "formats/safetensors.h"
#include "train/trainer.h"

/* Write a checkpoint, whole or not at all.
 * Errors  CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_checkpoint_save(ct_trainer *t, const char *path, ct_error *err);

/* Parameters and standardisation, and, if it is to continue, all that it takes; t is then of the
 * same recipe, or this is an error. So are other data than the run was trained on, unless `changed`
 * is there to say whether they are.
 * Errors  CT_ERR_IO, CT_ERR_FORMAT (damaged; something is missing or of another shape),
 *         CT_ERR_CONFIG (another recipe or other data), CT_ERR_NOMEM */
ct_status ct_checkpoint_load(ct_trainer *t, bool to_continue, const char *path, bool *changed,
                             ct_error *err);

/* The recipe of the run that wrote it. Errors  as above */
ct_status ct_checkpoint_recipe(const char *path, ct_recipe *out, ct_error *err);

/* Moments of the optimiser stand beside the parameters. */
bool ct_is_parameter(const ct_safetensor *t);

/* Names, sizes and values of the parameters, in the order of their names; not the optimiser's
 * moments, not the recipe. Two runs with equal hashes have the same weights to the last bit,
 * whatever machines they ran on. */
uint64_t ct_weights_hash(const ct_safetensors *file);

#endif
