/* files.c -- pairs of one's own: two files, joined item by item.
 *
 * Each mistake is a line that names the file and the place, since the files are
 * the user's. Texts are read whole; arrays stay where they are (row_file.c).
 *
 * Layer: data. Needs formats (npy, pnm, text). */
#include "contrast/data.h"

#include "contrast/random.h"
#include "data/row_file.h"
#include "formats/lines.h"
#include "formats/pnm.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Everything that is known before there is a ct_pairs. */
typedef struct loader {
    const ct_files_options *o;
    ct_arena arena; /* becomes the data set's */
    ct_row_file *rows[2];
    char **text[2]; /* captions */
    char **picture; /* paths, of a .tsv */
    int n[2];
    const char *path[2];
    int width, height; /* of all pictures; 0: as the first */
    ct_error *err;
} loader;

/* ---- text ---- */

/* Lines of a .tsv: the path of a picture, a tab, a caption. */
static ct_status split_columns(loader *l, const char *path)
{
    char **line;
    int n;
    ct_status status = ct_lines_read(path, &l->arena, &line, &n, l->err);
    if (status != CT_OK)
        return status;
    const char *slash = strrchr(path, '/');
    const int folder = slash != NULL ? (int)(slash - path) + 1 : 0;
    l->picture = line;
    l->text[1] = ct_arena_zeroed(&l->arena, (size_t)n + 1, sizeof *line);
    if (l->text[1] == NULL)
        return CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for its %d lines", path, n);
    for (int i = 0; i < n; i++) {
        char *tab = strchr(line[i], '\t'), full[CT_PATH_BYTES];
        if (tab == NULL || tab == line[i] || tab[1] == '\0' || strchr(tab + 1, '\t') != NULL)
            return CT_FAIL(l->err, CT_ERR_FORMAT, "%s:%d: expected a picture, a tab and a caption",
                           path, i + 1);
        *tab = '\0';
        l->text[1][i] = tab + 1;
        if (snprintf(full, sizeof full, "%.*s%s", line[i][0] == '/' ? 0 : folder, path, line[i]) >=
            (int)sizeof full)
            return CT_FAIL(l->err, CT_ERR_FORMAT, "%s:%d: the path is too long", path, i + 1);
        if ((line[i] = ct_arena_strdup(&l->arena, full)) == NULL)
            return CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for its %d lines", path, n);
    }
    l->n[0] = l->n[1] = n;
    l->path[0] = l->path[1] = path;
    return CT_OK;
}

static bool ends_with(const char *s, const char *end)
{
    return strlen(s) >= strlen(end) && strcmp(s + strlen(s) - strlen(end), end) == 0;
}

/* ---- sides ---- */

static ct_status open_side(loader *l, int side, const char *path)
{
    ct_status status;
    l->path[side] = path;
    if (*path == '\0')
        return CT_FAIL(l->err, CT_ERR_CONFIG, "data.%s: expected a file of pairs",
                       side == 0 ? "image" : "text");
    if (!data_is_row_file(path))
        return ct_lines_read(path, &l->arena, &l->text[side], &l->n[side], l->err);
    status = data_row_file_open(path, &l->arena, &l->rows[side], l->err);
    l->n[side] = status == CT_OK ? l->rows[side]->array.rows : 0;
    return status;
}

static ct_status open_sides(loader *l)
{
    const ct_files_options *o = l->o;
    ct_status status = CT_OK;
    if (ends_with(o->image, ".tsv") && *o->text != '\0')
        return CT_FAIL(l->err, CT_ERR_CONFIG, "data.text = %s: the captions are in %s already",
                       o->text, o->image);
    if (ends_with(o->image, ".tsv"))
        return split_columns(l, o->image);
    for (int side = 0; side < 2 && status == CT_OK; side++)
        status = open_side(l, side, side == 0 ? o->image : o->text);
    if (status == CT_OK && l->n[0] != l->n[1])
        return CT_FAIL(l->err, CT_ERR_FORMAT, "%s: %d items; expected one for each of the %d of %s",
                       l->path[1], l->n[1], l->n[0], l->path[0]);
    return status;
}

/* An array of (n, height, width) or (n, height, width, 1 or 3) is pictures. */
static void set_rows(ct_side *s, ct_row_file *f)
{
    const ct_npy *a = &f->array;
    s->file = f;
    s->dim = a->cols;
    if (a->n_dims == 3 || (a->n_dims == 4 && (a->dim[3] == 1 || a->dim[3] == 3))) {
        s->height = a->dim[1];
        s->width = a->dim[2];
        s->channels = a->n_dims == 4 ? a->dim[3] : 1;
    }
}

