/*
 * The family of event sources on a real store, bus and loop: webhook endpoints by HTTP, SQS
 * against an HTTP server that answers as the service does and fails when told to; the table of
 * drivers; changes and deletion of objects.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "events/sources/source_internal.h"
#include "formats/base64.h"
#include "io/http_client.h"
#include "objects/object.h"
#include "tests/support/store_world.h"

enum { TURNS_MAX = 2000 };

struct world {
    char path[64];
    struct loop *loop;
    struct store *store;
    struct bus *bus;
    struct source_controller *controller;
    struct arena *a;
    struct bus_consumer *consumer;
    size_t count;
    struct str payloads[64], ids[64];
    /* The SQS stand-in. */
    struct http_server *sqs;
    pthread_mutex_t lock;
    int given, deleted, wanted, failures_left;
    unsigned long long deleted_before_stored;
    const char *body;
};

static uint16_t free_port(void)
{
    struct err err;
    struct http_server_options options = {.address = "127.0.0.1"};
    struct http_server *server = http_server_start(&options, &err);
    uint16_t port = http_server_port(server);

    http_server_stop(server);
    return port;
}

static void on_deliver(void *ctx, const struct bus_record *records, size_t count)
{
    struct world *w = ctx;

    for (size_t i = 0; i < count && w->count < COUNT_OF(w->payloads); i++) {
        struct json event;
        struct err err;
        struct str data;

        assert_int_equal(json_parse(w->a, str_copy(w->a, records[i].payload), &event, &err), 0);
        assert_int_equal(
            base64_decode(w->a, json_get_str(&event, STR("data_base64")), &data, &err), 0);
        w->ids[w->count] = json_get_str(&event, STR("id"));
        w->payloads[w->count++] = data;
        bus_ack(w->consumer, records[i].seq);
    }
}

static void start_controller(struct world *w)
{
    const struct source_controller_options options = {
        .loop = w->loop, .store = w->store, .bus = w->bus, .listen_address = "127.0.0.1"};
    struct err err;

    w->controller = source_controller_new(&options, &err);
    assert_int_equal(source_controller_start(w->controller, &err), 0);
}

static int setup(void **state)
{
    static const struct bus_subject subjects[] = {{STR_INIT("es"), STR_INIT("one")},
                                                  {STR_INIT("es"), STR_INIT("two")},
                                                  {STR_INIT("es"), STR_INIT("three")}};
    struct world *w = mem_alloc(sizeof(*w));
    struct err err;
    struct bus_consumer_options consumer = {.name = STR("t"),
                                            .ns = STR("argo"),
                                            .subjects = subjects,
                                            .subject_count = COUNT_OF(subjects),
                                            .ctx = w,
                                            .deliver = on_deliver};

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-sources-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
    assert_non_null(w->bus);
    pthread_mutex_init(&w->lock, NULL);
    w->consumer = bus_consumer_open(w->bus, &consumer, &err);
    start_controller(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    source_controller_stop(w->controller);
    source_controller_free(w->controller);
    http_server_stop(w->sqs);
    bus_close(w->bus);
    store_close(w->store);
    loop_free(w->loop);
    for (size_t i = 0; i < 8; i++)
        unlink(str_printf(w->a, "%s/%s", w->path,
                          (const char *[]){"state.db", "state.db-wal", "state.db-shm",
                                           "state.lock", "bus.db", "bus.db-wal", "bus.db-shm",
                                           "bus.lock"}[i])
                   .ptr);
    rmdir(w->path);
    pthread_mutex_destroy(&w->lock);
    arena_free(w->a);
    free(w);
    return 0;
}

static void create(struct world *w, const char *kind, struct str rest)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;
    struct str text =
        str_printf(w->a, "{\"apiVersion\":\"%s\",\"kind\":\"%s\"," STR_FMT "}",
                   strcmp(kind, "Secret") ? "argoproj.io/v1alpha1" : "v1", kind, STR_ARG(rest));

    if (json_parse(w->a, text, &doc, &err) < 0)
        fail_msg("%s: " STR_FMT, err.text, STR_ARG(text));
    store_txn_create(txn, &doc);
    store_world_commit(w->store, txn);
}

static void create_source(struct world *w, struct str spec)
{
    create(w, "EventSource",
           str_printf(w->a,
                      "\"metadata\":{\"name\":\"es\",\"namespace\":\"argo\",\"uid\":\"u1\"},"
                      "\"spec\":" STR_FMT,
                      STR_ARG(spec)));
}

