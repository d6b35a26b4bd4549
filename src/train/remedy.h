/* remedy.h -- what to try first, from a state and the settings of a run. Private. */
#ifndef TRAIN_REMEDY_H
#define TRAIN_REMEDY_H

#include "contrast/diagnose.h"
#include "train/recipe.h"

/* For a run of that recipe: overrides of it that have an effect and change a value, or "", and why;
 * where the recipe says nothing, what the state does. Settings that are not known have their
 * defaults, which are never blamed, and the rate is NaN. */
ct_remedy ct_remedy_of(const ct_recipe *r, ct_state state);

/* The same for a diagnosis, unless its rule has a remedy of its own: then that stays. */
void ct_remedy_add(const ct_recipe *r, ct_diagnosis *d);

#endif
