/*
 * base/vec.h - a typed growing array, typed by macro.
 *
 *   struct dag { VEC(struct node *) nodes; };
 *   VEC_PUSH(&dag->nodes, node);
 *   VEC_FOREACH(it, &dag->nodes) use(*it);       // it is struct node **
 *
 * VEC_PUSH keeps the elements on the heap (VEC_DONE releases them); VEC_APUSH keeps them in an
 * arena. One vector uses one of the two for its whole life. A zeroed vector is empty.
 */
#pragma once

#include "base/arena.h"
#include "base/mem.h"

#define VEC(T)            \
    struct {              \
        T *at;            \
        size_t len, room; \
    }

#define VEC_PUSH(v, x)                                                  \
    do {                                                                \
        if ((v)->len == (v)->room) {                                    \
            (v)->room = (v)->room ? (v)->room * 2 : 8;                  \
            (v)->at = mem_resize((v)->at, (v)->room, sizeof(*(v)->at)); \
        }                                                               \
        (v)->at[(v)->len++] = (x);                                      \
    } while (0)

#define VEC_APUSH(a, v, x)                                                  \
    do {                                                                    \
        if ((v)->len == (v)->room) {                                        \
            (v)->room = (v)->room ? (v)->room * 2 : 8;                      \
            (v)->at = arena_grow((a), (v)->at, (v)->len * sizeof(*(v)->at), \
                                 (v)->room * sizeof(*(v)->at));             \
        }                                                                   \
        (v)->at[(v)->len++] = (x);                                          \
    } while (0)

#define VEC_FOREACH(it, v) \
    for (typeof((v)->at) it = (v)->at; it && it < (v)->at + (v)->len; it++)

#define VEC_DONE(v)               \
    do {                          \
        free((v)->at);            \
        (v)->at = NULL;           \
        (v)->len = (v)->room = 0; \
    } while (0)
