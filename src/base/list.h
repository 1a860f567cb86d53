/*
 * base/list.h - intrusive doubly linked lists, for things that live in several lists at once.
 *
 * A link that is in no list points at itself; list_remove() on such a link is a no-op. No
 * allocation.
 */
#pragma once

#include <stdbool.h>

#include "base/attrs.h"

struct list {
    struct list *next, *prev;
};

#define LIST_INIT(l)               \
    {                              \
        .next = &(l), .prev = &(l) \
    }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
    return l->next == l;
}

/* Inserts @link at the end of @head. */
static inline void list_append(struct list *head, struct list *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Moves all links of @from to the end of @to. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_ENTRY(link, type, member) CONTAINER_OF(link, type, member)

/* The current entry may be removed inside the loop; other entries may not. */
#define LIST_FOREACH(it, head, type, member)                                            \
    for (struct list *it##_ = (head)->next, *it##_next_ = it##_->next; it##_ != (head); \
         it##_ = it##_next_, it##_next_ = it##_->next)                                  \
        for (type *it = LIST_ENTRY(it##_, type, member); it; it = NULL)
