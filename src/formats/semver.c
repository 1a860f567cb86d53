/* formats/semver.c - semantic versions and constraints. See semver.h. */
#include "formats/semver.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What is taken from the front of a text. */
static struct str take(struct str *rest, size_t len)
{
    struct str part = str_head(*rest, len);

    *rest = str_skip(*rest, len);
    return part;
}

/* Words between dots; empty when there are none. */
static struct str take_words(struct str *rest)
{
    size_t len = 0;

    while (len < rest->len &&
           (is_word(rest->ptr[len]) || (rest->ptr[len] == '.' && len > 0 &&
                                        len + 1 < rest->len && is_word(rest->ptr[len + 1]))))
        len++;
    return take(rest, len);
}

/* The end of a version: "-pre+meta"; false when it is malformed. */
static bool read_tail(struct str *rest, struct str *prerelease, struct str *metadata)
{
    *prerelease = *metadata = STR("");
    if (rest->len > 0 && rest->ptr[0] == '-') {
        take(rest, 1);
        *prerelease = take_words(rest);
        if (prerelease->len == 0)
            return false;
    }
    if (rest->len > 0 && rest->ptr[0] == '+') {
        take(rest, 1);
        *metadata = take_words(rest);
        if (metadata->len == 0)
            return false;
    }
    return true;
}

static bool has_leading_zero(struct str words)
{
    struct str word;

    while (str_cut(&words, '.', &word)) {
        bool is_number = word.len > 1 && word.ptr[0] == '0';

        for (size_t i = 0; i < word.len; i++)
            is_number = is_number && is_digit(word.ptr[i]);
        if (is_number)
            return true;
    }
    return false;
}

static bool take_number(struct str *rest, uint64_t *ret)
{
    size_t len = 0;

    while (len < rest->len && is_digit(rest->ptr[len]))
        len++;
    return len > 0 && parse_u64(take(rest, len), ret);
}

int semver_parse(struct arena *a, struct str text, struct semver *ret, struct err *err)
{
    struct semver v = {.original = str_copy(a, text)};
    struct str rest = v.original;
    uint64_t *const parts[] = {&v.major, &v.minor, &v.patch};
    bool is_good;

    if (rest.len > 0 && rest.ptr[0] == 'v')
        take(&rest, 1);
    is_good = take_number(&rest, parts[0]);
    for (size_t i = 1; is_good && i < 3 && rest.len > 0 && rest.ptr[0] == '.'; i++) {
        take(&rest, 1);
        is_good = take_number(&rest, parts[i]);
    }
    if (!is_good || !read_tail(&rest, &v.prerelease, &v.metadata) || rest.len > 0)
        return err_set(err, ERR_INVALID, "invalid semantic version");
    if (has_leading_zero(v.prerelease))
        return err_set(err, ERR_INVALID, "version segment starts with 0");
    *ret = v;
    return 0;
}

struct str semver_print(struct arena *a, const struct semver *v)
{
    return str_printf(a, "%llu.%llu.%llu%s" STR_FMT "%s" STR_FMT, (unsigned long long) v->major,
                      (unsigned long long) v->minor, (unsigned long long) v->patch,
                      v->prerelease.len > 0 ? "-" : "", STR_ARG(v->prerelease),
                      v->metadata.len > 0 ? "+" : "", STR_ARG(v->metadata));
}

