/* clip.c -- the length of the gradient, and a limit to it.
 *
 * All parameters share one norm: clipping changes how far a step goes, not its
 * direction. Padding between parameters is zero and adds nothing.
 *
 * Layer: engine. Needs kernels (dot, scale). Used by experiment. */
#include "contrast/optim.h"

#include "kernels/kernels.h"

#include <math.h>

double ct_grad_norm(ct_device *device, const ct_real *dx, size_t size)
{
    return sqrt((double)k_dot(device, size, dx, dx));
}

/* A norm that is not finite changes nothing: scaling by max_norm / infinity = 0
 * would turn a diverged gradient into a harmless-looking one. */
void ct_grad_clip(ct_device *device, ct_real *dx, size_t size, double norm, double max_norm)
{
    if (max_norm > 0 && norm > max_norm && isfinite(norm))
        k_scale(device, size, (ct_real)(max_norm / norm), dx, dx);
}
