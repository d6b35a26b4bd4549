/* open.c -- see open.h.
 *
 * Layer: cli. */
#include "cli/open.h"

#include "formats/npy.h"

ct_status cli_recipe(const cli_line *in, int first, ct_recipe *out, ct_error *err)
{
    *out = ct_recipe_defaults();
    ct_recipe_load(out, in->argv[first], err);
    for (int i = first + 1; i < in->argc && err->status == CT_OK; i++)
        ct_recipe_override(out, in->argv[i], err);
    return err->status == CT_OK ? ct_recipe_check(out, err) : err->status;
}

ct_status cli_begin(cli_run *r, const cli_line *in, ct_error *err)
{
    return ct_run_open(r, &r->recipe, NULL, cli_device(in, err), err);
}

ct_status cli_open(cli_run *r, const cli_line *in, const char *folder, ct_error *err)
{
    return ct_run_open_folder(r, folder, in->checkpoint, cli_device(in, err), err);
}

void cli_close(cli_run *r)
{
    ct_device *device = r->device;
    ct_run_close(r);
    ct_device_free(device);
}

ct_status cli_read_arrays(const cli_line *in, int n_paths, ct_arena *arena, cli_arrays *out,
                          ct_error *err)
{
    char **path = in->argv;
    int n[2] = {0}, d[2] = {0}, n_groups = 0;
    *out = (cli_arrays){.group = NULL};
    for (int i = 0; i < n_paths && err->status == CT_OK; i++)
        if (ct_npy_read_matrix(path[i], arena, &out->x[i], &n[i], &d[i], err) == CT_OK &&
            (n[i] < 1 || d[i] < 1))
            CT_FAIL(err, CT_ERR_SHAPE, "%s is (%d, %d): expected a row and a column at least",
                    path[i], n[i], d[i]);
    if (n_paths == 2 && (n[0] != n[1] || d[0] != d[1]))
        CT_FAIL(
            err, CT_ERR_SHAPE,
            "%s is (%d, %d), %s is (%d, %d): expected row i of one paired with row i of the other",
            path[0], n[0], d[0], path[1], n[1], d[1]);
    if (in->groups != NULL && err->status == CT_OK)
        ct_npy_read_ints(in->groups, arena, &out->group, &n_groups, err);
    if (in->groups != NULL && n_groups != n[0])
        CT_FAIL(err, CT_ERR_SHAPE, "%s has %d numbers, %s has %d rows: expected one per row",
                in->groups, n_groups, path[0], n[0]);
    out->n = n[0];
    out->d = d[0];
    return err->status;
}

const ct_loss *cli_loss(const char *name, ct_error *err)
{
    int n;
    const ct_loss *all = ct_loss_all(&n), *loss = ct_loss_find(name);
    if (loss == NULL)
        cli_unknown(err, "loss", name, &all->name, n, sizeof *all, "contrast help losses");
    return loss;
}
