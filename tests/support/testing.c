/* testing.c -- helpers of the tests; see testing.h. */
#include "testing.h"

#include "platform/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char scratch[64];

void open_scratch(void)
{
    strcpy(scratch, "/tmp/contrast-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
}

void close_scratch(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    ck_assert_int_eq(system(command), 0);
}

static void check_array(const char *what, const ct_real *x, size_t n, const double *want)
{
    double scale = 0;
    for (size_t i = 0; i < n; i++)
        scale = fmax(scale, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)x[i] - want[i]) <= 16 * (double)REAL_EPS * scale,
                      "%s[%zu] is %.17g, should be %.17g", what, i, (double)x[i], want[i]);
}

void check_values(const char *what, const ct_tensor *t, int rows, int cols, const double *want)
{
    ck_assert_msg(t != NULL, "%s is NULL", what);
    ck_assert_msg(t->rows == rows && t->cols == cols, "%s is (%d, %d), should be (%d, %d)", what,
                  t->rows, t->cols, rows, cols);
    check_array(what, t->x, (size_t)rows * (size_t)cols, want);
}

void check_grads(const char *what, const ct_tensor *t, const double *want)
{
    ck_assert_msg(t != NULL && t->dx != NULL, "%s has no gradient", what);
    check_array(what, t->dx, (size_t)t->rows * (size_t)t->cols, want);
}

void check_graph_fails(const ct_graph *g, ct_status status, const char *const *pieces)
{
    const ct_error *e = ct_graph_error(g);
    ck_assert_msg(e != NULL, "the graph has no error; expected one of %s", pieces[0]);
    ck_assert_int_eq(e->status, status);
    ck_assert_msg(strncmp(e->msg, pieces[0], strlen(pieces[0])) == 0,
                  "\"%s\" does not begin with \"%s\"", e->msg, pieces[0]);
    for (int i = 1; pieces[i] != NULL; i++)
        ck_assert_msg(strstr(e->msg, pieces[i]) != NULL, "\"%s\" does not say \"%s\"", e->msg,
                      pieces[i]);
    ck_assert_msg(strchr(e->msg, '\n') == NULL, "\"%s\" is more than a line", e->msg);
}

void open_graph(ct_graph *g)
{
    ct_device *dev = ct_device_new(1, NULL, CT_IGNORE_ERROR);
    ck_assert_ptr_nonnull(dev);
    ct_graph_init(g, dev, 0);
}

void close_graph(ct_graph *g)
{
    ct_device *dev = g->device;
    ct_graph_free(g);
    ct_device_free(dev);
}

int fail_each_allocation(maker make, const ct_data_options *o)
{
    ct_pairs *p = NULL;
    int n = 0;
    for (; p == NULL; n++) {
        ct_error err = {0};
        ct_alloc_fail_at(n);
        p = make(o, &err);
        ct_alloc_fail_at(-1);
        ck_assert_msg(p != NULL || err.status == CT_ERR_NOMEM, "%s", err.msg);
    }
    ct_pairs_free(p);
    return n - 1;
}

uint64_t next_bits(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void fill(ct_real *x, size_t n, unsigned seed, double low, double high)
{
    uint64_t s = seed;
    for (size_t i = 0; i < n; i++)
        x[i] = (ct_real)(low + (high - low) * ((double)(next_bits(&s) >> 11) * 0x1p-53));
}

bool same_bits(const ct_real *a, const ct_real *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

uint64_t hash_bits(const void *data, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
    return h;
}

double ulps(ct_real got, long double want)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : HUGE_VAL;
    const ct_real rounded = (ct_real)want;
    if (isinf(rounded) || isinf(got))
        return rounded == got ? 0 : HUGE_VAL;
    int exponent; /* want = f 2^exponent with f in [1/2, 1) */
    frexpl(want, &exponent);
    if (want == 0 || exponent < REAL_MIN_EXP)
        exponent = REAL_MIN_EXP;
    return (double)fabsl(ldexpl((long double)got - want, REAL_DIGITS - exponent));
}

bool long_double_is_wide(void)
{
    volatile long double one = 1, more = one + (long double)DBL_EPSILON / 16;
    return more != one;
}

int open_devices(ct_device *dev[MAX_DEVICES])
{
    static const char *const isas[] = {"portable", "avx2", "avx512", NULL};
    int n = 0;
    for (int i = 0; i < COUNT(isas); i++)
        for (int threads = 1; threads <= 3; threads++) {
            dev[n] = ct_device_new(threads, isas[i], CT_IGNORE_ERROR);
            if (dev[n] != NULL)
                n++;
        }
    ck_assert_int_ge(n, 6); /* portable and the best are always there */
    return n;
}

void close_devices(ct_device **dev, int n)
{
    for (int i = 0; i < n; i++)
        ct_device_free(dev[i]);
}
