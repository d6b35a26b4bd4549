/* files.c -- pairs of one's own: two files, joined item by item.
 *
 * Each mistake is a line that names the file and the place, since the files are the user's. Texts
 * are read whole; arrays stay where they are (inside.h). */
#include "contrast/data.h"

#include "contrast/random.h"
#include "data/inside.h"
#include "formats/lines.h"
#include "formats/picture.h"
#include "formats/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What becomes a data set. */
typedef struct loader {
    ct_pairs *p;
    ct_arena *arena; /* its own */
    char **text[2];  /* captions */
    char **picture;  /* paths, of a .tsv */
    int n[2];
    const char *path[2];
    int width, height; /* of all pictures; 0: as the first */
    uint8_t *pixels;   /* theirs */
    ct_error *err;
} loader;

/* ---- opening the sides ---- */

/* What *line begins with, up to `between`, which it moves past, to NULL at the end. With `quotes`
 * a cell may stand in quotes, and "" is a quote in it. NULL: it does not end. */
static char *take_cell(char **line, char between, bool quotes)
{
    char *cell = *line, *in = cell, *out = cell;
    const bool quoted = quotes && *in == '"';
    in += quoted;
    while (*in != '\0' && (quoted ? in[0] != '"' || in[1] == '"' : *in != between)) {
        in += quoted && *in == '"';
        *out++ = *in++;
    }
    if (quoted && (*in != '"' || (in[1] != between && in[1] != '\0')))
        return NULL;
    in += quoted;
    *line = *in == between ? in + 1 : NULL;
    *out = '\0';
    return cell;
}

/* A line of a .tsv or .csv: the path of a picture, from the folder of that file on, and a caption.
 */
static void split_line(loader *l, const char *path, int i, char *line)
{
    const bool commas = ct_text_ends(path, ".csv");
    char *rest = line, *caption = "", full[CT_PATH_BYTES];
    char *picture = take_cell(&rest, commas ? ',' : '\t', commas);
    if (picture != NULL && rest != NULL)
        caption = take_cell(&rest, commas ? ',' : '\t', commas);
    if (rest != NULL || *picture == '\0' || *caption == '\0') {
        CT_REFUSE(l->err, "%s:%d: expected a picture, a %s and a caption%s", path, i + 1,
                  commas ? "comma" : "tab", commas ? ", in quotes if it has commas" : "");
        return;
    }
    const char *slash = strrchr(path, '/');
    const int folder = slash != NULL && picture[0] != '/' ? (int)(slash - path) + 1 : 0;
    if (snprintf(full, sizeof full, "%.*s%s", folder, path, picture) >= (int)sizeof full)
        CT_REFUSE(l->err, "%s:%d: the path is too long", path, i + 1);
    l->picture[i] = ct_arena_strdup(l->arena, full);
    l->text[1][i] = caption;
}

static void open_table(loader *l, const char *path)
{
    int n;
    ct_lines_read(path, l->arena, &l->picture, &n, l->err);
    l->text[1] = ct_arena_zeroed(l->arena, (size_t)n + 1, sizeof *l->text[1]);
    for (int i = 0; i < n && l->err->status == CT_OK; i++)
        split_line(l, path, i, l->picture[i]);
    l->n[0] = l->n[1] = n;
    l->path[0] = l->path[1] = path;
}

/* Rows of any file of numbers. An array of (n, height, width) or (n, height, width, 1 or 3) is
 * pictures. */
static void open_rows(loader *l, int side, const char *path)
{
    ct_side *s = &l->p->side[side];
    ct_row_file *f = ct_arena_zeroed(l->arena, 1, sizeof *f);
    const char *name = ct_arena_strdup(l->arena, path);
    if (l->err->status != CT_OK)
        return;
    s->file = f;
    const ct_npy *a = &f->array;
    ct_array_open(&f->source, name, l->arena, &f->array, l->err);
    if (a->fortran && a->n_dims > 1)
        CT_REFUSE(l->err, "%s: is in Fortran's order; save np.ascontiguousarray of it", path);
    if (a->count == 0)
        CT_REFUSE(l->err, "%s: there are no values in it", path);
    l->n[side] = a->rows;
    s->dim = a->cols;
    if (a->n_dims == 3 || (a->n_dims == 4 && (a->dim[3] == 1 || a->dim[3] == 3))) {
        s->height = a->dim[1];
        s->width = a->dim[2];
        s->channels = a->n_dims == 4 ? a->dim[3] : 1;
    }
}

/* It may be a table of pictures and captions, which is both sides, if nothing else is to have
 * captions; text NULL: it may not. */
