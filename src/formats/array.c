/* array.c -- any file of numbers: opened by its first bytes, read value by value. */
#include "formats/array.h"

#include "formats/bytes.h"
#include "formats/inflate.h"
#include "formats/safetensors.h"
#include "formats/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- members: FILE:NAME ---- */

/* Which of a file's arrays is meant, as their names pass by. */
typedef struct choice {
    const char *want; /* NULL: the only one */
    int n;
    bool found, pytorch;
    char names[128]; /* for the message: those that fit */
} choice;

/* Is it this one? numpy.savez calls the member x `x.npy`. */
static bool offer(void *ctx, const char *name)
{
    choice *c = ctx;
    const int length = (int)strlen(name) - (ct_text_ends(name, ".npy") ? 4 : 0);
    const size_t used = strlen(c->names);
    const bool is = c->want == NULL ||
                    (strncmp(name, c->want, (size_t)length) == 0 && c->want[length] == '\0');
    if (*ct_text_unprintable(name) == '\0')
        snprintf(c->names + used, sizeof c->names - used, "%s%.*s", c->n > 0 ? ", " : "", length,
                 name);
    c->n++;
    c->found = c->found || is;
    c->pytorch = c->pytorch || ct_text_ends(name, "/data.pkl");
    return is;
}

static ct_status check_choice(const choice *c, const char *path, ct_error *err)
{
    if (c->pytorch)
        CT_REFUSE(err, "%s: is %s", path, CT_PYTORCH);
    else if (!c->found || (c->want == NULL && c->n != 1))
        CT_REFUSE(err, "%s: expected FILE:NAME with the name of one of its %d arrays: %s", path,
                  c->n, c->names);
    return err->status;
}

/* The file, and what is meant in it: PATH is a file, or FILE:NAME. */
static const char *open_file(ct_source *s, const char *path, ct_arena *arena, ct_error *err)
{
    const char *colon = strrchr(path, ':');
    char *file = ct_arena_strdup(arena, path);
    if (file != NULL && colon != NULL && !ct_file_exists(path))
        file[colon - path] = '\0';
    else
        colon = NULL;
    ct_source_open(s, file, err);
    s->path = path;
    return colon != NULL ? colon + 1 : NULL;
}

/* ---- safetensors ---- */

static bool is_safetensors(const unsigned char *head, size_t size)
{
    return size > 8 && head[8] == '{' && ct_bytes_get(head, 8, false) <= CT_SAFETENSORS_HEADER;
}

/* Its values stay in the file, as those of .npy do. */
static ct_status describe_tensor(ct_source *s, const unsigned char *head, choice *c,
                                 ct_arena *arena, ct_npy *out, ct_error *err)
{
    const uint64_t begin = 8 + ct_bytes_get(head, 8, false);
    const size_t size = begin < s->size ? (size_t)begin : (size_t)s->size;
    ct_safetensors *f = ct_arena_zeroed(arena, 1, sizeof *f);
    char *header = ct_arena_zeroed(arena, size + 1, 1);
    const ct_safetensor *t = NULL;
    if (ct_source_read(s, 0, header, size, err) == CT_OK)
        ct_safetensors_describe(s->path, header, size, s->size, f, err);
    for (int i = 0; err->status == CT_OK && i < f->n_tensors; i++)
        t = offer(c, f->tensor[i].name) ? &f->tensor[i] : t;
    if (check_choice(c, s->path, err) != CT_OK)
        return err->status;
    *out = (ct_npy){.kind = t->kind, .width = (int)t->width, .n_dims = t->n_dims};
    memcpy(out->dim, t->dim, sizeof t->dim);
    s->begin += begin + (uint64_t)t->offset[0];
    s->size = t->count * t->width;
    return ct_npy_check_sizes(s->path, out, s->size, err);
}

/* ---- text ---- */

/* The number at s, a decimal one, nan or inf, and how many bytes it has. What begins with a letter
 * no locale reads as anything else. */
static size_t get_number(const char *s, double *x)
{
    char *end;
    const char first = s[*s == '-' || *s == '+'];
    if (strchr("nNiI", first) == NULL || first == '\0')
        return ct_number_get(s, x);
    *x = strtod(s, &end);
    return (size_t)(end - s);
}

/* What divides numbers: with semicolons a comma may be a decimal point, which is refused. */
static const char *divider(const char *line)
{
    return line[strcspn(line, ";\n")] == ';' ? " \t\r;" : " \t\r,";
}

/* The numbers of a line, into `out` if that is not NULL; -1: something is none. *at moves there, or
 * to the line's end. */
static int get_line(const char **at, unsigned char *out)
{
    const char *between = divider(*at);
    for (int n = 0;; n++) {
        double x = 0;
        *at += strspn(*at, between);
        if (**at == '\n' || **at == '\0' || n == INT_MAX)
            return n;
        const size_t length = get_number(*at, &x);
        if (length == 0 || ((*at)[length] != '\n' && strchr(between, (*at)[length]) == NULL))
            return -1;
        if (out != NULL)
            ct_bytes_put_real(out + 8 * (size_t)n, 8, x);
        *at += length;
    }
}