/* Picture i into its place; the first one says how large all are. */
static ct_status load_picture(loader *l, ct_side *s, int i, uint8_t **pixels, ct_arena *scratch)
{
    char *data;
    size_t size;
    ct_pnm p;
    ct_error why = {0};
    ct_status status = ct_file_read(l->picture[i], 0, scratch, &data, &size, &why);
    if (status == CT_OK)
        status = ct_pnm_parse(l->picture[i], (const uint8_t *)data, size, &p, &why);
    if (status != CT_OK)
        return CT_FAIL(l->err, status, "%s:%d: %s", l->path[0], i + 1, why.msg);
    if (i == 0) {
        s->width = l->width > 0 ? l->width : p.width;
        s->height = l->height > 0 ? l->height : p.height;
        s->channels = p.channels;
        const size_t dim = (size_t)s->width * (size_t)s->height * (size_t)s->channels;
        *pixels = dim <= INT_MAX ? ct_arena_zeroed(&l->arena, (size_t)l->n[0], dim) : NULL;
        if (*pixels == NULL)
            return CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for %d pictures", l->path[0],
                           l->n[0]);
        s->dim = (int)dim;
    }
    const bool fits = l->width > 0 || (p.width == s->width && p.height == s->height);
    if (!fits || p.channels != s->channels)
        return CT_FAIL(l->err, CT_ERR_FORMAT,
                       "%s:%d: %s is %d x %d, %s; expected %d x %d, %s, as the first%s", l->path[0],
                       i + 1, l->picture[i], p.width, p.height, p.channels == 3 ? "colour" : "grey",
                       s->width, s->height, s->channels == 3 ? "colour" : "grey",
                       fits ? "" : " (or set data.resize)");
    ct_pnm_resize(&p, s->width, s->height, *pixels + (size_t)i * (size_t)s->dim);
    return CT_OK;
}

static ct_status load_pictures(loader *l, ct_side *s)
{
    uint8_t *pixels = NULL;
    ct_arena scratch; /* a picture's file */
    ct_status status = CT_OK;
    ct_arena_init(&scratch, 0);
    for (int i = 0; i < l->n[0] && status == CT_OK; i++) {
        ct_arena_reset(&scratch);
        status = load_picture(l, s, i, &pixels, &scratch);
    }
    ct_arena_free(&scratch);
    s->u8 = pixels;
    return status;
}

/* ---- splits and groups ---- */

/* of[i] = the split of pair i; counts. */
static ct_status assign_splits(loader *l, int *of, int count[CT_N_SPLITS])
{
    const ct_files_options *o = l->o;
    const int n = l->n[0];
    char **line;
    int n_lines;
    if (*o->split == '\0') {
        const double given[2] = {o->validation, o->test};
        if (!(given[0] >= 0 && given[1] >= 0 && given[0] + given[1] < 1))
            return CT_FAIL(l->err, CT_ERR_CONFIG,
                           "data.validation + data.test = %g: expected shares below 1",
                           given[0] + given[1]);
        ct_random r = ct_random_make(o->seed, CT_STREAM_SPLIT, 0);
        int *item = ct_arena_zeroed(&l->arena, (size_t)n, sizeof *item);
        if (item == NULL)
            return CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for %d pairs", l->path[0], n);
        for (int i = 0; i < n; i++)
            item[i] = i;
        ct_random_shuffle(&r, item, n);
        count[CT_VALIDATION] = (int)(given[0] * n);
        count[CT_TEST] = (int)(given[1] * n);
        for (int i = 0; i < n; i++)
            of[item[i]] = i < count[CT_VALIDATION]                    ? CT_VALIDATION
                          : i < count[CT_VALIDATION] + count[CT_TEST] ? CT_TEST
                                                                      : CT_TRAIN;
        count[CT_TRAIN] = n - count[CT_VALIDATION] - count[CT_TEST];
        return CT_OK;
    }
    ct_status status = ct_lines_read(o->split, &l->arena, &line, &n_lines, l->err);
    if (status == CT_OK && n_lines != n)
        status = CT_FAIL(l->err, CT_ERR_FORMAT,
                         "%s: %d lines; expected one for each of the %d pairs", o->split, n_lines,
                         n);
    for (int i = 0; i < n && status == CT_OK; i++) {
        int s = 0;
        while (s < CT_N_SPLITS && strcmp(line[i], ct_split_name((ct_split)s)) != 0)
            s++;
        if (s == CT_N_SPLITS)
            return CT_FAIL(l->err, CT_ERR_FORMAT,
                           "%s:%d: %.40s: expected train, validation, test or composition",
                           o->split, i + 1, line[i]);
        of[i] = s;
        count[s]++;
    }
    return status;
}

