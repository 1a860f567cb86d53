/*
 * formats/selector_internal.h - what the three parsers of selectors share.
 *
 * A parser collects requirements, each checked by selector_require(), and hands them to
 * selector_make(), which sorts them. Private to formats/selector*.c.
 */
#pragma once

#include "base/vec.h"
#include "formats/selector.h"

typedef VEC(struct str) selector_texts;

struct selector_draft {
    struct arena *arena;
    VEC(struct selector_requirement) requirements;
};

/**
 * selector_require() - check one requirement of a label selector and add it
 * @draft:  selector in the making; the texts must live as long as its arena
 * @req:    key, operator and spelling
 * @values: values as given; checked in this order, then sorted in place
 * @err:    ERR_INVALID with all faults, as Kubernetes puts them together
 *
 * Return: 0 or -1.
 */
int selector_require(struct selector_draft *draft, struct selector_requirement req,
                     selector_texts *values, struct err *err);

/**
 * selector_make() - the finished selector, sorted by key; equal keys keep their order
 * @draft: the draft is spent
 */
struct selector selector_make(struct selector_draft *draft);

/** selector_sort_unique() - sort texts and drop repetitions, in place */
void selector_sort_unique(selector_texts *texts);
