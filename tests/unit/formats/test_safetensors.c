/* test_safetensors.c -- against files of the reference implementation, files made
 * to deceive, and every file that cutting off or changing a byte makes of a good
 * one. The golden bytes are those of safetensors 0.8.0 for Python:
 *
 *     save({"w": float32 [[1, 2, 3], [4, 5, -.5]], "b": float32 [[.25]]},
 *          metadata={"recipe": "tau = 0.07\n\"é\""})
 *     save({"a": float64 2.5, "e": float32 zeros (0, 3), "z": float32 [1, 2]})
 */
#include "suites.h"

#include "formats/safetensors.h"
#include "platform/file.h"
#include "platform/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char GOLDEN[] =
    "\xa0\0\0\0\0\0\0\0{\"__metadata__\":{\"recipe\":\"tau = 0.07\\n\\\"\xc3\xa9\\\"\"},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
    "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]}} "
    "\0\0\x80>\0\0\x80?\0\0\0@\0\0@@\0\0\x80@\0\0\xa0@\0\0\0\xbf";
static const char MIXED[] =
    "\xa8\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
    "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[8,8]},"
    "\"z\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}      "
    "\0\0\0\0\0\0\x04@\0\0\x80?\0\0\0@";
#define SIZE(golden) (sizeof golden - 1)

static ct_safetensors file;

/* Parse a copy of exactly this size (and the byte for the NUL), read every value and
 * string of it, and leave `file` empty: a sanitizer sees every overrun. */
static ct_status parse(const char *data, size_t size, ct_error *err)
{
    char *exact = malloc(size + 1);
    memcpy(exact, data, size);
    exact[size] = ' '; /* whatever it is */
    *err = (ct_error){.status = CT_OK};
    const ct_status status = ct_safetensors_describe("m.st", exact, size, size, &file, err);
    if (status == CT_OK) {
        size_t bytes = 0;
        for (int i = 0; i < file.n_tensors; i++) {
            ct_real value[16];
            ck_assert_uint_le(file.tensor[i].count, 16);
            ct_safetensor_values(&file.tensor[i], value);
            ck_assert_ptr_eq(ct_safetensors_find(&file, file.tensor[i].name), &file.tensor[i]);
            bytes += file.tensor[i].count * file.tensor[i].width;
        }
        ck_assert_uint_lt(bytes, size);
        for (int i = 0; i < file.n_metadata; i++)
            ck_assert_ptr_eq(ct_safetensors_metadata(&file, file.metadata[i].key),
                             file.metadata[i].value);
    } else {
        ck_assert_int_eq(status, CT_ERR_FORMAT);
        ck_assert_msg(strncmp(err->msg, "m.st: ", 6) == 0 && strchr(err->msg, '\n') == NULL, "%s",
                      err->msg);
    }
    free(exact);
    return status;
}

/* A file of this header, with its length before it, and n bytes of data after it. */
static size_t build(char *out, const char *header, size_t n_data)
{
    const size_t n = strlen(header);
    memset(out, 0, 8 + n + n_data);
    out[0] = (char)(n & 0xFF);
    out[1] = (char)(n >> 8 & 0xFF);
    out[2] = (char)(n >> 16);
    memcpy(out + 8, header, n);
    return 8 + n + n_data;
}

static void check_refused(const char *header, size_t n_data, const char *reason)
{
    char data[4096];
    ct_error err = {0};
    ck_assert_msg(parse(data, build(data, header, n_data), &err) == CT_ERR_FORMAT, "%s", header);
    ck_assert_msg(strstr(err.msg, reason) != NULL, "%s gave %s", header, err.msg);
}

static void check_accepted(const char *header, size_t n_data)
{
    char data[4096];
    ct_error err = {0};
    ck_assert_msg(parse(data, build(data, header, n_data), &err) == CT_OK, "%s gave %s", header,
                  err.msg);
}

#define T(name, dtype, shape, offsets) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

