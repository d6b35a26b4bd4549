/* activation.h -- the nonlinearities that a layer may end in. */
#ifndef CT_ACTIVATION_H
#define CT_ACTIVATION_H

/* Element by element, z to f(z). GELU is the exact form, z Phi(z) (Hendrycks
 * and Gimpel 2016), not the tanh approximation. */
typedef enum ct_activation {
    CT_ACT_NONE,    /* z                  f' = 1                         */
    CT_ACT_RELU,    /* max(0, z)          f' = 1 where z > 0, else 0     */
    CT_ACT_GELU,    /* z Phi(z)           f' = Phi(z) + z phi(z)         */
    CT_ACT_TANH,    /* tanh z             f' = 1 - y^2                   */
    CT_ACT_SIGMOID, /* 1 / (1 + e^-z)     f' = y (1 - y)                 */
} ct_activation;

#endif
