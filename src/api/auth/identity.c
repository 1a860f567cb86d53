/* Who somebody is: users, their groups, and the file of tokens. Pure. */
#include "api/auth/auth.h"
#include "base/limits.h"
#include "base/vec.h"

#define ACCOUNTS "system:serviceaccounts"

typedef VEC(struct str) str_vec;

static bool holds(const str_vec *list, struct str s)
{
    for (size_t i = 0; i < list->len; i++)
        if (str_eq(list->at[i], s))
            return true;
    return false;
}

static void add_group(struct arena *a, str_vec *to, struct str group)
{
    if (group.len > 0 && !holds(to, group))
        VEC_APUSH(a, to, group);
}

bool auth_account_parse(struct str user, struct str *ret_ns, struct str *ret_name)
{
    struct str rest = user, ns;

    if (!str_cut_prefix(&rest, STR(AUTH_ACCOUNT)) || !str_cut(&rest, ':', &ns) || ns.len == 0 ||
        str_is_empty(rest) || str_find_char(rest, ':') != SIZE_MAX)
        return false;
    *ret_ns = ns;
    *ret_name = rest;
    return true;
}

struct auth_identity auth_identity_of(struct arena *a, struct str user, struct str uid,
                                      const struct str *groups, size_t group_count)
{
    str_vec all = {0};
    struct str ns, name;

    for (size_t i = 0; i < group_count; i++)
        add_group(a, &all, groups[i]);
    if (auth_account_parse(user, &ns, &name)) {
        add_group(a, &all, STR(ACCOUNTS));
        add_group(a, &all, str_concat(a, STR(ACCOUNTS ":"), ns));
    }
    add_group(a, &all, STR(AUTH_AUTHENTICATED));
    return (struct auth_identity){
        .user = user, .uid = uid, .groups = all.at, .group_count = all.len};
}

bool auth_is_master(const struct auth_identity *who)
{
    for (size_t i = 0; i < who->group_count; i++)
        if (str_is(who->groups[i], AUTH_MASTERS))
            return true;
    return false;
}

struct auth_identity auth_admin(void)
{
    static const struct str groups[] = {STR_INIT(AUTH_MASTERS), STR_INIT(AUTH_AUTHENTICATED)};

    return (struct auth_identity){.user = STR("admin"),
                                  .uid = STR(""),
                                  .groups = groups,
                                  .group_count = COUNT_OF(groups)};
}

/* ---- the file ---- */

/* A column of a line: up to the next comma, or between quotes. */
static bool cut_column(struct str *rest, struct str *ret)
{
    size_t end;

    if (!str_starts(*rest, STR("\"")))
        return str_cut(rest, ',', ret);
    end = str_find_char(str_skip(*rest, 1), '"');
    if (end == SIZE_MAX)
        return false;
    *ret = str_of(rest->ptr + 1, end);
    *rest = str_skip(*rest, end + 2);
    if (rest->len == 0)
        *rest = STR_NONE;
    else if (!str_cut_prefix(rest, STR(",")))
        return false;
    return true;
}

/* Nothing of a line is in an error's text: it holds a token. */
static int parse_line(struct arena *a, struct str line, struct auth_token *ret,
                      const char **why)
{
    struct str columns[4] = {STR_INIT(""), STR_INIT(""), STR_INIT(""), STR_INIT("")};
    struct str rest = line, group;
    str_vec groups = {0};
    size_t count = 0;

    while (!str_is_none(rest) && count < COUNT_OF(columns)) {
        if (!cut_column(&rest, &columns[count])) {
            *why = "a quote is not closed, or there is text behind it";
            return -1;
        }
        columns[count] = str_trim(columns[count]);
        count++;
    }
    if (count < 3 || !str_is_none(rest))
        *why = "it must have three or four columns: token,user,uid,\"group,group\"";
    else if (columns[0].len < AUTH_TOKEN_MIN_BYTES)
        *why = "the token is too short to be one";
    else if (columns[1].len == 0)
        *why = "the user is empty";
    else
        *why = NULL;
    if (*why)
        return -1;
    while (str_cut(&columns[3], ',', &group))
        VEC_APUSH(a, &groups, str_trim(group));
    ret->token = columns[0];
    ret->who = auth_identity_of(a, columns[1], columns[2], groups.at, groups.len);
    return 0;
}

int auth_tokens_parse(struct arena *a, struct str name, struct str text,
                      struct auth_token **ret, size_t *ret_count, struct err *err)
{
    VEC(struct auth_token) all = {0};
    struct str rest = text, line;
    const char *why = NULL;

    for (unsigned number = 1; str_cut(&rest, '\n', &line); number++) {
        struct auth_token token;

        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (parse_line(a, line, &token, &why) < 0)
            return err_set(err, ERR_INVALID, STR_FMT ":%u: %s", STR_ARG(name), number, why);
        if (all.len == AUTH_TOKENS_MAX)
            return err_set(err, ERR_LIMIT, STR_FMT ":%u: more than %d tokens", STR_ARG(name),
                           number, AUTH_TOKENS_MAX);
        VEC_APUSH(a, &all, token);
    }
    *ret = all.at;
    *ret_count = all.len;
    return 0;
}