static int order(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

/* A word that is a number is before one that is none; a missing one is before all. */
static int compare_words(struct str x, struct str y)
{
    uint64_t n = 0, m = 0;
    bool x_is_number, y_is_number;

    if (x.len == 0 || y.len == 0)
        return order(x.len, y.len);
    x_is_number = is_digit(x.ptr[0]) && parse_u64(x, &n);
    y_is_number = is_digit(y.ptr[0]) && parse_u64(y, &m);
    if (x_is_number && y_is_number)
        return order(n, m);
    if (x_is_number != y_is_number)
        return x_is_number ? -1 : 1;
    return str_cmp(x, y);
}

static int compare_prereleases(struct str x, struct str y)
{
    if (x.len == 0 || y.len == 0)
        return x.len == y.len ? 0 : x.len == 0 ? 1 : -1;
    for (;;) {
        struct str left = STR(""), right = STR("");
        bool has_left = str_cut(&x, '.', &left), has_right = str_cut(&y, '.', &right);
        int found = compare_words(left, right);

        if (found != 0 || (!has_left && !has_right))
            return found;
    }
}

int semver_compare(const struct semver *x, const struct semver *y)
{
    int found = order(x->major, y->major);

    found = found ? found : order(x->minor, y->minor);
    found = found ? found : order(x->patch, y->patch);
    return found ? found : compare_prereleases(x->prerelease, y->prerelease);
}

/* ---- constraints ---- */

enum operator{ EQUAL, NOT_EQUAL, GREATER, LESS, GREATER_OR_EQUAL, LESS_OR_EQUAL, TILDE, CARET };

/* The longest first. */
static const struct {
    const char *text;
    enum operator op;
} operators[] = {
    {">=", GREATER_OR_EQUAL},
    {"=>", GREATER_OR_EQUAL},
    {"<=", LESS_OR_EQUAL},
    {"=<", LESS_OR_EQUAL},
    {"!=", NOT_EQUAL},
    {"~>", TILDE},
    {"=", EQUAL},
    {">", GREATER},
    {"<", LESS},
    {"~", TILDE},
    {"^", CARET},
};

struct constraint {
    enum operator op;
    struct semver v;
    bool is_dirty, is_minor_dirty, is_patch_dirty; /* parts that are missing or x */
};

static void skip_blanks(struct str *rest)
{
    while (rest->len > 0 && is_blank(rest->ptr[0]))
        take(rest, 1);
}

/* A number or x: false when it is neither. */
static bool take_part(struct str *rest, uint64_t *ret, bool *is_any)
{
    *is_any = false;
    if (rest->len > 0 && (rest->ptr[0] == 'x' || rest->ptr[0] == 'X' || rest->ptr[0] == '*')) {
        take(rest, 1);
        *is_any = true;
        return true;
    }
    return take_number(rest, ret);
}

static bool take_version(struct str *rest, struct constraint *c)
{
    uint64_t *const parts[] = {&c->v.major, &c->v.minor, &c->v.patch};
    bool is_any[3] = {false, true, true};

    if (rest->len > 0 && rest->ptr[0] == 'v')
        take(rest, 1);
    if (!take_part(rest, parts[0], &is_any[0]))
        return false;
    for (size_t i = 1; i < 3 && rest->len > 0 && rest->ptr[0] == '.'; i++) {
        take(rest, 1);
        if (!take_part(rest, parts[i], &is_any[i]))
            return false;
    }
    if (!read_tail(rest, &c->v.prerelease, &c->v.metadata))
        return false;
    c->is_dirty = is_any[0] || is_any[1] || is_any[2];
    c->is_minor_dirty = !is_any[0] && is_any[1];
    c->is_patch_dirty = !is_any[0] && !is_any[1] && is_any[2];
    if (is_any[0])
        c->v.major = 0;
    if (is_any[0] || is_any[1])
        c->v.minor = 0;
    if (c->is_dirty)
        c->v.patch = 0;
    if (is_any[0] && (c->op == EQUAL || c->op == TILDE || c->op == CARET))
        c->op = GREATER_OR_EQUAL; /* any version */
    return true;
}

static bool take_constraint(struct str *rest, struct constraint *c)
{
    *c = (struct constraint){.op = EQUAL};
    for (size_t i = 0; i < COUNT_OF(operators); i++)
        if (str_starts(*rest, str_from(operators[i].text))) {
            take(rest, strlen(operators[i].text));
            c->op = operators[i].op;
            break;
        }
    skip_blanks(rest);
    return take_version(rest, c);
}

static bool fits_not_equal(const struct constraint *c, const struct semver *v)
{
    if (!c->is_dirty)
        return semver_compare(v, &c->v) != 0;
    if (c->v.major != v->major)
        return true;
    if (c->v.minor != v->minor && !c->is_minor_dirty)
        return true;
    if (c->is_minor_dirty)
        return false;
    if (c->v.patch != v->patch && !c->is_patch_dirty)
        return true;
    if (c->is_patch_dirty)
        return (v->prerelease.len > 0 || c->v.prerelease.len > 0) &&
               compare_prereleases(v->prerelease, c->v.prerelease) != 0;
    return semver_compare(v, &c->v) != 0;
}

static bool fits_greater(const struct constraint *c, const struct semver *v)
{
    if (!c->is_dirty)
        return semver_compare(v, &c->v) > 0;
    if (v->major != c->v.major)
        return v->major > c->v.major;
    if (c->is_minor_dirty)
        return false;
    if (c->is_patch_dirty)
        return v->minor > c->v.minor;
    return semver_compare(v, &c->v) > 0;
}

static bool fits_less_or_equal(const struct constraint *c, const struct semver *v)
{
    if (!c->is_dirty)
        return semver_compare(v, &c->v) <= 0;
    return v->major <= c->v.major &&
           (v->major != c->v.major || v->minor <= c->v.minor || c->is_minor_dirty);
}

static bool fits_tilde(const struct constraint *c, const struct semver *v)
{
    if (semver_compare(v, &c->v) < 0)
        return false;
    if (c->v.major == 0 && c->v.minor == 0 && c->v.patch == 0 && !c->is_minor_dirty &&
        !c->is_patch_dirty)
        return true;
    return v->major == c->v.major && (v->minor == c->v.minor || c->is_minor_dirty);
}

static bool fits_caret(const struct constraint *c, const struct semver *v)
{
    if (semver_compare(v, &c->v) < 0)
        return false;
    if (c->v.major > 0 || c->is_minor_dirty)
        return v->major == c->v.major;
    if (v->major > 0)
        return false;
    if (c->v.minor > 0 || c->is_patch_dirty)
        return v->minor == c->v.minor;
    return v->minor == 0 && v->patch == c->v.patch;
}

static bool fits(const struct constraint *c, const struct semver *v)
{
    switch (c->op) {
    case EQUAL:
        return c->is_dirty ? fits_tilde(c, v) : semver_compare(v, &c->v) == 0;
    case NOT_EQUAL:
        return fits_not_equal(c, v);
    case GREATER:
        return fits_greater(c, v);
    case LESS:
        return semver_compare(v, &c->v) < 0;
    case GREATER_OR_EQUAL:
        return semver_compare(v, &c->v) >= 0;
    case LESS_OR_EQUAL:
        return fits_less_or_equal(c, v);
    case TILDE:
        return fits_tilde(c, v);
    case CARET:
        return fits_caret(c, v);
    }
    return false;
}

/* "1.2 - 2.3" is ">=1.2 <=2.3"; false when there is no dash between blanks. */
static bool take_dash(struct str *rest)
{
    struct str next = *rest;

    skip_blanks(&next);
    if (next.len < 2 || next.len == rest->len || next.ptr[0] != '-' || !is_blank(next.ptr[1]))
        return false;
    take(&next, 1);
    skip_blanks(&next);
    *rest = next;
    return true;
}

/* One group of constraints that must all fit; -1 when it is malformed. */
static int fits_group(struct str rest, const struct semver *v)
{
    bool is_fitting = true, has_prerelease = false;
    struct constraint c;

    skip_blanks(&rest);
    do {
        bool is_range;

        if (!take_constraint(&rest, &c))
            return -1;
        is_range = c.op == EQUAL && take_dash(&rest);
        if (is_range)
            c.op = GREATER_OR_EQUAL;
        is_fitting = is_fitting && fits(&c, v);
        has_prerelease = has_prerelease || c.v.prerelease.len > 0;
        if (is_range) {
            struct constraint end = {.op = LESS_OR_EQUAL};

            if (!take_version(&rest, &end))
                return -1;
            is_fitting = is_fitting && fits(&end, v);
            has_prerelease = has_prerelease || end.v.prerelease.len > 0;
        }
        if (rest.len > 0 && !is_blank(rest.ptr[0]) && rest.ptr[0] != ',')
            return -1;
        skip_blanks(&rest);
        if (rest.len > 0 && rest.ptr[0] == ',') {
            take(&rest, 1);
            skip_blanks(&rest);
            if (rest.len == 0)
                return -1;
        }
    } while (rest.len > 0);
    return is_fitting && (v->prerelease.len == 0 || has_prerelease);
}

int semver_fits(struct str constraint, const struct semver *v, struct err *err)
{
    struct str rest = constraint;
    bool is_fitting = false;

    for (bool is_last = false; !is_last;) {
        size_t at = str_find(rest, STR("||"));
        int found = fits_group(str_head(rest, at), v);

        if (found < 0)
            return err_set(err, ERR_INVALID, "improper constraint: " STR_FMT,
                           STR_ARG(str_head(constraint, 300)));
        is_fitting = is_fitting || found > 0;
        is_last = at == SIZE_MAX;
        rest = str_skip(rest, at + 2);
    }
    return is_fitting;
}
