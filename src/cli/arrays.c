/* arrays.c -- embeddings from .npy files, checked against each other.
 *
 * Layer: cli. Used by diagnose and loss. */
#include "cli/arrays.h"

#include "formats/npy.h"

#include <math.h>

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

double cli_product(const ct_real *x, const ct_real *y, int d)
{
    double s = 0;
    for (int k = 0; k < d; k++)
        s += (double)x[k] * (double)y[k];
    return s;
}

double cli_length(const ct_real *x, int d)
{
    const double r = sqrt(cli_product(x, x, d));
    return r > 0 ? r : 1;
}

double cli_cosine(const ct_real *x, const ct_real *y, int d)
{
    return cli_product(x, y, d) / cli_length(x, d) / cli_length(y, d);
}

const ct_loss *cli_loss(const char *name, ct_error *err)
{
    int n;
    const ct_loss *all = ct_loss_all(&n), *loss = ct_loss_find(name);
    if (loss == NULL)
        cli_unknown(err, "loss", name, &all->name, n, sizeof *all, "contrast help losses");
    return loss;
}
