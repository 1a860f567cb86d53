/* Events and dead letters by the API: what is listed, shown, redriven and deleted, and what is
 * refused. A sensor fails as long as the ConfigMap that it makes is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/world_test.h"

#define OWN     "/tiphys/v1/namespaces/argo/"
#define LETTERS OWN "dead-letters"

static struct call call(struct world *w, const char *method, const char *path)
{
    struct call c = {.method = method, .path = path, .body = "", .token = "secret"};

    world_run(w, &c);
    return c;
}

static void publish(struct world *w, const char *id, const char *space)
{
    struct err err;
    const struct bus_record r = {
        .id = str_from(id),
        .source = STR("src"),
        .event = STR("e"),
        .ns = str_from(space),
        .payload = STR("{\"specversion\":\"1.0\",\"id\":\"id-1\",\"source\":\"src\",\"type\":"
                       "\"x\",\"datacontenttype\":\"application/json\",\"data\":{\"n\":1}}")};

    assert_int_equal(bus_publish_wait(w->bus, &r, 5000, &err), 0);
}

static void create(struct world *w, const char *text)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    if (json_parse(w->a, str_from(text), &doc, &err) < 0)
        fail_msg("%s", err.text);
    store_txn_create(txn, &doc);
    world_commit(w, txn);
}

/* A dead letter: its id. */
static const char *fail_once(struct world *w)
{
    struct store_row *rows = NULL;
    size_t count = 0;
    struct err err;

    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"made\","
              "\"namespace\":\"argo\",\"uid\":\"c\"}}");
    create(
        w,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Sensor\",\"metadata\":{\"name\":"
        "\"s\",\"namespace\":\"argo\",\"uid\":\"u\"},\"spec\":{\"dependencies\":[{\"name\":"
        "\"d\",\"eventSourceName\":\"src\",\"eventName\":\"e\"}],\"triggers\":[{\"template\":"
        "{\"name\":\"t\",\"k8s\":{\"source\":{\"resource\":{\"apiVersion\":\"v1\",\"kind\":"
        "\"ConfigMap\",\"metadata\":{\"name\":\"made\"}}}}}}]}}");
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 5);
    publish(w, "id-1", "argo");
    for (int i = 0; i < WORLD_TURNS_MAX && count == 0; i++) {
        loop_run_once(w->loop, 5);
        assert_int_equal(
            store_rows(w->store, w->a, STR("dead_letter"), STR(""), &rows, &count, &err), 0);
    }
    for (int i = 0; i < 10; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(count, 1);
    return str_printf(w->a, STR_FMT, STR_ARG(str_skip(rows[0].key, strlen("argo/")))).ptr;
}

static const char *path(struct world *w, const char *id, const char *behind)
{
    return str_printf(w->a, LETTERS "/%s%s", id, behind).ptr;
}

static bool has(const struct call *c, unsigned status, const char *part)
{
    if (c->status == status && strstr(c->answer, part))
        return true;
    print_error("%u %s\n", c->status, c->answer);
    return false;
}

static void test_events_are_listed(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *part;
    } cases[] = {
        {"/tiphys/v1/events", 200,
         "{\"items\":[{\"id\":\"c\",\"namespace\":\"argo\",\"eventBus\":\"fast\","
         "\"eventSource\":\"src\",\"eventName\":\"e\",\"sequence\":3,\"stored\":"},
        {"/tiphys/v1/events?limit=1", 200, "\"sequence\":3"},
        {"/tiphys/v1/namespaces/other/events", 200, "{\"items\":[{\"id\":\"b\""},
        {"/tiphys/v1/namespaces/none/events", 200, "{\"items\":[]}"},
        {"/tiphys/v1/events?limit=0", 400,
         "limit: must be a number of at least 1, not \\\"0\\\""},
        {"/tiphys/v1/events?limit=many", 400, "not \\\"many\\\""},
        {"/tiphys/v1/events/a", 200, "\"eventBus\":\"default\""},
        {"/tiphys/v1/events/nobody", 404, "event \\\"nobody\\\" not found"},
        {"/tiphys/v1/namespaces/argo/events/a", 404, "could not find the requested resource"},
        {"/tiphys/v1/namespaces", 404, "could not find the requested resource"},
        {"/tiphys/v1/other", 404, "could not find the requested resource"},
    };
    struct world *w = *state;
    struct call c;

    publish(w, "a", "argo");
    publish(w, "b", "other");
    publish(w, "c", "argo/fast");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        c = call(w, "GET", cases[i].path);
        if (!has(&c, cases[i].status, cases[i].part))
            fail_msg("case %zu", i);
    }
    c = call(w, "GET", "/tiphys/v1/events?limit=1");
    assert_null(strstr(c.answer, "\"sequence\":2"));
    c = call(w, "POST", "/tiphys/v1/events");
    assert_int_equal(c.status, 404);
}

