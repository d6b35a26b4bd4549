/* walk.c -- the walk over all pairs: strips, chunks and tiles, and who computes
 * what. The loops over the cells of a tile are in walk_body.h.
 *
 *             chunk 0        chunk 1        chunk 2      columns of S: rows of b
 *         +----+----+--+ +----+----+--+ +----+----+--+
 *   strip |tile|tile|  | |tile|tile|  | |tile|tile|  |   K_STRIP rows of a, all chunks at
 *         +----+----+--+ +----+----+--+ +----+----+--+   once, one task each
 *         |            | |            | |            |   the next strip, when the chunks'
 *                                                        findings for the rows are joined
 *
 * A task owns one chunk of the columns of a strip: their column sums and the rows
 * of db that belong to them. What it finds for the strip's rows, sums or da, it
 * leaves in a place of its own; the places are joined at the end of the strip.
 * So no two threads write to the same number, and every sum has one order.
 *
 * A tile is computed as b a' and not as a b': then the strip's rows are the packed
 * operand of the product, and the wide side is read in place (NOTES.md). */
#include "kernels/walk.h"
#include "kernels/isa.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LOWEST      (ct_real)(sizeof(ct_real) == sizeof(double) ? -DBL_MAX : -(double)FLT_MAX)
#define KEPT_MOST   ((size_t)1 << 22) /* cells of S: 16 MiB stay in a last-level cache */
#define CHUNK_STEP  24                /* columns; every register tile divides it       */
#define CHUNK_LEAST 48

/* What a task works on, and what a chunk finds for the rows of a strip. */
typedef struct job {
    const k_walk *w;
    ct_device *dev;
    ct_real blank; /* what a cell that is left out holds: f and f' are 0 there */
    int i0, rows;  /* the strip */
    ct_real *da, *db;
    bool add_a, add_b;
} job;

typedef struct found {
    double total[K_SUMS][K_STRIP], slope[K_SUMS][K_STRIP];
    ct_real origin[K_SUMS][K_STRIP];
} found;

/* Columns of a chunk of m. */
static int chunk_of(int m)
{
    const int pieces = m / CHUNK_LEAST < 1 ? 1 : k_least(m / CHUNK_LEAST, K_CHUNKS);
    return k_share(m, CHUNK_STEP, pieces);
}

static int n_chunks(int m)
{
    return (m + chunk_of(m) - 1) / chunk_of(m);
}

size_t k_walk_kept(int n, int m)
{
    const size_t cells = (size_t)k_share(n, K_STRIP, 1) * (size_t)m;
    return cells <= KEPT_MOST ? cells : 0;
}

size_t k_walk_space(int n, int m, int d)
{
    const size_t part = (size_t)k_least(n, K_STRIP) * (size_t)d * sizeof(ct_real);
    return (size_t)n_chunks(m) * (part > sizeof(found) ? part : sizeof(found));
}

/* One strip after the other: all of its chunks, then the join of what they have found. */
static void walk(ct_device *dev, job *p, void (*do_chunk)(void *ctx, int chunk),
                 void (*join)(const job *p))
{
    const k_walk *w = p->w;
    p->dev = dev;
    /* e^-inf = 0, ln(1 + e^-inf) = 0, max(-inf, 0) = 0; but a square is 0 at 0 */
    p->blank = w->sums[0].f == K_SQUARE ? 0 : -(ct_real)INFINITY;
    for (p->i0 = 0; p->i0 < w->n; p->i0 += K_STRIP) {
        p->rows = k_least(K_STRIP, w->n - p->i0);
        k_parallel(dev, n_chunks(w->m), do_chunk, p);
        join(p);
    }
}

/* ---- sums ---- */

void k_sums_clear(k_sums *s, int anchors)
{
    for (int i = 0; i < anchors; i++) {
        s->total[i] = 0;
        if (s->f == K_EXP || s->f == K_PEAK)
            s->origin[i] = LOWEST;
        if (s->slope != NULL)
            s->slope[i] = 0;
    }
}

/* s seen from anchor k on. */
static k_sums sums_from(const k_sums *s, int k)
{
    k_sums part = *s;
    part.origin += k;
    part.total += k;
    part.slope = s->slope != NULL ? s->slope + k : NULL;
    part.limit = s->limit != NULL ? s->limit + k : NULL;
    part.weight = s->weight != NULL ? s->weight + k : NULL;
    return part;
}

/* Sum k along the strip's rows as far as one chunk goes. */
static k_sums sums_of_chunk(const job *p, int k, int chunk)
{
    found *mine = (found *)p->w->space + chunk;
    k_sums s = sums_from(&p->w->sums[k], p->i0);
    s.origin = mine->origin[k];
    s.total = mine->total[k];
    s.slope = s.slope != NULL ? mine->slope[k] : NULL;
    return s;
}

/* ---- a tile ---- */

static ct_real *kept_tile(const job *p, int j0)
{
    const ptrdiff_t before = (ptrdiff_t)p->i0 * p->w->m + (ptrdiff_t)j0 * K_STRIP;
    return p->w->kept != NULL ? p->w->kept + before : NULL;
}

