/* scalar.h -- the few transcendental functions that bookkeeping needs, in
 * double, the same bits on every machine (libm's differ between systems).
 *
 * Schedules, metrics, generators and closed forms use these; loops over arrays
 * use the kernels. Accuracy: relative error below 4e-16 (exp, log, log1p), absolute
 * error below 4e-16 (cos). NaN gives NaN. */
#ifndef CT_SCALAR_H
#define CT_SCALAR_H

#include "contrast/status.h"

CT_C_BEGIN

double ct_scalar_exp(double x);
double ct_scalar_log(double x);   /* -infinity at 0, NaN below */
double ct_scalar_log1p(double x); /* log(1 + x), exact for small x too */
double ct_scalar_cos(double x);   /* NaN beyond 1e5 */

CT_C_END
#endif
