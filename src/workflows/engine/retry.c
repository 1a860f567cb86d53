/*
 * retryStrategy: a Retry node over attempts "name(0)", "name(1)" and so on. The order of the
 * checks is upstream's: stop, backoff, policy, limit, expression.
 */
#include "formats/duration.h"
#include "formats/gofloat.h"
#include "formats/gotime.h"
#include "lang/expr/tag.h"
#include "workflows/engine/wf_internal.h"

static const struct json *strategy_of(const struct wf *wf, const struct wf_frame *f)
{
    const struct json *own = json_get(&f->tmpl, STR("retryStrategy"));

    return own ? own : json_get(wf->spec, STR("retryStrategy"));
}

/* An int or a text with one. */
static bool number_of(const struct json *value, int64_t *ret)
{
    return json_i64(value, ret) || parse_i64(json_str(value), ret);
}

/* A hook that is retried has the flag, too. */
static bool is_attempt(const struct wf_node *child)
{
    return (child->flags & WF_FLAG_RETRIED) && child->type != WF_RETRY;
}

static struct wf_node *last_attempt(struct wf_node *n, size_t *ret_count)
{
    struct wf_node *last = NULL;

    *ret_count = 0;
    VEC_FOREACH (it, &n->children) {
        if (!is_attempt(*it))
            continue;
        last = *it;
        ++*ret_count;
    }
    return last;
}

/* The attempt of an index, or NULL. */
static struct wf_node *attempt_at(const struct wf_node *n, size_t index)
{
    for (size_t i = 0; i < n->children.len; i++)
        if (is_attempt(n->children.at[i]) && index-- == 0)
            return n->children.at[i];
    return NULL;
}

static const struct json *attempt_locals(struct wf *wf, const struct wf_frame *f,
                                         const struct wf_node *last, size_t count)
{
    struct arena *a = wf->pass->a;
    struct str code = json_get_str(last ? wf_parsed(wf, last->outputs) : NULL, STR("exitCode"));
    int64_t lasted = last ? (last->finished_ms / 1000 - last->started_ms / 1000) : 0;
    const struct {
        struct str key, value;
    } rows[] = {
        {STR("retries"), str_printf(a, "%zu", count)},
        {STR("lastRetry.exitCode"), str_is_none(code) ? STR("0") : code},
        {STR("lastRetry.duration"), str_printf(a, "%lld", (long long) lasted)},
        {STR("lastRetry.status"), last ? wf_phase_name(last->phase) : STR("")},
        {STR("lastRetry.message"),
         last && !str_is_none(last->message) ? last->message : STR("")},
    };
    struct json *ret = ARENA_NEW(a, struct json);

    *ret = json_set(a, f->locals, rows[0].key, json_string(rows[0].value));
    for (size_t i = 1; i < COUNT_OF(rows); i++)
        *ret = json_set(a, ret, rows[i].key, json_string(rows[i].value));
    return ret;
}

/* Tasks that began when a daemon's attempt was up depend on the next one, too, as upstream has
 * it: the way from the retry to them is by its last attempt. */
static void link_dependents(struct wf *wf, const struct wf_node *n, const struct wf_node *last,
                            struct wf_node *child)
{
    if (!n->is_daemoned || !last || !n->boundary || n->boundary->type != WF_DAG)
        return;
    for (size_t i = 0; i < last->children.len; i++)
        wf_node_link(wf, child, last->children.at[i]);
}

/* What it belongs to fails with the first that has failed, an attempt, too, and ends without
 * it. Not so what is an attempt itself: as upstream's, it only starts nothing else. */
static bool is_given_up(struct wf *wf, const struct wf_frame *f)
{
    struct wf_node *n = f->node;

    if (f->is_exit || !n->boundary)
        return false;
    if (wf_node_is_done(n->boundary))
        return true;
    if (!wf_fails_fast(n->boundary) || (n->boundary->flags & WF_FLAG_RETRIED))
        return false;
    wf_block(wf, n);
    wf_node_wake(wf, n->boundary);
    return true;
}

