/* inflate.c -- deflate undone, bit by bit.
 *
 * A code of deflate is canonical: the number of codes of each length, and the symbols in the order
 * of their codes, are all of it. So one is read a bit at a time, counting on through the lengths
 * (Mark Adler's puff does the same). Whatever the bits are, nothing is read beyond `n`, nothing
 * written beyond `size`, and no distance reaches before the first byte. */
#include "formats/inflate.h"

#include <string.h>

enum { LONGEST = 15, LITERALS = 288, DISTANCES = 32, END = 256 };

typedef struct stream {
    const uint8_t *in;
    uint8_t *out;
    size_t n, at, size, used;
    uint32_t bits;
    int n_bits;
    bool bad;
} stream;

typedef struct code {
    uint16_t count[LONGEST + 1], symbol[LITERALS];
} code;

/* The next n <= 16 bits, the first one lowest. */
static unsigned take(stream *s, int n)
{
    for (; s->n_bits < n; s->n_bits += 8) {
        s->bad = s->bad || s->at >= s->n;
        s->bits |= (uint32_t)(s->bad ? 0 : s->in[s->at++]) << s->n_bits;
    }
    const unsigned x = s->bits & ((1U << n) - 1);
    s->bits >>= n;
    s->n_bits -= n;
    return x;
}

static void put(stream *s, uint8_t byte)
{
    s->bad = s->bad || s->used == s->size;
    if (!s->bad)
        s->out[s->used++] = byte;
}

/* The code whose symbol i has length[i] bits. More codes than there is room for are bad; fewer are
 * not: what has none is bad when it is read. */
static void build(stream *s, code *c, const uint8_t *length, int n)
{
    uint16_t at[LONGEST + 2] = {0};
    int room = 1;
    *c = (code){.count = {0}};
    for (int i = 0; i < n; i++)
        c->count[length[i]]++;
    c->count[0] = 0;
    for (int k = 1; k <= LONGEST; k++) {
        room = 2 * room - c->count[k];
        s->bad = s->bad || room < 0;
        at[k + 1] = (uint16_t)(at[k] + c->count[k]);
    }
    for (int i = 0; i < n && !s->bad; i++)
        if (length[i] != 0)
            c->symbol[at[length[i]]++] = (uint16_t)i;
}

static int get(stream *s, const code *c)
{
    int bits = 0, first = 0, index = 0; /* the first code of this length, and its symbol's place */
    for (int k = 1; k <= LONGEST; k++) {
        bits |= (int)take(s, 1);
        if (bits - first < c->count[k])
            return c->symbol[index + bits - first];
        index += c->count[k];
        first = 2 * (first + c->count[k]);
        bits *= 2;
    }
    s->bad = true;
    return END;
}

/* Lengths and distances: symbols 0, 1, ... stand for ranges that double after each 2^k of them;
 * further bits say which number of the range. */
static size_t get_number(stream *s, int symbol, int k)
{
    const int per = 1 << k, extra = symbol < 2 * per ? 0 : (symbol >> k) - 1;
    const int first = symbol < 2 * per ? symbol : (per + symbol % per) << extra;
    return (size_t)first + take(s, extra);
}

static void read_symbols(stream *s, const code *literals, const code *distances)
{
    for (int symbol; !s->bad && (symbol = get(s, literals)) != END;) {
        if (symbol < END) {
            put(s, (uint8_t)symbol);
            continue;
        }
        const size_t length = symbol == 285 ? 258 : 3 + get_number(s, symbol - END - 1, 2);
        const int d = get(s, distances);
        const size_t distance = 1 + get_number(s, d < 30 ? d : 0, 1);
        s->bad = s->bad || symbol > 285 || d >= 30 || distance > s->used;
        for (size_t k = 0; k < length && !s->bad; k++) /* it may reach into itself */
            put(s, s->out[s->used - distance]);
    }
}

static void read_stored(stream *s)
{
    s->n_bits = 0; /* what is left of a byte */
    s->bits = 0;
    const unsigned n = take(s, 16), check = take(s, 16);
    s->bad = s->bad || (n ^ check) != 0xFFFF;
    for (unsigned k = 0; k < n && !s->bad; k++)
        put(s, (uint8_t)take(s, 8));
}

/* The lengths of both codes, themselves in a code: 16 repeats the last one, 17 and 18 are zeros. */
static void read_lengths(stream *s, uint8_t *length, int n_lengths, int n)
{
    static const uint8_t ORDER[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
    code c;
    for (int i = 0; i < n_lengths; i++)
        length[ORDER[i]] = (uint8_t)take(s, 3);
    build(s, &c, length, 19);
    for (int i = 0, repeat; i < n && !s->bad; i += repeat) {
        const int symbol = get(s, &c);
        const int last = symbol == 16 && i > 0 ? length[i - 1] : 0;
        s->bad = s->bad || (symbol == 16 && i == 0);
        repeat = 1;
        if (symbol >= 16 && !s->bad)
            repeat = symbol == 18 ? 11 + (int)take(s, 7) : 3 + (int)take(s, symbol - 14);
        memset(length + i, symbol < 16 ? symbol : last, (size_t)repeat);
        s->bad = s->bad || i + repeat > n;
    }
}

/* A block with codes of its own, or the fixed ones. */
static void read_coded(stream *s, bool fixed)
{
    uint8_t length[LITERALS + DISTANCES + 138] = {0};
    code literals, distances;
    int n_literals = LITERALS, n_distances = DISTANCES;
    if (fixed) {
        memset(length, 8, LITERALS);
        memset(length + 144, 9, 112);
        memset(length + 256, 7, 24);
        memset(length + LITERALS, 5, DISTANCES);
    } else {
        n_literals = 257 + (int)take(s, 5);
        n_distances = 1 + (int)take(s, 5);
        read_lengths(s, length, 4 + (int)take(s, 4), n_literals + n_distances);
    }
    build(s, &literals, length, n_literals);
    build(s, &distances, length + n_literals, n_distances);
    read_symbols(s, &literals, &distances);
}

bool ct_inflate(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
    stream s = {.in = in, .out = out, .n = n, .size = size};
    for (bool last = false; !last && !s.bad;) {
        last = take(&s, 1) == 1;
        const unsigned kind = take(&s, 2);
        s.bad = s.bad || kind == 3;
        if (kind == 0)
            read_stored(&s);
        else
            read_coded(&s, kind == 1);
    }
    return !s.bad && s.used == size;
}

bool ct_inflate_may(uint64_t packed, uint64_t size)
{
    return size / 1032 <= packed && size < SIZE_MAX && packed < SIZE_MAX;
}

/* The rest of a division of polynomials over two elements, a bit at a time, lowest first. */
uint32_t ct_crc32(uint32_t crc, const uint8_t *data, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1) * 0xEDB88320;
    }
    return ~crc;
}