/* The message of the Deployed condition, once there is one. */
static struct str status_of(struct world *w)
{
    const struct store_key key = {STR("argoproj.io"), STR("EventSource"), STR("argo"),
                                  STR("es")};

    for (int i = 0; i < TURNS_MAX; i++) {
        const struct store_object *o;
        const struct json *list;
        struct json doc;
        struct err err;

        loop_run_once(w->loop, 5);
        if (store_get(w->store, &key, &o, &err) < 0)
            continue;
        assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &doc, &err), 0);
        store_object_unref(o);
        list = json_path(&doc, "status", "conditions", NULL);
        if (list)
            return str_printf(w->a, STR_FMT " " STR_FMT,
                              STR_ARG(json_get_str(json_item(list, 1), STR("status"))),
                              STR_ARG(json_get_str(json_item(list, 1), STR("message"))));
    }
    fail_msg("no status");
    return STR_NONE;
}

struct call {
    struct str method, url, type, body, auth;
    unsigned status;
    char answer[ERR_TEXT_MAX_BYTES];
    bool is_done;
};

static void *call_main(void *ctx)
{
    struct call *c = ctx;
    struct http_client *client = http_client_new();
    struct arena *a = arena_new();
    const struct http_header headers[] = {{STR("Content-Type"), c->type},
                                          {STR("Authorization"), c->auth}};
    struct http_call call = {.method = c->method,
                             .url = c->url,
                             .body = c->body,
                             .headers = headers,
                             .header_count = c->auth.len ? 2 : 1};
    struct http_answer answer = {0};
    struct err err = {0};

    if (http_client_do(client, a, &call, &answer, &err) == 0) {
        c->status = answer.status;
        snprintf(c->answer, sizeof(c->answer), STR_FMT, STR_ARG(answer.body));
    } else {
        snprintf(c->answer, sizeof(c->answer), "%s", err.text);
    }
    http_client_free(client);
    arena_free(a);
    __atomic_store_n(&c->is_done, true, __ATOMIC_SEQ_CST);
    return NULL;
}

/* Calls from another thread while the loop turns. */
static void http(struct world *w, struct call *c)
{
    pthread_t thread;

    pthread_create(&thread, NULL, call_main, c);
    for (int i = 0; i < TURNS_MAX && !__atomic_load_n(&c->is_done, __ATOMIC_SEQ_CST); i++)
        loop_run_once(w->loop, 5);
    pthread_join(thread, NULL);
}

static void wait_count(struct world *w, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX && w->count < wanted; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->count >= wanted);
}

static void test_table(void **state)
{
    size_t count;
    const struct event_source_driver *const *drivers = source_drivers(&count);

    (void) state;
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(drivers[i - 1]->kind, drivers[i]->kind) < 0);
        assert_non_null(drivers[i]->summary);
        assert_ptr_equal(source_driver_find(str_from(drivers[i]->kind)), drivers[i]);
        if (!drivers[i]->ops) {
            assert_non_null(drivers[i]->missing);
            continue;
        }
        assert_non_null(drivers[i]->ops->open);
        assert_non_null(drivers[i]->ops->close);
        assert_true(drivers[i]->model != SOURCE_ON_THREAD || drivers[i]->ops->poll);
        assert_true(drivers[i]->model != SOURCE_ON_ROUTE || drivers[i]->ops->serve);
    }
}

