/* real.h -- the scalar type of the whole library.
 *
 * float, for training. Built with CT_REAL_DOUBLE the same sources compute in
 * double: that build exists so that gradients can be checked to 1e-6. */
#ifndef CT_REAL_H
#define CT_REAL_H

#ifdef CT_REAL_DOUBLE
typedef double ct_real;
#else
typedef float ct_real;
#endif

#endif
