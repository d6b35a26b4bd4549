/* json.h -- JSON, written and read a value at a time. Private.
 *
 * Both ways a value comes with its key, which is NULL outside of an object. */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing: log.jsonl, --json, the header of a safetensors file ---- */

/* One document without white space or a newline at its end. Start with {0}; reset
 * for the next, in the same memory. If memory ends, `failed` is set and the text
 * is incomplete: look once, at the end. Wrong nesting is asserted. */
typedef struct ct_json {
    char *text; /* NUL-terminated */
    size_t used, cap;
    char open[32]; /* brackets, `depth` of them */
    int depth;
    bool failed;
} ct_json;

void ct_json_open(ct_json *j, const char *key, char bracket); /* '{' or '[' */
void ct_json_close(ct_json *j);
void ct_json_string(ct_json *j, const char *key,
                    const char *s); /* what is not UTF-8 becomes U+FFFD */
void ct_json_bytes(ct_json *j, const char *key, const uint8_t *x, size_t n); /* base64 */
void ct_json_integer(ct_json *j, const char *key, long long x);
/* What is JSON as it stands: true, null, digits. */
void ct_json_literal(ct_json *j, const char *key, const char *text);
/* With the digits that it needs to be read back; null if x is not finite. */
void ct_json_number(ct_json *j, const char *key, double x);
void ct_json_reset(ct_json *j);
void ct_json_free(ct_json *j);

/* ---- reading ---- */

typedef enum ct_json_type {
    CT_JSON_BAD, /* `problem` says why, at byte `at - start`; so does every later call */
    CT_JSON_END, /* after the one value and white space */
    CT_JSON_OBJECT,
    CT_JSON_ARRAY,
    CT_JSON_CLOSE, /* of the innermost object or array */
    CT_JSON_STRING,
    CT_JSON_NUMBER,
    CT_JSON_BOOL,
    CT_JSON_NULL,
} ct_json_type;

/* Strict (RFC 8259), and brackets nest at most 8 deep, numbers fit a double,
 * strings hold no NUL. Strings are decoded where they stand, in the text that is
 * read; nothing is allocated. The caller sees to it that no key occurs twice. */
typedef struct ct_json_reader {
    char *start, *at;
    const char *key, *text; /* text: STRING */
    double number;          /* NUMBER */
    bool whole;             /* NUMBER without '.' and 'e' */
    bool truth;             /* BOOL */
    const char *problem;
    char open[8]; /* brackets, `depth` of them */
    int depth;
    bool strict; /* for ct_fields_read (field.h) */
    bool begun;  /* a value stands before: a comma or the end must follow */
} ct_json_reader;

void ct_json_reader_init(ct_json_reader *r, char *text);
ct_json_type ct_json_next(ct_json_reader *r);

#endif