START_TEST(reads_a_file_of_the_reference)
{
    char data[sizeof GOLDEN];
    memcpy(data, GOLDEN, sizeof GOLDEN);
    ck_assert_int_eq(ct_safetensors_describe("m.st", data, SIZE(GOLDEN), SIZE(GOLDEN), &file,
                                             CT_IGNORE_ERROR),
                     CT_OK);
    ck_assert_int_eq(file.n_tensors, 2);
    const ct_safetensor *w = ct_safetensors_find(&file, "w"), *b = ct_safetensors_find(&file, "b");
    ck_assert(w != NULL && b != NULL && w->n_dims == 2 && w->dim[0] == 2 && w->dim[1] == 3 &&
              w->count == 6);
    static const ct_real WANTED[] = {1, 2, 3, 4, 5, -0.5F};
    ct_real value[6];
    ct_safetensor_values(w, value);
    for (int i = 0; i < 6; i++)
        ck_assert(value[i] == WANTED[i]);
    ct_safetensor_values(b, value);
    ck_assert(value[0] == (ct_real)0.25);
    ck_assert_str_eq(ct_safetensors_metadata(&file, "recipe"), "tau = 0.07\n\"\xc3\xa9\"");
    ck_assert_ptr_null(ct_safetensors_metadata(&file, "w"));
    ck_assert_ptr_null(ct_safetensors_find(&file, "recipe"));
}
END_TEST

START_TEST(reads_scalars_empty_tensors_and_both_types)
{
    char data[sizeof MIXED];
    ct_real value[2] = {NAN, NAN};
    memcpy(data, MIXED, sizeof MIXED);
    ck_assert_int_eq(ct_safetensors_describe("m.st", data, SIZE(MIXED), SIZE(MIXED), &file,
                                             CT_IGNORE_ERROR),
                     CT_OK);
    ck_assert_int_eq(file.n_tensors, 3);
    const ct_safetensor *a = ct_safetensors_find(&file, "a"), *e = ct_safetensors_find(&file, "e");
    ck_assert(a->n_dims == 0 && a->count == 1 && a->width == 8);
    ct_safetensor_values(a, value);
    ck_assert(value[0] == (ct_real)2.5);
    ck_assert(e->n_dims == 2 && e->dim[0] == 0 && e->dim[1] == 3 && e->count == 0);
    ct_safetensor_values(ct_safetensors_find(&file, "z"), value);
    ck_assert(value[0] == 1 && value[1] == 2);
}
END_TEST

START_TEST(the_header_must_lie_within_the_file)
{
    ct_error err = {0};
    ck_assert_int_eq(parse("", 0, &err), CT_ERR_FORMAT);
    ck_assert_int_eq(parse("\2\0\0\0\0\0\0", 7, &err), CT_ERR_FORMAT);
    ck_assert_int_eq(parse("\0\0\0\0\0\0\0\0", 8, &err), CT_ERR_FORMAT);
    err = (ct_error){0};
    ck_assert_int_eq(parse("\3\0\0\0\0\0\0\0{}", 10, &err), CT_ERR_FORMAT);
    ck_assert_str_eq(err.msg, "m.st: expected a safetensors file (header up to 1 MiB)");
    ck_assert_int_eq(parse("\2\0\0\0\0\0\0\x80{}", 10, &err), CT_ERR_FORMAT);
    ck_assert_int_eq(parse("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10, &err), CT_ERR_FORMAT);
    ck_assert_int_eq(parse("\3\0\0\0\0\0\0\0 {}", 11, &err), CT_ERR_FORMAT); /* must begin with { */
    ck_assert_int_eq(parse("\2\0\0\0\0\0\0\0{}", 10, &err), CT_OK);
    ck_assert_int_eq(parse("\3\0\0\0\0\0\0\0{} ", 11, &err), CT_OK);
    ck_assert_int_eq(parse("\3\0\0\0\0\0\0\0{}\0", 11, &err),
                     CT_ERR_FORMAT); /* NUL is no padding */
    ck_assert_int_eq(parse("\4\0\0\0\0\0\0\0{}\0 ", 12, &err), CT_ERR_FORMAT);
}
END_TEST

START_TEST(the_limit_of_the_header_is_exact)
{
    const size_t n = CT_SAFETENSORS_HEADER + 1;
    char *data = calloc(1, 8 + n);
    ct_error err = {0};
    memset(data + 8, ' ', n);
    data[8] = '{';
    data[9] = '}';
    data[2] = 0x10; /* 2^20 */
    ck_assert_int_eq(parse(data, 8 + n - 1, &err), CT_OK);
    data[0] = 1;
    ck_assert_int_eq(parse(data, 8 + n, &err), CT_ERR_FORMAT);
    free(data);
}
END_TEST

START_TEST(data_has_no_hole_no_overlap_and_no_rest)
{
    check_accepted("{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[8,12]") "}", 12);
    check_accepted("{" T("b", "F32", "[1]", "[8,12]") "," T("a", "F32", "[2]", "[0,8]") "}",
                   12); /* any order */
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[12,16]") "}", 16,
                  "'b': its data does not");
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[1]", "[4,8]") "}", 8,
                  "'b': its data does not");
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "," T("b", "F32", "[2]", "[0,8]") "}", 8,
                  "its data does not begin");
    check_refused("{" T("a", "F32", "[2]", "[4,12]") "}", 12, "'a': its data does not begin");
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "}", 9, "expected 8 bytes of data, found 9");
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "}", 7, "within the file");
    check_refused("{}", 1, "expected 0 bytes of data, found 1");
}
END_TEST