/* Why nothing came of an event is told: nobody waits for it, or who does has not taken it. */
static void test_an_event_that_nobody_takes(void **state)
{
#define WAITER(name, more, source, event)                                              \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Sensor\",\"metadata\":{" more \
    "\"name\":\"" name "\",\"namespace\":\"argo\",\"uid\":\"" name "\"},\"spec\":{"    \
    "\"dependencies\":[{\"name\":\"d\",\"eventSourceName\":\"" source                  \
    "\",\"eventName\":\"" event                                                        \
    "\"}],\"triggers\":[{\"template\":{\"name\":\"t\",\"log\":{}}}]}}"
    struct world *w = *state;
    struct call c;

    publish(w, "a", "argo");
    c = call(w, "GET", "/tiphys/v1/events/a");
    assert_true(has(&c, 200,
                    "\"note\":\"no sensor of namespace argo has a dependency with "
                    "eventSourceName src and eventName e\""));
    create(w, WAITER("typo", "", "src", "f"));
    create(w, WAITER("other", "", "x", "y"));
    c = call(w, "GET", "/tiphys/v1/events/a");
    assert_true(has(&c, 200, "and eventName e; sensor typo waits for src f\""));
    publish(w, "b", "argo/fast");
    create(w, WAITER("late", "\"creationTimestamp\":\"2999-01-01T00:00:00Z\",", "src", "e"));
    c = call(w, "GET", "/tiphys/v1/events/b");
    assert_true(
        has(&c, 200, "; sensor late looks at event bus default; sensor typo waits for src f"));
    c = call(w, "GET", "/tiphys/v1/events/a");
    assert_true(has(&c, 200, "\"note\":\"sensor late was made after it\""));
    publish(w, "c", "argo");
    create(w, WAITER("still", "\"annotations\":{\"tiphys/paused\":\"true\"},", "src", "e"));
    c = call(w, "GET", "/tiphys/v1/events/a");
    assert_true(has(&c, 200, "sensor still is paused\""));
}

/* Turns the loop until the sensor says this, or does not. */
static void wait_for_word(struct world *w, const char *word, bool is_wanted)
{
    bool is_there = !is_wanted;

    for (int i = 0; i < WORLD_TURNS_MAX && is_there != is_wanted; i++) {
        struct call c =
            call(w, "GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/sensors/typo");

        is_there = strstr(c.answer, word) != NULL;
        loop_run_once(w->loop, 5);
    }
    assert_int_equal(is_there, is_wanted);
}

#define HOOKS(name, uid, event)                                                        \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"EventSource\",\"metadata\":{" \
    "\"name\":\"" name "\",\"namespace\":\"argo\",\"uid\":\"" uid                      \
    "\"},\"spec\":{\"webhook\":{\"" event "\":{}}}}"

/* A sensor's status says that nobody gives what it waits for, as long as that is so. */
static void test_a_sensor_that_nobody_feeds(void **state)
{
    struct world *w = *state;
    struct call c;

    create(w, WAITER("typo", "", "src", "exmaple"));
    wait_for_word(w, "spec.dependencies[0]: there is no event source \\\"src\\\"", true);
    create(w, HOOKS("src", "s1", "example"));
    wait_for_word(w, "has no event \\\"exmaple\\\": did you mean \\\"example\\\"?", true);
    c = call(w, "DELETE", "/apis/argoproj.io/v1alpha1/namespaces/argo/eventsources/src");
    assert_int_equal(c.status, 200);
    wait_for_word(w, "there is no event source", true);
    create(w, HOOKS("src", "s2", "exmaple"));
    wait_for_word(w, "EventsProvided", false);
}