static void fill_indices(ct_pairs *p, const int *of)
{
    int at[CT_N_SPLITS] = {0};
    for (int i = 0; i < p->n; i++)
        p->index[of[i]][at[of[i]]++] = i;
}

static ct_status set_groups(loader *l, ct_pairs *p)
{
    int *group, n;
    if (*l->o->groups != '\0') {
        ct_status status = ct_npy_read_ints(l->o->groups, &p->arena, &group, &n, l->err);
        if (status == CT_OK && n != p->n)
            status = CT_FAIL(l->err, CT_ERR_FORMAT,
                             "%s: %d numbers; expected one for each of the %d pairs", l->o->groups,
                             n, p->n);
        p->group = status == CT_OK ? group : NULL;
        return status;
    }
    for (int side = 1; side >= 0; side--) /* equal captions mean the same */
        if (p->side[side].text != NULL && p->side[side].n_texts < p->n && p->group == NULL)
            p->group = p->side[side].text_of;
    return CT_OK;
}

/* ---- all of it ---- */

static ct_status fill(loader *l, ct_pairs *p, const int *of)
{
    ct_status status = CT_OK;
    fill_indices(p, of);
    for (int side = 0; side < 2 && status == CT_OK; side++) {
        if (l->rows[side] != NULL)
            set_rows(&p->side[side], l->rows[side]);
        else if (l->text[side] != NULL)
            status = ct_pairs_set_captions(p, side, (const char *const *)l->text[side], l->err);
        else
            status = load_pictures(l, &p->side[side]);
    }
    return status == CT_OK ? set_groups(l, p) : status;
}

ct_pairs *ct_pairs_from_files(const ct_files_options *o, ct_error *err)
{
    loader l = {.o = o, .width = o->resize, .height = o->resize, .err = err};
    ct_pairs *p = NULL;
    int count[CT_N_SPLITS] = {0}, *of = NULL;
    ct_arena_init(&l.arena, 0);
    ct_status status = open_sides(&l);
    if (status == CT_OK && (of = ct_arena_zeroed(&l.arena, (size_t)l.n[0] + 1, sizeof *of)) == NULL)
        status = CT_FAIL(err, CT_ERR_NOMEM, "%s: no memory for %d pairs", l.path[0], l.n[0]);
    if (status == CT_OK)
        status = assign_splits(&l, of, count);
    if (status == CT_OK && (p = ct_pairs_new("pairs", count, err)) != NULL &&
        fill(&l, p, of) == CT_OK) {
        p->files = l.arena;
        return p;
    }
    for (int side = 0; side < 2; side++)
        data_row_file_close(l.rows[side]);
    ct_pairs_free(p);
    ct_arena_free(&l.arena);
    return NULL;
}

static bool is_picture(const char *path)
{
    return ends_with(path, ".pgm") || ends_with(path, ".ppm") || ends_with(path, ".pnm");
}

static ct_status open_items(loader *l, int side, const char *path)
{
    if (ends_with(path, ".tsv"))
        return split_columns(l, path);
    if (!is_picture(path))
        return open_side(l, side, path);
    l->path[side] = path;
    l->n[0] = l->n[side] = 1;
    l->picture = ct_arena_zeroed(&l->arena, 1, sizeof *l->picture);
    if (l->picture == NULL || (l->picture[0] = ct_arena_strdup(&l->arena, path)) == NULL)
        return CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for it", path);
    return CT_OK;
}

ct_pairs *ct_items_from_file(const char *path, int side, int width, int height, ct_error *err)
{
    loader l = {.width = width, .height = height, .err = err};
    ct_pairs *p = NULL;
    ct_arena_init(&l.arena, 0);
    ct_status status = open_items(&l, side, path);
    const int count[CT_N_SPLITS] = {status == CT_OK ? l.n[side] : 0};
    if (status == CT_OK && (p = ct_pairs_new("items", count, err)) != NULL) {
        if (l.rows[side] != NULL)
            set_rows(&p->side[side], l.rows[side]);
        else if (l.picture != NULL)
            status = load_pictures(&l, &p->side[side]);
        else
            status = ct_pairs_set_captions(p, side, (const char *const *)l.text[side], err);
        if (status == CT_OK) {
            p->files = l.arena;
            return p;
        }
    }
    data_row_file_close(l.rows[side]);
    ct_pairs_free(p);
    ct_arena_free(&l.arena);
    return NULL;
}
