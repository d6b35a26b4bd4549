/* playground.c -- contrast playground [-o FILE.html]: the page with the engine in it. */
#include "cli/cli.h"

#include "platform/file.h"

/* Nothing, if the program was built before the page: see the Makefile. */
static const char PAGE[] =
#include "cli/playground.h"
    "";

int cli_run_playground(cli_call *c, ct_error *err)
{
    const char *path = c->output != NULL ? c->output : "playground.html";
    ct_writer page;
    if (sizeof PAGE == 1)
        CT_FAIL(err, CT_ERR_IO,
                "this program was built without its page; in its source folder: make playground");
    ct_writer_open(&page, path, err);
    ct_writer_bytes(&page, PAGE, sizeof PAGE - 1);
    if (ct_writer_commit(&page) == CT_OK)
        printf("%s: written; open it in a browser\n", path);
    return 0;
}