static void start_attempt(struct wf *wf, struct wf_frame *f, const struct wf_node *last,
                          size_t count, int64_t deadline_ms)
{
    struct wf_node *n = f->node, *child = NULL;
    struct wf_call call = {
        .name = str_printf(wf->pass->a, STR_FMT "(%zu)", STR_ARG(n->name), count),
        .holder = f->holder,
        .arguments = f->arguments,
        .locals = attempt_locals(wf, f, last, count),
        .scope = f->caller_scope,
        .boundary = n->boundary,
        .owner = n,
        .flags = WF_FLAG_RETRIED | (n->flags & WF_FLAG_HOOKED),
        .depth = f->depth,
        .is_exit = f->is_exit,
        .is_attempt = true,
        .deadline_ms = deadline_ms,
    };
    bool is_new = wf_node_find(wf, call.name) == NULL;

    if (is_new && is_given_up(wf, f))
        return;
    if (wf_call(wf, &call, &child) == WF_CALL_WAITS) {
        if (wf_fails_fast(n->boundary))
            wf_node_wake(wf, n->boundary); /* ends when nothing of it runs any more */
        return;
    }
    wf_text_set(&n->message, STR_NONE);
    if (is_new) {
        wf_node_link(wf, n, child);
        link_dependents(wf, n, last, child);
    }
    if (!wf_call_arm(child))
        wf_node_wake(wf, n);
}

static void finish(struct wf *wf, struct wf_node *n, const struct wf_node *last,
                   struct str message)
{
    wf_text_set(&n->outputs, last->outputs);
    wf_node_end(wf, n, last->phase == WF_SKIPS ? WF_SUCCEEDED : last->phase, message);
}

/* Backoff: 1: wait, 2: give up (with @ret), 0: go on. */
static int check_backoff(struct wf *wf, struct wf_frame *f, const struct wf_node *last,
                         size_t count, struct str *ret, int64_t *ret_deadline)
{
    const struct json *strategy = strategy_of(wf, f);
    const struct json *backoff = json_get(strategy, STR("backoff"));
    const struct wf_node *first = attempt_at(f->node, 0);
    struct str max = json_get_str(backoff, STR("maxDuration")),
               cap = json_get_str(backoff, STR("cap")),
               duration = json_get_str(backoff, STR("duration"));
    int64_t now = wf->pass->now.ms, base = 0, max_ns = 0, cap_ns, factor = 0, limit, until;
    struct err err;

    if (!backoff)
        return 0;
    if (first && !str_is_empty(max) && duration_parse_argo(max, &max_ns, &err) == 0) {
        *ret_deadline = first->started_ms + max_ns / DURATION_MS;
        if (now > *ret_deadline) {
            *ret = STR("Max duration limit exceeded");
            return 2;
        }
    }
    if (str_is_empty(duration))
        err_set(&err, ERR_INVALID, "no base duration specified for retryStrategy");
    if (str_is_empty(duration) || duration_parse_argo(duration, &base, &err) < 0) {
        *ret = str_copy(wf->pass->a, str_from(err.text));
        return 3;
    }
    if (number_of(json_get(backoff, STR("factor")), &factor) && factor > 0)
        for (size_t i = 1; i < count && base < INT64_MAX / (factor + 1); i++)
            base *= factor;
    if (!str_is_empty(cap) && duration_parse_argo(cap, &cap_ns, &err) == 0 && cap_ns < base)
        base = cap_ns;
    until = last->finished_ms + base / DURATION_MS;
    if (*ret_deadline && until > *ret_deadline) {
        *ret = STR("Backoff would exceed max duration limit");
        return 2;
    }
    if (now >= until ||
        (number_of(json_get(strategy, STR("limit")), &limit) && (int64_t) count > limit))
        return 0;
    *ret = str_printf(wf->pass->a, "Backoff for " STR_FMT,
                      STR_ARG(duration_humanize(wf->pass->a, base)));
    f->wake_ms = until;
    return 1;
}

