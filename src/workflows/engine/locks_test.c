/*
 * Locks that workflows share: who gets them in which order, all of a request or none, limits,
 * what is read back from stored workflows, and a random run in which nothing is granted twice.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "formats/yaml.h"
#include "workflows/engine/locks.h"

struct world {
    struct arena *a;
    struct locks *l;
    struct str woken; /* uids, one after the other */
};

static void wake(void *ctx, struct str uid)
{
    struct world *w = ctx;

    w->woken = str_concat(w->a, str_concat(w->a, w->woken, uid), STR(" "));
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    w->a = arena_new();
    w->l = locks_new(wake, w);
    w->woken = STR("");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    locks_free(w->l);
    arena_free(w->a);
    free(w);
    return 0;
}

static void expect(struct str have, const char *want)
{
    if (!str_is(have, want))
        fail_msg("have \"" STR_FMT "\", want \"%s\"", STR_ARG(have), want);
}

/* "" when all are taken, else the text. @who is "wf" or "wf/node". */
static struct str take(struct world *w, const char *who, int64_t priority, int64_t created,
                       const struct lock_item *items, size_t count)
{
    struct str rest = str_from(who), wf, failed = STR(""), text = STR("");
    struct lock_request request = {.holder = str_printf(w->a, "ns/%s", who),
                                   .priority = priority,
                                   .created_ms = created,
                                   .items = items,
                                   .item_count = count};

    str_cut(&rest, '/', &wf);
    request.uid = str_concat(w->a, STR("u-"), wf);
    return locks_take(w->l, w->a, &request, &failed, &text) ? STR("") : text;
}

static struct str take_mutex(struct world *w, const char *who, int64_t priority,
                             int64_t created)
{
    const struct lock_item item = {STR("ns/Mutex/m"), 1, true, STR_NONE};

    return take(w, who, priority, created, &item, 1);
}

static void release(struct world *w, const char *who)
{
    w->woken = STR("");
    locks_release(w->l, str_printf(w->a, "ns/%s", who));
    locks_kick(w->l);
}

static void test_turns(void **state)
{
    struct world *w = *state;
    const char *text = "Waiting for ns/Mutex/m lock. Lock status: 0/1";

    expect(take_mutex(w, "a", 0, 10), "");
    expect(take_mutex(w, "a", 0, 10), ""); /* again: it is held */
    expect(take_mutex(w, "young", 0, 30), text);
    expect(take_mutex(w, "old", 0, 20), text);
    expect(take_mutex(w, "old", 0, 20), text);
    expect(take_mutex(w, "urgent", 5, 40), text);
    release(w, "a");
    expect(w->woken, "u-urgent ");
    expect(take_mutex(w, "young", 0, 30), "Waiting for ns/Mutex/m lock. Lock status: 1/1");
    expect(take_mutex(w, "urgent", 5, 40), "");
    release(w, "urgent");
    expect(w->woken, "u-old ");
    expect(take_mutex(w, "old", 0, 20), "");
    release(w, "young"); /* waits no longer */
    release(w, "old");
    expect(w->woken, "");
    expect(take_mutex(w, "late", 0, 50), "");
}

static void test_all_or_none(void **state)
{
    struct world *w = *state;
    const struct lock_item both[] = {{STR("ns/ConfigMap/c/k"), 2, false, STR_NONE},
                                     {STR("ns/Mutex/m"), 1, true, STR_NONE}};

    expect(take_mutex(w, "a/n", 0, 1), "");
    expect(take(w, "b/n", 0, 2, both, 2), "Waiting for ns/Mutex/m lock. Lock status: 0/1");
    expect(take(w, "c/n", 0, 3, both, 1),
           "Waiting for ns/ConfigMap/c/k lock. Lock status: 2/2"); /* b is before it */
    release(w, "a/n");
    expect(take(w, "b/n", 0, 2, both, 2), "");
    expect(take(w, "c/n", 0, 3, both, 1), "");
    expect(take(w, "d/n", 0, 4, both, 2),
           "Waiting for ns/ConfigMap/c/k lock. Lock status: 0/2");
}

