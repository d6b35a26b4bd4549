/* text.c -- characters, numbers, names, bytes as text, and what is no text.
 *
 * Of a code point only the shortest form is valid UTF-8, or a name could be written in two ways
 * and pass a comparison in one of them.
 *
 * Numbers are the same text with every libc and locale. strtod and printf round correctly in every
 * libc that matters, but both use the locale's decimal point. So 12.5e-3 is handed to strtod as
 * 125e-4, which has none, and in what printf made it is replaced by a dot. */
#include "formats/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- characters ---- */

int ct_utf8_get(const char *s, uint32_t *code)
{
    static const int BYTES[16] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4};
    static const uint32_t LEAST[] = {0, 1, 0x80, 0x800, 0x10000}; /* for n bytes */
    const unsigned char *b = (const unsigned char *)s;
    const int n = b[0] < 0xF8 ? BYTES[b[0] >> 4] : 0;
    uint32_t c = n == 1 ? b[0] : b[0] & (0x7FU >> n);
    for (int i = 1; i < n; i++) {
        if (b[i] >> 6 != 2) /* the final NUL too */
            return 0;
        c = c << 6 | (b[i] & 0x3F);
    }
    *code = c;
    return c < LEAST[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0 : n;
}

int ct_utf8_put(char *out, uint32_t code)
{
    const int n = 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
    for (int i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(n == 1 ? code : (0xF00U >> n & 0xFF) | code);
    return n;
}

const char *ct_text_unprintable(const char *s)
{
    uint32_t code;
    int n;
    while ((n = ct_utf8_get(s, &code)) > 0 && code >= 0x20 && (code < 0x7F || code >= 0xA0))
        s += n;
    return s;
}

bool ct_text_ends(const char *s, const char *end)
{
    return strlen(s) >= strlen(end) && strcmp(s + strlen(s) - strlen(end), end) == 0;
}

/* ---- numbers ---- */

static const char DIGITS[] = "0123456789";

/* [+-]? ([0-9]+ (\.[0-9]+)? | \.[0-9]+) ([eE][+-]?[0-9]+)? */
size_t ct_number_get(const char *s, double *x)
{
    const char *whole = s + (*s == '-' || *s == '+');
    const size_t n_whole = strspn(whole, DIGITS);
    const bool has_point = whole[n_whole] == '.';
    const char *fraction = whole + n_whole + has_point;
    const size_t n_fraction = has_point ? strspn(fraction, DIGITS) : 0;
    if (n_whole + n_fraction == 0 || (has_point && n_fraction == 0))
        return 0;

    const char *end = fraction + n_fraction;
    long exponent = 0;
    if (*end == 'e' || *end == 'E') {
        exponent = strtol(end + 1, NULL, 10);
        end += 1 + (end[1] == '+' || end[1] == '-');
        if (strspn(end, DIGITS) == 0)
            return 0;
        end += strspn(end, DIGITS);
    }
    if (n_whole + n_fraction > 64)
        return 0;
    exponent = exponent > 9999 ? 9999 : exponent; /* infinite or zero anyway */
    exponent = exponent < -9999 ? -9999 : exponent;
    char plain[80];
    const int n_signed = (int)(whole - s) + (int)n_whole;
    snprintf(plain, sizeof plain, "%.*s%.*se%ld", n_signed, s, (int)n_fraction, fraction,
             exponent - (long)n_fraction);
    *x = strtod(plain, NULL);
    return isfinite(*x) ? (size_t)(end - s) : 0;
}

/* The locale's decimal point, of one byte or more, becomes a dot. */
static void put_dot(char *out)
{
    char *point = out + strspn(out, "-0123456789");
    size_t bytes = strcspn(point, "0123456789e");
    if (bytes > 0) {
        memmove(point + 1, point + bytes, strlen(point + bytes) + 1);
        *point = '.';
    }
}

void ct_number_put(char out[CT_NUMBER_BYTES], double x, bool single)
{
    int low = 1, high = single ? 9 : 17; /* so many digits always suffice */
    double y = 0;
    while (low < high) {
        const int digits = (low + high) / 2;
        snprintf(out, CT_NUMBER_BYTES, "%.*e", digits - 1, x);
        put_dot(out);
        ct_number_get(out, &y);
        if (single ? (float)y == (float)x : y == x)
            high = digits;
        else
            low = digits + 1;
    }
    snprintf(out, CT_NUMBER_BYTES, "%.*e", low - 1, x);
    const int exponent = atoi(strchr(out, 'e') + 1);
    if (exponent >= -5 &&
        exponent < (single ? 7 : 15)) /* up to there %f adds no digits of its own */
        snprintf(out, CT_NUMBER_BYTES, "%.*f", low - 1 > exponent ? low - 1 - exponent : 0, x);
    put_dot(out);
}

/* ---- names ---- */

#define LONGEST 63

/* Levenshtein's distance: insertions, deletions and replacements of a byte that
 * turn a into b. row[j] is the distance between a[0..i) and b[0..j). */
static int distance_of(const char *a, const char *b)
{
    int row[LONGEST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0]; /* of (i-1, j-1) */
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            const int gap = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = best < gap ? best : gap;
        }
    }
    return row[m];
}

