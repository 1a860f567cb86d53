/*
 * Tests of lists and watches of the embedded store under load and at their edges: resuming with
 * selectors, writers at work meanwhile, pages of every size, tokens that are forged,
 * transactions of ten thousand objects, files that are none. store_test.c has each clause of
 * the header.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"
#include "formats/base64.h"
#include "store/store.h"

struct world {
    char path[64];
    struct loop *loop;
    struct store *store;
    struct arena *a;
    struct strbuf events;
    size_t event_count;
    int64_t last_rv;
    bool is_ordered, is_ended;
    struct err end;
};

static void open_store(struct world *w)
{
    struct store_options options = {.path = w->path, .loop = w->loop};
    struct err err;

    w->store = store_open(&options, &err);
    if (!w->store)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-watch-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->loop = loop_new(&err);
    strbuf_init(&w->events, 8 << 20);
    open_store(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;

    store_close(w->store);
    for (int i = 0; i < 5; i++)
        loop_run_once(w->loop, 1);
    loop_free(w->loop);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", w->path, names[i]).ptr);
    rmdir(w->path);
    strbuf_done(&w->events);
    arena_free(w->a);
    free(w);
    return 0;
}

static struct json document(struct arena *a, const char *ns, const char *name,
                            const char *color, const char *phase)
{
    struct json v;
    struct err err;
    struct str text = str_printf(
        a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"%s\",\"uid\":\"uid-%s-%s\",\"creationTimestamp\":"
        "\"2026-01-02T03:04:05Z\",\"labels\":{\"color\":\"%s\"}},\"status\":{\"phase\":\"%s\"}"
        "}",
        name, ns, ns, name, color, phase);

    if (json_parse(a, text, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static int commit(struct world *w, struct store_txn *txn, struct err *err)
{
    struct store_result result;

    if (store_commit_wait(w->store, txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

static void create_in(struct world *w, const char *ns, const char *name, const char *color)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = document(w->a, ns, name, color, "Running");
    struct err err;

    store_txn_create(txn, &doc);
    if (commit(w, txn, &err) < 0)
        fail_msg("%s: %s", name, err.text);
}

static void create(struct world *w, const char *name, const char *color)
{
    create_in(w, "argo", name, color);
}

static void change(struct world *w, const char *name, const char *color, const char *phase)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc = document(w->a, "argo", name, color, phase);
    struct err err;

    store_txn_update(txn, &doc, 0);
    if (commit(w, txn, &err) < 0)
        fail_msg("%s: %s", name, err.text);
}

static void drop(struct world *w, const char *name)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), str_from(name)};
    struct err err;

    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(commit(w, txn, &err), 0);
}

/* ---- watches ---- */

static void on_event(void *ctx, const struct store_event *event)
{
    static const char letters[] = "AMDB";
    struct world *w = ctx;

    strbuf_addf(&w->events, "%c" STR_FMT " ", letters[event->type],
                STR_ARG(event->object->key.name));
    w->event_count++;
    w->is_ordered &= event->rv > w->last_rv && event->rv == event->object->rv;
    w->last_rv = event->rv;
}

static void on_end(void *ctx, const struct err *err)
{
    struct world *w = ctx;

    w->is_ended = true;
    w->end = *err;
}

static void turn(struct world *w)
{
    for (int i = 0; i < 8; i++)
        loop_run_once(w->loop, 4);
}

static void begin(struct world *w)
{
    strbuf_reset(&w->events);
    w->event_count = 0;
    w->last_rv = 0;
    w->is_ordered = true;
    w->is_ended = false;
}

static struct store_watch *watch(struct world *w, int64_t from, const char *labels,
                                 const char *fields)
{
    struct selector by_labels, by_fields;
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .ns = STR("argo"),
                            .labels = labels ? &by_labels : NULL,
                            .fields = fields ? &by_fields : NULL};
    struct err err;

    if (labels)
        assert_int_equal(selector_parse(w->a, str_from(labels), &by_labels, &err), 0);
    if (fields)
        assert_int_equal(selector_parse_fields(w->a, str_from(fields), &by_fields, &err), 0);
    begin(w);
    return store_watch_open(w->store, &q, from, on_event, on_end, w);
}