/* What passes by itself, as upstream knows it: by the words of the message. */
static bool is_transient(struct str message)
{
    static const char *const words[] = {
        "Connection closed by foreign host",
        "net/http: TLS handshake timeout",
        "i/o timeout",
        "connection timed out",
        "connection reset by peer",
        "http2: client connection lost",
        "http2: server sent GOAWAY and closed the connection",
        "connect: connection refused",
        "invalid connection",
        "etcdserver: leader changed",
        "etcdserver: request timed out",
        "raft proposal dropped",
        "transport is closing",
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_find(message, str_from(words[i])) != SIZE_MAX)
            return true;
    return false;
}

static bool is_covered(const struct json *strategy, const struct wf_node *last)
{
    enum wf_phase phase = last->phase;
    struct str policy = json_get_str(strategy, STR("retryPolicy"));

    if (str_is_empty(policy))
        return phase == WF_FAILED || !str_is_empty(json_get_str(strategy, STR("expression")));
    if (str_is(policy, "Always"))
        return true;
    if (str_is(policy, "OnTransientError"))
        return is_transient(last->message);
    if (str_is(policy, "OnFailure"))
        return phase == WF_FAILED;
    return str_is(policy, "OnError") && phase == WF_ERROR;
}

/* An attempt that could not go on is another's turn only by such a policy. */
static bool retries_errors(const struct json *strategy)
{
    struct str policy = json_get_str(strategy, STR("retryPolicy"));

    if (str_is_empty(policy))
        return !str_is_empty(json_get_str(strategy, STR("expression")));
    return !str_is(policy, "OnFailure");
}

/* Is it worth another attempt? The names are those of the last one. 1, 0 or -1. */
static int judge_expression(struct wf *wf, struct str expression, const struct wf_node *last,
                            size_t count, struct err *err)
{
    struct arena *a = wf->pass->a;
    struct str code = json_get_str(wf_parsed(wf, last->outputs), STR("exitCode"));
    char lasted[GO_FLOAT_TEXT_SIZE];
    struct json_object_builder b = {0};
    struct json locals;
    const struct expr_tag_scope scope = {.now = wf->pass->now};
    const struct subst_options opts = {
        .lookup = subst_lookup_json, .lookup_ctx = &locals, .expr_ctx = &scope};
    bool is_met = false;

    go_float_text((double) (last->finished_ms / 1000 - last->started_ms / 1000), lasted);
    json_add(a, &b, STR("retries"), json_string(str_printf(a, "%zu", count - 1)));
    json_add(a, &b, STR("lastRetry.exitCode"),
             json_string(str_is_none(code) ? STR("-1") : code));
    json_add(a, &b, STR("lastRetry.status"), json_string(wf_phase_name(last->phase)));
    json_add(a, &b, STR("lastRetry.duration"), json_string(str_copy(a, str_from(lasted))));
    json_add(a, &b, STR("lastRetry.message"),
             json_string(str_is_none(last->message) ? STR("") : last->message));
    locals = json_object(&b);
    if (expr_tag_bool(&opts, a, expression, &is_met, err) < 0)
        return -1;
    return is_met;
}

/* The expression decides last. */
static void ask_expression(struct wf *wf, struct wf_frame *f, struct wf_node *last,
                           size_t count, int64_t deadline)
{
    struct str expression = json_get_str(strategy_of(wf, f), STR("expression"));
    struct err err;
    int answer =
        str_is_empty(expression) ? 1 : judge_expression(wf, expression, last, count, &err);

    if (answer < 0)
        wf_node_fault(wf, f->node, str_copy(wf->pass->a, str_from(err.text)));
    else if (answer == 0)
        finish(wf, f->node, last, STR("retryStrategy.expression evaluated to false"));
    else
        start_attempt(wf, f, last, count, deadline);
}