static void open_side(loader *l, int side, const char *path, const char *text)
{
    l->path[side] = path;
    if (*path == '\0')
        CT_FAIL(l->err, CT_ERR_CONFIG, "data.%s: expected a file of pairs",
                side == 0 ? "image" : "text");
    else if (ct_array_begins(path, l->err))
        open_rows(l, side, path);
    else if (text == NULL || !(ct_text_ends(path, ".tsv") || ct_text_ends(path, ".csv")))
        ct_lines_read(path, l->arena, &l->text[side], &l->n[side], l->err);
    else if (*text == '\0')
        open_table(l, path);
    else
        CT_FAIL(l->err, CT_ERR_CONFIG, "data.text = %s: the captions are in %s already", text,
                path);
}

static void open_sides(loader *l, const ct_data_options *o)
{
    open_side(l, 0, o->image, o->text);
    if (l->picture == NULL)
        open_side(l, 1, o->text, NULL);
    if (l->n[0] != l->n[1])
        CT_REFUSE(l->err, "%s: %d item%s; expected one for each of the %d of %s%s", l->path[1],
                  l->n[1], CT_S(l->n[1]), l->n[0], l->path[0],
                  l->text[1] != NULL && l->n[1] == l->n[0] + 1 ? "; is line 1 a header?" : "");
}

static bool is_picture(const char *path)
{
    return ct_text_ends(path, ".png") || ct_text_ends(path, ".pgm") || ct_text_ends(path, ".ppm") ||
           ct_text_ends(path, ".pnm");
}

/* One side alone, of anything that a side can be, or a single picture. */
static void open_items(loader *l, int side, const char *path)
{
    if (!is_picture(path)) {
        open_side(l, side, path, "");
    } else if ((l->picture = ct_arena_zeroed(l->arena, 1, sizeof *l->picture)) != NULL) {
        l->path[0] = path;
        l->n[0] = l->n[side] = 1;
        l->picture[0] = ct_arena_strdup(l->arena, path);
    }
}

/* ---- filling the data set ---- */

/* The first picture says how large all are. */
static void make_room(loader *l, ct_side *s, const ct_picture *first)
{
    s->width = l->width > 0 ? l->width : first->width;
    s->height = l->height > 0 ? l->height : first->height;
    s->channels = first->channels;
    const size_t dim = (size_t)s->width * (size_t)s->height * (size_t)s->channels;
    if (dim > INT_MAX)
        CT_FAIL(l->err, CT_ERR_NOMEM, "%s: no memory for %d pictures", l->path[0], l->n[0]);
    s->dim = (int)dim;
    s->u8 = l->pixels = ct_arena_zeroed(l->arena, (size_t)l->n[0], dim);
}

/* Picture i into its place. */
static void load_picture(loader *l, ct_side *s, int i)
{
    char *data = NULL;
    size_t size = 0;
    ct_picture p = {0};
    ct_error why = {.status = CT_OK};
    ct_arena scratch; /* the picture's file */
    ct_arena_open(&scratch, l->picture[i], 0, &why);
    ct_file_read(l->picture[i], 0, &scratch, &data, &size, &why);
    ct_picture_parse(l->picture[i], (uint8_t *)data, size, &scratch, &p, &why);
    if (why.status != CT_OK)
        CT_FAIL(l->err, why.status, "%s:%d: %s%s", l->path[0], i + 1, why.msg,
                i == 0 && l->n[0] > 1 && why.status == CT_ERR_IO ? "; is line 1 a header?" : "");
    else if (i == 0)
        make_room(l, s, &p);
    const bool fits = l->width > 0 || (p.width == s->width && p.height == s->height);
    if (!fits || p.channels != s->channels)
        CT_REFUSE(l->err, "%s:%d: %s is %d x %d, %s; expected %d x %d, %s, as the first%s",
                  l->path[0], i + 1, l->picture[i], p.width, p.height,
                  p.channels == 3 ? "colour" : "grey", s->width, s->height,
                  s->channels == 3 ? "colour" : "grey", fits ? "" : " (or set data.resize)");
    if (l->err->status == CT_OK)
        ct_picture_resize(&p, s->width, s->height, l->pixels + (size_t)i * (size_t)s->dim);
    ct_arena_free(&scratch);
}

static void fill_side(loader *l, int side)
{
    ct_side *s = &l->p->side[side];
    if (l->text[side] != NULL)
        ct_pairs_set_captions(l->p, side, (const char *const *)l->text[side], l->err);
    else if (l->picture != NULL)
        for (int i = 0; i < l->n[0] && l->err->status == CT_OK; i++)
            load_picture(l, s, i);
}

/* One caption for all, or none with a word, is nothing to learn from. */
static void check_captions(loader *l, const ct_side *s, const char *path)
{
    const ct_text_config words = {.buckets = 1, .words = true};
    bool some = s->text == NULL;
    for (int i = 0; i < s->n_texts && !some; i++)
        some = ct_text_ids(s->text[i], &words, NULL, 0) > 0;
    if (!some)
        CT_REFUSE(l->err, "%s: no caption has a letter or a digit", path);
    if (s->n_texts == 1 && s->n > 1)
        CT_REFUSE(l->err, "%s: all %d captions are '%.60s'; expected some that differ", path, s->n,
                  s->text[0]);
}

