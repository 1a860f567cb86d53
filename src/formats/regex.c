/* Errors and plain patterns; the rest is RE2's. See regex.h. */
#include "formats/regex.h"

#include "formats/regex_re2.h"

static struct str shown(struct str s)
{
    return str_is_none(s) ? STR("") : s;
}

struct regex *regex_new(struct str pattern, struct err *err)
{
    char text[512];
    struct str p = shown(pattern);
    void *re = regex_re2_new(p.ptr, p.len, text, sizeof(text));

    if (!re)
        err_set(err, ERR_INVALID, "error parsing regexp: %s", text);
    return re;
}

void regex_free(struct regex *r)
{
    if (r)
        regex_re2_free(r);
}

bool regex_matches(const struct regex *r, struct str text)
{
    struct str t = shown(text);

    return regex_re2_matches(r, t.ptr, t.len);
}

/* Does a pattern stand for nothing but itself? */
static bool is_plain(struct str pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (!pattern.ptr[i] || (unsigned char) pattern.ptr[i] >= 0x80 ||
            strchr("\\.+*?()|[]{}^$", pattern.ptr[i]))
            return false;
    return true;
}

int regex_search(struct str pattern, struct str text, struct err *err)
{
    _cleanup_regex_ struct regex *r = NULL;

    if (is_plain(pattern))
        return str_find(text, shown(pattern)) != SIZE_MAX;
    r = regex_new(pattern, err);
    return r ? regex_matches(r, text) : -1;
}