/*
 * As every client does: list, then watch from the list's version. What the list showed is known
 * to it, so its changes are MODIFIED and its end is DELETED, with selectors as well.
 */
static void test_list_then_watch(void **state)
{
    static const struct {
        const char *labels, *fields;
        const char *events;
    } cases[] = {
        {NULL, NULL, "Mred Mred2 Mblue Dred2 Dblue Anew "},
        {"color=red", NULL, "Mred Dred2 Ablue Dblue "},
        {"color!=red", NULL, "Ared2 Mred2 Dblue Dred2 Anew "},
        {NULL, "metadata.name=red", "Mred "},
        {NULL, "metadata.name!=red", "Mred2 Mblue Dred2 Dblue Anew "},
        {NULL, "metadata.name=blue", "Mblue Dblue "},
        {NULL, "status.phase=Failed", "Ared "},
        {NULL, "status.phase=Running", "Dred Mred2 Mblue Dred2 Dblue Anew "},
        {"color=red", "metadata.name=red2", "Dred2 "},
        {"color=nobody", NULL, ""},
    };
    struct world *w = *state;

    for (int from_now = 0; from_now < 2; from_now++)
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            struct store_watch *watched;

            create(w, "red", "red");
            create(w, "red2", "red");
            create(w, "blue", "blue");
            turn(w);
            watched =
                watch(w, from_now ? -1 : store_rv(w->store), cases[i].labels, cases[i].fields);
            turn(w);
            change(w, "red", "red", "Failed");
            change(w, "red2", "grey", "Running");
            change(w, "blue", "red", "Running");
            drop(w, "red2");
            drop(w, "blue");
            create(w, "new", "green");
            turn(w);
            if (i == 2) /* the order of commits, not of names */
                assert_string_equal(w->events.ptr, "Ared2 Dblue Dred2 Anew ");
            else if (strcmp(w->events.ptr ? w->events.ptr : "", cases[i].events) != 0)
                fail_msg("%s %s: %s", cases[i].labels, cases[i].fields, w->events.ptr);
            store_watch_close(watched);
            drop(w, "red");
            drop(w, "new");
        }
}

/* The changes came while the client was away: what may have been known to it and is over or
 * matches no more must be told; what was never there for it by its name is not. */
static void test_resume_with_selectors(void **state)
{
    static const struct {
        const char *labels, *fields;
        const char *events;
    } cases[] = {
        {NULL, NULL, "Mred Dred2 Dblue Anew "},
        {"color=red", NULL, "Mred Dred2 Dblue "},
        {NULL, "metadata.name=red", "Mred "},
        {NULL, "metadata.name=red2", "Dred2 "},
        {"color=green", NULL, "Dred Dred2 Dblue Anew "},
        {"color=green", "metadata.name=new", "Anew "},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct store_watch *watched;
        int64_t from;

        create(w, "red", "red");
        create(w, "red2", "red");
        create(w, "blue", "blue");
        create(w, "still", "yellow");
        from = store_rv(w->store);
        change(w, "red", "red", "Failed");
        change(w, "red2", "grey", "Running");
        drop(w, "red2");
        drop(w, "blue");
        create(w, "new", "green");
        watched = watch(w, from, cases[i].labels, cases[i].fields);
        turn(w);
        if (strcmp(w->events.ptr ? w->events.ptr : "", cases[i].events) != 0)
            fail_msg("%s %s: %s", cases[i].labels, cases[i].fields, w->events.ptr);
        assert_true(w->is_ordered);
        begin(w);
        drop(w, "still");
        turn(w);
        assert_int_equal(w->event_count, cases[i].labels || cases[i].fields ? 0 : 1);
        store_watch_close(watched);
        drop(w, "red");
        drop(w, "new");
    }
}

