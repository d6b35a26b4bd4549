/* test_fashion_mnist.c -- the loader on four tiny IDX files of the test's own, whole
 * and broken. */
#include "testing.h"

#include "contrast/datasets.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_TRAIN = 25, N_TEST = 12, DIM = 28 * 28 };

static const char *const FILES[4] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                     "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* Pixel k of picture i: any values that tell pictures apart. */
static uint8_t pixel(int i, int k)
{
    return (uint8_t)(i * 37 + k * 3);
}

static FILE *open_file(const char *name, const char *mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    FILE *f = fopen(path, mode);
    ck_assert_ptr_nonnull(f);
    return f;
}

static void put_u32(FILE *f, unsigned x)
{
    for (int k = 3; k >= 0; k--)
        putc((int)(x >> 8 * k & 0xFF), f);
}

static void write_images(const char *name, int first, int n, int height)
{
    FILE *f = open_file(name, "wb");
    put_u32(f, 0x00000803);
    put_u32(f, (unsigned)n);
    put_u32(f, (unsigned)height);
    put_u32(f, 28);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < height * 28; k++)
            putc(pixel(first + i, k), f);
    ck_assert_int_eq(fclose(f), 0);
}

/* Label of item i, counted over both files. */
static int label_of(int i)
{
    return i * 7 % 10;
}

static void write_labels(const char *name, int first, int n)
{
    FILE *f = open_file(name, "wb");
    put_u32(f, 0x00000801);
    put_u32(f, (unsigned)n);
    for (int i = 0; i < n; i++)
        putc(label_of(first + i), f);
    ck_assert_int_eq(fclose(f), 0);
}

static void write_all(void)
{
    open_scratch();
    write_images(FILES[0], 0, N_TRAIN, 28);
    write_labels(FILES[1], 0, N_TRAIN);
    write_images(FILES[2], N_TRAIN, N_TEST, 28);
    write_labels(FILES[3], N_TRAIN, N_TEST);
}

static ct_pairs *load(ct_error *err)
{
    return ct_fashion_mnist(&(ct_data_options){.dir = scratch, .n_validation = 5, .seed = 1}, err);
}

START_TEST(pictures_and_labels_are_those_of_the_files)
{
    ct_error err = {0};
    ct_pairs *p = load(&err);
    ck_assert_msg(p != NULL, "%s", err.msg);
    ck_assert_int_eq(p->n, N_TRAIN + N_TEST);
    ck_assert_int_eq(p->side[0].dim, DIM);
    ck_assert_int_eq(p->side[0].width, 28);
    ck_assert_int_eq(p->side[0].height, 28);
    ck_assert_int_eq(p->side[0].channels, 1);
    for (int i = 0; i < p->n; i++) {
        ck_assert_int_eq(p->label[i], label_of(i));
        ck_assert_int_eq(p->group[i], label_of(i));
        for (int k = 0; k < DIM; k++)
            ck_assert_int_eq(p->side[0].u8[i * DIM + k], pixel(i, k));
    }
    ct_pairs_free(p);
}
END_TEST

START_TEST(the_end_of_the_training_file_validates)
{
    static const int FIRST[] = {0, 20, 25}, COUNT[] = {20, 5, 12, 0};
    ct_pairs *p = load(CT_IGNORE_ERROR);
    for (int s = 0; s < CT_N_SPLITS; s++) {
        ck_assert_int_eq(p->count[s], COUNT[s]);
        for (int k = 0; k < p->count[s]; k++)
            ck_assert_int_eq(p->index[s][k], FIRST[s] + k);
    }
    ct_pairs_free(p);
}
END_TEST

START_TEST(captions_name_the_class)
{
    ct_pairs *p = load(CT_IGNORE_ERROR);
    ck_assert_int_eq(p->n_classes, 10);
    ck_assert_str_eq(p->class_name[9], "ankle boot");
    ck_assert_int_eq(p->side[1].n_texts, 10 * p->n_prompts);
    for (int i = 0; i < p->n; i++) {
        const char *said = p->side[1].text[p->side[1].text_of[i]];
        ck_assert_msg(strstr(said, p->class_name[p->label[i]]) != NULL, "%s", said);
        ck_assert_msg(p->label[i] == 0 || strstr(said, "t-shirt") == NULL, "%s", said);
    }
    ck_assert_str_eq(p->prompt[0], "a t-shirt");
    ck_assert_str_eq(p->prompt[p->n_prompts + 1], "a photo of a pair of trousers");
    ck_assert_str_eq(p->prompt[9 * p->n_prompts + 4], "an ankle boot on a black background");
    for (int k = 0; k < 10 * p->n_prompts; k++) {
        ck_assert_ptr_nonnull(strstr(p->prompt[k], p->class_name[k / p->n_prompts]));
        for (int j = 0; j < k; j++)
            ck_assert_str_ne(p->prompt[j], p->prompt[k]);
    }
    ct_pairs_free(p);
}
END_TEST

