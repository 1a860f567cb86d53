/*
 * workflows/engine/memo.h - memoize: results that are kept in ConfigMaps and used again.
 * Private to workflows/engine. Loop thread.
 */
#pragma once

#include "workflows/engine/wf_internal.h"

enum wf_memo {
    WF_MEMO_NONE, /* the template is not memoized, or its node goes on */
    WF_MEMO_MISS, /* it runs; the node is there */
    WF_MEMO_HIT,  /* the node has ended with the result of before */
    WF_MEMO_ERRED,
};

/** wf_memo_enter() - look for the result of a template that begins; @ret: its node */
enum wf_memo wf_memo_enter(struct wf *wf, const struct wf_call *call,
                           const struct wf_template *from, struct wf_node **ret,
                           struct err *err);

/** wf_memo_leave() - an ended node's result is kept */
void wf_memo_leave(struct wf *wf, struct wf_node *n);