START_TEST(empty_tensors_may_stand_anywhere_in_the_header)
{
    check_accepted("{" T("a", "F32", "[1]", "[0,4]") "," T("e", "F32", "[0]",
                                                           "[0,0]") "," T("f", "F32", "[0]",
                                                                          "[4,4]") "}",
                   4);
    check_accepted("{" T("e", "F32", "[0]", "[0,0]") "," T("a", "F32", "[1]",
                                                           "[0,4]") "," T("f", "F32", "[0]",
                                                                          "[0,0]") "}",
                   4);
    check_refused("{" T("a", "F32", "[1]", "[0,4]") "," T("e", "F32", "[0]", "[2,2]") "}", 4,
                  "its data does not begin");
}
END_TEST

START_TEST(shape_and_offsets_must_agree)
{
    check_refused("{" T("a", "F32", "[3]", "[0,8]") "}", 8, "'a': shape and data_offsets disagree");
    check_refused("{" T("a", "F64", "[2]", "[0,8]") "}", 8, "disagree");
    check_refused("{" T("a", "F32", "[0]", "[0,8]") "}", 8, "disagree");
    check_refused("{" T("a", "F32", "[2]", "[8,0]") "}", 8, "disagree");
    /* 2^64 - 16 bytes, which is 0 - 16 */
    check_refused("{" T("a", "F32", "[4,1073741823,1073741825]", "[16,0]") "}", 16, "disagree");
    /* products that are 0 or 8 in 64 bits, and in 32 */
    check_refused("{" T("a", "F32", "[2147483647,2147483647,4,2]", "[0,8]") "}", 8, "disagree");
    check_refused("{" T("a", "F32", "[1073741824,1073741824,16]", "[0,0]") "}", 0, "disagree");
    check_refused("{" T("a", "F32", "[1073741824,1073741824,4]", "[0,0]") "}", 0, "disagree");
    check_refused("{" T("a", "F32", "[1073741824,4]", "[0,0]") "}", 0, "disagree");
    check_refused("{" T("a", "F32", "[1073741824]", "[0,0]") "}", 0, "disagree");
}
END_TEST

START_TEST(sizes_are_natural_numbers)
{
    check_refused("{" T("a", "F32", "[-2]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[2.0]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[2e0]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[2147483648]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[1,1,1,1,2]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[\"2\"]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[[2]]", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "2", "[0,8]") "}", 8, "expected dtype, shape");
    check_refused("{" T("a", "F32", "[2]", "[0,8,8]") "}", 8, "within the file");
    check_refused("{" T("a", "F32", "[2]", "[8]") "}", 8, "within the file");
    check_refused("{" T("a", "F32", "[2]", "[0,18446744073709551624]") "}", 8, "within the file");
    check_refused("{" T("a", "F32", "[2]", "[0,9]") "}", 8, "within the file");
}
END_TEST

