/* pool.c -- the team: one shared counter, and a mutex with two conditions for those who sleep.
 *
 * The caller publishes a job and takes blocks like everybody else: it from the front, the workers
 * from the back, so that each finds what it had in the last loop in its own cache. Between jobs a
 * worker looks for blocks for a short while before it sleeps, because the loops of a training step
 * follow each other within microseconds and waking a thread costs more. While nobody sleeps no lock
 * is taken: a loop costs about half a microsecond. The caller waits for blocks, never for workers:
 * one that is not running, because it sleeps or another program has its processor, took no block
 * and holds nobody up.
 *
 * Two things are easy to get wrong:
 *
 *  - A worker that comes late must not take a block of one job with the body of another.
 *    So job number and blocks taken are one number, the ticket, changed by
 *    compare-and-swap, and it is closed while a new job is written.
 *  - Going to sleep while a job is published. Who goes to sleep counts itself and
 *    then looks at the ticket; who publishes sets the ticket and then looks at the
 *    count. In sequentially consistent order one of the two sees the other.
 *
 * Where threads cannot be started the caller does all blocks itself: slower, the same results. */
#include "platform/pool.h"

#include "platform/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef __wasm__ /* no thread can be started there */
#include <pthread.h>
#endif

#define SPINS 4000              /* some 100 microseconds                            */
#define STACK ((size_t)2 << 20) /* kernels keep panels and tiles on it; musl gives 128 KiB */

struct ct_pool {
    int n_threads, n_started;
#ifdef __wasm__
};
#define is_within(p)                        ((void)(p), false)
#define start_threads(p)                    ((void)(p))
#define end_threads(p)                      ((void)(p))
#define run_in_team(p, n_blocks, body, ctx) ((void)0)
#else
    bool tried;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t work, all_done;

    _Atomic uint64_t ticket; /* job << 32 | taken from the back << 16 | from the front */
    atomic_int done;         /* blocks of it that are finished                    */
    atomic_int first, n_blocks;
    void (*_Atomic body)(void *ctx, int block);
    void *_Atomic ctx;
    atomic_int sleepers; /* workers that sleep, or are about to               */
    atomic_bool caller_sleeps;
    pthread_t *thread; /* n_threads - 1 */
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#define CLOSED UINT16_MAX /* taken of a job that is being written: more than any has */

static int taken(uint64_t ticket, int shift)
{
    return (int)(ticket >> shift & UINT16_MAX);
}

static bool is_all_taken(uint64_t ticket, int n)
{
    return taken(ticket, 0) + taken(ticket, 16) >= n;
}

/* Is it a block of a loop that asks? The blocks of a loop are not all done while one of them runs.
 */
static bool is_within(const ct_pool *p)
{
    return atomic_load(&p->done) < atomic_load(&p->n_blocks);
}

/* Take a block from the end of it that `shift` says and do it; false if there is none. Body and
 * context are read before the ticket changes: it can only if no other job was written meanwhile. */
static bool do_block(ct_pool *p, int shift)
{
    uint64_t ticket = atomic_load(&p->ticket);
    for (;;) {
        const int first = atomic_load(&p->first), n = atomic_load(&p->n_blocks),
                  at = taken(ticket, shift);
        void (*body)(void *ctx, int block) = atomic_load(&p->body);
        void *ctx = atomic_load(&p->ctx);
        if (is_all_taken(ticket, n))
            return false;
        if (!atomic_compare_exchange_weak(&p->ticket, &ticket, ticket + ((uint64_t)1 << shift)))
            continue;
        body(ctx, first + (shift == 0 ? at : n - 1 - at));
        if (atomic_fetch_add(&p->done, 1) == n - 1 &&
            atomic_load(&p->caller_sleeps)) { /* the last one tells */
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->all_done);
            pthread_mutex_unlock(&p->lock);
        }
        return true;
    }
}

static void sleep_until_blocks(ct_pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (is_all_taken(atomic_load(&p->ticket), atomic_load(&p->n_blocks)) &&
           !atomic_load(&p->stop))
        pthread_cond_wait(&p->work, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
    ct_pool *p = arg;
    for (int spins = 0; !atomic_load(&p->stop);) {
        if (do_block(p, 16)) {
            spins = 0;
        } else if (spins++ < SPINS) {
            pause_briefly();
        } else {
            sleep_until_blocks(p);
            spins = 0;
        }
    }
    return NULL;
}

static void wake_sleepers(ct_pool *p)
{
    if (atomic_load(&p->sleepers) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->lock);
    }
}

static void publish(ct_pool *p, int first, int n_blocks, void (*body)(void *ctx, int block),
                    void *ctx)
{
    const uint64_t job = (atomic_load(&p->ticket) >> 32) + 1;
    atomic_store(&p->ticket, job << 32 | CLOSED);
    atomic_store(&p->first, first);
    atomic_store(&p->n_blocks, n_blocks);
    atomic_store(&p->body, body);
    atomic_store(&p->ctx, ctx);
    atomic_store(&p->done, 0);
    atomic_store(&p->ticket, job << 32);
    wake_sleepers(p);
}

/* The caller: wait for the blocks that others have taken. */
static void await_blocks(ct_pool *p)
{
    const int n = atomic_load(&p->n_blocks);
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->done) == n)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_sleeps, true);
    while (atomic_load(&p->done) < n)
        pthread_cond_wait(&p->all_done, &p->lock);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->lock);
}

static void start_threads(ct_pool *p)
{
    pthread_attr_t attr;
    if (p->tried)
        return;
    p->tried = true;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->all_done, NULL);
    p->thread = ct_alloc((size_t)p->n_threads, sizeof *p->thread);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    while (p->thread != NULL && p->n_started < p->n_threads - 1 &&
           pthread_create(&p->thread[p->n_started], &attr, work, p) == 0)
        p->n_started++;
    pthread_attr_destroy(&attr);
}

static void end_threads(ct_pool *p)
{
    if (!p->tried)
        return;
    atomic_store(&p->stop, true);
    wake_sleepers(p);
    for (int i = 0; i < p->n_started; i++)
        pthread_join(p->thread[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->all_done);
    ct_free(p->thread);
}

/* In rounds of as many blocks as a ticket can count. */
static void run_in_team(ct_pool *p, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    for (int first = 0; first < n_blocks; first += CLOSED - 1) {
        const int left = n_blocks - first;
        publish(p, first, left < CLOSED ? left : CLOSED - 1, body, ctx);
        while (do_block(p, 0))
            ;
        await_blocks(p);
    }
}
#endif

ct_pool *ct_pool_new(int n_threads, ct_error *err)
{
    ct_pool *p = ct_alloc_for("threads", 1, sizeof *p, err);
    if (p != NULL)
        p->n_threads = n_threads;
    return p;
}

void ct_pool_free(ct_pool *p)
{
    if (p != NULL)
        end_threads(p);
    ct_free(p);
}

int ct_pool_threads(const ct_pool *p)
{
    return is_within(p) ? 1 : p->n_threads;
}

void ct_pool_run(ct_pool *p, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    const bool shared = n_blocks > 1 && ct_pool_threads(p) > 1;
    if (shared)
        start_threads(p);
    if (shared && p->n_started > 0) {
        run_in_team(p, n_blocks, body, ctx);
        return;
    }
    for (int b = 0; b < n_blocks; b++)
        body(ctx, b);
}
