/* fuzz_run.c -- the files of a run, and of its data, with any bytes changed: each command that
 * reads a run says what is wrong or does its work.
 *
 * The first byte is the command. Five bytes are a change: a file; where in it (two bytes, of 65536
 * parts); what; a byte. A checkpoint's own hash is taken off, or no change would get behind it. */
#include "program.h"

#include "contrast/status.h"
#include "formats/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *command[][8] = {
    {"eval", "run"},
    {"eval", "run", "--json", "--data-changed"},
    {"resume", "run", "-q", "--data-changed"},
    {"resume", "run", "-q", "--checkpoint", "best"},
    {"inspect", "run"},
    {"hash", "run"},
    {"diagnose", "run", "--data-changed"},
    {"diagnose", "a.npy", "b.npy", "--groups", "groups.txt"},
    {"diagnose", "curve.csv", "--batch", "8"},
    {"loss", "a.npy", "b.npy", "--loss", "unicl", "--groups", "groups.txt"},
    {"report", "run", "-o", "page.html"},
    {"plot", "loss", "run", "-o", "loss.svg"},
    {"search", "run", "3", "--data-changed"},
    {"embed", "run", "--texts", "captions.txt", "-o", "e.npy"},
    {"export", "run", "--torch", "new.py"},
    {"export", "run", "--data", "new"},
    {"export", "run", "--projector", "new"},
    {"import", "run/latest.safetensors", "-q", "-o", "new"},
    {"train", "own.ini", "-q", "-o", "new"},
    {"train", "own.ini", "-q", "-o", "new", "--weights", "run/best.safetensors"},
    /* nothing stops its steps: small layers, also where the recipe lost its own */
    {"check", "own.ini", "image.layers=8,8", "text.layers=8,8", "train.batch=8"},
    {"class", "run", "-o", "class"},
};
enum { N_COMMANDS = sizeof command / sizeof *command };

static void change(kept_file *f, size_t at, int how, uint8_t byte)
{
    const size_t n = f->size > 0 ? at * f->size / 65536 : 0, rest = f->size - n;
    switch (how % 6) {
    case 0: /* a byte */
        if (rest > 0)
            f->bytes[n] = byte;
        break;
    case 1: /* a bit */
        if (rest > 0)
            f->bytes[n] ^= (uint8_t)(1U << byte % 8);
        break;
    case 2: /* one more */
        memmove(f->bytes + n + 1, f->bytes + n, rest);
        f->bytes[n] = byte;
        f->size++;
        break;
    case 3: /* some fewer */
    {
        const size_t gone = byte < rest ? byte : rest;
        memmove(f->bytes + n, f->bytes + n + gone, rest - gone);
        f->size -= gone;
        break;
    }
    case 4: /* no more */ f->size = n; break;
    default: /* a piece of it twice */
    {
        const size_t more = byte < rest ? byte : rest;
        memmove(f->bytes + n + more, f->bytes + n, rest);
        f->size += more;
    }
    }
}

/* Zeros stand for "there is no hash". */
static void take_hash_off(kept_file *f)
{
    static const char KEY[] = "\"" CT_SAFETENSORS_HASH "\":\"";
    for (size_t i = 0; i + sizeof KEY + 16 <= f->size && strstr(f->path, ".safetensors") != NULL;
         i++)
        if (memcmp(f->bytes + i, KEY, sizeof KEY - 1) == 0) {
            memcpy(f->bytes + i + sizeof KEY - 1, CT_SAFETENSORS_ZEROS, 16);
            return;
        }
}

/* Numbers that ask for much are no inputs: settings alone have none of three digits. */
static bool asks_for_much(const kept_file *f, const kept_file *was)
{
    char *text = malloc(f->size + 1);
    bool much = false;
    memcpy(text, f->bytes, f->size);
    text[f->size] = '\0';
    if (strcmp(f->path, "own.ini") == 0 &&
        (f->size != was->size || memcmp(text, was->bytes, f->size) != 0))
        much = is_out(text);
    free(text);
    return much;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kept_file now[32];
    bool much = false;
    if (size < 1)
        return -1;
    for (int i = 0; i < n_kept; i++) {
        now[i] = kept[i];
        now[i].bytes = malloc(kept[i].size + 256 * 64);
        memcpy(now[i].bytes, kept[i].bytes, kept[i].size);
    }
    for (size_t k = 1, n = 0; k + 5 <= size && n < 32; k += 5, n++)
        change(&now[data[k] % n_kept], (size_t)data[k + 1] << 8 | data[k + 2], data[k + 3],
               data[k + 4]);
    for (int i = 0; i < n_kept; i++) {
        take_hash_off(&now[i]);
        much |= asks_for_much(&now[i], &kept[i]);
    }
    if (!much) {
        restore(now);
        const int code = program(command[data[0] % N_COMMANDS], SOON);
        CT_ASSERT((code >= 0 && code <= 3) || code == 128 + SIGTERM);
    }
    for (int i = 0; i < n_kept; i++)
        free(now[i].bytes);
    return much ? -1 : 0;
}
