/* symmetry.c -- one direction of the softmax leaves a constant on each row free.
 *
 * Layer: lab. */
#include "lab/lessons/lesson.h"

#include "contrast/random.h"
#include "contrast/scalar.h"

#define ROWS 32

/* A constant added to every cosine of a row changes nothing for the loss over that row's
 * softmax, and something for the other direction: shown on numbers, with a loss that is
 * the row part and one that is the column part of logits s + c_i. */
static double part_of_loss(const double *s, const double *c, bool rows)
{
    double loss = 0;
    for (int i = 0; i < ROWS; i++) {
        double sum = 0;
        for (int j = 0; j < ROWS; j++) {
            const double other = rows ? s[i * ROWS + j] + c[i] : s[j * ROWS + i] + c[j];
            sum += ct_scalar_exp(other - s[i * ROWS + i] - c[i]);
        }
        loss += ct_scalar_log(sum) / ROWS;
    }
    return loss;
}

void ct_lesson_symmetry(ct_lesson_run *run, ct_error *err)
{
    ct_random r = ct_random_make(1, CT_STREAM_PROBE, 5);
    double s[ROWS * ROWS], none[ROWS] = {0}, some[ROWS];
    (void)err;
    for (int i = 0; i < ROWS * ROWS; i++)
        s[i] = ct_random_normal(&r) + (i % (ROWS + 1) == 0 ? 3 : 0);
    for (int i = 0; i < ROWS; i++)
        some[i] = 2 * ct_random_normal(&r);
    ct_row_exact(ct_lesson_add(run, "a constant on each row of S: change of the loss over rows"),
                 part_of_loss(s, some, true) - part_of_loss(s, none, true), 0, 1e-12);
    double change = part_of_loss(s, some, false) - part_of_loss(s, none, false);
    ct_row_show(ct_lesson_add(run, "... change of the loss over columns"), &change, 1);
}