static void test_versions_that_are_none(void **state)
{
    struct world *w = *state;
    struct store_watch *watched;

    create(w, "one", "red");
    watched = watch(w, store_rv(w->store) + 1, NULL, NULL);
    turn(w);
    assert_true(w->is_ended);
    assert_int_equal(w->end.kind, ERR_GONE);
    assert_string_equal(w->end.text,
                        str_printf(w->a, "resource version %lld is in the future (%lld)",
                                   (long long) store_rv(w->store) + 1,
                                   (long long) store_rv(w->store))
                            .ptr);
    watched = watch(w, INT64_MAX, NULL, NULL);
    turn(w);
    assert_true(w->is_ended);
    watched = watch(w, store_rv(w->store), NULL, NULL);
    turn(w);
    assert_false(w->is_ended);
    assert_int_equal(w->event_count, 0);
    store_watch_close(watched);
}

enum { WRITERS = 4, WRITES = 60 };

struct writer {
    struct world *w;
    int number;
    bool has_failed;
};

/* Each writer creates, changes and removes objects of its own. */
static void *write_much(void *ctx)
{
    struct writer *writer = ctx;
    _cleanup_arena_ struct arena *a = arena_new();

    for (int i = 0; i < WRITES; i++) {
        struct store_txn *txn = store_txn_new(writer->w->store);
        struct str name = str_printf(a, "w%d-%d", writer->number, i / 3);
        struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), name};
        struct json doc =
            document(a, "argo", str_cz(a, name), i % 2 ? "red" : "blue", "Running");
        struct store_result result;
        struct err err;

        if (i % 3 == 0)
            store_txn_create(txn, &doc);
        else if (i % 3 == 1)
            store_txn_update(txn, &doc, 0);
        else if (i % 2)
            store_txn_delete(txn, &key, STR(""), 0);
        else
            store_txn_update(txn, &doc, 0);
        writer->has_failed |= store_commit_wait(writer->w->store, txn, &result, &err) < 0;
        if (!writer->has_failed)
            store_object_unref(result.object);
    }
    return NULL;
}

/* While four write, watches are opened at any moment: each sees every change after its version
 * once and in order. */
static void test_writers_at_work(void **state)
{
    struct world *w = *state;
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct store_watch *watched;
    int64_t start = store_rv(w->store), end;

    watched = watch(w, 0, NULL, NULL);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.w = w, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_much, &writers[i]), 0);
    }
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, 2);
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(writers[i].has_failed);
    }
    end = store_rv(w->store);
    assert_int_equal(end - start, WRITERS * WRITES);
    for (int i = 0; i < 500 && w->last_rv < end; i++)
        loop_run_once(w->loop, 5);
    assert_true(w->is_ordered);
    assert_int_equal(w->last_rv, end);
    assert_true(w->event_count <= WRITERS * WRITES); /* the first ones may be joined as ADDED */
    store_watch_close(watched);
    for (int64_t from = start + 1; from <= end; from += 7) {
        watched = watch(w, from, NULL, NULL);
        for (int i = 0; i < 500 && w->last_rv < end && from < end; i++)
            loop_run_once(w->loop, 5);
        assert_true(w->is_ordered);
        assert_true(w->last_rv == end || from == end);
        store_watch_close(watched);
    }
}

static void test_ten_thousand_at_once(void **state)
{
    enum { COUNT = 10000 };
    struct world *w = *state;
    struct store_watch *watched = watch(w, 0, NULL, NULL);
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow")};
    struct store_txn *txn;
    struct store_list list;
    struct json twice = document(w->a, "argo", "x77", "red", "Running");
    struct err err;

    turn(w);
    for (int round = 0; round < 2; round++) {
        txn = store_txn_new(w->store);
        for (int i = 0; i < COUNT; i++) {
            struct json doc = document(
                store_txn_arena(txn), "argo",
                str_cz(store_txn_arena(txn), str_printf(store_txn_arena(txn), "x%d", i)), "red",
                "Running");

            store_txn_create(txn, &doc);
        }
        if (round == 0) {
            store_txn_create(txn, &twice); /* the very last one: nothing of all is there */
            assert_int_equal(commit(w, txn, &err), -1);
            assert_int_equal(err.kind, ERR_EXISTS);
            assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
            assert_int_equal(list.len, 0);
            store_list_done(&list);
            turn(w);
            assert_int_equal(w->event_count, 0);
        } else {
            assert_int_equal(commit(w, txn, &err), 0);
        }
    }
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    assert_int_equal(list.len, COUNT);
    assert_int_equal(list.rv, store_rv(w->store));
    store_list_done(&list);
    for (int i = 0; i < 200 && w->event_count < COUNT; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->event_count, COUNT);
    assert_true(w->is_ordered);
    assert_int_equal(w->last_rv, store_rv(w->store));
    store_watch_close(watched);
}

