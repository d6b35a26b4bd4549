/* test_pool.c -- every block of every loop is done once, and is done when the loop returns, whether
 * the threads are awake, asleep or late. */
#include "testing.h"

#include "platform/memory.h"
#include "platform/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { MOST = 300 };

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Plain numbers: what one thread wrote must be seen by the caller. */
typedef struct tally {
    int count[MOST], job;
    int seen[MOST]; /* the job's number, as each block saw it */
    long slow;      /* a block that waits so many milliseconds; -1: none */
} tally;

static void count_block(void *ctx, int block)
{
    tally *t = ctx;
    if (block == t->slow)
        pause_ms(2);
    t->count[block]++;
    t->seen[block] = t->job;
}

static void check_loop(ct_pool *p, tally *t, int n)
{
    for (int b = 0; b < MOST; b++)
        t->count[b] = 0;
    t->job++;
    ct_pool_run(p, n, count_block, t);
    int wrong = 0; /* one assertion a loop: each costs a system call */
    for (int b = 0; b < MOST; b++)
        wrong += t->count[b] != (b < n) || (b < n && t->seen[b] != t->job);
    ck_assert_int_eq(wrong, 0);
}

START_TEST(each_block_is_done_once)
{
    ct_pool *p = ct_pool_new(_i, CT_IGNORE_ERROR);
    tally t = {.slow = -1};
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(ct_pool_threads(p), _i);
    for (int n = 0; n <= 20; n++)
        check_loop(p, &t, n);
    check_loop(p, &t, MOST);
    ct_pool_free(p);
}
END_TEST

/* Loops follow each other faster than a thread comes: a late one must not mix them up. */
START_TEST(quick_loops_do_not_mix)
{
    ct_pool *p = ct_pool_new(4, CT_IGNORE_ERROR);
    tally *t = ct_alloc_zeroed(2, sizeof *t); /* by turns: another context each time */
    t[0].slow = t[1].slow = -1;
    for (int round = 0; round < 4000; round++)
        check_loop(p, &t[round % 2], 1 + round % 7);
    ct_pool_free(p);
    ct_free(t);
}
END_TEST

START_TEST(threads_that_sleep_wake_up)
{
    ct_pool *p = ct_pool_new(3, CT_IGNORE_ERROR);
    tally t = {.slow = -1};
    for (int round = 0; round < 20; round++) {
        check_loop(p, &t, 50);
        pause_ms(5); /* more than they look for work */
    }
    ct_pool_free(p);
}
END_TEST

START_TEST(the_caller_waits_for_a_slow_block)
{
    ct_pool *p = ct_pool_new(3, CT_IGNORE_ERROR);
    tally t = {.slow = 0};
    for (int round = 0; round < 50; round++) {
        t.slow = round % 5;
        check_loop(p, &t, 5);
    }
    ct_pool_free(p);
}
END_TEST

typedef struct meeting {
    atomic_int here, met;
} meeting;

static void wait_for_another(void *ctx, int block)
{
    meeting *m = ctx;
    (void)block;
    atomic_fetch_add(&m->here, 1);
    for (int i = 0; i < 5000 && atomic_load(&m->here) < 2; i++)
        pause_ms(1);
    atomic_fetch_add(&m->met, atomic_load(&m->here) == 2);
}

START_TEST(two_threads_work_at_the_same_time)
{
    ct_pool *p = ct_pool_new(2, CT_IGNORE_ERROR);
    for (int round = 0; round < 2; round++) {
        meeting m = {0};
        ct_pool_run(p, 2, wait_for_another, &m); /* each block waits for the other to begin */
        ck_assert_int_eq(atomic_load(&m.met), 2);
        pause_ms(100); /* the other thread sleeps, and is woken */
    }
    ct_pool_free(p);
}
END_TEST

static void count_one(void *ctx, int block)
{
    atomic_fetch_add((atomic_int *)ctx + block, 1);
}

START_TEST(blocks_may_be_many)
{
    enum { MANY = 140000 }; /* more than two rounds of tickets */
    ct_pool *p = ct_pool_new(3, CT_IGNORE_ERROR);
    atomic_int *count = ct_alloc_zeroed(MANY, sizeof *count);
    int wrong = 0;
    ct_pool_run(p, MANY, count_one, count);
    for (int b = 0; b < MANY; b++)
        wrong += atomic_load(&count[b]) != 1;
    ck_assert_int_eq(wrong, 0);
    ct_pool_free(p);
    ct_free(count);
}
END_TEST

typedef struct shared_work {
    meeting all;
    pthread_t by[4];
} shared_work;

static void note_thread(void *ctx, int block)
{
    shared_work *w = ctx;
    w->by[block] = pthread_self();
    wait_for_another(&w->all, block);
}

START_TEST(the_caller_begins_at_the_front_and_the_worker_at_the_back)
{
    ct_pool *p = ct_pool_new(2, CT_IGNORE_ERROR);
    shared_work w = {.all = {0}};
    ct_pool_run(p, 4, note_thread, &w);
    ck_assert(pthread_equal(w.by[0], pthread_self()));
    ck_assert(!pthread_equal(w.by[3], pthread_self()));
    ct_pool_free(p);
}
END_TEST

/* Blocks of a loop call loops: each stays on its block's thread. */
typedef struct nest {
    ct_pool *pool;
    pthread_t by[4][4];
    int threads[4];
} nest;

typedef struct nested_loop {
    nest *all;
    int outer;
} nested_loop;

static void note_inner(void *ctx, int block)
{
    const nested_loop *l = ctx;
    l->all->by[l->outer][block] = pthread_self();
}

static void run_inner(void *ctx, int block)
{
    nest *all = ctx;
    all->threads[block] = ct_pool_threads(all->pool);
    ct_pool_run(all->pool, 4, note_inner, &(nested_loop){all, block});
    for (int i = 0; i < 4; i++)
        all->threads[block] += !pthread_equal(all->by[block][i], pthread_self());
}

START_TEST(a_loop_in_a_block_stays_on_its_thread)
{
    nest all = {.pool = ct_pool_new(2, CT_IGNORE_ERROR)};
    for (int round = 0; round < 50; round++) {
        ct_pool_run(all.pool, 4, run_inner, &all);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(all.threads[i], 1); /* alone, and no inner block elsewhere */
        ck_assert_int_eq(ct_pool_threads(all.pool), 2);
    }
    ct_pool_free(all.pool);
}
END_TEST

START_TEST(a_team_may_go_unused)
{
    ct_pool_free(ct_pool_new(8, CT_IGNORE_ERROR));
    ct_pool_free(NULL);
}
END_TEST

TCase *pool_case(void)
{
    TCase *tc = tcase_create("pool");
    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, each_block_is_done_once, 1, 7);
    add_tests(tc, quick_loops_do_not_mix, threads_that_sleep_wake_up,
              the_caller_waits_for_a_slow_block, two_threads_work_at_the_same_time,
              blocks_may_be_many, the_caller_begins_at_the_front_and_the_worker_at_the_back,
              a_loop_in_a_block_stays_on_its_thread, a_team_may_go_unused);
    return tc;
}
