/* test_cpu.c -- the probe of the floating-point state, in states that a host program may set. */
#include "testing.h"

#include "platform/machine.h"

#include <fenv.h>
#include <string.h>

START_TEST(usual_arithmetic_is_not_odd)
{
    ck_assert_ptr_null(ct_cpu_odd_arithmetic());
}
END_TEST

#if defined(FE_UPWARD) && defined(FE_DOWNWARD) && defined(FE_TOWARDZERO)
START_TEST(another_rounding_is_noticed)
{
    static const int mode[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    ck_assert_int_eq(fesetround(mode[_i]), 0);
    const char *odd = ct_cpu_odd_arithmetic();
    fesetround(FE_TONEAREST);
    ck_assert_ptr_nonnull(odd);
    ck_assert_ptr_nonnull(strstr(odd, "rounded"));
    ck_assert_ptr_null(ct_cpu_odd_arithmetic());
}
END_TEST
#endif

#if defined(__x86_64__)
#include <xmmintrin.h>
START_TEST(flushing_is_noticed)
{
    static const unsigned bits[] = {0x8000, 0x0040}; /* results; operands */
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | bits[_i]);
    const char *odd = ct_cpu_odd_arithmetic();
    _mm_setcsr(before);
    ck_assert_ptr_nonnull(odd);
    ck_assert_ptr_nonnull(strstr(odd, "zero"));
}
END_TEST
#endif

TCase *cpu_case(void)
{
    TCase *tc = tcase_create("cpu");
    tcase_add_test(tc, usual_arithmetic_is_not_odd);
#if defined(FE_UPWARD) && defined(FE_DOWNWARD) && defined(FE_TOWARDZERO)
    tcase_add_loop_test(tc, another_rounding_is_noticed, 0, 3);
#endif
#if defined(__x86_64__)
    tcase_add_loop_test(tc, flushing_is_noticed, 0, 2);
#endif
    return tc;
}