static void test_a_dead_letter_is_shown(void **state)
{
    struct world *w = *state;
    struct call c = call(w, "GET", LETTERS);
    const char *id;

    assert_true(has(&c, 200, "{\"items\":[]}"));
    id = fail_once(w);
    c = call(w, "GET", LETTERS);
    assert_true(has(&c, 200, "\"state\":\"waiting\""));
    assert_true(has(&c, 200, "\"error\":\"configmaps \\\"made\\\" already exists\""));
    assert_true(has(&c, 200, "\"events\":[{\"dependency\":\"d\",\"id\":\"id-1\"}]"));
    c = call(w, "GET", "/tiphys/v1/dead-letters");
    assert_true(has(&c, 200, id));
    c = call(w, "GET", "/tiphys/v1/namespaces/other/dead-letters");
    assert_true(has(&c, 200, "{\"items\":[]}"));
    c = call(w, "GET", path(w, id, ""));
    assert_true(has(&c, 200, "\"data\":{\"n\":1}"));
}

static void test_redrives_and_deletions(void **state)
{
    const struct store_key key = {STR(""), STR("ConfigMap"), STR("argo"), STR("made")};
    struct world *w = *state;
    const char *id = fail_once(w);
    struct store_txn *txn;
    struct call c = {0};

    c = call(w, "POST", path(w, id, "/redrive"));
    assert_true(has(&c, 200, "\"state\":\"redriving\""));
    for (int i = 0; i < WORLD_TURNS_MAX && !strstr(c.answer, "\"state\":\"waiting\""); i++)
        c = call(w, "GET", LETTERS);
    assert_true(has(&c, 200, "\"attempts\":2,\"redrives\":1"));
    txn = store_txn_new(w->store);
    store_txn_delete(txn, &key, STR(""), 0);
    world_commit(w, txn);
    c = call(w, "POST", path(w, id, "/redrive"));
    assert_int_equal(c.status, 200);
    for (int i = 0; i < WORLD_TURNS_MAX && c.status == 200; i++)
        c = call(w, "GET", path(w, id, ""));
    assert_true(has(&c, 404, "not found in namespace argo"));
    c = call(w, "GET", "/api/v1/namespaces/argo/configmaps/made");
    assert_int_equal(c.status, 200);
    c = call(w, "DELETE", path(w, id, ""));
    assert_int_equal(c.status, 404);
    c = call(w, "GET", LETTERS);
    assert_true(has(&c, 200, "{\"items\":[]}"));
}

static void test_deletion(void **state)
{
    struct world *w = *state;
    const char *id = fail_once(w);
    struct call c = call(w, "DELETE", path(w, id, ""));

    assert_true(has(&c, 200, "\"state\":\"deleted\""));
    c = call(w, "GET", path(w, id, ""));
    assert_true(has(&c, 404, "not found in namespace argo"));
    c = call(w, "POST", path(w, id, "/redrive"));
    assert_true(has(&c, 404, "not found in namespace argo"));
}

static void test_other_requests(void **state)
{
    static const char *const requests[][2] = {
        {"POST", LETTERS},
        {"DELETE", LETTERS},
        {"POST", LETTERS "/x"},
        {"PUT", LETTERS "/x"},
        {"GET", LETTERS "/x/redrive"},
        {"POST", LETTERS "/x/other"},
        {"POST", LETTERS "/x/redrive/more"},
        {"DELETE", LETTERS "/x/redrive"},
        {"GET", "/tiphys/v1/dead-letters/x"},
        {"DELETE", "/tiphys/v1/dead-letters/x"},
        {"GET", "/tiphys/v1/namespaces//dead-letters"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct call c = call(w, requests[i][0], requests[i][1]);

        if (!has(&c, 404, "could not find the requested resource"))
            fail_msg("%s %s", requests[i][0], requests[i][1]);
        c = (struct call){.method = requests[i][0], .path = requests[i][1], .body = ""};
        world_run(w, &c);
        assert_int_equal(c.status, 401);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events_are_listed, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_event_that_nobody_takes, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_sensor_that_nobody_feeds, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_dead_letter_is_shown, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_redrives_and_deletions, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_deletion, world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_other_requests, world_setup, world_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
