/* fuzz_log.c -- any text is a line of a run's log or is refused; what is read of it lies within
 * the text, and lists are no longer than their room. */
#include "formats/log.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *copy_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    CT_ASSERT(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static bool read_line(char *text, const ct_fields *fields, void *out)
{
    ct_json_reader r;
    ct_json_reader_init(&r, text);
    return ct_json_next(&r) == CT_JSON_OBJECT && ct_fields_read(&r, fields, out, NULL);
}

static void use(const uint8_t *bytes, int n)
{
    volatile uint8_t last = 0;
    for (int i = 0; i < n; i++)
        last = bytes[i];
    (void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ct_probe probe;
    static ct_moment moment;
    probe = (ct_probe){.n = 0};
    moment = (ct_moment){.step = 0};
    char *text = copy_of(data, size);
    if (read_line(text, &ct_probe_fields, &probe)) {
        CT_ASSERT(probe.n_captions >= 0 && probe.n_captions <= CT_PROBE);
        use(probe.pixels, probe.n_pixels);
    }
    free(text);
    text = copy_of(data, size);
    if (read_line(text, &ct_moment_fields, &moment)) {
        CT_ASSERT(moment.n_plane >= 0 && moment.n_plane <= 4 * CT_PROBE);
        CT_ASSERT(moment.n_spectrum[0] <= CT_PROBE && moment.n_spectrum[1] <= CT_PROBE);
        use(moment.cosine, moment.n_cosines);
    }
    free(text);
    return 0;
}
