/* init.h -- the first values of a parameter. Private to engine/. */
#ifndef NN_INIT_H
#define NN_INIT_H

#include "contrast/nn.h"
#include "contrast/random.h"

/* Fill q->x: element i (row-major) takes number i of r. */
void nn_draw(ct_param *q, ct_random r);

#endif
