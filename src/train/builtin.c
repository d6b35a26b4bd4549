/* builtin.c -- the recipes of models/recipes, compiled in, so that the program
 * needs no file for its main job. The Makefile makes train/recipes.h from them.
 *
 * Layer: train. */
#include "train/recipe.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *text;
} BUILTIN[] = {
#include "train/recipes.h"
};

const char *ct_recipe_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof BUILTIN / sizeof *BUILTIN; i++)
        if (strcmp(name, BUILTIN[i].name) == 0)
            return BUILTIN[i].text;
    return NULL;
}

const char *ct_recipe_builtin_name(int index)
{
    return index >= 0 && (size_t)index < sizeof BUILTIN / sizeof *BUILTIN ? BUILTIN[index].name
                                                                          : NULL;
}
