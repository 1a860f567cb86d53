/*
 * Reading flags as pflag does, with its error texts. See flags.h. The order of its decisions
 * is kept, since the texts depend on it.
 */
#include "formats/flags.h"

#include <assert.h>
#include <stdlib.h>

#include "base/vec.h"
#include "formats/duration.h"
#include "formats/gofloat.h"

/* ---- tables ---- */

static bool is_hidden(const struct flag_tables *tables, const struct cli_flag *flag)
{
    return tables->hides_own && flag->state == FLAG_OWN;
}

/* Row of a name or, when that is absent, of a letter; hidden ones included. */
static const struct cli_flag *find_row(const struct flag_tables *tables, struct str name,
                                       char letter)
{
    const struct cli_flag *const both[] = {tables->own, tables->global};

    for (size_t i = 0; i < COUNT_OF(both); i++)
        for (const struct cli_flag *f = both[i]; f && f->name; f++)
            if (str_is_none(name) ? f->letter == letter && letter : str_is(name, f->name))
                return f;
    return NULL;
}

const struct cli_flag *flags_find(const struct flag_tables *tables, struct str name)
{
    const struct cli_flag *flag = find_row(tables, name, 0);

    return flag && !is_hidden(tables, flag) ? flag : NULL;
}

const struct cli_flag *flags_find_letter(const struct flag_tables *tables, char letter)
{
    const struct cli_flag *flag = find_row(tables, STR_NONE, letter);

    return flag && !is_hidden(tables, flag) ? flag : NULL;
}

bool flags_is_value_behind(const struct flag_tables *tables, struct str argument)
{
    const struct cli_flag *flag = NULL;

    if (str_find_char(argument, '=') != SIZE_MAX)
        return false;
    if (str_starts(argument, STR("--")))
        flag = flags_find(tables, str_skip(argument, 2));
    else if (argument.len == 2)
        flag = flags_find_letter(tables, argument.ptr[1]);
    return flag && flag->type != FLAG_SWITCH;
}

/* ---- values ---- */

static bool read_switch(struct str text, bool *ret)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"},
                             *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (str_is(text, yes[i]) || str_is(text, no[i])) {
            *ret = str_is(text, yes[i]);
            return true;
        }
    }
    return false;
}