/* ---- lists ---- */

/* Names of a list in pages of @limit, "a b | c "; owned by the arena. */
static struct str pages(struct world *w, struct store_query *q, size_t limit)
{
    struct strbuf out = STRBUF_INIT(1 << 20);
    struct str made;

    q->limit = limit;
    q->continue_token = STR("");
    do {
        struct store_list list;
        struct err err;

        if (store_list(w->store, w->a, q, &list, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(limit == 0 || list.len <= limit);
        assert_true(list.len > 0 || str_is_empty(list.continue_token));
        for (size_t i = 0; i < list.len; i++)
            strbuf_addf(&out, STR_FMT "/" STR_FMT " ", STR_ARG(list.at[i]->key.ns),
                        STR_ARG(list.at[i]->key.name));
        q->continue_token = list.continue_token;
        store_list_done(&list);
    } while (q->continue_token.len);
    made = str_copy(w->a, strbuf_str(&out));
    strbuf_done(&out);
    return made;
}

/* Pages of every size, with every kind of filter, are the whole list cut in pieces. */
static void test_pages(void **state)
{
    static const struct {
        const char *ns, *labels, *fields, *prefix;
        size_t count;
    } cases[] = {
        {"", NULL, NULL, "", 24},
        {"argo", NULL, NULL, "", 12},
        {"", "color=red", NULL, "", 8},
        {"", "color!=red", NULL, "", 16},
        {"", "color in (red,blue)", NULL, "", 16},
        {"argo", "color=red", NULL, "", 4},
        {"", NULL, "status.phase=Running", "", 24},
        {"", NULL, "metadata.namespace=b", "", 12},
        {"", NULL, "metadata.name=a%", "", 2},
        {"", NULL, NULL, "a", 6},
        {"", NULL, NULL, "a%", 2},
        {"", NULL, NULL, "_", 2},
        {"", "color=red", "metadata.namespace!=b", "", 4},
        {"", "color=none", NULL, "", 0},
        {"none", NULL, NULL, "", 0},
    };
    /* Names that Kubernetes does not know, but whoever holds the file may. */
    static const char *const names[] = {"a", "a%",  "aa",  "b",   "B",  "_",
                                        "0", "z-1", "z.1", "z10", "z2", "\xc3\xa9"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        create_in(w, "argo", names[i], (const char *[]){"red", "blue", "green"}[i % 3]);
        create_in(w, "b", names[i], (const char *[]){"red", "blue", "green"}[i % 3]);
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (int newest = 0; newest < 2; newest++) {
            struct selector labels, fields;
            struct store_query q = {.group = STR("argoproj.io"),
                                    .kind = STR("Workflow"),
                                    .ns = str_from(cases[i].ns),
                                    .name_prefix = str_from(cases[i].prefix),
                                    .newest_first = newest == 1,
                                    .labels = cases[i].labels ? &labels : NULL,
                                    .fields = cases[i].fields ? &fields : NULL};
            struct err err;
            struct str whole;
            size_t count = 0;

            if (q.labels)
                assert_int_equal(selector_parse(w->a, str_from(cases[i].labels), &labels, &err),
                                 0);
            if (q.fields)
                assert_int_equal(
                    selector_parse_fields(w->a, str_from(cases[i].fields), &fields, &err), 0);
            whole = pages(w, &q, 0);
            for (size_t k = 0; k < whole.len; k++)
                count += whole.ptr[k] == ' ';
            if (count != cases[i].count)
                fail_msg("case %zu: %zu objects", i, count);
            for (size_t limit = 1; limit <= 25; limit++)
                if (!str_eq(pages(w, &q, limit), whole))
                    fail_msg("case %zu, pages of %zu", i, limit);
        }
}

/* Objects come and go between two pages: what stays is shown once. */
static void test_pages_while_it_changes(void **state)
{
    struct world *w = *state;
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow"), .limit = 2};
    struct store_list list;
    struct err err;

    for (const char *const *name = (const char *[]){"b", "d", "f", "h", NULL}; *name; name++)
        create(w, *name, "red");
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    assert_true(str_is(list.at[1]->key.name, "d"));
    q.continue_token = list.continue_token;
    store_list_done(&list);
    drop(w, "d"); /* the one that the token names */
    drop(w, "f");
    create(w, "a", "red");
    create(w, "e", "red");
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    assert_int_equal(list.len, 2);
    assert_true(str_is(list.at[0]->key.name, "e"));
    assert_true(str_is(list.at[1]->key.name, "h"));
    assert_true(str_is_empty(list.continue_token));
    store_list_done(&list);
}

static void test_tokens_that_are_forged(void **state)
{
    static const char *const plain[] = {
        "",
        "1",
        "2\n1\n0\nargo\na",
        "1\n1\n0\nargo",
        "1\nx\n0\nargo\na",
        "1\n\n\n\n",
        "1\n1\nargo\na",
        "\n\n\n\n\n",
        "1\n9999999999999999999\n0\nargo\na",
        "1\n-5\n0\nargo\na",
        "1\n999999\n0\nargo\na",
        "nonsense",
    };
    static const char *const raw[] = {"!",   "====",        "\xff\xff",        "a", "MQ", "MQo",
                                      "%31", "' OR 1=1 --", "eyJ2IjoibWV0YSJ9"};
    struct world *w = *state;
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow"), .limit = 1};
    struct store_list list;
    struct err err;

    create(w, "a", "red");
    create(w, "b", "red");
    for (size_t i = 0; i < COUNT_OF(plain) + COUNT_OF(raw); i++) {
        q.continue_token = i < COUNT_OF(plain) ? base64_encode(w->a, str_from(plain[i]))
                                               : str_from(raw[i - COUNT_OF(plain)]);
        if (q.continue_token.len == 0)
            continue; /* no token at all: the first page */
        if (store_list(w->store, w->a, &q, &list, &err) == 0)
            fail_msg("token %zu was taken", i);
        assert_true(err.kind == ERR_INVALID || err.kind == ERR_GONE);
        assert_string_equal(err.text, "the provided continue parameter is not valid");
    }
    q.continue_token = base64_encode(w->a, STR("1\n1\n0\nargo\na")); /* one that is good */
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    assert_int_equal(list.len, 1);
    store_list_done(&list);
}

/* A selector as long as the limit allows is answered, not refused by the database. */
static void test_selector_of_many_terms(void **state)
{
    static const size_t counts[] = {1, 10, 400, 990, 1100, 6000};
    struct world *w = *state;

    create(w, "a", "red");
    create(w, "b", "blue");
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(1 << 20);
        struct selector labels;
        struct store_query q = {
            .group = STR("argoproj.io"), .kind = STR("Workflow"), .labels = &labels};
        struct err err;

        for (size_t k = 0; k < counts[i]; k++)
            strbuf_addf(&text, k ? ",k%zu!=v" : "color=red", k);
        if (selector_parse(w->a, strbuf_str(&text), &labels, &err) < 0)
            fail_msg("%zu: %s", counts[i], err.text);
        assert_true(str_is(pages(w, &q, 1), "argo/a "));
        strbuf_reset(&text);
        for (size_t k = 0; k < counts[i]; k++)
            strbuf_addf(&text, k ? ",k%zu=v" : "color=red", k);
        if (selector_parse(w->a, strbuf_str(&text), &labels, &err) < 0)
            fail_msg("%zu: %s", counts[i], err.text);
        assert_true(str_is(pages(w, &q, 1), counts[i] > 1 ? "" : "argo/a "));
    }
}

/* ---- files ---- */

static void write_file(struct world *w, const void *bytes, size_t len)
{
    int fd = open(str_printf(w->a, "%s/state.db", w->path).ptr,
                  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* Files that are no store: told by their name, and left as they are. */
static void test_files_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"this is not a database, it only has its name; and it goes on for a while to be "
         "longer "
         "than a header of a hundred bytes",
         118},
        {"SQLite format 3\0torn", 20},
    };
    struct world *w = *state;

    store_close(TAKE(w->store));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct store_options options = {.path = w->path, .loop = w->loop};
        struct err err = {0};
        struct stat st;
        char file[128];

        snprintf(file, sizeof(file), "%s/state.db", w->path);
        unlink(str_printf(w->a, "%s-wal", file).ptr);
        unlink(str_printf(w->a, "%s-shm", file).ptr);
        write_file(w, cases[i].bytes, cases[i].len);
        assert_null(store_open(&options, &err));
        if (str_find(str_from(err.text), STR("state.db: ")) == SIZE_MAX ||
            str_find(str_from(err.text), STR("not a database")) == SIZE_MAX)
            fail_msg("case %zu: %d %s", i, (int) err.kind, err.text);
        assert_int_equal(err.kind, ERR_INTERNAL);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_size, cases[i].len);
    }
    assert_int_equal(unlink(str_printf(w->a, "%s/state.db", w->path).ptr), 0);
    open_store(w); /* after that a new one opens: the lock was given back */
    create(w, "a", "red");
}