static void test_webhook(void **state)
{
    static const struct {
        const char *method, *path, *type, *body, *auth;
        unsigned status;
        const char *answer;
    } cases[] = {
        {"POST", "/one", "application/json", "{ \"a\" : 1.50 }", "", 200, "success"},
        {"GET", "/one", "application/json", "", "", 400, "http method does not match"},
        {"POST", "/one", "application/json", "{nonsense", "", 400, NULL},
        {"POST", "/one", "application/json",
         "\"0123456789012345678901234567890123456789012345678901234567890123456789\"", "", 400,
         "failed to parse request body, http: request body too large"
         "failed to parse request body, http: request body too large"},
        {"POST", "/one", "application/x-www-form-urlencoded", "x=1&x=a+b%21", "", 200,
         "success"},
        {"POST", "/two", "application/json", "2", "", 401, "Invalid Authorization Header"},
        {"POST", "/two", "application/json", "2", "Bearer wrong", 401, "Invalid Auth token"},
        {"POST", "/two", "application/json", "2", "Bearer hunter2", 200, "success"},
        {"POST", "/three", "application/json", "{\"a\":2}", "", 200, "success"},
        {"POST", "/three", "application/json", "[]", "", 200, "success"},
        {"POST", "/three", "application/json", "{\"a\":3}", "", 200, "success"},
        {"GET", "/health", "", "", "", 200, "OK"},
        {"GET", "/other", "", "", "", 404, "404 page not found\n"},
    };
    struct world *w = *state;
    uint16_t port = free_port();

    create(w, "Secret",
           STR("\"metadata\":{\"name\":\"s\",\"namespace\":\"argo\",\"uid\":\"u2\"},\"data\":{"
               "\"token\":\"aHVudGVyMg==\"}"));
    create_source(w,
                  str_printf(w->a,
                             "{\"webhook\":{\"one\":{\"endpoint\":\"/"
                             "one\",\"port\":\"%u\",\"method\":\"POST\",\"maxPayloadSize\":50},"
                             "\"two\":{\"endpoint\":\"/"
                             "two\",\"port\":\"%u\",\"method\":\"POST\",\"authSecret\":{"
                             "\"name\":\"s\",\"key\":\"token\"},"
                             "\"metadata\":{\"k\":\"v\"}},"
                             "\"three\":{\"endpoint\":\"/"
                             "three\",\"port\":\"%u\",\"method\":\"POST\",\"filter\":{"
                             "\"expression\":\"body.a == 3\"}}}}",
                             port, port, port));
    assert_true(str_is(status_of(w), "True "));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct call c = {.method = str_from(cases[i].method),
                         .url = str_printf(w->a, "http://127.0.0.1:%u%s", port, cases[i].path),
                         .type = str_from(cases[i].type),
                         .body = str_from(cases[i].body),
                         .auth = str_from(cases[i].auth)};

        http(w, &c);
        if (c.status != cases[i].status ||
            (cases[i].answer && strcmp(c.answer, cases[i].answer) != 0))
            fail_msg("case %zu: %u %s", i, c.status, c.answer);
    }
    wait_count(w, 4); /* two were held back by their filter, one of them not even looked at */
    assert_true(str_find(w->payloads[3], STR("\"body\":{\"a\":3}")) != SIZE_MAX);
    assert_true(str_find(w->payloads[0], STR("\"body\":{\"a\":1.50}")) != SIZE_MAX);
    assert_true(str_find(w->payloads[0], STR("\"Content-Type\":[\"application/json\"]")) !=
                SIZE_MAX);
    assert_true(str_find(w->payloads[1], STR("\"body\":{\"x\":[\"1\",\"a b!\"]}")) != SIZE_MAX);
    assert_true(str_ends(w->payloads[2], STR("\"body\":2,\"metadata\":{\"k\":\"v\"}}")));
    assert_true(str_find(w->payloads[2], STR("hunter2")) == SIZE_MAX);
    assert_true(
        str_find(w->payloads[2], STR("\"Authorization\":[\"*** Masked Auth Secret ***\"]")) !=
        SIZE_MAX);
    assert_int_equal(w->ids[0].len, 32);
}

