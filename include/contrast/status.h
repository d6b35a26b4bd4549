/* status.h -- how the library reports failure.
 *
 * Three rules, one per kind of mistake:
 *
 *  1. The outside world (a file, an option, memory) can fail at any time.
 *     Such a function takes the caller's ct_error, which is never NULL, and
 *     fills it. Once it is filled, functions that take it do nothing, so a
 *     caller writes one call after the other and looks once, at the end:
 *
 *         ct_file_read(path, 0, &arena, &text, &size, err);
 *         ct_ini_parse(path, text, setting, &recipe, err);
 *         return err->status;
 *
 *     Those that return ct_status return err->status. An arena can be given an
 *     error too (arena.h): an allocation that fails is then reported there.
 *  2. Building a graph can fail on a shape or on memory. The operation returns
 *     NULL, the graph keeps the first error, and NULL inputs pass through, so
 *     a chain of operations needs one check at its end: ct_graph_error().
 *  3. A caller that breaks a documented precondition has a bug. CT_ASSERT
 *     stops the program at the line that noticed; it is on in every build.
 *
 * The library never prints and never exits, except for rule 3. */
#ifndef CT_STATUS_H
#define CT_STATUS_H

/* Around the declarations of every public header, so that C++ links them too. */
#ifdef __cplusplus
#define CT_C_BEGIN extern "C" {
#define CT_C_END   }
#else
#define CT_C_BEGIN
#define CT_C_END
#endif

CT_C_BEGIN

typedef enum ct_status {
    CT_OK = 0,
    CT_ERR_SHAPE,   /* operand shapes do not fit the operation          */
    CT_ERR_NOMEM,   /* an arena or malloc could not supply the bytes    */
    CT_ERR_IO,      /* the system refused to open, read or write a file */
    CT_ERR_FORMAT,  /* a file was read, but its contents are not valid  */
    CT_ERR_CONFIG,  /* unknown option name, or value out of range       */
    CT_ERR_NUMERIC, /* a loss or a gradient became NaN or infinite      */
} ct_status;

/* One failure, or none yet. Zero-initialise it. */
typedef struct ct_error {
    ct_status status;
    const char *file; /* source position that raised it: --verbose only  */
    int line;
    char msg[320]; /* one line for the user; begins with path:line:
                      when the user's own file is at fault            */
} ct_error;

/* For callers that ask no reason. It ends with the block: not for an arena or a writer to keep. */
#define CT_IGNORE_ERROR (&(ct_error){.status = CT_OK})

/* Record a failure and return err->status, so that a caller can write
 *     return CT_FAIL(err, CT_ERR_IO, "%s: %s", path, strerror(errno));
 * A ct_error that already holds a failure keeps it: first cause wins. */
#define CT_FAIL(err, status, ...) ct_error_set((err), (status), __FILE__, __LINE__, __VA_ARGS__)
#define CT_REFUSE(err, ...)       CT_FAIL(err, CT_ERR_FORMAT, __VA_ARGS__) /* what a file holds */
#define CT_S(n)                   ((n) == 1 ? "" : "s") /* "%d row%s": the end of the word */

ct_status ct_error_set(ct_error *err, ct_status status, const char *file, int line, const char *fmt,
                       ...) __attribute__((nonnull(1), format(printf, 5, 6)));

/* Abort with the text of the broken precondition; a bug of the caller. */
#define CT_ASSERT(cond) ((cond) ? (void)0 : ct_assert_failed(#cond, __FILE__, __LINE__))

void ct_assert_failed(const char *cond, const char *file, int line) __attribute__((noreturn));

CT_C_END
#endif
