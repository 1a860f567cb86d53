/* The id that begins so. See short_id.h. */
#include "cli/short_id.h"

enum { SHORT_ID_MIN_BYTES = 4 };

int short_id_find(struct cli *cli, struct str list, struct str id, struct str *ret,
                  struct err *err)
{
    const struct json *items;
    struct cli_answer answer;
    size_t found = 0;

    if (id.len < SHORT_ID_MIN_BYTES)
        return 0;
    if (cli_call(cli, "GET", list, STR(""), &answer, err) < 0)
        return -1;
    items = json_get(&answer.body, STR("items"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        struct str whole = json_get_str(&items->items[i], STR("id"));

        if (!str_starts(whole, id) || (found > 0 && str_eq(whole, *ret)))
            continue;
        *ret = whole;
        found++;
    }
    if (found > 1)
        return err_set(err, ERR_INVALID,
                       "\"" STR_FMT "\" is the beginning of %zu ids: give more of it",
                       STR_ARG(id), found);
    return (int) found;
}
