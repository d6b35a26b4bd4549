/* fuzz_cli.c -- any command line, a word a line, in a folder with a run and its data: it ends with
 * a status that README names, and before it with one line if it failed. */
#include "program.h"

#include "contrast/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1025], *word[65];
    int n = 0;
    if (size >= sizeof text)
        return -1;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *at = text; n < 64 && *at != '\0'; n++) {
        word[n] = at;
        at += strcspn(at, "\n");
        if (*at != '\0')
            *at++ = '\0';
        if (is_out(word[n]))
            return -1; /* not into the corpus */
    }
    word[n] = NULL;
    if (n > 0 && (strcmp(word[0], "demo") == 0 || (strcmp(word[0], "lesson") == 0 && n > 1)))
        return -1; /* half a minute each, and no run that could be stopped */
    restore(NULL);
    const int code = program(word, SOON);
    CT_ASSERT((code >= 0 && code <= 3) || code == 128 + SIGTERM);
    return 0;
}