static void test_limits(void **state)
{
    struct world *w = *state;
    struct lock_item item = {STR("ns/ConfigMap/c/k"), 0, false, STR_NONE};
    const struct str *names = NULL;

    expect(take(w, "a", 0, 1, &item, 1), "Failed to get semaphore limit for ns/ConfigMap/c/k");
    item.limit = 1;
    locks_touch(w->l, STR("ns/ConfigMap/c/"));
    locks_kick(w->l);
    expect(w->woken, "u-a ");
    expect(take(w, "a", 0, 1, &item, 1), "");
    expect(take(w, "b", 0, 2, &item, 1), "Waiting for ns/ConfigMap/c/k lock. Lock status: 0/1");
    item.limit = 2;
    expect(take(w, "b", 0, 2, &item, 1), "");
    assert_int_equal(locks_holders(w->l, item.key, item.is_mutex, &names), 2);
    expect(names[0], "ns/a");
    expect(names[1], "ns/b");
    item.limit = 1; /* fewer than there are */
    expect(take(w, "c", 0, 3, &item, 1),
           "Waiting for ns/ConfigMap/c/k lock. Lock status: -1/1");
    assert_int_equal(locks_holders(w->l, STR("ns/Mutex/none"), true, &names), 0);
}

/* Of the database: as many as its row says, in words of their own. A mutex is another lock than
 * a semaphore of the same key, as its row is another. */
static void test_database(void **state)
{
    struct world *w = *state;
    struct lock_item item = {STR("ns/Database/k"), 0, false, STR("sem/ns/k")};
    const struct lock_item mutex = {STR("ns/Database/k"), 1, true, STR("mtx/ns/k")};
    const struct str *names = NULL;

    assert_int_equal(locks_limit(w->l, item.key, false), 0);
    item.limit = 2;
    expect(take(w, "a", 0, 1, &item, 1), "");
    expect(take(w, "b", 0, 2, &item, 1), "");
    expect(take(w, "c", 0, 3, &item, 1),
           "Waiting for ns/Database/k lock (sem/ns/k). Lock status: 2/2");
    expect(take(w, "c", 0, 3, &mutex, 1), "");
    expect(take(w, "a", 0, 1, &mutex, 1),
           "Waiting for ns/Database/k lock (mtx/ns/k). Lock status: 1/1");
    assert_int_equal(locks_holders(w->l, item.key, false, &names), 2);
    assert_int_equal(locks_holders(w->l, item.key, true, &names), 1);
    expect(names[0], "ns/c");
    assert_int_equal(locks_limit(w->l, item.key, false), 2);
    assert_int_equal(locks_limit(w->l, item.key, true), 1);
    w->woken = STR("");
    locks_touch(w->l, STR("ns/Database/k"));
    locks_kick(w->l);
    expect(w->woken, "u-c u-a ");
    item.limit = 0; /* it is not there any more, and nobody knows what it was */
    expect(take(w, "d", 0, 4, &item, 1), "Failed to get semaphore limit for ns/Database/k");
    locks_forget(w->l, STR("u-a"));
    locks_forget(w->l, STR("u-b"));
    locks_forget(w->l, STR("u-c"));
    locks_forget(w->l, STR("u-d"));
    assert_int_equal(locks_limit(w->l, item.key, false), 0);
}

static void restore(struct world *w, const char *text, enum locks_restore when)
{
    struct json doc;
    struct err err;

    if (yaml_parse(w->a, str_from(text), &doc, &err) < 0)
        fail_msg("%s", err.text);
    locks_restore(w->l, &doc, when);
}

