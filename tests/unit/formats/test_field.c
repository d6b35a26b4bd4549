/* test_field.c -- one table of members against what it must read and write. */
#include "contrast/status.h"
#include "formats/field.h"
#include "testing.h"

#include <stdio.h>
#include <string.h>

typedef struct part {
    double margin;
    int mining;
} part;

typedef struct thing {
    int n_widths, width[4];
    long seed;
    double rate, single, sides[2];
    bool on;
    char path[8];
    const char *name;
    part options, flat;
    part list[3];
    int n_list;
    ct_spread spread;
} thing;

static const ct_field PART[] = {
    {.key = "margin",
     .help = "how far",
     .kind = CT_REAL,
     CT_AT(part, margin),
     .least = 0,
     .most = 2},
    {.key = "mining",
     .help = "which",
     .kind = CT_CHOICE,
     CT_AT(part, mining),
     .choices = "all hardest"},
};
static const ct_fields PART_FIELDS = CT_FIELDS(PART);
static const ct_field BIAS[] = {
    {.key = "bias", .help = "first", .kind = CT_REAL, CT_AT(part, margin), .least = -9, .most = 9},
};
static const ct_fields BIAS_FIELDS = CT_FIELDS(BIAS);
static const ct_field ROWS[] = {
    {.key = "layers",
     .help = "widths",
     .kind = CT_INT,
     CT_AT(thing, width),
     .count = 4,
     CT_USED(thing, n_widths),
     .least = 1,
     .most = 99},
    {.key = "seed",
     .help = "of all",
     .kind = CT_LONG,
     CT_AT(thing, seed),
     .least = 0,
     .most = 1e15},
    {.key = "rate",
     .help = "speed",
     .kind = CT_REAL,
     CT_AT(thing, rate),
     .least = 0,
     .most = 10,
     .format = "%.3f"},
    {.key = "single",
     .help = "short",
     .kind = CT_SINGLE,
     CT_AT(thing, single),
     .least = 0,
     .most = 10,
     .optional = true},
    {.key = "sides",
     .help = "two",
     .kind = CT_REAL,
     CT_AT(thing, sides),
     .count = 2,
     .least = 0,
     .most = 9,
     .format = "%.1f"},
    {.key = "on", .help = "or off", .kind = CT_BOOL, CT_AT(thing, on)},
    {.key = "path", .help = "where", .kind = CT_TEXT, CT_AT(thing, path)},
    {.key = "loss", .kind = CT_GROUP, CT_AT(thing, options), .members = &PART_FIELDS},
    {.kind = CT_GROUP, CT_AT(thing, flat), .members = &BIAS_FIELDS},
};
static const ct_fields FIELDS = CT_FIELDS(ROWS);
static const ct_field MORE[] = {
    {.key = "name", .kind = CT_STRING, CT_AT(thing, name)},
    {.key = "list",
     .kind = CT_GROUP,
     CT_AT(thing, list),
     .count = 3,
     CT_USED(thing, n_list),
     .members = &PART_FIELDS},
    {.key = "spread", .kind = CT_SPREAD, CT_AT(thing, spread), .format = "%.2f"},
};
static const ct_fields MORE_FIELDS = CT_FIELDS(MORE);

START_TEST(what_is_set_is_written)
{
    static const char *const SET[][2] = {{"layers", "64, 32,8"},     {"seed", "007"},
                                         {"rate", "+.07"},           {"single", "0.1"},
                                         {"sides", "1,2.5"},         {"on", "true"},
                                         {"path", "xyz.npy"},        {"loss.margin", "0.5"},
                                         {"loss.mining", "hardest"}, {"bias", "-2"}};
    thing t = {0};
    ct_error err = {0};
    char ini[512];
    for (int i = 0; i < COUNT(SET); i++)
        ct_fields_set(&FIELDS, &t, SET[i][0], SET[i][1], "", &err);
    ck_assert_msg(err.status == CT_OK, "%s", err.msg);
    ct_fields_ini(&FIELDS, &t, false, ini, sizeof ini);
    ck_assert_str_eq(
        ini, "layers = 64,32,8\nseed = 7\nrate = 0.07\nsingle = 0.1\nsides = 1,2.5\non = true\n"
             "path = xyz.npy\n\n[loss]\nmargin = 0.5\nmining = hardest\nbias = -2\n");
    ck_assert_uint_eq(ct_fields_ini(&FIELDS, &t, false, ini, 10),
                      strlen("layers = 64,32,8\nseed = 7\nrate = 0.07\n"
                             "single = 0.1\nsides = 1,2.5\non = true\npath = "
                             "xyz.npy\n\n[loss]\nmargin = 0.5\nmining = hardest\nbias = -2\n"));
    ck_assert_str_eq(ini, "layers = ");
    ct_fields_ini(&FIELDS, &t, true, ini, sizeof ini);
    ck_assert_ptr_nonnull(strstr(ini, "mining            = hardest        # which: all hardest\n"));
}
END_TEST

