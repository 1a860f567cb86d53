/*
 * base/str.h - text for reading: a borrowed view by value.
 *
 * A struct str is never assumed to be terminated; make a C string with str_cz() at the border
 * to libc or SQLite only. A view with a NULL pointer is "absent"; with length 0 and a pointer
 * it is "empty". All functions are pure and may run on any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attrs.h"

struct str {
    const char *ptr; /* borrowed */
    size_t len;      /* bytes */
};

#define STR(literal) ((struct str){.ptr = "" literal, .len = sizeof(literal) - 1})
#define STR_INIT(literal)                             \
    {                                                 \
        .ptr = "" literal, .len = sizeof(literal) - 1 \
    }
#define STR_NONE   ((struct str){.ptr = NULL, .len = 0})
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int) (s).len, (s).ptr ? (s).ptr : ""

/* A view of a C string; NULL gives the absent view. */
static inline struct str str_from(const char *cz)
{
    return (struct str){.ptr = cz, .len = cz ? strlen(cz) : 0};
}

static inline struct str str_of(const char *ptr, size_t len)
{
    return (struct str){.ptr = ptr, .len = len};
}

static inline bool str_is_none(struct str s)
{
    return s.ptr == NULL;
}

static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Compares with a C string. */
static inline bool str_is(struct str a, const char *cz)
{
    return str_eq(a, str_from(cz));
}

/* The part from byte @from on; past the end gives the empty view. */
static inline struct str str_skip(struct str s, size_t from)
{
    return from >= s.len ? str_of(s.ptr ? s.ptr + s.len : NULL, 0)
                         : str_of(s.ptr + from, s.len - from);
}

/* The first @len bytes, or all. */
static inline struct str str_head(struct str s, size_t len)
{
    return str_of(s.ptr, len < s.len ? len : s.len);
}

/**
 * str_cmp() - order by bytes, shorter first; <0, 0 or >0 as memcmp
 * @a: one
 * @b: other
 */
int str_cmp(struct str a, struct str b) _pure_;

/**
 * str_starts() - does @s begin with @prefix?
 * @s:      text
 * @prefix: beginning
 */
bool str_starts(struct str s, struct str prefix) _pure_;

/** str_cut_prefix() - take a prefix off the beginning; false when it is not there */
static inline bool str_cut_prefix(struct str *s, struct str prefix)
{
    if (!str_starts(*s, prefix))
        return false;
    *s = str_skip(*s, prefix.len);
    return true;
}

/**
 * str_ends() - does @s end with @suffix?
 * @s:      text
 * @suffix: end
 */
bool str_ends(struct str s, struct str suffix) _pure_;

/**
 * str_find() - byte offset of @needle in @s, or SIZE_MAX
 * @s:      text
 * @needle: what to look for; the empty needle is at 0
 */
size_t str_find(struct str s, struct str needle) _pure_;

/**
 * str_find_char() - byte offset of @c in @s, or SIZE_MAX
 * @s: text
 * @c: byte
 */
size_t str_find_char(struct str s, char c) _pure_;

/**
 * str_trim() - without ASCII white space at both ends
 * @s: text
 */
struct str str_trim(struct str s) _pure_;

/**
 * str_eq_nocase() - equal but for ASCII case
 * @a: one
 * @b: other
 */
bool str_eq_nocase(struct str a, struct str b) _pure_;

/**
 * str_cut() - take the next piece up to a separator
 * @rest: text still to be read; advances past the separator; absent after the last piece
 * @sep:  separator byte
 * @ret:  the piece; may be empty
 *
 * Return: whether there was a piece.
 */
bool str_cut(struct str *rest, char sep, struct str *ret);

/**
 * str_hash() - 64-bit hash for tables in memory (FNV-1a with a final mix); not stable across
 * versions
 * @s: text
 */
uint64_t str_hash(struct str s) _pure_;

/**
 * str_fnv32a() - the 32-bit FNV-1a hash that Argo's node ids are made of
 * @s: text
 */
uint32_t str_fnv32a(struct str s) _pure_;

/**
 * parse_u64() - a whole text as a decimal number
 * @s:   digits only, without sign or blanks
 * @ret: the number; untouched on failure
 *
 * Return: whether @s was a number that fits.
 */
bool parse_u64(struct str s, uint64_t *ret) _must_use_;

/**
 * parse_i64() - as parse_u64(), with an optional leading + or -
 * @s:   text
 * @ret: the number; untouched on failure
 */
bool parse_i64(struct str s, int64_t *ret) _must_use_;

/**
 * parse_u32() - as parse_u64(), limited to 32 bits
 * @s:   text
 * @ret: the number; untouched on failure
 */
bool parse_u32(struct str s, uint32_t *ret) _must_use_;

/**
 * parse_f64() - a whole text as a decimal floating-point number (C locale, no hex, no inf or
 * nan)
 * @s:   text, at most 400 bytes
 * @ret: the number; untouched on failure
 */
bool parse_f64(struct str s, double *ret) _must_use_;
