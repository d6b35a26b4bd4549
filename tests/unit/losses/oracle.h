/* oracle.h -- losses once more, as their formulas read, cell by cell in double
 * on a tape of scalars: add, multiply, exp, log. Slow, and shares nothing with
 * the library.
 *
 *     oracle("clip", &x, &want);      the value, and all gradients
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "batch.h"

typedef struct oracle_outcome {
    double value, dlog_scale, dbias;
    double da[BATCH_SIZE], db[BATCH_SIZE];
} oracle_outcome;

void oracle(const char *loss, const batch *x, oracle_outcome *y);

#endif
