/* fuzz_json.c -- any text is JSON or is refused. What was read is written, and what
 * was written reads back as itself: writer and reader agree. */
#include "contrast/status.h"
#include "formats/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read all of `text` and write it again; false if it is not JSON. */
static bool copy_json(char *text, ct_json *out)
{
    ct_json_reader r;
    ct_json_reader_init(&r, text);
    for (;;) {
        switch (ct_json_next(&r)) {
        case CT_JSON_BAD: CT_ASSERT(r.problem != NULL); return false;
        case CT_JSON_END: return true;
        case CT_JSON_OBJECT: ct_json_open(out, r.key, '{'); break;
        case CT_JSON_ARRAY: ct_json_open(out, r.key, '['); break;
        case CT_JSON_CLOSE: ct_json_close(out); break;
        case CT_JSON_STRING: ct_json_string(out, r.key, r.text); break;
        case CT_JSON_NUMBER: ct_json_number(out, r.key, r.number); break;
        case CT_JSON_BOOL: ct_json_literal(out, r.key, r.truth ? "true" : "false"); break;
        case CT_JSON_NULL: ct_json_number(out, r.key, NAN); break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ct_json first = {0}, second = {0};
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    if (copy_json(copy, &first)) {
        char *again = malloc(first.used + 1);
        memcpy(again, first.text, first.used + 1);
        CT_ASSERT(copy_json(again, &second) && strcmp(first.text, second.text) == 0);
        free(again);
    }
    ct_json_free(&first);
    ct_json_free(&second);
    free(copy);
    return 0;
}
