/* field.h -- the members of a struct as data. Private.
 *
 * One row for each member says where it is, what it is called and how it is shown. INI files,
 * command lines, JSON (both ways), CSV, the terminal and pages all go by these rows, so a quantity
 * has one key, one label and one format, and a new one is a member and a row:
 *
 *     static const ct_field ROWS[] = {
 *         {CT_ROW("loss", CT_REAL, result, loss), .format = "%.4f"},
 *         {CT_ROW("recall_at_1", CT_REAL, result, recall), .count = 2},
 *     };
 *     static const ct_fields RESULT = CT_FIELDS(ROWS);
 *     ct_fields_json(&json, &RESULT, &result);    {"loss":0.25,"recall_at_1":[0.9,0.8]} */
#ifndef FORMATS_FIELD_H
#define FORMATS_FIELD_H

#include "contrast/status.h"
#include "formats/json.h"

#include <stdbool.h>
#include <stddef.h>

/* A number over several seeds. NaN counts as the largest: a run that diverged. */
typedef struct ct_spread {
    double median, least, most;
    double mean, error; /* error: standard error of the mean; NaN of one value */
    int n;
} ct_spread;

/* Of n values, which it sorts; the order of equal values does not matter. */
ct_spread ct_spread_of(double *x, int n);

typedef enum ct_kind {
    CT_INT,
    CT_LONG,
    CT_REAL,   /* double; NaN: there is none */
    CT_SINGLE, /* double, written with the digits of a float */
    CT_BOOL,
    CT_CHOICE, /* int: the index of a word in `choices` */
    CT_TEXT,   /* char[size] */
    CT_STRING, /* const char *, borrowed; NULL: there is none */
    CT_BYTES,  /* const uint8_t *, borrowed, as many as `used` says; base64 in JSON */
    CT_SPREAD, /* ct_spread */
    CT_GROUP,  /* a struct that `members` describe */
} ct_kind;

typedef struct ct_field {
    const char *key;   /* lower_snake; NULL for a group whose members stand among the others */
    const char *label; /* for people; NULL: the key */
    const char *help;  /* what it is, in a sentence */
    ct_kind kind;
    size_t offset, size; /* in the struct, see CT_AT */
    int count;           /* values: 0 for one; more are an array of so many */
    size_t used;         /* offset of the int that says how many of them are used, plus 1 */
    double parts;        /* of a real number in files: a whole one, so many to 1; 0: as it is */
    const char *format;  /* of a real number on screens; NULL: "%.4g" */
    double least, most;  /* what a number may be when it is read as text */
    const char *choices; /* CT_CHOICE: words with spaces between, in the order of the enum */
    const struct ct_fields *members; /* CT_GROUP */
    bool optional; /* left out, not null, where there is none; of a group its last member decides */
    bool detail;   /* in files only, not in tables for people */
} ct_field;

typedef struct ct_fields {
    const ct_field *row;
    int n;
} ct_fields;

/* clang-format off: two initialisers, not an expression */
#define CT_AT(type, member) .offset = offsetof(type, member), .size = sizeof((type *)0)->member
#define CT_USED(type, n)    .used = (offsetof(type, n) + 1)
/* An array, and one of which the member n says how much of it is used. */
#define CT_ARRAY(type, member) \
    CT_AT(type, member), .count = (int)(sizeof((type *)0)->member / sizeof *((type *)0)->member)
#define CT_LIST(type, member, n) CT_ARRAY(type, member), CT_USED(type, n)
/* What most rows begin with: key, kind and place; of a list; of members of the same struct. */
#define CT_ROW(key_, kind_, type, member) .key = (key_), .kind = (kind_), CT_AT(type, member)
#define CT_ROWS(key_, kind_, type, member, n) \
    .key = (key_), .kind = (kind_), CT_LIST(type, member, n)
#define CT_INNER(type, fields) .kind = CT_GROUP, .size = sizeof(type), .members = &(fields)
#define CT_FIELDS(rows)                              \
    {                                                \
        (rows), (int)(sizeof(rows) / sizeof *(rows)) \
    }
/* clang-format on */

extern const ct_fields ct_spread_fields; /* median, least, most, mean, standard_error, n */

/* ---- text: recipes, command lines, CSV, screens ---- */

/* The value as text that ct_fields_set reads back: 0.07, true, "256,64", cosine. */
void ct_field_text(const ct_field *f, const void *object, char *out, size_t size);

/* The value for people, by the row's format: "0.875 [0.830, 0.890]"; "-" where there is none. */
void ct_field_show(const ct_field *f, const void *object, char *out, size_t size);

/* Set the value that `key` names, members of groups by "group.member". `place` ("file:3: " or "")
 * begins the message. A value that is refused changes nothing.
 * Errors  CT_ERR_CONFIG  no such key (with the nearest), or what was expected */
ct_status ct_fields_set(const ct_fields *fields, void *object, const char *key, const char *value,
                        const char *place, ct_error *err);

/* An INI file, a section for each group; with `help`, each key with a comment that says what it
 * is. The answer is the length, as snprintf's. */
size_t ct_fields_ini(const ct_fields *fields, const void *object, bool help, char *out,
                     size_t size);

/* The row that `key` names, or NULL; *object moves to the struct that holds it. */
const ct_field *ct_fields_find(const ct_fields *fields, const char *key, const void **object);

/* ---- JSON ---- */

/* All values, as members of the object that is open. */
void ct_fields_json(ct_json *j, const ct_fields *fields, const void *object);

/* The members of the object that was just opened, through its end, into `object`; strings stay in
 * the text that is read. What no row names is passed over, but with r->strict neither that nor a
 * member that comes twice is allowed. `seen` (or NULL if not strict): one for each row of `fields`
 * whether it was there. The answer is false if the text is not valid or a value not of its row's
 * kind: r->problem says which; where it is the row's key, r->key is that too. */
bool ct_fields_read(ct_json_reader *r, const ct_fields *fields, void *object, bool *seen);

#endif