/* ---- splits and groups ---- */

/* of[i] = the split of pair i, drawn by shares; counts. */
static void draw_splits(loader *l, const ct_data_options *o, int *of, int count[CT_N_SPLITS])
{
    static const int ORDER[] = {CT_VALIDATION, CT_TEST, CT_TRAIN};
    const int n = l->n[0];
    int *item = ct_arena_zeroed(l->arena, (size_t)n, sizeof *item);
    if (!(o->validation >= 0 && o->test >= 0 && o->validation + o->test < 1))
        CT_FAIL(l->err, CT_ERR_CONFIG, "data.validation + data.test = %g: expected shares below 1",
                o->validation + o->test);
    if (l->err->status != CT_OK)
        return;
    ct_random r = ct_random_make(o->seed, CT_STREAM_SPLIT, 0);
    for (int i = 0; i < n; i++)
        item[i] = i;
    ct_random_shuffle(&r, item, n);
    count[CT_VALIDATION] = (int)(o->validation * n);
    count[CT_TEST] = (int)(o->test * n);
    count[CT_TRAIN] = n - count[CT_VALIDATION] - count[CT_TEST];
    for (int s = 0; s < 3; s++)
        for (int k = 0; k < count[ORDER[s]]; k++)
            of[*item++] = ORDER[s];
}

/* The same as a file says, one name a line. */
static void read_splits(loader *l, const char *path, int *of, int count[CT_N_SPLITS])
{
    const int n = l->n[0];
    char **line;
    int n_lines;
    if (ct_lines_read(path, l->arena, &line, &n_lines, l->err) == CT_OK && n_lines != n)
        CT_REFUSE(l->err, "%s: expected %d lines, one per pair; found %d", path, n, n_lines);
    for (int i = 0; i < n && l->err->status == CT_OK; i++) {
        int s = 0;
        while (s < CT_N_SPLITS && strcmp(line[i], ct_split_name((ct_split)s)) != 0)
            s++;
        if (s == CT_N_SPLITS) {
            CT_REFUSE(l->err, "%s:%d: %.40s: expected train, validation, test or composition", path,
                      i + 1, line[i]);
            return;
        }
        of[i] = s;
        count[s]++;
    }
}

static void fill_indices(ct_pairs *p, const int *of)
{
    int at[CT_N_SPLITS] = {0};
    for (int i = 0; i < p->n; i++)
        p->index[of[i]][at[of[i]]++] = i;
}

static void set_groups(loader *l, const ct_data_options *o)
{
    ct_pairs *p = l->p;
    int *group, n;
    for (int side = 0; side < 2; side++) /* equal captions mean the same */
        if (p->side[side].text != NULL && p->side[side].n_texts < p->n)
            p->group = p->side[side].text_of;
    if (*o->groups == '\0')
        return;
    if (ct_array_read_ints(o->groups, l->arena, &group, &n, l->err) == CT_OK && n != p->n)
        CT_REFUSE(l->err, "%s: expected %d numbers, one per pair; found %d", o->groups, p->n, n);
    p->group = group;
}

/* ---- all of it ---- */

ct_pairs *ct_pairs_from_files(const ct_data_options *o, ct_error *err)
{
    loader l = {.p = data_pairs_open("pairs", err),
                .width = o->resize,
                .height = o->resize,
                .err = err};
    int count[CT_N_SPLITS] = {0};
    if (l.p == NULL)
        return NULL;
    l.arena = &l.p->arena;
    open_sides(&l, o);
    int *of = ct_arena_zeroed(l.arena, (size_t)l.n[0] + 1, sizeof *of);
    if (*o->split == '\0')
        draw_splits(&l, o, of, count);
    else
        read_splits(&l, o->split, of, count);
    data_pairs_split(l.p, count, err);
    fill_indices(l.p, of);
    for (int side = 0; side < 2 && err->status == CT_OK; side++)
        fill_side(&l, side);
    for (int side = 0; side < 2 && err->status == CT_OK; side++)
        check_captions(&l, &l.p->side[side], l.path[side]);
    if (err->status == CT_OK)
        set_groups(&l, o);
    return ct_pairs_finish(l.p, err);
}

ct_pairs *ct_items_from_file(const char *path, int side, int width, int height, ct_error *err)
{
    loader l = {.p = data_pairs_open("items", err), .width = width, .height = height, .err = err};
    if (l.p == NULL)
        return NULL;
    l.arena = &l.p->arena;
    open_items(&l, side, path);
    data_pairs_split(l.p, (const int[CT_N_SPLITS]){l.n[side]}, err);
    if (err->status == CT_OK)
        fill_side(&l, side);
    return ct_pairs_finish(l.p, err);
}