static bool is_digits(struct str text)
{
    size_t at = text.len > 1 && (text.ptr[0] == '-' || text.ptr[0] == '+');

    for (size_t i = at; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

static int check_int(const struct cli_flag *flag, struct str text, struct err *err)
{
    int64_t n;

    if (parse_i64(text, &n) && (flag->type == FLAG_INT || (n >= INT32_MIN && n <= INT32_MAX)))
        return 0;
    return err_set(err, ERR_INVALID, "strconv.ParseInt: parsing \"" STR_FMT "\": %s",
                   STR_ARG(text), is_digits(text) ? "value out of range" : "invalid syntax");
}

static bool is_choice(const char *choices, struct str text)
{
    struct str rest = str_from(choices), choice;

    while (str_cut(&rest, '|', &choice))
        if (str_eq(choice, text))
            return true;
    return false;
}

static int check_uint(struct str text, struct err *err)
{
    int64_t n;

    if (text.len > 0 && text.ptr[0] != '-' && text.ptr[0] != '+' && parse_i64(text, &n))
        return 0;
    return err_set(err, ERR_INVALID, "strconv.ParseUint: parsing \"" STR_FMT "\": %s",
                   STR_ARG(text),
                   text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9' && is_digits(text)
                       ? "value out of range"
                       : "invalid syntax");
}

static int check_float(struct str text, struct err *err)
{
    double n;

    if (go_float_parse(text, &n) == GO_FLOAT_READ)
        return 0;
    return err_set(err, ERR_INVALID,
                   "strconv.ParseFloat: parsing \"" STR_FMT "\": invalid syntax",
                   STR_ARG(text));
}

/* @has_own: choices that argo does not know count, too. */
static int check_value(const struct cli_flag *flag, struct str text, bool has_own,
                       struct err *err)
{
    int64_t ns;
    bool on;

    switch (flag->type) {
    case FLAG_SWITCH:
        if (read_switch(text, &on))
            return 0;
        return err_set(err, ERR_INVALID,
                       "strconv.ParseBool: parsing \"" STR_FMT "\": invalid syntax",
                       STR_ARG(text));
    case FLAG_INT:
    case FLAG_INT32:
        return check_int(flag, text, err);
    case FLAG_UINT:
        return check_uint(text, err);
    case FLAG_FLOAT:
        return check_float(text, err);
    case FLAG_DURATION:
        return duration_parse(text, &ns, err);
    case FLAG_TEXT:
        has_own = has_own && flag->own_choices;
        if (!flag->choices || is_choice(flag->choices, text) ||
            (has_own && is_choice(flag->own_choices, text)))
            return 0;
        return err_set(err, ERR_INVALID, "One of: %s%s%s", flag->choices, has_own ? "|" : "",
                       has_own ? flag->own_choices : "");
    case FLAG_LIST:
    case FLAG_COMMAS:
        return 0;
    }
    return 0;
}

/* ---- arguments ---- */

struct reader {
    struct arena *a;
    struct flag_values *v;
    const char *const *argv;
    size_t argc, at; /* next argument */
    VEC(struct flag_given) given;
    VEC(const char *) args;
};

static int take(struct reader *r, const struct cli_flag *flag, const char *value,
                struct err *err)
{
    struct err cause;

    if (flag->state == FLAG_UNBUILT)
        return err_set(err, ERR_UNSUPPORTED, "--%s is not supported yet", flag->name);
    if (check_value(flag, str_from(value), !r->v->tables.hides_own, &cause) < 0) {
        if (flag->letter)
            return err_set(err, ERR_INVALID,
                           "invalid argument \"%s\" for \"-%c, --%s\" flag: %s", value,
                           flag->letter, flag->name, cause.text);
        return err_set(err, ERR_INVALID, "invalid argument \"%s\" for \"--%s\" flag: %s", value,
                       flag->name, cause.text);
    }
    VEC_APUSH(r->a, &r->given, ((struct flag_given){flag, value}));
    return 0;
}

static int read_long(struct reader *r, const char *argument, struct err *err)
{
    struct str rest = str_from(argument + 2), name;
    const struct cli_flag *flag;

    if (str_is_empty(rest) || rest.ptr[0] == '-' || rest.ptr[0] == '=')
        return err_set(err, ERR_INVALID, "bad flag syntax: %s", argument);
    str_cut(&rest, '=', &name);
    flag = flags_find(&r->v->tables, name);
    if (!flag && str_is(name, "help")) {
        r->v->wants_help = true;
        return 0;
    }
    if (!flag)
        return err_set(err, ERR_INVALID, "unknown flag: --" STR_FMT, STR_ARG(name));
    if (!str_is_none(rest))
        return take(r, flag, rest.ptr, err);
    if (flag->type == FLAG_SWITCH)
        return take(r, flag, "true", err);
    if (r->at == r->argc)
        return err_set(err, ERR_INVALID, "flag needs an argument: %s", argument);
    return take(r, flag, r->argv[r->at++], err);
}

/* The letters of "-abc", the first of which is at @letters. */
static int read_letters(struct reader *r, const char *letters, struct err *err)
{
    while (*letters && !r->v->wants_help) {
        const struct cli_flag *flag = flags_find_letter(&r->v->tables, *letters);
        const char *value = "true";

        if (!flag && *letters == 'h') {
            r->v->wants_help = true;
            return 0;
        }
        if (!flag)
            return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in -%s", *letters,
                           letters);
        if (letters[1] == '=' && letters[2])
            return take(r, flag, letters + 2, err);
        if (flag->type != FLAG_SWITCH && letters[1])
            return take(r, flag, letters + 1, err);
        if (flag->type != FLAG_SWITCH && r->at == r->argc)
            return err_set(err, ERR_INVALID, "flag needs an argument: '%c' in -%s", *letters,
                           letters);
        if (flag->type != FLAG_SWITCH)
            value = r->argv[r->at++];
        if (take(r, flag, value, err) < 0)
            return -1;
        letters++;
    }
    return 0;
}

int flags_read(struct arena *a, const struct flag_tables *tables, const char *const *argv,
               size_t argc, struct flag_values *ret, struct err *err)
{
    struct reader r = {.a = a, .v = ret, .argv = argv, .argc = argc};
    bool is_over = false;

    *ret = (struct flag_values){.tables = *tables};
    while (r.at < argc && !ret->wants_help) {
        const char *argument = argv[r.at++];

        if (is_over || argument[0] != '-' || !argument[1])
            VEC_APUSH(a, &r.args, argument);
        else if (strcmp(argument, "--") == 0)
            is_over = true;
        else if (argument[1] == '-' ? read_long(&r, argument, err) < 0
                                    : read_letters(&r, argument + 1, err) < 0)
            return -1;
    }
    ret->given = r.given.at;
    ret->given_count = r.given.len;
    ret->args = r.args.at;
    ret->arg_count = r.args.len;
    return 0;
}

/* ---- asking ---- */

static const struct cli_flag *known(const struct flag_values *v, const char *name)
{
    const struct cli_flag *flag = find_row(&v->tables, str_from(name), 0);

    assert(flag); /* a command asks for flags of its own table only */
    return flag;
}

static const char *last_value(const struct flag_values *v, const struct cli_flag *flag)
{
    for (size_t i = v->given_count; i > 0; i--)
        if (v->given[i - 1].flag == flag)
            return v->given[i - 1].value;
    return NULL;
}

bool flags_is_given(const struct flag_values *v, const char *name)
{
    return last_value(v, known(v, name)) != NULL;
}

const char *flags_text(const struct flag_values *v, const char *name)
{
    const struct cli_flag *flag = known(v, name);
    const char *value = last_value(v, flag);

    return value ? value : flag->fallback;
}

bool flags_is_on(const struct flag_values *v, const char *name)
{
    const char *value = flags_text(v, name);
    bool on = false;

    return value && read_switch(str_from(value), &on) && on;
}

int64_t flags_int(const struct flag_values *v, const char *name)
{
    const char *value = flags_text(v, name);
    int64_t n = 0;

    return value && parse_i64(str_from(value), &n) ? n : 0;
}

int64_t flags_duration(const struct flag_values *v, const char *name)
{
    const char *value = flags_text(v, name);
    int64_t ns = 0;
    struct err ignored;

    return value && duration_parse(str_from(value), &ns, &ignored) == 0 ? ns : 0;
}

const struct str *flags_list(struct arena *a, const struct flag_values *v, const char *name,
                             size_t *ret_count)
{
    const struct cli_flag *flag = known(v, name);
    VEC(struct str) list = {0};

    for (size_t i = 0; i < v->given_count; i++) {
        struct str rest = str_from(v->given[i].value), piece;

        if (v->given[i].flag != flag)
            continue;
        if (flag->type == FLAG_LIST)
            VEC_APUSH(a, &list, rest);
        while (flag->type == FLAG_COMMAS && str_cut(&rest, ',', &piece))
            if (!str_is_empty(piece))
                VEC_APUSH(a, &list, piece);
    }
    *ret_count = list.len;
    return list.at;
}

/* ---- help ---- */

static const char *type_word(const struct cli_flag *flag)
{
    static const char *const words[] = {
        [FLAG_SWITCH] = "",        [FLAG_TEXT] = "string",       [FLAG_INT] = "int",
        [FLAG_INT32] = "int32",    [FLAG_DURATION] = "duration", [FLAG_LIST] = "stringArray",
        [FLAG_COMMAS] = "strings", [FLAG_UINT] = "uint",         [FLAG_FLOAT] = "float32",
    };

    return flag->word ? flag->word : words[flag->type];
}

static int compare_rows(const void *left, const void *right)
{
    const struct cli_flag *const *a = left, *const *b = right;

    return strcmp((*a)->name, (*b)->name);
}

static struct str left_side(struct arena *a, const struct cli_flag *flag)
{
    const char *word = type_word(flag);
    char letter[5] = "    ";

    if (flag->letter) {
        letter[0] = '-';
        letter[1] = flag->letter;
        letter[2] = ',';
    }
    return str_printf(a, "  %s--%s%s%s", letter, flag->name, *word ? " " : "", word);
}

static void add_row(struct arena *a, struct strbuf *b, const struct cli_flag *flag,
                    size_t width, bool has_own)
{
    struct str left = left_side(a, flag);
    bool is_zero = !flag->fallback || strcmp(flag->fallback, "false") == 0 ||
                   strcmp(flag->fallback, "0") == 0 || !*flag->fallback;

    strbuf_addf(b, STR_FMT "%*s   %s", STR_ARG(left), (int) (width - left.len), "", flag->help);
    if (flag->own_choices && has_own) { /* "; json, sarif" */
        struct str rest = str_from(flag->own_choices), choice;

        for (const char *before = "; "; str_cut(&rest, '|', &choice); before = ", ")
            strbuf_addf(b, "%s" STR_FMT, before, STR_ARG(choice));
    }
    if (flag->state == FLAG_UNBUILT)
        strbuf_addz(b, " (not supported yet)");
    else if (!is_zero && flag->type == FLAG_TEXT)
        strbuf_addf(b, " (default \"%s\")", flag->fallback);
    else if (!is_zero)
        strbuf_addf(b, " (default %s)", flag->fallback);
    strbuf_addc(b, '\n');
}

void flags_help(struct arena *a, struct strbuf *b, const struct cli_flag *table,
                unsigned hidden)
{
    VEC(const struct cli_flag *) rows = {0};
    size_t width = 0;

    for (const struct cli_flag *f = table; f && f->name; f++) {
        size_t len = left_side(a, f).len;

        if ((f->state == FLAG_UNBUILT && (hidden & FLAG_HIDE_UNBUILT)) ||
            (f->state == FLAG_OWN && (hidden & FLAG_HIDE_OWN)))
            continue;
        VEC_APUSH(a, &rows, f);
        width = len > width ? len : width;
    }
    if (rows.len > 0)
        qsort(rows.at, rows.len, sizeof(rows.at[0]), compare_rows);
    for (size_t i = 0; i < rows.len; i++)
        add_row(a, b, rows.at[i], width, !(hidden & FLAG_HIDE_OWN));
}