/* Columns j0 .. j0 + cols of the strip, into x. */
static void make_tile(const job *p, int j0, int cols, ct_real *x)
{
    const k_walk *w = p->w;
    k_matmul(p->dev, cols, p->rows, w->d, (k_matrix){w->b + (ptrdiff_t)j0 * w->d, w->d, 1},
             (k_matrix){w->a + (ptrdiff_t)p->i0 * w->d, 1, w->d}, x, K_STRIP, false);
    const int end = k_least(p->i0 + p->rows, j0 + cols);
    for (int i = p->i0 > j0 ? p->i0 : j0; w->off_diagonal && i < end; i++)
        x[(i - j0) * K_STRIP + i - p->i0] = p->blank;
    for (int j = 0; w->group_a != NULL && j < cols; j++)
        for (int i = 0; i < p->rows; i++)
            x[j * K_STRIP + i] = w->group_a[p->i0 + i] == w->group_b[j0 + j] ? p->blank
                                                                             : x[j * K_STRIP + i];
}

/* ---- gather ---- */

static void gather_chunk(void *ctx, int chunk)
{
    const job *p = ctx;
    const k_walk *w = p->w;
    const int from = chunk * chunk_of(w->m), to = k_least(w->m, from + chunk_of(w->m));
    ct_real room[K_TILE * K_STRIP] __attribute__((aligned(64)));
    k_sums sums[K_SUMS];
    for (int k = 0; k < w->n_sums; k++)
        if (!w->sums[k].columns) {
            sums[k] = sums_of_chunk(p, k, chunk);
            memcpy(sums[k].origin, w->sums[k].origin + p->i0, (size_t)p->rows * sizeof(ct_real));
            k_sums_clear(&sums[k], p->rows);
        }
    for (int j0 = from; j0 < to; j0 += K_TILE) {
        ct_real *kept = kept_tile(p, j0), *x = kept != NULL ? kept : room;
        const k_cells t = {x, p->rows, k_least(K_TILE, to - j0)};
        make_tile(p, j0, t.cols, x);
        for (int k = 0; k < w->n_sums; k++)
            if (w->sums[k].columns)
                sums[k] = sums_from(&w->sums[k], j0);
        p->dev->isa->gather(&t, w->n_sums, sums);
    }
}

static void join_rows(const job *p)
{
    for (int k = 0; k < p->w->n_sums; k++) {
        const k_sums s = sums_from(&p->w->sums[k], p->i0);
        for (int c = 0; !s.columns && c < n_chunks(p->w->m); c++) {
            const k_sums other = sums_of_chunk(p, k, c);
            p->dev->isa->join(&s, &other, p->rows);
        }
    }
}

void k_walk_gather(ct_device *dev, const k_walk *w)
{
    walk(dev, &(job){.w = w}, gather_chunk, join_rows);
}

/* ---- spread ---- */

static ct_real *da_of_chunk(const job *p, int chunk)
{
    const k_walk *w = p->w;
    return (ct_real *)w->space + (size_t)chunk * (size_t)k_least(w->n, K_STRIP) * (size_t)w->d;
}

static void spread_chunk(void *ctx, int chunk)
{
    const job *p = ctx;
    const k_walk *w = p->w;
    const int from = chunk * chunk_of(w->m), to = k_least(w->m, from + chunk_of(w->m)), d = w->d;
    const k_matrix strip = {w->a + (ptrdiff_t)p->i0 * d, d, 1};
    ct_real g[K_TILE * K_STRIP] __attribute__((aligned(64)));
    for (int j0 = from; j0 < to; j0 += K_TILE) {
        k_cells t = {kept_tile(p, j0), p->rows, k_least(K_TILE, to - j0)};
        const k_matrix cols = {w->b + (ptrdiff_t)j0 * d, d, 1};
        k_sums sums[K_SUMS];
        if (t.x == NULL) {
            make_tile(p, j0, t.cols, g);
            t.x = g;
        }
        for (int k = 0; k < w->n_sums; k++)
            sums[k] = sums_from(&w->sums[k], w->sums[k].columns ? j0 : p->i0);
        p->dev->isa->spread(&t, w->n_sums, sums, g);
        if (p->db != NULL) /* db += dS' a: the first strip begins it */
            k_matmul(p->dev, t.cols, d, t.rows, (k_matrix){g, K_STRIP, 1}, strip,
                     p->db + (ptrdiff_t)j0 * d, d, p->add_b || p->i0 > 0);
        if (p->da != NULL) /* da += dS b: the first tile of the chunk begins its part */
            k_matmul(p->dev, t.rows, d, t.cols, (k_matrix){g, 1, K_STRIP}, cols,
                     da_of_chunk(p, chunk), d, j0 > from);
    }
}

static void join_da(const job *p)
{
    const size_t size = (size_t)p->rows * (size_t)p->w->d;
    if (p->da == NULL)
        return;
    ct_real *da = p->da + (size_t)p->i0 * (size_t)p->w->d;
    if (!p->add_a)
        memcpy(da, da_of_chunk(p, 0), size * sizeof *da);
    for (int c = p->add_a ? 0 : 1; c < n_chunks(p->w->m); c++)
        k_add(p->dev, size, da, da_of_chunk(p, c), da);
}

void k_walk_spread(ct_device *dev, const k_walk *w, ct_real *da, bool add_a, ct_real *db,
                   bool add_b)
{
    job p = {.w = w, .da = da, .add_a = add_a, .db = db, .add_b = add_b};
    walk(dev, &p, spread_chunk, join_da);
}
