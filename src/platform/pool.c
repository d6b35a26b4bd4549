/* pool.c -- the team: one shared counter, and a mutex with two conditions for those who sleep.
 *
 * The caller publishes a job and takes blocks like everybody else; a block is
 * an index from an atomic counter. Between jobs a worker looks at the job
 * number for a short while before it sleeps, because the loops of a training
 * step follow each other within microseconds and waking a thread costs more.
 * While nobody sleeps no lock is taken: a loop costs about a microsecond.
 *
 * Easy to get wrong: going to sleep while a job is being published. Who goes to
 * sleep counts itself and then looks at the job number; who publishes changes the
 * number and then looks at the count. In sequentially consistent order one of the two
 * sees the other.
 *
 * Where threads cannot be started the caller does all blocks itself: slower,
 * the same results.
 *
 * Layer: platform. */
#ifndef __wasm__ /* pool_alone.c */
#include "platform/pool.h"

#include "platform/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SPINS 4000             /* some 100 microseconds                            */
#define STACK ((size_t)2 << 20) /* kernels keep panels and tiles on it; musl gives 128 KiB */

struct ct_pool {
    int             n_threads, n_started;
    bool            tried, stop;
    pthread_t      *thread;
    pthread_mutex_t lock;
    pthread_cond_t  work, done;

    atomic_long job;      /* number of the current job                  */
    atomic_int  next;     /* next block to take                         */
    atomic_int  busy;     /* workers that have not finished this job    */
    atomic_int  sleepers; /* workers that sleep, or are about to        */
    atomic_bool caller_sleeps;
    int         n_blocks; /* of the job, with its body and context      */
    void (*body)(void *ctx, int block);
    void *ctx;
};

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void take_blocks(ct_pool *p)
{
    for (int b; (b = atomic_fetch_add(&p->next, 1)) < p->n_blocks;)
        p->body(p->ctx, b);
}

/* Wait until the job's number is no longer `seen`. */
static void await_job(ct_pool *p, long seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->job) != seen)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&p->job) == seen)
        pthread_cond_wait(&p->work, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

/* The caller: wait until no worker is busy. */
static void await_workers(ct_pool *p)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&p->busy) == 0)
            return;
        pause_briefly();
    }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_sleeps, true);
    while (atomic_load(&p->busy) > 0)
        pthread_cond_wait(&p->done, &p->lock);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->lock);
}

static void *work(void *arg)
{
    ct_pool *p = arg;
    for (long seen = 0;; seen++) {
        await_job(p, seen);
        if (p->stop)
            return NULL;
        take_blocks(p);
        if (atomic_fetch_sub(&p->busy, 1) == 1 && atomic_load(&p->caller_sleeps)) { /* the last one out tells */
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
    }
}

static void publish(ct_pool *p)
{
    atomic_fetch_add(&p->job, 1);
    if (atomic_load(&p->sleepers) > 0) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->work);
        pthread_mutex_unlock(&p->lock);
    }
}

static void start_threads(ct_pool *p)
{
    pthread_attr_t attr;
    p->tried = true;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    while (p->n_started < p->n_threads - 1 &&
           pthread_create(&p->thread[p->n_started], &attr, work, p) == 0)
        p->n_started++;
    pthread_attr_destroy(&attr);
}

ct_pool *ct_pool_new(int n_threads)
{
    ct_pool   *p = ct_alloc_zeroed(1, sizeof *p);
    pthread_t *t = ct_alloc((size_t)n_threads, sizeof *t);
    if (p == NULL || t == NULL) {
        ct_free(p);
        ct_free(t);
        return NULL;
    }
    p->n_threads = n_threads;
    p->thread = t;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    return p;
}

void ct_pool_free(ct_pool *p)
{
    if (p == NULL)
        return;
    p->stop = true;
    publish(p);
    for (int i = 0; i < p->n_started; i++)
        pthread_join(p->thread[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->done);
    ct_free(p->thread);
    ct_free(p);
}

int ct_pool_threads(const ct_pool *p)
{
    return p->n_threads;
}

void ct_pool_run(ct_pool *p, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    if (n_blocks > 1 && p->n_threads > 1 && !p->tried)
        start_threads(p);
    if (n_blocks <= 1 || p->n_started == 0) {
        for (int b = 0; b < n_blocks; b++)
            body(ctx, b);
        return;
    }
    p->body = body;
    p->ctx = ctx;
    p->n_blocks = n_blocks;
    atomic_store(&p->next, 0);
    atomic_store(&p->busy, p->n_started);
    publish(p);
    take_blocks(p);
    await_workers(p);
}
#endif
