/*
 * base/attrs.h - the compiler attributes and ownership macros of the house.
 *
 * Names are chosen so that a later move to C23 touches this header alone. Nothing here
 * allocates.
 */
#pragma once

#include <stddef.h>

#define _cleanup_(fn)       __attribute__((__cleanup__(fn)))
#define _printf_(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define _must_use_          __attribute__((__warn_unused_result__))
#define _unused_            __attribute__((__unused__))
#define _noreturn_          __attribute__((__noreturn__))
#define _pure_              __attribute__((__pure__))
#define _malloc_            __attribute__((__malloc__, __returns_nonnull__))

/* Generates free_fn##p, the destructor that _cleanup_(free_fn##p) calls on a local pointer. */
#define DEFINE_CLEANUP(type, free_fn)      \
    static inline void free_fn##p(type *p) \
    {                                      \
        if (*p)                            \
            free_fn(*p);                   \
    }

/* Moves a pointer out of a variable: yields its value and leaves NULL. */
#define TAKE(p)                 \
    ({                          \
        typeof(p) *src_ = &(p); \
        typeof(p) val_ = *src_; \
        *src_ = NULL;           \
        val_;                   \
    })

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The object of which a member's address is known. */
#define CONTAINER_OF(ptr, type, member) \
    ((type *) (void *) ((char *) (ptr) -offsetof(type, member)))
