/*
 * Tests of the controller of artifactGC on a real loop, store, workers and local repository:
 * completion, deletion, what fails and is tried again, a start after all of it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "objects/artifact_gc.h"
#include "objects/object.h"
#include "tests/support/store_world.h"
#include "workflows/artifact_gc/artifact_gc.h"

enum { TURNS_MAX = 2000 };

struct world {
    struct store_world on;
    struct workers *workers;
    struct artifact_house house;
    struct artifact_gc_controller *c;
    int dir;
};

static void start(struct world *w)
{
    const struct artifact_gc_options options = {
        .loop = w->on.loop, .workers = w->workers, .store = w->on.store, .house = &w->house};

    w->c = artifact_gc_new(&options);
    artifact_gc_start(w->c);
}

static void stop(struct world *w)
{
    artifact_gc_stop(w->c);
    artifact_gc_free(TAKE(w->c));
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    store_world_open(&w->on);
    w->workers = workers_new(w->on.loop, 2, &err);
    w->house.repository = str_printf(w->on.a, "%s/artifacts", w->on.path);
    w->dir = open(w->on.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = w;
    start(w);
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    stop(w);
    workers_free(w->workers);
    close(w->dir);
    store_world_close(&w->on);
    free(w);
    return 0;
}

static struct json parse(struct world *w, struct str text)
{
    struct json v;
    struct err err;

    if (json_parse(w->on.a, text, &v, &err) < 0)
        fail_msg(STR_FMT ": %s", STR_ARG(text), err.text);
    return v;
}

static struct artifact_call call_of(struct world *w, const char *key)
{
    struct json *artifact = ARENA_NEW(w->on.a, struct json);

    *artifact = parse(w, str_printf(w->on.a,
                                    "{\"name\":\"a\",\"archive\":{\"none\":{}},\"s3\":{\"key\":"
                                    "\"%s\"}}",
                                    key));
    return (struct artifact_call){
        .house = &w->house, .a = w->on.a, .ns = STR("ns"), .artifact = artifact};
}

/* A file in the local repository. */
static void store_artifact(struct world *w, const char *key)
{
    struct artifact_call call = call_of(w, key);
    int fd = openat(w->dir, "file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct json ret;
    struct err err;

    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
    if (artifact_save(&call, w->dir, "file", &ret, &err) < 0)
        fail_msg("%s", err.text);
    unlinkat(w->dir, "file", 0);
}

static bool is_stored(struct world *w, const char *key)
{
    struct artifact_call call = call_of(w, key);
    struct artifact_file file;
    struct err err;

    if (artifact_download(&call, &file, &err) < 0)
        return false;
    close(file.fd);
    return true;
}

static struct store_key key_of(const char *name)
{
    return (struct store_key){STR("argoproj.io"), STR("Workflow"), STR("ns"), str_from(name)};
}

static void commit(struct world *w, struct store_txn *txn)
{

    store_world_commit(w->on.store, txn);
}

/* An ended workflow with one pod whose artifacts are at these places. */
static void create(struct world *w, const char *name, const char *gc, const char *artifacts)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct json doc = parse(
        w, str_printf(w->on.a,
                      "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
                      "\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"u-%s\","
                      "\"finalizers\":[\"%s\"],\"labels\":{"
                      "\"workflows.argoproj.io/completed\":\"true\"}},\"spec\":{"
                      "\"artifactGC\":%s},\"status\":{\"phase\":\"Succeeded\"}}",
                      name, name, ARTIFACT_GC_FINALIZER, gc));

    store_txn_create(txn, &doc);
    store_txn_node(
        txn, str_printf(w->on.a, "u-%s", name), STR("n"), 1,
        str_printf(w->on.a, "{\"id\":\"n\",\"type\":\"Pod\",\"outputs\":{\"artifacts\":[%s]}}",
                   artifacts));
    commit(w, txn);
}

static void delete (struct world *w, const char *name)
{
    const struct store_key key = key_of(name);
    struct store_txn *txn = store_txn_new(w->on.store);

    store_txn_delete(txn, &key, STR(""), 0);
    commit(w, txn);
}

/* What is stored of it; false: it has gone. */
static bool read_workflow(struct world *w, const char *name, struct json *ret)
{
    const struct store_key key = key_of(name);
    const struct store_object *o;
    struct err err;

    if (store_get(w->on.store, &key, &o, &err) < 0)
        return false;
    *ret = parse(w, str_copy(w->on.a, o->doc));
    store_object_unref(o);
    return true;
}

static bool has_gone(struct world *w, const char *name)
{
    struct json doc;

    return !read_workflow(w, name, &doc);
}

static bool is_free(struct world *w, const char *name)
{
    struct json doc;

    return read_workflow(w, name, &doc) &&
           !object_has_finalizer(&doc, STR(ARTIFACT_GC_FINALIZER));
}

static bool is_processed(struct world *w, const char *name)
{
    struct json doc;

    return read_workflow(w, name, &doc) && json_path(&doc, "status", "artifactGCStatus", NULL);
}

static void turn_until(struct world *w, bool (*is_so)(struct world *w, const char *name),
                       const char *name)
{
    for (int i = 0; i < TURNS_MAX && !is_so(w, name); i++)
        loop_run_once(w->on.loop, 5);
    assert_true(is_so(w, name));
}

static void turn(struct world *w, int count)
{
    for (int i = 0; i < count; i++)
        loop_run_once(w->on.loop, 5);
}

