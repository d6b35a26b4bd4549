/* training.h -- small trainers for tests. */
#ifndef TRAINING_H
#define TRAINING_H

#include "train/trainer.h"

/* The defaults with two lists of settings over them, which must hold. */
ct_recipe recipe_of(const char *settings, const char *more);

/* A trainer on a device and data of its own; close_trainer frees all three. */
void open_trainer(ct_trainer *t, const ct_recipe *r, int threads, const char *isa);
void close_trainer(ct_trainer *t);

#endif
