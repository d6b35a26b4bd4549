/* fuzz_recipe.c -- any text is a recipe, as `contrast train` reads it, or is refused with the
 * number of a line; what is accepted is written, and what was written reads back as itself. */
#include "train/recipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ct_recipe r = ct_recipe_defaults(), again = ct_recipe_defaults();
    ct_error err = {.status = CT_OK};
    char first[CT_RECIPE_BYTES], second[CT_RECIPE_BYTES];
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    if (ct_recipe_read(&r, "fuzz", copy, &err) == CT_OK && ct_recipe_check(&r, &err) == CT_OK) {
        CT_ASSERT(ct_fields_ini(&ct_recipe_fields, &r, false, first, sizeof first) < sizeof first);
        CT_ASSERT(ct_recipe_read(&again, "again", first, &err) == CT_OK);
        CT_ASSERT(ct_fields_ini(&ct_recipe_fields, &again, false, second, sizeof second) <
                  sizeof second);
        CT_ASSERT(strcmp(first, second) == 0);
    } else {
        CT_ASSERT(err.status == CT_ERR_CONFIG || err.status == CT_ERR_FORMAT);
        CT_ASSERT(err.msg[0] != '\0');
    }
    free(copy);
    return 0;
}