const char *ct_text_word(char out[CT_WORD_BYTES], const char *word)
{
    static const char PLAIN[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/,:=+-";
    const char *quote = *word != '\0' && word[strspn(word, PLAIN)] == '\0' ? "" : "'";
    size_t used = (size_t)snprintf(out, CT_WORD_BYTES, "%s", quote);
    for (; *word != '\0' && used < CT_WORD_BYTES - 8; word++)
        used += (size_t)snprintf(out + used, CT_WORD_BYTES - used, *word == '\'' ? "'\\''" : "%c",
                                 *word);
    snprintf(out + used, CT_WORD_BYTES - used, "%s%s", quote, *word != '\0' ? "..." : "");
    return out;
}

bool ct_name_nearer(const char *word, const char *name, size_t *nearness)
{
    const size_t too_far = (strlen(word) + 2) / 3 + 1;
    if (strlen(word) > LONGEST || strlen(name) > LONGEST) /* a longer one is no slip */
        return false;
    /* optim.decay is near optim.weight_decay, whatever stands between */
    const char *dot = strchr(word, '.'), *key = dot != NULL ? dot + 1 : word;
    const bool ends = strlen(key) > 3 && ct_text_ends(name, key) &&
                      strncmp(name, word, (size_t)(key - word)) == 0;
    const size_t d = ends ? 1 : (size_t)distance_of(word, name);
    const bool nearer = d + *nearness < too_far;
    *nearness = nearer ? too_far - d : *nearness;
    return nearer;
}

const char *ct_name_nearest(const char *word, const char *const *name, int n, size_t stride)
{
    const char *nearest = NULL;
    size_t nearness = 0;
    for (int i = 0; i < n; i++) {
        const char *known = *(const char *const *)((const char *)name + (size_t)i * stride);
        nearest = ct_name_nearer(word, known, &nearness) ? known : nearest;
    }
    return nearest;
}

/* ---- base64 ---- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ct_base64_put(char *out, const uint8_t *x, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        unsigned b = 0;
        for (size_t k = i; k < i + 3; k++)
            b = b << 8 | (k < n ? x[k] : 0);
        for (size_t k = 0; k < 4; k++) /* digit k has bits of byte k - 1 */
            *out++ = i + k <= n ? BASE64[b >> (18 - 6 * k) & 63] : '=';
    }
    *out = '\0';
}

size_t ct_base64_get(const char *text, uint8_t *out)
{
    const size_t length = strlen(text), padding = length - strcspn(text, "=");
    if (length % 4 != 0 || padding > 2)
        return 0;
    for (size_t i = 0; i < length; i += 4) {
        unsigned b = 0;
        for (size_t k = i; k < i + 4; k++) {
            const bool pad = k >= length - padding;
            const char *digit = pad ? BASE64 : strchr(BASE64, text[k]);
            if (digit == NULL || (pad && text[k] != '='))
                return 0;
            b = b << 6 | (unsigned)(digit - BASE64);
        }
        for (int shift = 16; shift >= 0; shift -= 8)
            *out++ = (uint8_t)(b >> shift);
    }
    return length / 4 * 3 - padding;
}

/* ---- what people have instead of an array, a picture or a text ---- */

#define PICKLE "a pickle: in Python: np.save('x.npy', pickle.load(open('x.pkl', 'rb')))"

/* No text begins as one of them does. */
static const struct {
    const char *begins, *what;
} KINDS[] = {
    {"\x80\2\x8A\nl\xFC", CT_PYTORCH},
    {"\x80\2", PICKLE},
    {"\x80\3", PICKLE},
    {"\x80\4", PICKLE},
    {"\x80\5", PICKLE},
    {"\x89HDF", "HDF5: in Python: np.save('x.npy', h5py.File('x.h5')['NAME'][:])"},
    {"MATLAB 5", "a MATLAB file: in Python: np.save('x.npy', scipy.io.loadmat('x.mat')['NAME'])"},
    {"PAR1", "Parquet: in Python: np.save('x.npy', pandas.read_parquet('x').to_numpy())"},
    {"\x89PNG", "a PNG picture: list pictures in a .tsv, PICTURE <tab> CAPTION"},
    {"\xFF\xD8\xFF", "JPEG: in Python: PIL.Image.open('x.jpg').save('x.png')"},
    {"GIF8", "GIF: in Python: PIL.Image.open('x.gif').save('x.png')"},
    {"RIFF", "WebP: in Python: PIL.Image.open('x.webp').save('x.png')"},
    {"\xFF\xFE", "UTF-16: iconv -f UTF-16 -t UTF-8 it"},
    {"\x1F\x8B", "gzip: gunzip it"},
    {"BZh", "bzip2: bunzip2 it"},
    {"\3757zXZ", "xz: unxz it"},
    {"\x28\xB5\x2F\xFD", "zstd: unzstd it"},
    {"PK\3\4", "a zip: unzip it"},
};

ct_status ct_foreign_refuse(const char *path, const void *head, size_t size, ct_error *err)
{
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        const size_t n = strlen(KINDS[k].begins);
        if (size >= n && memcmp(head, KINDS[k].begins, n) == 0)
            return CT_REFUSE(err, "%s: is %s", path, KINDS[k].what);
    }
    return err->status;
}