static const struct {
    const char *key, *value, *message;
} REFUSED[] = {
    {"rate", "11", "a:1: rate = 11: expected a number from 0 to 10"},
    {"rate", "nan", "a:1: rate = nan: expected a number from 0 to 10"},
    {"rate", "1 ", "a:1: rate = 1 : expected a number from 0 to 10"},
    {"seed", "1.5", "a:1: seed = 1.5: expected a whole number from 0 to 1000000000000000"},
    {"seed", "-1", "a:1: seed = -1: expected a whole number from 0 to 1000000000000000"},
    {"layers", "",
     "a:1: layers = : expected 1 to 4 values with commas between, each a whole number from 1 to "
     "99"},
    {"layers", "1,,2",
     "a:1: layers = 1,,2: expected 1 to 4 values with commas between, each a whole number from 1 "
     "to 99"},
    {"layers", "1,2,3,4,5",
     "a:1: layers = 1,2,3,4,5: expected 1 to 4 values with commas between, each a whole number "
     "from 1 to 99"},
    {"layers", "1 2",
     "a:1: layers = 1 2: expected 1 to 4 values with commas between, each a whole number from 1 to "
     "99"},
    {"sides", "1",
     "a:1: sides = 1: expected 1 to 2 values with commas between, each a number from 0 to 9"},
    {"on", "yes", "a:1: on = yes: expected one of: true false"},
    {"loss.mining", "al", "a:1: loss.mining = al: expected one of: all hardest"},
    {"path", "12345678", "a:1: path = 12345678: expected at most 7 bytes"},
    {"loss.margim", "1", "a:1: loss.margim: there is no such key; did you mean \"loss.margin\"?"},
    {"loss", "1", "a:1: loss: there is no such key; `contrast help recipe` lists them"},
    {"margin", "1", "a:1: margin: there is no such key; did you mean \"loss.margin\"?"},
};

START_TEST(a_refused_value_changes_nothing_and_is_named)
{
    const thing before = {
        .n_widths = 2, .width = {5, 6}, .rate = 1, .path = "old", .sides = {3, 4}};
    thing t = before;
    ct_error err = {0};
    ct_fields_set(&FIELDS, &t, REFUSED[_i].key, REFUSED[_i].value, "a:1: ", &err);
    ck_assert_int_eq(err.status, CT_ERR_CONFIG);
    ck_assert_str_eq(err.msg, REFUSED[_i].message);
    ck_assert_mem_eq(&t, &before, sizeof t);
    ct_fields_set(&FIELDS, &t, "rate", "2", "", &err); /* after an error: nothing */
    ck_assert_mem_eq(&t, &before, sizeof t);
}
END_TEST

START_TEST(json_comes_back)
{
    thing t = {.n_widths = 2,
               .width = {64, 32},
               .seed = 1 << 30,
               .rate = (double)NAN,
               .single = (double)NAN,
               .sides = {0.25, 3},
               .on = true,
               .path = "a\"b",
               .options = {0.5, 1},
               .flat = {2, 0}};
    thing back = {.rate = 5, .single = 3};
    bool seen[COUNT(ROWS)] = {false};
    ct_json j = {0};
    ct_json_open(&j, NULL, '{');
    ct_fields_json(&j, &FIELDS, &t);
    ct_json_integer(&j, "unknown", 1);
    ct_json_close(&j);
    ck_assert_str_eq(
        j.text,
        "{\"layers\":[64,32],\"seed\":1073741824,\"rate\":null,\"sides\":[0.25,3],\"on\":true,"
        "\"path\":\"a\\\"b\",\"loss\":{\"margin\":0.5,\"mining\":\"hardest\"},\"bias\":2,"
        "\"unknown\":1}");
    ct_json_reader r;
    ct_json_reader_init(&r, j.text);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_OBJECT);
    ck_assert_msg(ct_fields_read(&r, &FIELDS, &back, seen), "%s", r.problem);
    ck_assert_int_eq(ct_json_next(&r), CT_JSON_END);
    ck_assert(isnan(back.rate));
    ck_close(back.single, 3, 0); /* left out */
    ck_assert(seen[0] && seen[2] && !seen[3] && seen[7]);
    back.rate = t.rate;
    back.single = t.single;
    ck_assert_int_eq(back.n_widths, 2);
    ck_assert_mem_eq(back.width, t.width, sizeof t.width);
    ck_assert_str_eq(back.path, t.path);
    ck_assert(back.options.mining == 1 && back.flat.margin == 2 && back.on && back.seed == t.seed);
    ct_json_free(&j);
}
END_TEST

