/* fuzz_ini.c -- any bytes are a recipe or are refused with a line number. */
#include "formats/ini.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ct_ini ini;
    ct_error err = {0};
    ct_arena arena;
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    ct_arena_init(&arena, 0);
    if (ct_ini_parse("fuzz", copy, size, &arena, &ini, &err) == CT_OK) {
        for (int i = 0; i < ini.n; i++) {
            const ct_ini_item *item = &ini.item[i];
            CT_ASSERT(item->key[0] != '\0' && strpbrk(item->value, "\r\n") == NULL);
            CT_ASSERT(i == 0 || item->line > ini.item[i - 1].line);
        }
    } else {
        CT_ASSERT(err.status == CT_ERR_CONFIG && strncmp(err.msg, "fuzz:", 5) == 0);
    }
    ct_arena_free(&arena);
    free(copy);
    return 0;
}
