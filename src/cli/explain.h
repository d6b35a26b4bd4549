/* explain.h -- a loss worked out by hand. Private. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "contrast/landmarks.h"
#include "contrast/real.h"

/* n rows of d on two sides, and groups or NULL. */
typedef struct cli_explained {
    const ct_loss_setting *at;
    const ct_real *a, *b;
    const int *group;
} cli_explained;

bool cli_can_explain(const char *loss);
/* Print the loss anchor by anchor, and their mean. */
void cli_explain(const cli_explained *e, const char *loss);

/* Of rows in double: sum of products, length (1 of a zero row), cosine. */
double cli_product(const ct_real *x, const ct_real *y, int d);
double cli_length(const ct_real *x, int d);
double cli_cosine(const ct_real *x, const ct_real *y, int d);

#endif