#define STORED(name, key) "{\"name\":\"" name "\",\"s3\":{\"key\":\"" key "\"}}"

static void test_completion(void **state)
{
    struct world *w = *state;
    struct store_node *rows;
    size_t count;
    struct err err;

    store_artifact(w, "k/one");
    store_artifact(w, "k/kept");
    create(w, "w", "{\"strategy\":\"OnWorkflowCompletion\"}",
           STORED("one", "k/one") "," STORED("away", "k/away") ",{\"name\":\"kept\",\"s3\":{"
                                                               "\"key\":\"k/kept\"},"
                                                               "\"artifactGC\":{\"strategy\":"
                                                               "\"Never\"}}");
    turn_until(w, is_free, "w");
    assert_false(is_stored(w, "k/one"));
    assert_true(is_stored(w, "k/kept"));
    assert_int_equal(store_nodes(w->on.store, w->on.a, STR("u-w"), &rows, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_true(str_is(
        rows[0].doc, "{\"id\":\"n\",\"type\":\"Pod\",\"outputs\":{\"artifacts\":[{\"name\":"
                     "\"one\",\"s3\":{\"key\":\"k/one\"},\"deleted\":true},{\"name\":\"away\","
                     "\"s3\":{\"key\":\"k/away\"},\"deleted\":true},{\"name\":\"kept\",\"s3\":"
                     "{\"key\":\"k/kept\"},\"artifactGC\":{\"strategy\":\"Never\"}}]}}"));
}

static void test_deletion(void **state)
{
    struct world *w = *state;

    store_artifact(w, "k/one");
    create(w, "w", "{\"strategy\":\"OnWorkflowDeletion\"}", STORED("one", "k/one"));
    turn_until(w, is_processed, "w");
    assert_true(is_stored(w, "k/one"));
    delete (w, "w");
    assert_false(has_gone(w, "w"));
    turn_until(w, has_gone, "w");
    assert_false(is_stored(w, "k/one"));
}

/* A parameter of that name says nothing of the workflow's end. */
static void test_the_word_is_no_deletion(void **state)
{
    struct world *w = *state;

    store_artifact(w, "k/one");
    create(w, "w",
           "{\"strategy\":\"OnWorkflowDeletion\"},\"arguments\":{\"parameters\":[{\"name\":"
           "\"deletionTimestamp\",\"value\":\"x\"}]}",
           STORED("one", "k/one"));
    turn(w, 20);
    delete (w, "w");
    turn_until(w, has_gone, "w");
    assert_false(is_stored(w, "k/one"));
}

/* A web server cannot delete. */
#define OTHER "{\"name\":\"page\",\"http\":{\"url\":\"http://127.0.0.1:1/x\"}}"

static void test_what_cannot_be_deleted_holds_the_workflow(void **state)
{
    struct world *w = *state;
    struct json doc;

    store_artifact(w, "k/one");
    create(w, "w", "{\"strategy\":\"OnWorkflowDeletion\"}", OTHER "," STORED("one", "k/one"));
    delete (w, "w");
    turn_until(w, is_processed, "w");
    turn(w, 20);
    assert_false(is_stored(w, "k/one"));
    assert_true(read_workflow(w, "w", &doc));
    assert_true(str_starts(
        json_str(json_path(json_item(json_path(&doc, "status", "conditions", NULL), 0),
                           "message", NULL)),
        STR("delete not supported for this artifact storage")));
    assert_true(object_has_finalizer(&doc, STR(ARTIFACT_GC_FINALIZER)));
}

static void test_force_lets_it_go(void **state)
{
    struct world *w = *state;

    create(w, "w", "{\"strategy\":\"OnWorkflowDeletion\",\"forceFinalizerRemoval\":true}",
           OTHER);
    delete (w, "w");
    turn_until(w, has_gone, "w");
}

/* As after a crash: whatever was done before, it begins anew. */
static void test_a_start_finds_what_waits(void **state)
{
    struct world *w = *state;

    stop(w);
    store_artifact(w, "k/one");
    store_artifact(w, "k/two");
    create(w, "ended", "{\"strategy\":\"OnWorkflowCompletion\"}", STORED("one", "k/one"));
    create(w, "leaving", "{\"strategy\":\"OnWorkflowDeletion\"}", STORED("two", "k/two"));
    delete (w, "leaving");
    turn(w, 10);
    assert_true(is_stored(w, "k/one"));
    start(w);
    turn_until(w, is_free, "ended");
    turn_until(w, has_gone, "leaving");
    assert_false(is_stored(w, "k/one"));
    assert_false(is_stored(w, "k/two"));
}

static void test_many(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 20; i++) {
        const char *name = str_printf(w->on.a, "w%d", i).ptr;

        store_artifact(w, name);
        create(w, name, "{\"strategy\":\"OnWorkflowCompletion\"}",
               str_printf(w->on.a, "{\"name\":\"a\",\"s3\":{\"key\":\"%s\"}}", name).ptr);
    }
    for (int i = 0; i < 20; i++) {
        const char *name = str_printf(w->on.a, "w%d", i).ptr;

        turn_until(w, is_free, name);
        assert_false(is_stored(w, name));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_completion),
        TEST(test_deletion),
        TEST(test_the_word_is_no_deletion),
        TEST(test_what_cannot_be_deleted_holds_the_workflow),
        TEST(test_force_lets_it_go),
        TEST(test_a_start_finds_what_waits),
        TEST(test_many),
    };

    return cmocka_run_group_tests_name("artifact_gc", tests, NULL, NULL);
}