static void test_folders_that_are_none(void **state)
{
    static const char *const below[] = {"/state.db", "/state.db/x"};
    struct world *w = *state;

    {
        struct store_options options = {.path = memset(arena_alloc(w->a, 5001), '/', 5000),
                                        .loop = w->loop};
        struct err err = {0};

        assert_null(store_open(&options, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
    }
    for (size_t i = 0; i < COUNT_OF(below); i++) {
        struct store_options options = {.path = str_printf(w->a, "%s%s", w->path, below[i]).ptr,
                                        .loop = w->loop};
        struct err err = {0};

        assert_null(store_open(&options, &err));
        assert_int_not_equal(err.kind, ERR_NONE);
        assert_int_not_equal(str_find(str_from(err.text), str_from(below[i])), SIZE_MAX);
    }
}

/* ---- once ---- */

struct claimant {
    struct world *w;
    int number, made, already;
};

static void *claim(void *ctx)
{
    struct claimant *c = ctx;
    _cleanup_arena_ struct arena *a = arena_new();

    for (int i = 0; i < 20; i++) {
        struct store_txn *txn = store_txn_new(c->w->store);
        struct json doc = document(a, "argo", str_cz(a, str_printf(a, "c%d-%d", c->number, i)),
                                   "red", "Running");
        struct store_result result;
        struct err err;

        store_txn_once(txn, str_printf(a, "mark-%d", i));
        store_txn_create(txn, &doc);
        if (store_commit_wait(c->w->store, txn, &result, &err) < 0)
            continue;
        c->already += result.already_done;
        c->made += !result.already_done;
        store_object_unref(result.object);
    }
    return NULL;
}

/* Four want to do the same thing once: one does each, the others hear that it was done. */
static void test_once_by_many(void **state)
{
    struct world *w = *state;
    struct claimant claimants[4];
    pthread_t threads[4];
    struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow")};
    struct store_list list;
    struct err err;
    int made = 0, already = 0;

    for (int i = 0; i < 4; i++) {
        claimants[i] = (struct claimant){.w = w, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, claim, &claimants[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        made += claimants[i].made;
        already += claimants[i].already;
    }
    assert_int_equal(made, 20);
    assert_int_equal(already, 60);
    assert_int_equal(store_list(w->store, w->a, &q, &list, &err), 0);
    assert_int_equal(list.len, 20);
    store_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_list_then_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resume_with_selectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_versions_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writers_at_work, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ten_thousand_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_while_it_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens_that_are_forged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_selector_of_many_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folders_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once_by_many, setup, teardown),
    };

    return cmocka_run_group_tests_name("store_watch", tests, NULL, NULL);
}