/* The rows of a text that has a NUL after its `size` bytes, as doubles. */
static void parse_rows(const char *path, const char *text, size_t size, unsigned char *x,
                       ct_npy *out, ct_error *err)
{
    const char *at = text + (memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    for (size_t line = 1; at < text + size && err->status == CT_OK; line++, at++) {
        const char *begin = at;
        const int n = *at == '#' ? 0 : get_line(&at, x);
        const ptrdiff_t shown = ct_text_unprintable(at) - at;
        if (n < 0 && line > 1)
            CT_REFUSE(err, "%s:%zu: byte %d: expected a number, found '%.*s'", path, line,
                      (int)(at - begin) + 1, shown < 20 ? (int)shown : 20, at);
        else if (n > 0 && out->rows > 0 && (n != out->cols || out->rows == INT_MAX))
            CT_REFUSE(err, "%s:%zu: has %d number%s, expected %d as before", path, line, n, CT_S(n),
                      out->cols);
        else if (n > 0) {
            out->cols = n;
            out->rows++;
            x += 8 * (size_t)n;
        }
        at += strcspn(at, "\n");
    }
}

static ct_status read_text(ct_source *s, ct_arena *arena, ct_npy *out, ct_error *err)
{
    if (s->size > SIZE_MAX / 8)
        return CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for its text", s->path);
    char *text = ct_arena_zeroed(arena, (size_t)s->size + 3, 1);
    /* With what divides it a number has two bytes at least; what is not written stays untouched. */
    unsigned char *x = ct_arena_alloc(arena, 4 * (size_t)s->size + 8);
    if (ct_source_read(s, 0, text, (size_t)s->size, err) != CT_OK)
        return err->status;
    if (strlen(text) != s->size)
        return CT_REFUSE(err, "%s: expected .npy, .npz, safetensors, IDX, or a text of numbers",
                         s->path);
    *out = (ct_npy){.kind = 'f', .width = 8};
    parse_rows(s->path, text, (size_t)s->size, x, out, err);
    if (out->rows == 0)
        CT_REFUSE(err, "%s: has no row of numbers", s->path);
    out->n_dims = out->cols == 1 ? 1 : 2;
    out->dim[0] = out->rows;
    out->dim[1] = out->cols;
    s->bytes = x;
    s->begin = 0;
    s->size = 8 * (uint64_t)out->rows * (uint64_t)out->cols;
    return ct_npy_check_sizes(s->path, out, s->size, err);
}

/* Is the second of its lines, or the only one, a row of numbers that are not divided by spaces
 * alone? Captions may be numbers. `text` may end anywhere, even in a number. */
static bool is_table(char *text, size_t size)
{
    while (size == CT_NPY_HEAD && strchr(" ,;\t\n", text[size - 1]) == NULL)
        text[--size] = '\0';
    const char *second = strchr(text, '\n');
    const char *line = second != NULL && second[1] != '\0' ? second + 1 : text;
    const size_t length = strcspn(line, "\n");
    return strcspn(line, ",;\t") < length && get_line(&line, NULL) > 1;
}

/* ---- whole files ---- */

#define BEGINS(head, with) (memcmp((head), (with), sizeof(with) - 1) == 0)
#define IDX                "\0\0"
#define ZIP                "PK\3\4"
#define GZIP               "\x1F\x8B"

/* As many of its first bytes as say what it is, and a NUL. */
static unsigned char *read_head(const ct_source *s, ct_arena *arena, size_t *size, ct_error *err)
{
    *size = s->size < CT_NPY_HEAD ? (size_t)s->size : CT_NPY_HEAD;
    unsigned char *head = ct_arena_zeroed(arena, *size + 16, 1);
    ct_source_read(s, 0, head, *size, err);
    return head;
}

bool ct_array_begins(const char *path, ct_error *err)
{
    ct_arena arena;
    ct_source s;
    size_t size;
    ct_arena_open(&arena, path, 0, err);
    open_file(&s, path, &arena, err);
    unsigned char *head = read_head(&s, &arena, &size, err);
    const bool is = err->status == CT_OK && size > 1 &&
                    (BEGINS(head, IDX) || BEGINS(head, CT_NPY_MAGIC) || BEGINS(head, ZIP) ||
                     BEGINS(head, GZIP) || is_safetensors(head, size) ||
                     is_table((char *)head, size));
    ct_source_close(&s);
    ct_arena_free(&arena);
    return is;
}

ct_status ct_array_parse(ct_source *s, const char *member, ct_arena *arena, ct_npy *out,
                         ct_error *err)
{
    const char *path = s->path;
    size_t size = 0;
    choice c = {.want = member};
    *out = (ct_npy){0};
    unsigned char *head = read_head(s, arena, &size, err);
    const bool gzip = err->status == CT_OK && BEGINS(head, GZIP);
    if (err->status == CT_OK && size == 0)
        return CT_REFUSE(err, "%s: is empty", path);
    if (gzip)
        ct_gzip_open(s, head, size, arena, err);
    else if (err->status == CT_OK && BEGINS(head, ZIP) &&
             ct_zip_open(s, offer, &c, arena, err) == CT_OK)
        check_choice(&c, path, err);
    if (s->bytes != NULL || s->begin > 0) /* the head of what was packed */
        head = read_head(s, arena, &size, err);
    if (err->status != CT_OK)
        return err->status;
    if (is_safetensors(head, size))
        return describe_tensor(s, head, &c, arena, out, err);
    if (BEGINS(head, IDX))
        return ct_idx_describe(path, head, size, s->size, out, err);
    if (BEGINS(head, CT_NPY_MAGIC))
        return ct_npy_parse(path, head, size, s->size, out, err);
    if (gzip && !is_table((char *)head, size)) /* captions */
        memcpy(head, GZIP, 2);
    ct_foreign_refuse(path, head, size, err);
    return err->status == CT_OK ? read_text(s, arena, out, err) : err->status;
}

ct_status ct_array_open(ct_source *s, const char *path, ct_arena *arena, ct_npy *out, ct_error *err)
{
    const char *member = open_file(s, path, arena, err);
    return ct_array_parse(s, member, arena, out, err);
}

/* ---- values ---- */

#define PIECE 4096 /* values at a time */

/* n values of the file from number `from` on, each `stride` after the one before, or whole numbers
 * into `ints`. */
static void get_values(const ct_source *s, const ct_npy *a, size_t from, size_t n, ct_real *out,
                       size_t stride, int *ints, ct_error *err)
{
    unsigned char bytes[8 * PIECE];
    for (size_t k = 0; k < n; k++) {
        const size_t width = (size_t)a->width, left = n - k < PIECE ? n - k : PIECE;
        if (k % PIECE == 0)
            ct_source_read(s, a->offset + (from + k) * width, bytes, left * width, err);
        if (err->status != CT_OK)
            return;
        const double x = ct_npy_value(a, bytes, k % PIECE);
        if (ints == NULL)
            out[k * stride] = (ct_real)x;
        else if (x >= INT_MIN && x <= INT_MAX && x == (int)x)
            ints[k] = (int)x;
        else
            CT_REFUSE(err, "%s: value %zu is %.12g, expected a whole one, %d to %d", s->path, k, x,
                      INT_MIN, INT_MAX);
    }
}

/* In Fortran's order columns lie together. */
void ct_array_rows(const ct_source *s, const ct_npy *a, int first, int n, ct_real *out,
                   ct_error *err)
{
    const size_t cols = (size_t)a->cols, row = (size_t)first, rows = (size_t)n;
    if (!a->fortran)
        get_values(s, a, row * cols, rows * cols, out, 1, NULL, err);
    for (size_t k = 0; k < cols && a->fortran; k++)
        get_values(s, a, k * (size_t)a->rows + row, rows, out + k, cols, NULL, err);
}

/* What lies behind a row must be one dimension: (n, tokens, d) flattened without a word would be
 * measured as if tokens and columns were the same. */
ct_status ct_matrix_open(ct_source *s, const char *path, ct_arena *arena, ct_npy *out,
                         ct_error *err)
{
    int wide = 0;
    char shape[CT_NPY_SHAPE];
    ct_array_open(s, path, arena, out, err);
    for (int k = 1; k < out->n_dims; k++)
        wide += out->dim[k] > 1;
    if (wide > 1)
        CT_REFUSE(err,
                  "%s: has the shape %s, expected (n, d): in Python: np.save('x.npy', x[:, 0]), or "
                  "x.mean(1), or x.reshape(len(x), -1)",
                  path, ct_npy_shape(out->dim, out->n_dims, shape));
    return err->status;
}

ct_status ct_array_read_matrix(const char *path, ct_arena *arena, ct_real **x, int *rows, int *cols,
                               ct_error *err)
{
    ct_source s;
    ct_npy a;
    ct_error *const theirs = arena->err;
    arena->err = err;
    ct_matrix_open(&s, path, arena, &a, err);
    *x = ct_arena_alloc(arena, a.count * sizeof **x);
    ct_array_rows(&s, &a, 0, a.rows, *x, err);
    ct_source_close(&s);
    arena->err = theirs;
    *rows = a.rows;
    *cols = a.cols;
    return err->status;
}

ct_status ct_array_read_ints(const char *path, ct_arena *arena, int **x, int *n, ct_error *err)
{
    char shape[CT_NPY_SHAPE];
    ct_source s;
    ct_npy a;
    ct_array_open(&s, path, arena, &a, err);
    if (a.cols != 1)
        CT_REFUSE(err,
                  "%s: expected one integer per row, found the shape %s; if a row marks its label "
                  "with a 1: in Python: np.save('x.npy', x.argmax(1))",
                  path, ct_npy_shape(a.dim, a.n_dims, shape));
    *x = ct_arena_zeroed(arena, a.count, sizeof **x);
    get_values(&s, &a, 0, a.count, NULL, 0, *x, err);
    ct_source_close(&s);
    *n = a.rows;
    return err->status;
}
