/* schedule.c -- the learning rate of each step.
 *
 *     warm-up    rate (step + 1) / warmup                  step < warmup
 *     constant   rate
 *     cosine     rate (1 + cos(pi t)) / 2                  t = (step - warmup) / (steps - warmup)
 *
 * A pure function of the step, so a resumed run needs no state for it.
 *
 * Layer: engine. Needs platform (scalar). Used by experiment. */
#include "contrast/optim.h"
#include "contrast/scalar.h"

#define PI 3.14159265358979323846

double ct_schedule_rate(const ct_schedule *s, long step)
{
    if (step < s->warmup)
        return s->rate * ((double)step + 1) / (double)s->warmup;
    if (s->kind == CT_CONSTANT)
        return s->rate;
    if (step >= s->steps) /* also keeps the division below from 0 / 0 */
        return 0;
    const double t = (double)(step - s->warmup) / (double)(s->steps - s->warmup);
    return s->rate * (1 + ct_scalar_cos(PI * t)) / 2;
}
