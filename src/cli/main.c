/* main.c -- contrast COMMAND ...
 *
 * Layer: cli. */
#include "cli/cli.h"

#include "contrast/contrast.h"
#include "formats/text.h"

#include <errno.h>
#include <string.h>

static const cli_command COMMANDS[] = {
    {"demo", "", "the collapse and its fix, with numbers measured now",
     "Needs no file and no network; ends within 30 seconds on two cores. It shows what the loss of "
     "the question\n"
     "is worth when all vectors are equal and at best, trains towers that collapse, applies the "
     "fixes one at a\n"
     "time over several seeds, and ends with a healthy run that answers typed captions with "
     "pictures.\n",
     cli_demo, cli_demo_options},
    {"train", "RECIPE [section.key=value ...]", "train two towers as a recipe says",
     "RECIPE is an INI file or the name of a built-in recipe (contrast help recipes). Every value "
     "can be given\n"
     "anew: contrast train shapes loss.temperature=1 train.seed=2. The run's folder gets the whole "
     "recipe,\n"
     "metrics.jsonl, timing.jsonl and checkpoints. Ctrl-C or SIGTERM: finish the step, save, "
     "end.\n",
     cli_train, cli_train_options},
    {"resume", "RUN", "go on with a run that was stopped or killed",
     "It ends with the bytes of a run that was never stopped, on any machine and with any number "
     "of threads.\n",
     cli_resume, cli_resume_options},
    {"eval", "RUN", "measure a trained run", "", cli_eval, cli_eval_options},
    {"embed", "RUN (--images F | --texts F) -o E.npy",
     "embeddings of images or texts, as a NumPy array",
     "Unit rows: a dot product is a cosine. They do not depend on what else is embedded, nor on "
     "threads.\n",
     cli_embed, cli_embed_options},
    {"search", "RUN [QUERY]", "images for a text, texts for an image",
     "QUERY is a text, or the number of an image of the split. Without one, queries are read as "
     "typed.\n",
     cli_search, cli_search_options},
    {"export", "RUN (--torch F.py | --projector DIR)", "take a run to other programs",
     "The towers and their texts' hashing as a PyTorch module, which can write ONNX, or embeddings "
     "to look at.\n",
     cli_export, cli_export_options},
    {"import", "W.safetensors RECIPE [section.key=value ...]", "begin a run with given weights",
     "Float32, float64, float16 and bfloat16 under the names that export writes. The run stands at "
     "step 0: it can\n"
     "be measured and searched, and resume trains it.\n",
     cli_import, cli_train_options},
    {"inspect", "FILE", "what is in a checkpoint or a safetensors file",
     "Every parameter with its mean, spread and, in a checkpoint, the norm of its mean gradient; "
     "the recipe; the\n"
     "hash. FILE may be a run: its latest checkpoint.\n",
     cli_inspect, cli_inspect_options},
    {"diagnose", "A.npy [B.npy] | RUN", "say whether embeddings collapsed, how, and what to try",
     "A.npy and B.npy are matrices of floats, row i of one paired with row i of the other; one "
     "alone is looked at\n"
     "for what a single side can show. States: healthy, collapsed, dimensional-collapse, plateau, "
     "unaligned,\n"
     "mispaired, modality-gap, degenerate-norms, uncertain.\n",
     cli_diagnose, cli_diagnose_options},
    {"loss", "A.npy B.npy [loss.KEY=VALUE...]",
     "what a loss is worth on two arrays of embeddings, and why",
     "Row i of A belongs to row i of B. Beside the loss: what it is worth when all are equal, and "
     "its floor for\n"
     "this N, d and temperature. Gradients are with respect to the arrays as given, before "
     "normalisation.\n",
     cli_loss, cli_loss_options},
    {"check", "RECIPE [section.key=value ...]", "is a recipe worth starting? Seconds before hours",
     "Checks the gradients of the very model, learns one batch by heart, compares with shuffled "
     "pairs, and estimates\n"
     "time and memory of the whole run. Exit status 3 if one of the three fails.\n",
     cli_check, cli_check_options},
    {"report", "RUN [RUN ...]", "one page with all pictures of runs, to open from disk or to mail",
     "Up to four runs stand beside each other, on the same axes and the same slider. The page "
     "needs no network and\n"
     "no other file, and can be read with scripts off.\n",
     cli_report, cli_report_options},
    {"plot", "KIND RUN", "one picture of a run as SVG",
     "KIND: loss, recall, temperature, matrix (cosines of all with all), histogram (of cosines), "
     "plane (principal\n"
     "components), spectrum (singular values), path (alignment against uniformity), layers (mean "
     "cosine by layer),\n"
     "gradients (by layer). For places that take no SVG, each picture of a report can be saved as "
     "PNG.\n",
     cli_plot, cli_plot_options},
    {"sweep", "RECIPE section.key=VALUES ... [seed=1..8]",
     "many small runs over a grid of settings and seeds",
     "VALUES is a list (0.1,1,10; with | where values have commas: 64,32|64,64,32) or a range "
     "(lo..hi:n evenly,\n"
     "lo..hi:n(log) evenly in the logarithm). Each point is trained from every seed, one run to a "
     "thread. Two keys\n"
     "with several values make a phase diagram. The same command goes on where an interrupted one "
     "stopped.\n"
     "  contrast sweep phase 'loss.temperature=0.02..2:20(log)' 'optim.rate=0.003..3:20(log)' "
     "seed=1..4 -o phase\n",
     cli_sweep, cli_sweep_options},
    {"lesson", "[NAME ... | all]", "one fact at a time, each number beside what it should be",
     "Without a name it lists the lessons. A row passes by the rule that is printed below it; a "
     "lesson with a row\n"
     "that differs ends with exit status 3.\n",
     cli_lesson, cli_lesson_options},
    {"hash", "RUN | FILE", "sixteen digits that stand for the weights of a run",
     "Equal hashes mean equal weights to the last bit: the way to see that two machines did the "
     "same.\n",
     cli_hash, cli_hash_options},
    {"help", "[COMMAND | recipe | recipes | losses]",
     "this list; a command; the keys of a recipe; ...", "", cli_help, cli_no_options},
};

const cli_command *cli_commands(int *n)
{
    *n = (int)(sizeof COMMANDS / sizeof *COMMANDS);
    return COMMANDS;
}

const cli_command *cli_find(const char *name)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return &COMMANDS[i];
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run_command(int argc, char **argv)
{
    if (argc == 0) {
        cli_help(0, NULL);
        return 2;
    }
    if (strcmp(argv[0], "--version") == 0) {
        printf("contrast %s\n", CT_VERSION);
        return 0;
    }
    const cli_command *c = cli_find(argv[0]);
    if (asks_for_help(argc, argv))
        return cli_help(c != NULL, argv);
    if (c == NULL) {
        const char *near = ct_nearest_name(argv[0], &COMMANDS[0].name,
                                           (int)(sizeof COMMANDS / sizeof *COMMANDS),
                                           sizeof *COMMANDS);
        return cli_usage("there is no command %s; %s%s", argv[0],
                         near != NULL ? "did you mean " : "try: contrast help",
                         near != NULL ? near : "");
    }
    ct_error err = {0};
    const int n = cli_parse(c, argc - 1, argv + 1, &err);
    return n < 0 ? cli_fail(&err) : c->run(n, argv + 1);
}

int main(int argc, char **argv)
{
    const int code = run_command(argc - 1, argv + 1);
    /* results that did not reach their file are not results */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "contrast: error: standard output: %s\n", strerror(errno));
        return code != 0 ? code : 1;
    }
    return code == 0 && cli.incomplete ? 1 : code;
}