START_TEST(lists_strings_and_spreads)
{
    double x[] = {3, 1, (double)NAN, 2};
    thing t = {.n_list = 2, .list = {{1, 0}, {2, 1}}, .spread = ct_spread_of(x, 3)};
    thing back = {0};
    char text[64];
    ct_json j = {0};
    ck_assert_int_eq(t.spread.n, 3);
    ck_assert(t.spread.median == 3 && t.spread.least == 1 && isnan(t.spread.most));
    t.spread = ct_spread_of(x, 2); /* now 1 and 3 */
    ct_json_open(&j, NULL, '{');
    ct_fields_json(&j, &MORE_FIELDS, &t);
    ct_json_close(&j);
    ck_assert_str_eq(j.text, "{\"name\":null,\"list\":[{\"margin\":1,\"mining\":\"all\"},{"
                             "\"margin\":2,\"mining\":\"hardest\"}],"
                             "\"spread\":{\"median\":2,\"least\":1,\"most\":3,\"mean\":2,"
                             "\"standard_error\":1,\"n\":2}}");
    ct_field_show(&MORE[2], &t, text, sizeof text);
    ck_assert_str_eq(text, "2.00 [1.00, 3.00]");
    ct_field_show(&ROWS[4], &t, text, sizeof text);
    ck_assert_str_eq(text, "0.0, 0.0");
    char list[] = "{\"name\":\"x\",\"list\":[{\"margin\":1.5}]}";
    ct_json_reader r;
    ct_json_reader_init(&r, list);
    ct_json_next(&r);
    ck_assert(ct_fields_read(&r, &MORE_FIELDS, &back, NULL));
    ck_assert_str_eq(back.name, "x");
    ck_assert(back.n_list == 1 && back.list[0].margin == 1.5);
    ct_json_free(&j);
}
END_TEST

static const char *const BAD[] = {
    "{\"seed\":1.5}",
    "{\"seed\":1e300}",
    "{\"seed\":\"1\"}",
    "{\"on\":1}",
    "{\"layers\":[1,2,3,4,5]}",
    "{\"layers\":3}",
    "{\"sides\":[1]}",
    "{\"path\":\"123456789\"}",
    "{\"loss\":[]}",
    "{\"loss\":{\"mining\":\"x\"}}",
    "{\"rate\":[1]}",
    "{\"rate\":11}",
    "{\"unknown\":[1,{\"a\":2}",
    "{\"rate\":1",
    "{\"rate\"",
};

START_TEST(json_of_another_kind_is_refused)
{
    char text[64];
    thing t = {0};
    ct_json_reader r;
    snprintf(text, sizeof text, "%s", BAD[_i]);
    ct_json_reader_init(&r, text);
    ct_json_next(&r);
    ck_assert(!ct_fields_read(&r, &FIELDS, &t, NULL));
    ck_assert_ptr_nonnull(r.problem);
}
END_TEST

TCase *field_case(void)
{
    TCase *tc = tcase_create("field");
    tcase_add_test(tc, what_is_set_is_written);
    tcase_add_loop_test(tc, a_refused_value_changes_nothing_and_is_named, 0, COUNT(REFUSED));
    add_tests(tc, json_comes_back, lists_strings_and_spreads);
    tcase_add_loop_test(tc, json_of_another_kind_is_refused, 0, COUNT(BAD));
    return tc;
}
