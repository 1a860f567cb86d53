/*
 * Lua's patterns, matched with a budget: each comparison is a step of the script, so that a
 * pattern that tries everything ends. See luascript_internal.h.
 */
#include "lang/lua/luascript_internal.h"

#include <ctype.h>

enum { DEPTH_MAX = 200, NO_MATCH = -1 };

struct matcher {
    lua_State *L;
    struct str text, pattern;
    size_t steps; /* not charged yet */
    size_t depth;
    struct luascript_match *m;
    bool is_open[LUASCRIPT_CAPTURES_MAX];
};

static ptrdiff_t match(struct matcher *m, size_t s, size_t p);

static int pattern_at(const struct matcher *m, size_t p)
{
    return p < m->pattern.len ? (unsigned char) m->pattern.ptr[p] : -1;
}

static void step(struct matcher *m)
{
    if (++m->steps < 1000)
        return;
    luascript_charge(m->L, m->steps);
    m->steps = 0;
}

static bool is_in_class(int c, int letter)
{
    bool is_in;

    switch (letter | 0x20) {
    case 'a':
        is_in = c < 0x80 && isalpha(c);
        break;
    case 'c':
        is_in = c < 0x80 && iscntrl(c);
        break;
    case 'd':
        is_in = c < 0x80 && isdigit(c);
        break;
    case 'l':
        is_in = c < 0x80 && islower(c);
        break;
    case 'p':
        is_in = c < 0x80 && ispunct(c);
        break;
    case 's':
        is_in = c < 0x80 && isspace(c);
        break;
    case 'u':
        is_in = c < 0x80 && isupper(c);
        break;
    case 'w':
        is_in = c < 0x80 && isalnum(c);
        break;
    case 'x':
        is_in = c < 0x80 && isxdigit(c);
        break;
    case 'z':
        is_in = c == 0;
        break;
    default:
        return c == letter;
    }
    return isalpha(letter) && isupper(letter) ? !is_in : is_in;
}

/* Where the single character, class or set at @p ends. */
static size_t class_end(struct matcher *m, size_t p)
{
    int c = pattern_at(m, p++);

    if (c == '%')
        return p + 1;
    if (c != '[')
        return p;
    p += pattern_at(m, p) == '^';
    do {
        p += pattern_at(m, p) == '%' ? 2 : 1;
    } while (pattern_at(m, p) != ']');
    return p + 1;
}

/* Is @c in the set from @p ('[') to @end (behind ']')? */
static bool is_in_set(const struct matcher *m, int c, size_t p, size_t end)
{
    bool is_negated = pattern_at(m, p + 1) == '^';

    for (p += 1 + is_negated; p < end - 1; p++) {
        if (pattern_at(m, p) == '%') {
            if (is_in_class(c, pattern_at(m, ++p)))
                return !is_negated;
        } else if (pattern_at(m, p + 1) == '-' && p + 2 < end - 1) {
            if (pattern_at(m, p) <= c && c <= pattern_at(m, p + 2))
                return !is_negated;
            p += 2;
        } else if (pattern_at(m, p) == c) {
            return !is_negated;
        }
    }
    return is_negated;
}

static bool is_single(struct matcher *m, size_t s, size_t p, size_t end)
{
    int c;

    step(m);
    if (s >= m->text.len)
        return false;
    c = (unsigned char) m->text.ptr[s];
    switch (pattern_at(m, p)) {
    case '.':
        return true;
    case '%':
        return is_in_class(c, pattern_at(m, p + 1));
    case '[':
        return is_in_set(m, c, p, end);
    default:
        return pattern_at(m, p) == c;
    }
}

/* As many as there are, then fewer. */
static ptrdiff_t expand_most(struct matcher *m, size_t s, size_t p, size_t end)
{
    size_t count = 0;

    while (is_single(m, s + count, p, end))
        count++;
    for (;; count--) {
        ptrdiff_t to = match(m, s + count, end + 1);

        if (to != NO_MATCH || count == 0)
            return to;
    }
}

static ptrdiff_t expand_least(struct matcher *m, size_t s, size_t p, size_t end)
{
    for (;; s++) {
        ptrdiff_t to = match(m, s, end + 1);

        if (to != NO_MATCH || !is_single(m, s, p, end))
            return to;
    }
}

static ptrdiff_t begin_capture(struct matcher *m, size_t s, size_t p)
{
    size_t at = m->m->count;
    bool is_position = pattern_at(m, p + 1) == ')';
    ptrdiff_t to;

    if (at >= LUASCRIPT_CAPTURES_MAX)
        luaL_error(m->L, "too many captures");
    m->m->captures[at].from = m->m->captures[at].to = s;
    m->m->captures[at].is_position = is_position;
    m->is_open[at] = !is_position;
    m->m->count++;
    to = match(m, s, p + (is_position ? 2 : 1));
    if (to == NO_MATCH)
        m->m->count--;
    return to;
}

static ptrdiff_t end_capture(struct matcher *m, size_t s, size_t p)
{
    size_t at = m->m->count;
    ptrdiff_t to;

    while (at > 0 && !m->is_open[at - 1])
        at--;
    if (at == 0)
        luaL_error(m->L, "invalid pattern capture");
    m->is_open[at - 1] = false;
    m->m->captures[at - 1].to = s;
    to = match(m, s, p + 1);
    if (to == NO_MATCH)
        m->is_open[at - 1] = true;
    return to;
}