START_TEST(every_field_is_there_once)
{
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "expected dtype");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "expected dtype");
    check_refused("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "expected dtype");
    check_refused("{\"a\":{}}", 0, "expected dtype");
    check_refused(
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
        "expected dtype");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}}",
                  8, "expected dtype");
    check_refused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"data_offsets\":[0,8]}}",
        8, "expected");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}", 8,
                  "expected dtype");
    check_refused("{\"a\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
                  "expected dtype");
}
END_TEST

START_TEST(other_types_are_named)
{
    check_refused(
        "{" T("a", "F8_E4M3", "[8]", "[0,8]") "}", 8,
        "m.st: tensor 'a': expected F16, BF16, F32, F64, integers or BOOL, found F8_E4M3");
    check_refused("{" T("a", "", "[4]", "[0,8]") "}", 8, "integers or BOOL, found ");
    check_refused("{" T("a", "F\\u001b[2J", "[4]", "[0,8]") "}", 8, "expected dtype");
}
END_TEST

/* 1, -2, the least subnormal, infinity (numpy.float16); 1, -2 and 3.140625 (bfloat16) */
START_TEST(halves_are_widened)
{
    static const ct_safetensor half = {.bytes = (const unsigned char *)"\0\x3c\0\xc0\1\0\0\x7c",
                                       .count = 4,
                                       .kind = 'f',
                                       .width = 2};
    static const ct_safetensor brain = {.bytes = (const unsigned char *)"\x80\x3f\0\xc0\x49\x40",
                                        .count = 3,
                                        .kind = 'B',
                                        .width = 2};
    ct_real x[4];
    check_accepted("{" T("a", "BF16", "[4]", "[0,8]") "," T("b", "F16", "[4]", "[8,16]") "}", 16);
    ct_safetensor_values(&half, x);
    ck_assert(x[0] == 1 && x[1] == -2 && x[2] == (ct_real)0x1p-24 && x[3] > (ct_real)1e30);
    ct_safetensor_values(&brain, x);
    ck_assert(x[0] == 1 && x[1] == -2 && x[2] == (ct_real)3.140625);
}
END_TEST

START_TEST(integers_keep_their_sign)
{
    static const ct_safetensor step = {
        .bytes = (const unsigned char *)"\xfe\xff\xff\xff\xff\xff\xff\xff",
        .count = 1,
        .kind = 'i',
        .width = 8};
    ct_real x;
    check_accepted("{" T("a", "I64", "[1]", "[0,8]") "," T("b", "BOOL", "[3]", "[8,11]") "}", 11);
    ct_safetensor_values(&step, &x);
    ck_assert(x == -2);
}
END_TEST

START_TEST(no_name_occurs_twice)
{
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "," T("a", "F32", "[1]", "[8,12]") "}", 12,
                  "'a': occurs twice");
    check_refused("{" T("a", "F32", "[2]", "[0,8]") "," T("\\u0061", "F32", "[1]", "[8,12]") "}",
                  12, "occurs twice");
    check_refused("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", 0, "metadata key");
    check_refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "expected a name that is new");
}
END_TEST

