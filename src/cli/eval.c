/*
 * tiphys eval: what a text of one of the languages of manifests gives, without a server. The
 * languages are rows of eval.def.
 */
#include "cli/eval.h"

#include "cli/cli.h"

/* "{{inputs.parameters.x}}" is no expression, but what people have at hand. */
static bool has_tags(const char *text, const struct eval_language *language)
{
    return strcmp(language->name, "expr") == 0 && strncmp(text, "{{", 2) == 0;
}

static int run_eval(struct cli *cli, struct err *err)
{
    const struct eval_language *language = eval_language_of(cli_flag(cli, "lang"));
    struct eval_input in = {.doc = json_null(), .source = STR("null"), .now = clock_wall()};
    const char *path = cli_flag(cli, "in");
    struct str text = STR_NONE, document = STR_NONE;

    if (path && cli_read_file(cli, path, &document, err) < 0)
        return -1;
    if (path && eval_read(cli->arena, document, &in, err) < 0)
        return err_wrap(err, "%s", path);
    if (language->run(cli->arena, str_from(cli->args[0]), &in, &text, err) < 0)
        return has_tags(cli->args[0], language)
                   ? err_set(err, err->kind, "%s\nA text with tags is of --lang tags.",
                             str_cz(cli->arena, str_from(err->text)))
                   : -1;
    if (str_is_none(text)) /* a program that gives nothing */
        return 0;
    fwrite(text.ptr, 1, text.len, stdout);
    if (!str_ends(text, STR("\n")))
        putchar('\n');
    return 0;
}

/* "|cond|expr|...": one byte into it begin the choices. */
static const char choices[] =
#define EVAL(word, text) "|" #word
#include "cli/eval.def"
#undef EVAL
    ;

static const struct cli_flag flags[] = {
    {.name = "in",
     .state = FLAG_OWN,
     .word = "FILE",
     .help = "document in JSON or YAML, - for standard input"},
    {.name = "lang",
     .letter = 'l',
     .state = FLAG_OWN,
     .choices = choices + 1,
     .fallback = "expr",
     .help =
         "language of the text: cond (when), expr ({{=...}}), gjson (dataKey), jq, jsonpath, "
         "lua (the document is event), tags (a text with {{...}}), template (dataTemplate; the "
         "document is .Input)"},
    {0},
};

extern const struct cli_command cli_eval;
const struct cli_command cli_eval = {
    .name = "eval",
    .usage = "TEXT",
    .summary = "evaluate a text of one of the languages of manifests",
    .example = "eval 'steps.a.status == \"Failed\"' --in names.json\n"
               "eval '{{ .Input.body.name | upper }}' --lang template --in event.json\n"
               "eval 'hello {{inputs.parameters.name}}' --lang tags --in names.yaml",
    .flags = flags,
    .surface = CLI_OWN,
    .min_args = 1,
    .max_args = 1,
    .run = run_eval};
