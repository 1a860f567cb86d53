/*
 * When a container is probed and what its probes amount to, as the kubelet has it: after the
 * hook of its start the startup probe alone, until it has succeeded; then liveness and
 * readiness beside each other. A result counts when it came often enough in a row. A failed
 * liveness or startup probe ends the container, a failed readiness probe says that it is not
 * ready.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <stdio.h>
#include <string.h>

static const struct plan_action *action_of(const struct running *r, enum plan_act which)
{
    return r->c->acts[which].is_there ? &r->c->acts[which] : NULL;
}

static bool has_begun(const struct running *r)
{
    return !act_is_on(r, ACT_POST_START) &&
           (!action_of(r, ACT_STARTUP) || r->probes[ACT_STARTUP].is_good);
}

/* Is it the turn of this probe at all? */
static bool is_wanted(const struct running *r, enum plan_act which)
{
    if (!action_of(r, which) || act_is_on(r, ACT_POST_START))
        return false;
    return which == ACT_STARTUP ? !r->probes[which].is_good : has_begun(r);
}

void probe_begin(struct pod *pod, struct running *r)
{
    for (int i = 0; i < ACT_PROBES; i++)
        r->probes[i] =
            (struct probing){.is_good = i == ACT_LIVENESS,
                             .next_at_ms = r->end.started_ms + r->c->acts[i].initial_ms};
    if (action_of(r, ACT_POST_START))
        act_start(&pod->plan, r, ACT_POST_START, 0);
}

/* For those who wait for the pod. */
static void tell(struct pod *pod, const struct running *r, enum plan_act which)
{
    static const char *const names[] = {"Startup", "Liveness", "Readiness"};
    char text[sizeof(pod->record.message)];

    if (!pod->plan.is_watched || (pod->record.flags & POD_RECORD_READY))
        return;
    snprintf(text, sizeof(text), "%s probe failed: %s", names[which], r->acts[which].text);
    text[strcspn(text, "\r\n")] = '\0';
    if (strcmp(text, pod->record.message) == 0)
        return;
    memcpy(pod->record.message, text, sizeof(text));
    pod_write_record(pod);
}

/* One more result; true when it is one that counts. */
static bool judge(struct pod *pod, struct running *r, enum plan_act which, bool is_good)
{
    const struct plan_action *action = &r->c->acts[which];
    struct probing *probing = &r->probes[which];

    probing->in_a_row =
        probing->has_result && probing->was_good == is_good ? probing->in_a_row + 1 : 1;
    probing->has_result = true;
    probing->was_good = is_good;
    if (!is_good)
        tell(pod, r, which);
    if (probing->in_a_row < (is_good ? action->successes : action->failures))
        return false;
    probing->is_good = is_good;
    return true;
}

static void say(struct running *r, const char *what)
{
    if (*what)
        snprintf(r->end.message, sizeof(r->end.message), "Container %s failed %s", r->c->name,
                 what);
    else
        snprintf(r->end.message, sizeof(r->end.message), "FailedPostStartHook%s%s",
                 r->acts[ACT_POST_START].text[0] ? ": " : "", r->acts[ACT_POST_START].text);
    r->end.message[strcspn(r->end.message, "\r\n")] = '\0';
}

/* True when it has failed for good. */
static bool look(struct pod *pod, struct running *r, enum plan_act which)
{
    const struct plan_action *action = action_of(r, which);
    struct probing *probing = &r->probes[which];
    int64_t now = wall_now_ms();
    bool is_good;

    if (act_turn(&pod->plan, r, which, &is_good) && judge(pod, r, which, is_good) && !is_good)
        return which != ACT_READINESS;
    if (!is_wanted(r, which) || act_is_on(r, which) || now < probing->next_at_ms)
        return false;
    /* What was late is not made up for. */
    while (probing->next_at_ms <= now)
        probing->next_at_ms +=
            action->every_ms * (1 + (now - probing->next_at_ms) / action->every_ms);
    act_start(&pod->plan, r, which, now + action->within_ms);
    return false;
}

bool probe_turn(struct pod *pod, struct running *r, int64_t *ret_grace_ms)
{
    static const char *const what[] = {"startup probe", "liveness probe"};
    bool is_good;

    *ret_grace_ms = pod->plan.grace_ms;
    if (act_turn(&pod->plan, r, ACT_POST_START, &is_good) && !is_good) {
        say(r, "");
        return true;
    }
    for (int i = 0; i < ACT_PROBES; i++) {
        if (!look(pod, r, (enum plan_act) i))
            continue;
        say(r, what[i]);
        if (r->c->acts[i].ending_ms >= 0)
            *ret_grace_ms = r->c->acts[i].ending_ms;
        return true;
    }
    return false;
}

int64_t probe_next_ms(const struct running *r)
{
    int64_t ret = 0;

    for (int i = 0; i < ACT_COUNT; i++) {
        bool is_due = i < ACT_PROBES && !r->is_stopping && is_wanted(r, (enum plan_act) i);
        int64_t at = act_is_on(r, (enum plan_act) i) ? r->acts[i].until_ms
                     : is_due                        ? r->probes[i].next_at_ms
                                                     : 0;

        if (at > 0 && (ret == 0 || at < ret))
            ret = at;
    }
    return ret;
}

bool probe_is_ready(const struct running *r)
{
    return r->state == RUN_ON && !r->has_exited && !r->is_stopping && has_begun(r) &&
           (!action_of(r, ACT_READINESS) || r->probes[ACT_READINESS].is_good);
}