START_TEST(metadata_is_text_to_text)
{
    check_accepted("{\"__metadata__\":{\"a\":\"b\",\"b\":\"\"}}", 0);
    check_refused("{\"__metadata__\":{\"a\":1}}", 0, "expected a string");
    check_refused("{\"__metadata__\":{\"a\":null}}", 0, "expected a string");
    check_refused("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, "expected a string");
    check_refused("{\"__metadata__\":[]}", 0, "expected tensors");
    check_refused("{\"__metadata__\":{\"a\":\"b\"}", 0, "byte 33: expected ',' or '}'");
}
END_TEST

START_TEST(names_are_short_and_printable)
{
    char header[1200], name[300];
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", name);
    check_accepted(header, 4);
    name[256] = 'n';
    name[257] = '\0';
    snprintf(header, sizeof header,
             "{\"%s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", name);
    check_refused(header, 4, "expected a name");
    snprintf(header, sizeof header, "{\"__metadata__\":{\"%s\":\"\"}}", name);
    check_refused(header, 0, "metadata key");
    check_refused("{" T("\\u001b[2J", "F32", "[]", "[0,4]") "}", 4, "expected a name");
    check_refused("{\"__metadata__\":{\"\\n\":\"\"}}", 0, "metadata key");
}
END_TEST

START_TEST(too_many_tensors_and_keys_are_refused)
{
    static char header[40000], data[40100];
    for (int n = CT_SAFETENSORS_MAX; n <= CT_SAFETENSORS_MAX + 1; n++) {
        ct_error err = {0};
        size_t used = 0;
        for (int i = 0; i < n; i++)
            used += (size_t)sprintf(header + used, "%c" T("t%d", "F32", "[0]", "[0,0]"),
                                    i == 0 ? '{' : ',', i);
        strcpy(header + used, "}");
        ck_assert_int_eq(parse(data, build(data, header, 0), &err),
                         n == CT_SAFETENSORS_MAX ? CT_OK : CT_ERR_FORMAT);
    }
    for (int n = CT_SAFETENSORS_MAX_METADATA; n <= CT_SAFETENSORS_MAX_METADATA + 1; n++) {
        ct_error err = {0};
        size_t used = (size_t)sprintf(header, "{\"__metadata__\":");
        for (int i = 0; i < n; i++)
            used += (size_t)sprintf(header + used, "%c\"k%d\":\"\"", i == 0 ? '{' : ',', i);
        strcpy(header + used, "}}");
        ck_assert_int_eq(parse(data, build(data, header, 0), &err),
                         n == CT_SAFETENSORS_MAX_METADATA ? CT_OK : CT_ERR_FORMAT);
    }
}
END_TEST

START_TEST(nesting_does_not_use_the_stack)
{
    static char header[200000], data[200100];
    ct_error err = {0};
    strcpy(header, "{\"a\":");
    memset(header + 5, '[', 190000);
    ck_assert_int_eq(parse(data, build(data, header, 0), &err), CT_ERR_FORMAT);
}
END_TEST

START_TEST(every_cut_is_refused)
{
    for (size_t size = 0; size < SIZE(GOLDEN); size++) {
        ct_error err = {0};
        ck_assert_msg(parse(GOLDEN, size, &err) == CT_ERR_FORMAT, "of %zu bytes", size);
    }
}
END_TEST

/* Correct or refused: parse checks that all it promises can be read. */
START_TEST(every_changed_byte_is_harmless)
{
    char changed[sizeof MIXED];
    int accepted = 0;
    memcpy(changed, MIXED, sizeof MIXED);
    for (size_t at = 0; at < SIZE(MIXED); at++) {
        for (int value = 0; value < 256; value++) {
            ct_error err = {0};
            changed[at] = (char)value;
            accepted += parse(changed, SIZE(MIXED), &err) == CT_OK;
        }
        changed[at] = MIXED[at];
    }
    /* 16 bytes of data may be anything, each byte may stay what it is, and three
     * names of one byte may change to about 90 others */
    ck_assert_int_ge(accepted, 16 * 256 + 176);
    ck_assert_int_le(accepted, 16 * 256 + 176 + 600);
}
END_TEST

TCase *safetensors_case(void)
{
    TCase *c = tcase_create("safetensors");
    tcase_set_timeout(c, 40);
    add_tests(c, reads_a_file_of_the_reference, reads_scalars_empty_tensors_and_both_types,
              the_header_must_lie_within_the_file, the_limit_of_the_header_is_exact,
              data_has_no_hole_no_overlap_and_no_rest,
              empty_tensors_may_stand_anywhere_in_the_header, shape_and_offsets_must_agree,
              sizes_are_natural_numbers, every_field_is_there_once, other_types_are_named,
              halves_are_widened, integers_keep_their_sign, no_name_occurs_twice,
              metadata_is_text_to_text, names_are_short_and_printable,
              too_many_tensors_and_keys_are_refused, nesting_does_not_use_the_stack,
              every_cut_is_refused, every_changed_byte_is_harmless);
    return c;
}
