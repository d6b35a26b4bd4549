/* sampler.c -- which pairs make up training step k.
 *
 * A new random order every epoch, made from (seed, epoch) alone: a resumed run
 * asks for step k and gets the batch that it would have got.
 *
 * Layer: data. */
#include "contrast/data.h"

#include "contrast/random.h"
#include "platform/memory.h"

#include <string.h>

ct_status ct_sampler_init(ct_sampler *s, const int *items, int n, int batch, uint64_t seed, ct_error *err)
{
    *s = (ct_sampler){.items = items, .n = n, .batch = batch, .seed = seed, .epoch = -1};
    if (batch < 1 || batch > n)
        return CT_FAIL(err, CT_ERR_CONFIG, "batch is %d; expected 1 to %d, the number of training pairs", batch, n);
    s->order = ct_alloc((size_t)n, sizeof *s->order);
    if (s->order == NULL)
        return CT_FAIL(err, CT_ERR_NOMEM, "no memory for the order of %d training pairs", n);
    return CT_OK;
}

void ct_sampler_free(ct_sampler *s)
{
    ct_free(s->order);
    s->order = NULL;
}

const int *ct_sampler_batch(ct_sampler *s, long step)
{
    long per_epoch = s->n / s->batch, epoch = step / per_epoch;
    if (epoch != s->epoch) {
        ct_random r = ct_random_make(s->seed, CT_STREAM_SHUFFLE, (uint64_t)epoch);
        memcpy(s->order, s->items, (size_t)s->n * sizeof *s->order);
        ct_random_shuffle(&r, s->order, s->n);
        s->epoch = epoch;
    }
    return s->order + step % per_epoch * s->batch;
}
