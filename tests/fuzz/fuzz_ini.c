/* fuzz_ini.c -- any bytes are a recipe or are refused with a line number. */
#include "formats/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct loss {
    double tau;
    int kind;
} loss;

typedef struct recipe {
    char name[8];
    loss loss;
    int steps[3], n_steps;
} recipe;

static const ct_field LOSS_ROWS[] = {
    {.key = "tau", .kind = CT_REAL, CT_AT(loss, tau), .least = 0, .most = 10},
    {.key = "kind", .kind = CT_CHOICE, CT_AT(loss, kind), .choices = "clip info_nce"},
};
static const ct_fields LOSS = CT_FIELDS(LOSS_ROWS);
static const ct_field ROWS[] = {
    {.key = "name", .kind = CT_TEXT, CT_AT(recipe, name)},
    {.key = "steps",
     .kind = CT_INT,
     CT_AT(recipe, steps),
     .count = 3,
     CT_USED(recipe, n_steps),
     .least = -3,
     .most = 1000},
    {.key = "loss", .kind = CT_GROUP, CT_AT(recipe, loss), .members = &LOSS},
};
static const ct_fields RECIPE = CT_FIELDS(ROWS);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recipe r = {.name = "-"};
    ct_error err = {0};
    ct_arena arena;
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    ct_arena_init(&arena, 0);
    if (ct_ini_parse("fuzz", copy, size, &arena, &RECIPE, &r, &err) == CT_OK)
        CT_ASSERT(strlen(r.name) < sizeof r.name && r.loss.tau >= 0 && r.loss.tau <= 10 &&
                  (r.loss.kind == 0 || r.loss.kind == 1) && r.steps[2] >= -3 && r.n_steps <= 3);
    else
        CT_ASSERT(err.status == CT_ERR_CONFIG && strncmp(err.msg, "fuzz:", 5) == 0);
    ct_arena_free(&arena);
    free(copy);
    return 0;
}