START_TEST(wordings_depend_on_seed_and_item_alone)
{
    ct_data_options o = {.dir = scratch, .n_validation = 5, .seed = 1};
    ct_pairs *p = ct_fashion_mnist(&o, CT_IGNORE_ERROR);
    o.n_validation = 10;
    ct_pairs *q = ct_fashion_mnist(&o, CT_IGNORE_ERROR);
    o.seed = 2;
    ct_pairs *r = ct_fashion_mnist(&o, CT_IGNORE_ERROR);
    size_t bytes = (size_t)p->n * sizeof *p->side[1].text_of;
    ck_assert_int_eq(memcmp(p->side[1].text_of, q->side[1].text_of, bytes), 0);
    ck_assert_int_ne(memcmp(p->side[1].text_of, r->side[1].text_of, bytes), 0);
    ct_pairs_free(p);
    ct_pairs_free(q);
    ct_pairs_free(r);
}
END_TEST

static void fails_with(ct_status status, const char *says)
{
    ct_error err = {0};
    ct_pairs *p = load(&err);
    ck_assert_ptr_null(p);
    ck_assert_int_eq(err.status, status);
    ck_assert_msg(strstr(err.msg, scratch) == err.msg, "%s", err.msg);
    ck_assert_msg(strstr(err.msg, says) != NULL, "%s", err.msg);
}

START_TEST(a_missing_file_is_answered_with_what_to_type)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, FILES[_i]);
    ck_assert_int_eq(remove(path), 0);
    fails_with(CT_ERR_IO, FILES[_i]);
    fails_with(CT_ERR_IO, "; type: sh datasets/fashion-mnist.sh");
}
END_TEST

START_TEST(a_truncated_file_is_refused)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", scratch, FILES[_i]);
    ck_assert_int_eq(truncate(path, 15), 0);
    fails_with(CT_ERR_FORMAT, FILES[_i]);
}
END_TEST

START_TEST(files_that_disagree_are_refused)
{
    write_labels(FILES[1], 0, N_TRAIN - 1);
    fails_with(CT_ERR_FORMAT,
               "train-labels-idx1-ubyte: 24 labels; expected one for each of 25 pictures");
}
END_TEST

START_TEST(pictures_of_another_size_are_refused)
{
    write_images(FILES[2], 0, N_TEST, 27);
    fails_with(CT_ERR_FORMAT, "t10k-images-idx3-ubyte: pictures are 27 x 28; expected 28 x 28");
}
END_TEST

START_TEST(an_unknown_label_is_refused)
{
    FILE *f = open_file(FILES[3], "r+b");
    ck_assert_int_eq(fseek(f, 8 + 4, SEEK_SET), 0);
    putc(10, f);
    ck_assert_int_eq(fclose(f), 0);
    fails_with(CT_ERR_FORMAT, "t10k-labels-idx1-ubyte: label 4 is 10; expected 0 to 9");
}
END_TEST

START_TEST(validation_must_leave_something_to_train_on)
{
    static const int WRONG[] = {-1, N_TRAIN, N_TRAIN + 1};
    for (int k = 0; k < 3; k++) {
        ct_data_options o = {.dir = scratch, .n_validation = WRONG[k]};
        ct_error err = {0};
        ck_assert_ptr_null(ct_fashion_mnist(&o, &err));
        ck_assert_int_eq(err.status, CT_ERR_CONFIG);
        ck_assert_msg(strstr(err.msg, "expected 0 to 24 of the 25 training pictures") != NULL, "%s",
                      err.msg);
    }
}
END_TEST

START_TEST(failed_allocations_leave_nothing_behind)
{
    const ct_data_options o = {.dir = scratch, .n_validation = 5};
    ck_assert_int_gt(fail_each_allocation(ct_fashion_mnist, &o), 2);
}
END_TEST

TCase *fashion_mnist_case(void)
{
    TCase *tc = tcase_create("fashion_mnist");
    tcase_add_checked_fixture(tc, write_all, close_scratch);
    add_tests(tc, pictures_and_labels_are_those_of_the_files,
              the_end_of_the_training_file_validates, captions_name_the_class,
              wordings_depend_on_seed_and_item_alone);
    tcase_add_loop_test(tc, a_missing_file_is_answered_with_what_to_type, 0, 4);
    tcase_add_loop_test(tc, a_truncated_file_is_refused, 0, 4);
    add_tests(tc, files_that_disagree_are_refused, pictures_of_another_size_are_refused,
              an_unknown_label_is_refused, validation_must_leave_something_to_train_on,
              failed_allocations_leave_nothing_behind);
    return tc;
}
