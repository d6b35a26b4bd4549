/* fuzz_lines.c -- any bytes are lines of text or are refused; the lines hold all of
 * the text but their ends and a byte order mark. */
#include "formats/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), **line;
    ct_arena arena;
    ct_error err = {0};
    int n;
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    ct_arena_init(&arena, 0);
    if (ct_lines_parse("fuzz", text, size, &arena, &line, &n, &err) == CT_OK) {
        size_t all = 0;
        for (int i = 0; i < n; i++) {
            CT_ASSERT(line[i][0] != '\0' && strchr(line[i], '\n') == NULL);
            all += strlen(line[i]);
        }
        CT_ASSERT(all <= size && size <= all + 2 * (size_t)n + 3); /* ends, a byte order mark */
    } else {
        CT_ASSERT(err.status == CT_ERR_FORMAT && err.msg[0] != '\0');
    }
    ct_arena_free(&arena);
    free(text);
    return 0;
}