static void test_wrong_specs_are_told(void **state)
{
    static const struct {
        const char *spec, *status;
    } cases[] = {
        {"{\"webhook\":{\"one\":{\"endpoint\":\"/x\",\"method\":\"POST\"}}}",
         "False spec.webhook.one: port can't be empty"},
        {"{\"sqs\":{\"one\":{\"region\":\"r\"}}}",
         "False spec.sqs.one: must specify queue name"},
        {"{\"sqs\":{\"one\":{\"region\":\"r\",\"queue\":\"q\",\"waitTimeSeconds\":21}}}",
         "False spec.sqs.one: waitTimeSeconds: 21 is not within 0 and 20"},
        {"{\"carrier-pigeon\":{\"one\":{}}}", "False spec.carrier-pigeon.one: event source "
                                              "type carrier-pigeon is not supported yet"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct store_key key = {STR("argoproj.io"), STR("EventSource"), STR("argo"),
                                      STR("es")};
        struct store_txn *txn = store_txn_new(w->store);
        struct store_result result;
        struct err err;
        struct str got;

        create_source(w, str_from(cases[i].spec));
        got = status_of(w);
        if (!str_is(got, cases[i].status))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
        store_txn_delete(txn, &key, STR(""), 0);
        assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
        for (int k = 0; k < 10; k++)
            loop_run_once(w->loop, 5);
    }
}

/* ---- SQS ---- */

static void answer_sqs(struct world *w, struct http_request *req, struct str target)
{
    struct arena *a = http_arena(req);
    struct str answer = STR("{}");

    pthread_mutex_lock(&w->lock);
    if (str_is(target, "AmazonSQS.GetQueueUrl")) {
        answer = STR("{\"QueueUrl\":\"http://queue/1\"}");
    } else if (str_is(target, "AmazonSQS.ReceiveMessage") && w->given < w->wanted) {
        w->given++;
        answer = str_printf(a,
                            "{\"Messages\":[{\"MessageId\":\"5fea7756-0ea4-451a-a703-%012d\","
                            "\"ReceiptHandle\":\"r\",\"Body\":\"%s\"}]}",
                            w->given, w->body);
    } else if (str_is(target, "AmazonSQS.DeleteMessage")) {
        w->deleted++;
        w->deleted_before_stored += bus_stats_get(w->bus).stored_events < (uint64_t) w->deleted;
    }
    pthread_mutex_unlock(&w->lock);
    http_reply(req, 200, STR("application/x-amz-json-1.0"), answer, NULL, 0);
}

static void on_sqs(void *ctx, struct http_request *req)
{
    struct world *w = ctx;
    bool must_fail;

    pthread_mutex_lock(&w->lock);
    must_fail = w->failures_left > 0 && w->failures_left--;
    pthread_mutex_unlock(&w->lock);
    if (must_fail || !str_starts(http_header(req, STR("Authorization")),
                                 STR("AWS4-HMAC-SHA256 Credential=AKID/")))
        http_reply(req, 403, STR_NONE,
                   STR("{\"__type\":\"com.amazon#ExpiredToken\",\"message\":\"token is old\"}"),
                   NULL, 0);
    else
        answer_sqs(w, req, http_header(req, STR("X-Amz-Target")));
}

static void start_sqs(struct world *w, const char *extra)
{
    struct http_server_options options = {
        .address = "127.0.0.1", .threads = 1, .ctx = w, .handle = on_sqs};
    struct err err;

    w->sqs = http_server_start(&options, &err);
    create(w, "Secret",
           STR("\"metadata\":{\"name\":\"aws\",\"namespace\":\"argo\",\"uid\":\"u3\"},\"data\":"
               "{\"id\":\"QUtJRA==\",\"key\":\"c2VjcmV0\"}"));
    create_source(w, str_printf(w->a,
                                "{\"sqs\":{\"one\":{\"region\":\"us-east-1\",\"queue\":\"q\","
                                "\"waitTimeSeconds\":1,\"endpoint\":\"http://127.0.0.1:%u/\","
                                "\"accessKey\":{\"name\":\"aws\",\"key\":\"id\"},\"secretKey\":"
                                "{\"name\":\"aws\",\"key\":\"key\"}%s}}}",
                                http_server_port(w->sqs), extra));
}

static void wait_deleted(struct world *w, int wanted)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        int deleted;

        loop_run_once(w->loop, 5);
        pthread_mutex_lock(&w->lock);
        deleted = w->deleted;
        pthread_mutex_unlock(&w->lock);
        if (deleted >= wanted)
            return;
    }
    fail_msg("%d of %d messages were deleted", w->deleted, wanted);
}

static void test_sqs_stores_then_deletes(void **state)
{
    struct world *w = *state;

    w->wanted = 20;
    w->body = "sample message";
    start_sqs(w, "");
    wait_count(w, 20);
    wait_deleted(w, 20);
    assert_int_equal(w->deleted_before_stored, 0);
    assert_true(str_is(w->payloads[0],
                       "{\"messageId\":\"5fea7756-0ea4-451a-a703-000000000001\","
                       "\"messageAttributes\":null,\"body\":\"c2FtcGxlIG1lc3NhZ2U=\"}"));
    assert_true(str_is(w->ids[0], "5fea77560ea4451aa703000000000001"));
}

static void test_sqs_bad_bodies(void **state)
{
    struct world *w = *state;

    w->wanted = 2;
    w->body = "no json";
    start_sqs(w, ",\"jsonBody\":true");
    wait_deleted(w, 2); /* without dlq they are deleted and no event is made */
    assert_int_equal(w->count, 0);
}

static void test_sqs_opens_again_after_failures(void **state)
{
    struct world *w = *state;

    w->wanted = 1;
    w->failures_left = 1;
    w->body = "x";
    start_sqs(w, "");
    wait_deleted(w, 1);
    wait_count(w, 1);
}

