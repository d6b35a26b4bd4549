/* recipe.h -- everything that decides the numbers of a run. Private.
 *
 * A recipe is a strict INI file: sections [data] [image] [text] [loss] [optim] [train] [monitor];
 * every value can be overridden as section.key=value. A key that is not known is an error that
 * names the nearest one; what is not said has its default. A new key is a member here, a row in
 * recipe.c, which says what it means, and, if zero will not do, a default there.
 */
#ifndef TRAIN_RECIPE_H
#define TRAIN_RECIPE_H

#include "contrast/data.h"
#include "contrast/diagnose.h"
#include "contrast/models.h"
#include "contrast/optim.h"
#include "formats/field.h"

#include <stdio.h>

#define CT_RECIPE_TEXT  256   /* longest text value, with its NUL */
#define CT_RECIPE_BYTES 16384 /* more than any recipe has as text */

typedef enum ct_data_kind {
    CT_DATA_SHAPES,
    CT_DATA_LATENT,
    CT_DATA_FASHION_MNIST,
    CT_DATA_PAIRS
} ct_data_kind;

typedef struct ct_data_recipe {
    int kind; /* ct_data_kind */
    long seed;
    ct_data_options options; /* all but its seed and texts, which are here */
    char dir[CT_RECIPE_TEXT], image[CT_RECIPE_TEXT], text[CT_RECIPE_TEXT];
    char groups[CT_RECIPE_TEXT], split[CT_RECIPE_TEXT];
} ct_data_recipe;

/* [image] and [text]. Whether there is a table, and the width of the input, the data says. */
typedef struct ct_tower_recipe {
    ct_tower_config model;
    ct_text_config text; /* captions; model.buckets is text.buckets then */
} ct_tower_recipe;

typedef struct ct_loss_recipe {
    char name[CT_RECIPE_TEXT];
    double temperature, bias;
    bool learn_temperature;
    int queue;
    ct_loss_options options;
} ct_loss_recipe;

typedef struct ct_optim_recipe {
    ct_optim_config config;
    ct_schedule schedule; /* .steps are those of [train] */
    double clip;
} ct_optim_recipe;

typedef struct ct_train_recipe {
    int batch, chunk, steps, checkpoint_every;
    bool no_duplicates, keep_best;
    long seed;
} ct_train_recipe;

typedef struct ct_monitor_recipe {
    int log_every, evaluate_every, pairs, snapshots;
    bool stop_on_collapse;
} ct_monitor_recipe;

typedef struct ct_recipe {
    ct_data_recipe data;
    ct_tower_recipe tower[2]; /* [image], [text] */
    ct_loss_recipe loss;
    ct_optim_recipe optim;
    ct_train_recipe train;
    ct_monitor_recipe monitor;
} ct_recipe;

/* Every key, a group for each section: ct_fields_ini writes a recipe. */
extern const ct_fields ct_recipe_fields;

ct_recipe ct_recipe_defaults(void);

/* Values from text, or (NULL) from the file `name`, which messages name. Paths are looked for from
 * the folder of `name`, then from the working directory, from which they are seen afterwards.
 * Errors  CT_ERR_CONFIG "name:line: ...", CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_recipe_read(ct_recipe *r, const char *name, const char *text, ct_error *err);

/* All of it as the text of the file `name`, or of one that carries it: its paths are seen from that
 * file's folder. Errors  CT_ERR_IO: a path that is too long then */
void ct_recipe_text(const ct_recipe *r, const char *name, char out[CT_RECIPE_BYTES], ct_error *err);

/* The key and the value of path i of [data] that the kind of data has: NULL where it has none. */
#define CT_RECIPE_PATHS 5
char *ct_recipe_path(ct_data_recipe *d, int i, const char **key);

/* The file of that path, or the built-in recipe of that name. What has no effect must have its
 * default there. Errors  as ct_recipe_read */
ct_status ct_recipe_load(ct_recipe *r, const char *name, ct_error *err);

/* One "section.key=value". Errors  CT_ERR_CONFIG */
ct_status ct_recipe_override(ct_recipe *r, const char *setting, ct_error *err);

/* Does a run look at that key, given alone or with "=value"? Not asked of [train] and [monitor]. */
bool ct_recipe_uses(const ct_recipe *r, const char *setting);

/* Refuse a setting that was given and has no effect; `place` ("file: " or "") begins the message.
 * Errors  CT_ERR_CONFIG names what has one */
ct_status ct_recipe_expect_used(const ct_recipe *r, const char *place, const char *setting,
                                ct_error *err);

/* What must hold between values (a loss of that name, towers of equal width, ...). Call once all
 * are set; those without effect get their default. Errors  CT_ERR_CONFIG */
ct_status ct_recipe_check(ct_recipe *r, ct_error *err);

/* What to try first in a state (remedy.c): overrides that have an effect and change a value, or "",
 * and why; where the recipe says nothing, what the state does. Settings that are not known have
 * their defaults, which are never blamed, and the rate is NaN. The same for a diagnosis, unless its
 * rule has a remedy of its own. */
ct_remedy ct_remedy_of(const ct_recipe *r, ct_state state);
void ct_remedy_add(const ct_recipe *r, ct_diagnosis *d);

/* Width of the embeddings. */
int ct_recipe_width(const ct_recipe *r, int side);

/* The data of a recipe. NULL and the reason; free with ct_pairs_free. */
ct_pairs *ct_recipe_data(const ct_recipe *r, ct_error *err);

/* Text of the built-in recipe of that name ("shapes"), or NULL; the files of models/recipes are
 * compiled in. ct_recipe_builtin_name lists them. */
const char *ct_recipe_builtin(const char *name);
const char *ct_recipe_builtin_name(int index); /* NULL after the last */

#endif
