/* training.c -- see training.h. */
#include "training.h"

#include "lab/study.h"
#include "suites.h"

ct_recipe recipe_of(const char *settings, const char *more)
{
    char all[1024];
    ct_error err = {0};
    ct_recipe r = ct_recipe_defaults();
    snprintf(all, sizeof all, "%s %s", settings, more);
    ck_assert_msg(ct_variant_apply(&r, all, &err) == CT_OK, "%s", err.msg);
    return r;
}

void open_trainer(ct_trainer *t, const ct_recipe *r, int threads, const char *isa)
{
    ct_error err = {0};
    ct_device *device = ct_device_new(threads, isa, &err);
    ck_assert_msg(ct_trainer_init(t, r, NULL, device, &err) == CT_OK, "%s", err.msg);
}

void close_trainer(ct_trainer *t)
{
    ct_device *device = t->device;
    ct_trainer_free(t);
    ct_device_free(device);
}