/* Turns the loop until the object says this, or does not. */
static void wait_for_word(struct world *w, struct str word, bool is_wanted)
{
    const struct store_key key = {STR("argoproj.io"), STR("EventSource"), STR("argo"),
                                  STR("es")};
    bool is_there = !is_wanted;

    for (int i = 0; i < TURNS_MAX && is_there != is_wanted; i++) {
        const struct store_object *o;
        struct err err;

        loop_run_once(w->loop, 5);
        if (store_get(w->store, &key, &o, &err) < 0)
            continue;
        is_there = str_find(o->doc, word) != SIZE_MAX;
        store_object_unref(o);
    }
    assert_int_equal(is_there, is_wanted);
}

static void test_what_fails_is_in_the_status(void **state)
{
    struct world *w = *state;

    w->wanted = 1;
    w->failures_left = 1;
    w->body = "x";
    start_sqs(w, "");
    wait_for_word(w, STR("\"type\":\"Connected\",\"status\":\"False\""), true);
    wait_for_word(w, STR("\"reason\":\"Retrying\",\"message\":\"spec.sqs.one: "), true);
    wait_deleted(w, 1);
    wait_for_word(w, STR("Connected"), false);
    assert_true(str_is(status_of(w), "True "));
}

/* A folder that is not there yet. */
static void test_a_missing_folder_is_in_the_status(void **state)
{
    struct world *w = *state;

    create_source(w, str_printf(w->a,
                                "{\"file\":{\"one\":{\"eventType\":\"CREATE\","
                                "\"watchPathConfig\":{\"directory\":\"%s/later\",\"path\":"
                                "\"x\"}}}}",
                                w->path));
    wait_for_word(w, STR("\"message\":\"spec.file.one: watch folder "), true);
    assert_int_equal(mkdir(str_printf(w->a, "%s/later", w->path).ptr, 0700), 0);
    wait_for_word(w, STR("Connected"), false);
    rmdir(str_printf(w->a, "%s/later", w->path).ptr);
}

/* Pauses or lets go on, and waits for the status that tells. */
static void set_paused(struct world *w, const char *value)
{
    const struct store_key key = {STR("argoproj.io"), STR("EventSource"), STR("argo"),
                                  STR("es")};
    bool is_wanted = strcmp(value, "true") == 0, is_told = !is_wanted;
    const struct store_object *object;
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    assert_int_equal(store_get(w->store, &key, &object, &err), 0);
    assert_int_equal(json_parse(w->a, str_copy(w->a, object->doc), &doc, &err), 0);
    store_object_unref(object);
    doc = json_set_path(w->a, &doc, json_string(str_from(value)), "metadata", "annotations",
                        OBJECT_PAUSED, NULL);
    store_txn_update(txn, &doc, 0);
    assert_int_equal(store_commit(w->store, txn, NULL, NULL, &err), 0);
    for (int i = 0; i < TURNS_MAX && is_told != is_wanted; i++) {
        loop_run_once(w->loop, 5);
        assert_int_equal(store_get(w->store, &key, &object, &err), 0);
        is_told =
            str_find(object->doc, STR("{\"type\":\"Paused\",\"status\":\"True\"")) != SIZE_MAX;
        store_object_unref(object);
    }
    assert_int_equal(is_told, is_wanted);
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 5);
}

static void more(struct world *w, int wanted)
{
    pthread_mutex_lock(&w->lock);
    w->wanted = wanted;
    pthread_mutex_unlock(&w->lock);
}

static void test_a_paused_source_takes_nothing(void **state)
{
    struct world *w = *state;

    w->wanted = 1;
    w->body = "x";
    start_sqs(w, "");
    wait_deleted(w, 1);
    set_paused(w, "true");
    more(w, 3);
    for (int i = 0; i < 100; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->given, 1);
    source_controller_stop(w->controller);
    source_controller_free(w->controller);
    start_controller(w);
    for (int i = 0; i < 100; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->given, 1);
    set_paused(w, "false");
    wait_deleted(w, 3);
    wait_count(w, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        TEST(test_webhook),
        TEST(test_wrong_specs_are_told),
        TEST(test_sqs_stores_then_deletes),
        TEST(test_sqs_bad_bodies),
        TEST(test_sqs_opens_again_after_failures),
        TEST(test_what_fails_is_in_the_status),
        TEST(test_a_missing_folder_is_in_the_status),
        TEST(test_a_paused_source_takes_nothing),
    };

    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR,
              open("/dev/null", O_WRONLY | O_CLOEXEC)); /* failures are part of the tests */
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
