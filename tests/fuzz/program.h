/* program.h -- the program as a function, in a folder of its own, for the targets that call it.
 *
 * The folder is made once, below /tmp, and holds the same files before each input: pairs of one's
 * own, and a small run on them. What a command cannot be told to end, ends by itself: numbers of
 * more than two digits are no words here, memory is 8 MiB at once, and after SOON microseconds of
 * work a run is stopped as by a signal. No word names a path outside the folder. */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "platform/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

int contrast_main(int argc, char **argv); /* src/cli/main.c, under this name */
extern volatile sig_atomic_t cli_stop, cli_safe;

/* What lies in the folder before each input. */
typedef struct kept_file {
    char path[64];
    uint8_t *bytes;
    size_t size;
} kept_file;
static kept_file kept[32];
static int n_kept;

/* What the target itself cannot do without. */
static void must(bool truth, const char *what)
{
    if (!truth) {
        perror(what);
        abort();
    }
}

static void put_file(const char *path, const void *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0, path);
}

/* Every file below `where` ("" is all of it): kept in memory, or removed. */
static void each_file(const char *where, bool keep)
{
    char path[600];
    struct stat st;
    DIR *d = opendir(*where != '\0' ? where : ".");
    must(d != NULL, where);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s%s%s", where, *where != '\0' ? "/" : "", e->d_name);
        must(lstat(path, &st) == 0, path);
        if (S_ISDIR(st.st_mode)) {
            each_file(path, keep);
            if (!keep)
                rmdir(path);
        } else if (!keep) {
            unlink(path);
        } else {
            kept_file *k = &kept[n_kept++];
            must(n_kept < 32 && strlen(path) < sizeof k->path, "too many files");
            strcpy(k->path, path);
            k->size = (size_t)st.st_size;
            k->bytes = malloc(k->size + 1);
            const int fd = open(path, O_RDONLY);
            must(fd >= 0 && read(fd, k->bytes, k->size) == (ssize_t)k->size, path);
            close(fd);
        }
    }
    closedir(d);
}

/* The folder as it was at first, with other bytes for the files in `other` (NULL: for none). */
static void restore(const kept_file *other)
{
    each_file("", false);
    must(mkdir("run", 0777) == 0, "run");
    for (int i = 0; i < n_kept; i++) {
        const kept_file *k = other != NULL ? &other[i] : &kept[i];
        put_file(kept[i].path, k->bytes, k->size);
    }
}

/* Not SIGALRM, which is the fuzzer's. */
static void on_alarm(int number)
{
    (void)number;
    cli_stop = SIGTERM;
}

/* contrast WORD ..., of which the last is NULL, for so many microseconds (0: any); its exit status.
 */
static int program(char **word, int most)
{
    char *argv[70] = {(char[]){"contrast"}};
    int argc = 1;
    for (; word[argc - 1] != NULL && argc < 69; argc++)
        argv[argc] = word[argc - 1];
    const struct itimerval soon = {.it_value = {.tv_usec = most}}, never = {.it_value = {0}};
    signal(SIGPROF, on_alarm);
    cli_stop = 0;
    setitimer(ITIMER_PROF, &soon, NULL);
    const int code = contrast_main(argc, argv);
    setitimer(ITIMER_PROF, &never, NULL);
    cli_safe = 0;
    clearerr(stdout);
    rewind(stdin);
    return code;
}

#define SOON       200000
#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})

static char folder[] = "/tmp/fuzz-contrast-XXXXXX";

static void remove_folder(void)
{
    each_file("", false);
    must(chdir("/") == 0 && rmdir(folder) == 0, folder);
}

/* Pairs of one's own: 24 vectors, captions, groups, the split; a curve; a run. */
static void make_folder(void)
{
    char words[4000] = "", *at = words;
    must(mkdtemp(folder) != NULL && chdir(folder) == 0 && atexit(remove_folder) == 0, folder);
    setenv("CONTRAST_THREADS", "1", 1);
    must(freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "r", stdin) != NULL,
         "/dev/null");
    for (int i = 0; i < 24; i++)
        at += sprintf(at, "%d,%d,%d,%d\n", i % 3, i % 5, 7 * i % 11, i);
    put_file("image.csv", words, strlen(words));
    at = words;
    for (int i = 0; i < 24; i++)
        at += sprintf(at, "a %s thing of the kind %d\n", i % 2 != 0 ? "round" : "square", i % 6);
    put_file("captions.txt", words, strlen(words));
    at = words;
    for (int i = 0; i < 24; i++)
        at += sprintf(at, "%s\n", i % 4 == 3 ? "test" : i % 4 == 2 ? "validation" : "train");
    put_file("split.txt", words, strlen(words));
    at = words;
    for (int i = 0; i < 24; i++)
        at += sprintf(at, "%d\n", i % 6);
    put_file("groups.txt", words, strlen(words));
    at = words + sprintf(words, "step,loss\n");
    for (int i = 0; i < 40; i++)
        at += sprintf(at, "%d,%.4f\n", i, 2.0794 + 0.001 * (i % 3));
    put_file("curve.csv", words, strlen(words));
    at = words + sprintf(words, "[data]\nkind = pairs\nimage = image.csv\ntext = captions.txt\n"
                                "split = split.txt\ngroups = groups.txt\n[image]\nlayers = 4\n"
                                "[text]\nlayers = 4\nbuckets = 16\nbag_dim = 4\n"
                                "[optim]\nwarmup = 0\n[train]\nbatch = 8\nsteps = 4\n"
                                "[monitor]\nlog_every = 1\nevaluate_every = 2\nsnapshots = 3\n");
    put_file("own.ini", words, strlen(words));
    must(program(WORDS("train", "own.ini", "-q", "-o", "run"), 0) == 0, "train");
    must(program(WORDS("embed", "run", "--images", "image.csv", "-o", "a.npy"), 0) == 0, "embed");
    must(program(WORDS("embed", "run", "--texts", "captions.txt", "-o", "b.npy"), 0) == 0, "embed");
    each_file("", true);
    ct_alloc_most((size_t)8 << 20);
}

/* Is there a number of more than two digits before its point, or a path that leads outside? */
static bool is_out(const char *word)
{
    int digits = 0;
    for (const char *c = word; *c != '\0'; c++) {
        const bool fraction = c - word > digits && c[-digits - 1] == '.';
        digits = *c >= '0' && *c <= '9' ? digits + 1 : 0;
        if (digits > 2 && !fraction)
            return true;
        if (*c == '/' && (c == word || strchr("=,:/\"' \t", c[-1]) != NULL))
            return true;
    }
    return strstr(word, "..") != NULL;
}

/* Once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    make_folder();
    return 0;
}

#endif