static void test_restore(void **state)
{
    static const char *const holder =
        "metadata: {name: a, namespace: ns, uid: u-a}\n"
        "status: {synchronization: {mutex: {holding: [{mutex: ns/Mutex/m, holder: ns/a/n}]}, "
        "semaphore: {holding: [{semaphore: ns/ConfigMap/c/k, holders: [ns/a/n]}, "
        "{semaphore: ns/ConfigMap/c/none}]}}}\n";
    static const char *const waits =
        "metadata: {name: b, namespace: ns, uid: u-b, creationTimestamp: "
        "'2026-01-02T03:04:05Z'}\nspec: {priority: 3}\n"
        "status: {synchronization: {mutex: {waiting: [{mutex: ns/Mutex/m, holder: "
        "ns/a/n}]}}}\n";
    const struct lock_item semaphore = {STR("ns/ConfigMap/c/k"), 1, false, STR_NONE};
    struct world *w = *state;

    restore(w, holder, LOCKS_AT_START);
    restore(w, waits, LOCKS_AT_START);
    expect(take_mutex(w, "z/n", 0, 1), "Waiting for ns/Mutex/m lock. Lock status: 0/1");
    expect(take(w, "z/n", 0, 1, &semaphore, 1),
           "Waiting for ns/ConfigMap/c/k lock. Lock status: 0/1");
    restore(w, holder, LOCKS_AT_LOAD);
    expect(take_mutex(w, "a/n", 0, 1), "");
    release(w, "a/n");
    expect(w->woken, "u-z u-b ");
    /* b is not loaded yet, and yet nobody comes before it. */
    expect(take_mutex(w, "z/n", 0, 1), "Waiting for ns/Mutex/m lock. Lock status: 1/1");
    restore(w, waits, LOCKS_AT_LOAD);
    expect(take_mutex(w, "b/n", 3, 2), "");
    locks_forget(w->l, STR("u-b"));
    locks_kick(w->l);
    expect(take_mutex(w, "z/n", 0, 1), "");
}

/* Random requests of several locks: no lock ever has more holders than its limit, who waits
 * holds nothing, and all come to their turn. */
static void test_never_granted_twice(void **state)
{
    struct world *w = *state;
    const struct lock_item all[] = {{STR("ns/Mutex/m"), 1, true, STR_NONE},
                                    {STR("ns/Mutex/n"), 1, true, STR_NONE},
                                    {STR("ns/ConfigMap/c/k"), 3, false, STR_NONE},
                                    {STR("ns/Database/d"), 2, false, STR("sem/ns/d")},
                                    {STR("ns/Database/d"), 1, true, STR("mtx/ns/d")}};
    enum { USERS = 12 };
    unsigned held[USERS] = {0}, seed = 7, turns[USERS] = {0};

    for (int round = 0; round < 4000; round++) {
        unsigned who = (seed = seed * 1103515245U + 12345U) >> 16;
        unsigned user = who % USERS, from = user % 5, count = 1 + (user / 5) % (5 - from);
        char name[16];

        snprintf(name, sizeof(name), "w%u/n", user);
        if (held[user]) {
            release(w, name);
            held[user] = 0;
        } else if (str_is_empty(take(w, name, 0, round, &all[from], count))) {
            held[user] = 1;
            turns[user]++;
        }
        for (size_t i = 0; i < COUNT_OF(all); i++) {
            const struct str *names = NULL;

            assert_true(locks_holders(w->l, all[i].key, all[i].is_mutex, &names) <=
                        all[i].limit);
        }
    }
    for (unsigned i = 0; i < USERS; i++)
        assert_true(turns[i] > 0);
}

/* A long queue: each has its turn, by priority and then by age, whatever the order of asking.
 */
static void test_long_queue(void **state)
{
    enum { COUNT = 2000 };
    const struct lock_item one = {STR("ns/Mutex/m"), 1, true, STR_NONE};
    struct world *w = *state;
    char name[40];

    expect(take(w, "first", 0, 0, &one, 1), "");
    for (int i = 0; i < COUNT; i++) {
        int turn = i * 7 % COUNT; /* 7 and COUNT have no common divisor */

        snprintf(name, sizeof(name), "w%d", turn);
        assert_true(take(w, name, turn < COUNT / 2 ? 1 : 0, turn, &one, 1).len > 0);
    }
    locks_release(w->l, STR("ns/first"));
    for (int turn = 0; turn < COUNT; turn++) {
        w->woken = STR("");
        locks_kick(w->l);
        snprintf(name, sizeof(name), "w%d", turn);
        if (!str_eq(str_trim(w->woken), str_printf(w->a, "u-%s", name)))
            fail_msg("turn %d: " STR_FMT, turn, STR_ARG(w->woken));
        expect(take(w, name, turn < COUNT / 2 ? 1 : 0, turn, &one, 1), "");
        if (turn % 2)
            locks_forget(w->l, str_printf(w->a, "u-%s", name));
        else
            locks_release(w->l, str_printf(w->a, "ns/%s", name));
    }
    assert_int_equal(locks_holders(w->l, one.key, true, &(const struct str *){0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_database, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restore, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_granted_twice, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
