/* remedy.h -- what to try first, from a state and the settings of a run. Private. */
#ifndef TRAIN_REMEDY_H
#define TRAIN_REMEDY_H

#include "contrast/diagnose.h"
#include "train/recipe.h"

/* The remedy for a run of that recipe, which knows no other one where nothing is left to try: its
 * settings are overrides of the recipe that have an effect and change a value, or "". Where only
 * some settings are known, the others have their defaults, which are never blamed. A state that
 * calls for none has "" for both. */
ct_remedy ct_remedy_of(const ct_recipe *r, ct_state state);

/* The same for a diagnosis, unless its rule has a remedy of its own: then that stays. */
void ct_remedy_add(const ct_recipe *r, ct_diagnosis *d);

#endif
