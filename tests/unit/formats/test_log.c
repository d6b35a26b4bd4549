/* test_log.c -- lines of a log come back as they were written. */
#include "formats/log.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>

static char text[8192];

static void write_line(const ct_fields *fields, const void *object)
{
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_fields_json(&j, fields, object);
    ct_json_close(&j);
    ck_assert(!j.failed && j.used < sizeof text);
    strcpy(text, j.text);
    ct_json_free(&j);
}

static bool read_line(const ct_fields *fields, void *object)
{
    ct_json_reader r;
    ct_json_reader_init(&r, text);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_OBJECT);
    return ct_fields_read(&r, fields, object, NULL);
}

/* Of every length modulo 3, and longer than what is written at once. */
START_TEST(bytes_are_base64)
{
    uint8_t cosine[300];
    ct_moment m = {.step = 7, .cosine = cosine, .n_cosines = 298 + _i}, back = {.step = 0};
    for (int i = 0; i < 300; i++)
        cosine[i] = (uint8_t)(7 * i);
    write_line(&ct_moment_fields, &m);
    ck_assert(read_line(&ct_moment_fields, &back));
    ck_assert_int_eq(back.n_cosines, m.n_cosines);
    ck_assert_mem_eq(back.cosine, cosine, (size_t)m.n_cosines);
    ck_assert(back.step == 7);
}
END_TEST

START_TEST(numbers_are_whole_parts)
{
    ct_moment m = {.cosine = (const uint8_t *)"x", .n_cosines = 1, .n_plane = 4}, back;
    m.plane[0] = 0.12344;
    m.plane[1] = -0.12346;
    m.plane[3] = 1;
    m.uniformity[1] = -3.5;
    write_line(&ct_moment_fields, &m);
    ck_assert_ptr_nonnull(strstr(text, "\"plane\":[1234,-1235,0,10000],"));
    ck_assert_ptr_nonnull(strstr(text, "\"uniformity\":[0,-35000]"));
    ck_assert(read_line(&ct_moment_fields, &back));
    ck_assert(back.plane[0] == 0.1234 && back.plane[1] == -0.1235 && back.plane[3] == 1);
    ck_assert(back.uniformity[1] == -3.5);
}
END_TEST

START_TEST(a_probe_without_captions_and_pictures_has_none)
{
    ct_probe p = {.n = 2, .split = "train"}, back = {.n = 0};
    write_line(&ct_probe_fields, &p);
    ck_assert_str_eq(text, "{\"pairs\":2,\"split\":\"train\"}");
    p = (ct_probe){.n = 2,
                   .split = "validation",
                   .n_captions = 2,
                   .caption = {"a", "b"},
                   .width = 1,
                   .height = 1,
                   .channels = 1,
                   .n_pixels = 2,
                   .pixels = (const uint8_t *)"\1\2"};
    write_line(&ct_probe_fields, &p);
    ck_assert_str_eq(text, "{\"pairs\":2,\"split\":\"validation\",\"captions\":[\"a\",\"b\"],"
                           "\"picture\":{\"width\":1,\"height\":1,\"channels\":1,"
                           "\"pixels\":\"AQI=\"}}");
    ck_assert(read_line(&ct_probe_fields, &back));
    ck_assert(back.n_pixels == 2 && back.pixels[0] == 1 && back.pixels[1] == 2);
    ck_assert_str_eq(back.caption[1], "b");
}
END_TEST

static const char *const BAD[] = {"AQI", "AQI==", "A===", "====", "A?I=", ""};

START_TEST(what_is_not_base64_is_refused)
{
    ct_moment back = {.step = 0};
    snprintf(text, sizeof text, "{\"step\":1,\"cosines\":\"%s\"}", BAD[_i]);
    ck_assert(!read_line(&ct_moment_fields, &back));
    strcpy(text, "{\"step\":1,\"cosines\":[1]}");
    ck_assert(!read_line(&ct_moment_fields, &back));
}
END_TEST

TCase *log_case(void)
{
    TCase *tc = tcase_create("log");
    tcase_add_loop_test(tc, bytes_are_base64, 0, 3);
    add_tests(tc, numbers_are_whole_parts, a_probe_without_captions_and_pictures_has_none);
    tcase_add_loop_test(tc, what_is_not_base64_is_refused, 0, 6);
    return tc;
}
