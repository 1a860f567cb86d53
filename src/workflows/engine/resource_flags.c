/* Flags of kubectl that resource templates know. See resource_flags.h. */
#include "workflows/engine/resource_flags.h"

#include "base/vec.h"
#include "formats/flags.h"

/* A flag of kubectl's, what it may stand beside, and whether this server's own API heeds it. */
struct known {
    const char *name, *actions;
    bool is_here;
};

static const struct known known[] = {
    {"cascade", "delete", false},
    {"context", "get create apply replace patch delete", true},
    {"dry-run", "create apply replace patch delete", false},
    {"field-manager", "create apply replace patch", false},
    {"force", "delete", false},
    {"force-conflicts", "apply", true}, /* here nobody's fields conflict */
    {"grace-period", "delete", false},
    {"ignore-not-found", "get delete", true},
    {"namespace", "get create apply replace patch delete", true},
    {"now", "delete", false},
    {"selector", "delete", true},
    {"server-side", "apply", true},
    {"validate", "create apply replace", true}, /* here all is checked always */
    {"wait", "delete", true},                   /* here deletion does not take time */
};

static const struct cli_flag rows[] = {
    {.name = "cascade",
     .fallback = "background",
     .choices = "background|foreground|orphan|true|false"},
    {.name = "context"},
    {.name = "dry-run", .fallback = "none", .choices = "none|client|server"},
    {.name = "field-manager"},
    {.name = "force", .type = FLAG_SWITCH},
    {.name = "force-conflicts", .type = FLAG_SWITCH},
    {.name = "grace-period", .type = FLAG_INT, .fallback = "-1"},
    {.name = "ignore-not-found", .type = FLAG_SWITCH},
    {.name = "namespace", .letter = 'n'},
    {.name = "now", .type = FLAG_SWITCH},
    {.name = "selector", .letter = 'l'},
    {.name = "server-side", .type = FLAG_SWITCH},
    {.name = "validate", .fallback = "strict", .choices = "strict|warn|ignore|true|false"},
    {.name = "wait", .type = FLAG_SWITCH, .fallback = "true"},
    {0},
};

/* Flags whose value may be left out, unlike pflag's others; then it is this. */
static const char *whole(struct arena *a, struct str given)
{
    static const char *const bare[][2] = {{"--validate", "--validate=strict"},
                                          {"--dry-run", "--dry-run=client"},
                                          {"--cascade", "--cascade=background"}};

    for (size_t i = 0; i < COUNT_OF(bare); i++)
        if (str_is(given, bare[i][0]))
            return bare[i][1];
    return str_cz(a, given);
}

static bool stands_beside(const struct known *k, struct str action)
{
    struct str rest = str_from(k->actions), word;

    while (str_cut(&rest, ' ', &word))
        if (str_eq(word, action))
            return true;
    return false;
}

static int check_known(struct str action, const struct flag_values *v,
                       struct resource_flags *ret, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!flags_is_given(v, known[i].name))
            continue;
        if (!stands_beside(&known[i], action))
            return err_set(err, ERR_INVALID, "unknown flag: --%s", known[i].name);
        if (!known[i].is_here)
            ret->cluster_only = str_from(known[i].name);
    }
    return 0;
}

/* "configmap x y", "configmap/x". */
static int read_names(struct arena *a, struct str action, const struct flag_values *v,
                      struct resource_flags *ret, struct err *err)
{
    VEC(struct str) names = {0};
    struct str rest;

    if (v->arg_count == 0)
        return 0;
    if (str_is(action, "create") || str_is(action, "apply") || str_is(action, "replace"))
        return err_set(err, ERR_INVALID, "\"%s\": " STR_FMT " names its object in the manifest",
                       v->args[0], STR_ARG(action));
    rest = str_from(v->args[0]);
    str_cut(&rest, '/', &ret->type);
    if (!str_is_empty(rest))
        VEC_APUSH(a, &names, rest);
    for (size_t i = 1; i < v->arg_count; i++)
        VEC_APUSH(a, &names, str_from(v->args[i]));
    ret->names = names.at;
    ret->name_count = names.len;
    if (names.len == 0 && str_is_empty(ret->selector))
        return err_set(err, ERR_INVALID,
                       "resource(s) were provided, but no name was specified");
    if (names.len > 0 && !str_is_empty(ret->selector))
        return err_set(err, ERR_INVALID,
                       "name cannot be provided when a selector is specified");
    if (names.len > 1 && !str_is(action, "delete"))
        return err_set(err, ERR_INVALID, STR_FMT " takes one object, not %zu", STR_ARG(action),
                       names.len);
    return 0;
}

static struct str text_of(const struct flag_values *v, const char *name)
{
    const char *text = flags_text(v, name);

    return str_from(text ? text : "");
}

static void take(const struct flag_values *v, struct resource_flags *ret)
{
    static const char *const words[][2] = {{"background", "Background"},
                                           {"true", "Background"},
                                           {"foreground", "Foreground"},
                                           {"orphan", "Orphan"},
                                           {"false", "Orphan"}};
    struct str cascade = text_of(v, "cascade"), validate = text_of(v, "validate");

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(cascade, words[i][0]))
            ret->cascade = str_from(words[i][1]);
    ret->validate = str_is(validate, "warn")                                  ? STR("Warn")
                    : str_is(validate, "ignore") || str_is(validate, "false") ? STR("Ignore")
                                                                              : STR("Strict");
    ret->ns = text_of(v, "namespace");
    ret->context = text_of(v, "context");
    ret->manager = text_of(v, "field-manager");
    ret->selector = text_of(v, "selector");
    ret->grace_s = flags_is_on(v, "now")     ? 1
                   : flags_is_on(v, "force") ? 0
                                             : flags_int(v, "grace-period");
    ret->is_server_side = flags_is_on(v, "server-side");
    ret->forces_conflicts = flags_is_on(v, "force-conflicts");
    ret->ignores_missing = flags_is_on(v, "ignore-not-found");
    ret->does_not_wait = !flags_is_on(v, "wait");
    ret->is_dry = !str_is(text_of(v, "dry-run"), "none");
}

int resource_flags_read(struct arena *a, struct str action, const struct json *list,
                        struct resource_flags *ret, struct err *err)
{
    const struct flag_tables tables = {.own = rows};
    VEC(const char *) argv = {0};
    const struct json *item;
    struct flag_values v;

    *ret = (struct resource_flags){.cluster_only = STR(""), .type = STR("")};
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        VEC_APUSH(a, &argv, whole(a, json_str(item)));
    if (flags_read(a, &tables, argv.at, argv.len, &v, err) < 0)
        return -1;
    if (v.wants_help)
        return err_set(err, ERR_INVALID, "unknown flag: --help");
    take(&v, ret);
    if (check_known(action, &v, ret, err) < 0)
        return -1;
    if (str_is(action, "apply") && ret->forces_conflicts && !ret->is_server_side)
        return err_set(err, ERR_INVALID, "--force-conflicts only works with --server-side");
    return read_names(a, action, &v, ret, err);
}