/* The workflow's deadline as Go prints a time. */
static struct str deadline_text(const struct wf *wf)
{
    struct gotime t = gotime_of_wall((struct wall){wf_deadline_ms(wf)});

    return str_concat(wf->pass->a, STR("retry exceeded workflow deadline "),
                      gotime_format(wf->pass->a, &t, STR("2006-01-02 15:04:05 -0700 MST")));
}

/* The last attempt has failed: another one, later, or the end. */
static void after_failure(struct wf *wf, struct wf_frame *f, struct wf_node *last, size_t count)
{
    const struct json *strategy = strategy_of(wf, f);
    struct wf_node *n = f->node;
    int64_t deadline = f->deadline_ms, limit;
    struct str text = STR_NONE, shutdown = wf_shutdown(wf);
    int wait;

    if (is_given_up(wf, f))
        return;
    if (last->is_fault && !retries_errors(strategy)) {
        wf_node_fault(wf, n, last->message);
        return;
    }
    if (!str_is_empty(shutdown) && !(f->is_exit && str_is(shutdown, "Stop"))) {
        finish(
            wf, n, last,
            str_printf(wf->pass->a, "Stopped with strategy '" STR_FMT "'", STR_ARG(shutdown)));
        return;
    }
    if (!f->is_exit && wf_is_past_deadline(wf)) {
        finish(wf, n, last, deadline_text(wf));
        return;
    }
    wait = check_backoff(wf, f, last, count, &text, &deadline);
    if (wait == 1) {
        wf_text_set(&n->message, text);
        wf_node_changed(wf, n);
        wf_sleep(wf, n);
    } else if (wait == 2) {
        finish(wf, n, last, text);
    } else if (wait == 3) {
        wf_node_fault(wf, n, text);
    } else if (!is_covered(strategy, last)) {
        finish(wf, n, last, last->message);
    } else if (number_of(json_get(strategy, STR("limit")), &limit) && (int64_t) count > limit) {
        finish(wf, n, last, STR("No more retries left"));
    } else {
        ask_expression(wf, f, last, count, deadline);
    }
}

/* After a restart: goes on with the last attempt, called as it was. */
static void resume_attempt(struct wf *wf, struct wf_frame *f, size_t index)
{
    struct str max =
        json_get_str(json_get(strategy_of(wf, f), STR("backoff")), STR("maxDuration"));
    const struct wf_node *first = attempt_at(f->node, 0);
    const struct wf_node *before = index > 0 ? attempt_at(f->node, index - 1) : NULL;
    int64_t deadline = f->deadline_ms, max_ns;
    struct err err;

    if (before && first && duration_parse_argo(max, &max_ns, &err) == 0)
        deadline = first->started_ms + max_ns / DURATION_MS;
    start_attempt(wf, f, before, index, deadline);
}

/* The first time its owner is told, as of any daemon. */
static void daemon_is_up(struct wf *wf, struct wf_node *n, const struct wf_node *last)
{
    if (!n->is_daemoned) {
        wf_node_daemon(wf, n, wf_rare(last, WF_IP));
        return;
    }
    wf_rare_set(n, WF_IP, wf_rare(last, WF_IP));
    wf_node_changed(wf, n);
}

void wf_retry_run(struct wf *wf, struct wf_frame *f)
{
    size_t count;
    struct wf_node *last = last_attempt(f->node, &count);

    f->wake_ms = 0;
    if (!last)
        start_attempt(wf, f, NULL, 0, f->deadline_ms);
    else if (last->is_daemoned && last->is_asked)
        daemon_is_up(wf, f->node, last);
    else if (!wf_node_is_done(last) && last->is_told)
        resume_attempt(wf, f, count - 1);
    else if (wf_phase_is_bad(last->phase))
        after_failure(wf, f, last, count);
    else if (wf_node_is_done(last))
        finish(wf, f->node, last, STR_NONE);
}