/* "%bxy": from x to its y. */
static ptrdiff_t balance(struct matcher *m, size_t s, size_t p)
{
    int open = pattern_at(m, p + 2), close = pattern_at(m, p + 3);
    size_t depth = 1;

    if (close < 0 || s >= m->text.len || (unsigned char) m->text.ptr[s] != open)
        return NO_MATCH;
    while (++s < m->text.len) {
        int c = (unsigned char) m->text.ptr[s];

        step(m);
        if (c == close && --depth == 0)
            return match(m, s + 1, p + 4);
        depth += c == open && c != close;
    }
    return NO_MATCH;
}

/* "%1": the text of a capture again. */
static ptrdiff_t repeat(struct matcher *m, size_t s, size_t p)
{
    size_t at = (size_t) (pattern_at(m, p + 1) - '1');
    struct str text;

    if (at >= m->m->count || m->is_open[at])
        luaL_error(m->L, "invalid capture index");
    text = str_of(m->text.ptr + m->m->captures[at].from,
                  m->m->captures[at].to - m->m->captures[at].from);
    luascript_charge(m->L, text.len);
    return str_starts(str_skip(m->text, s), text) ? match(m, s + text.len, p + 2) : NO_MATCH;
}

/* A single item and what follows it; *ret_end is the end of the match when that is known. */
static bool advance(struct matcher *m, size_t *s, size_t *p, ptrdiff_t *ret_end)
{
    size_t end = class_end(m, *p);

    switch (pattern_at(m, end)) {
    case '?':
        if (is_single(m, *s, *p, end)) {
            *ret_end = match(m, *s + 1, end + 1);
            if (*ret_end != NO_MATCH)
                return false;
        }
        *p = end + 1;
        return true;
    case '*':
        *ret_end = expand_most(m, *s, *p, end);
        return false;
    case '+':
        *ret_end = is_single(m, *s, *p, end) ? expand_most(m, *s + 1, *p, end) : NO_MATCH;
        return false;
    case '-':
        *ret_end = expand_least(m, *s, *p, end);
        return false;
    default:
        *ret_end = NO_MATCH;
        if (!is_single(m, *s, *p, end))
            return false;
        (*s)++;
        *p = end;
        return true;
    }
}

static bool is_back_reference(const struct matcher *m, size_t p)
{
    return pattern_at(m, p) == '%' && pattern_at(m, p + 1) >= '1' &&
           pattern_at(m, p + 1) <= '9';
}

/* Where the match of the pattern from @p at @s ends. */
static ptrdiff_t match(struct matcher *m, size_t s, size_t p)
{
    ptrdiff_t to = NO_MATCH;
    bool goes_on = true;

    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    while (goes_on) {
        goes_on = false;
        if (p >= m->pattern.len)
            to = (ptrdiff_t) s;
        else if (pattern_at(m, p) == '(')
            to = begin_capture(m, s, p);
        else if (pattern_at(m, p) == ')')
            to = end_capture(m, s, p);
        else if (pattern_at(m, p) == '$' && p + 1 == m->pattern.len)
            to = s == m->text.len ? (ptrdiff_t) s : NO_MATCH;
        else if (pattern_at(m, p) == '%' && pattern_at(m, p + 1) == 'b')
            to = balance(m, s, p);
        else if (is_back_reference(m, p))
            to = repeat(m, s, p);
        else
            goes_on = advance(m, &s, &p, &to);
    }
    m->depth--;
    return to;
}

/* Behind the set that begins behind @i. */
static size_t check_set(lua_State *L, struct str pattern, size_t i)
{
    bool is_first = true;

    i += i < pattern.len && pattern.ptr[i] == '^';
    for (;; is_first = false) {
        if (i > pattern.len)
            luaL_error(L, "unexpected EOS at EOS");
        if (i == pattern.len)
            luaL_error(L, "unexpected EOS at %d", (int) pattern.len - 1);
        if (pattern.ptr[i] == ']' && !is_first)
            return i + 1;
        i += pattern.ptr[i] == '%' ? 2 : 1;
    }
}

/* As the original reads all of a pattern before it matches; a "%" at the end is nothing. */
static void check_pattern(lua_State *L, struct str pattern)
{
    size_t open = 0, i = str_starts(pattern, STR("^"));

    while (i < pattern.len) {
        char c = pattern.ptr[i], next = i + 1 < pattern.len ? pattern.ptr[i + 1] : '\0';

        if (c == '%' && next == '0')
            luaL_error(L, "invalid capture index at %d", (int) i);
        if (c == ')' && open == 0)
            luaL_error(L, "invalid ')' at %d", i > 0 ? (int) i - 1 : 0);
        if (c == '[') {
            i = check_set(L, pattern, i + 1);
            continue;
        }
        open -= c == ')';
        open += c == '(' && next != ')';
        i += c == '%' ? (next == 'b' ? 4 : 2) : c == '(' && next == ')' ? 2 : 1;
    }
    if (open > 0)
        luaL_error(L, "unfinished capture at EOS");
}

bool luascript_find(lua_State *L, struct str pattern, struct str text, size_t at,
                    struct luascript_match *ret)
{
    bool is_anchored = str_starts(pattern, STR("^"));
    struct matcher m = {.L = L, .text = text, .pattern = pattern, .m = ret};

    check_pattern(L, pattern);
    luascript_charge(L, pattern.len);
    for (; at <= text.len; at++) {
        ptrdiff_t to;

        *ret = (struct luascript_match){.from = at};
        to = match(&m, at, is_anchored);
        if (to != NO_MATCH) {
            ret->to = (size_t) to;
            luascript_charge(L, m.steps);
            return true;
        }
        if (is_anchored)
            break;
        step(&m);
    }
    luascript_charge(L, m.steps);
    return false;
}
