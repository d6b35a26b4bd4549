/* demo.c -- contrast demo: the story in four parts, each number measured now.
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "report/story.h"

static const cli_option OPTIONS[] = {
    {"--json", NULL, CLI_FLAG, &cli.json, NULL, "print the figures as JSON, without the story"},
};

const cli_option *cli_demo_options(int *n)
{
    *n = (int)(sizeof OPTIONS / sizeof *OPTIONS);
    return OPTIONS;
}

static ct_status tell(const ct_terminal *t, ct_device *device, int threads, ct_demo *f, ct_error *err)
{
    ct_pairs *pairs = NULL;
    ct_status status = ct_question_measure(device, 1, &f->question, err);
    if (status == CT_OK) {
        ct_story_question(t, &f->question);
        ct_story_positives(t, NULL);
        status = ct_demo_run(&CT_DEMO_POSITIVES, threads, f->positives, err);
    }
    if (status == CT_OK) {
        ct_story_positives(t, f->positives);
        ct_story_fixes(t, NULL);
        status = ct_demo_run(&CT_DEMO_FIXES, threads, f->fixes, err);
    }
    if (status == CT_OK) {
        ct_story_fixes(t, f->fixes);
        ct_story_healthy(t, NULL, NULL);
        status = ct_demo_healthy(device, &f->healthy, &pairs, err);
    }
    if (status == CT_OK)
        ct_story_healthy(t, &f->healthy, pairs);
    ct_pairs_free(pairs);
    return status;
}

static void print_json(const ct_demo *f)
{
    ct_json j = {0};
    ct_story_json(f, &j);
    if (!j.failed)
        puts(j.text);
    ct_json_free(&j);
}

int cli_demo(int argc, char **argv)
{
    static ct_demo figures;
    ct_error       err = {0};
    if (argc > 0)
        return cli_usage("demo takes no arguments; found %s", argv[0]);
    const int   threads = cli_threads(&err);
    ct_device  *device = threads > 0 ? cli_device(&err) : NULL;
    ct_terminal t = cli_terminal(stdout);
    ct_status   status = err.status;
    if (device != NULL)
        status = tell(cli.json ? NULL : &t, device, threads, &figures, &err);
    ct_device_free(device);
    if (status != CT_OK)
        return cli_fail(&err);
    if (cli.json)
        print_json(&figures);
    else
        printf("\nNext: contrast train shapes -o run    then: contrast eval run    and: contrast help\n");
    return 0;
}
