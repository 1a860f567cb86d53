/*
 * Dead letters in a whole controller: real bus, store, workers, and Sensor objects whose
 * trigger makes a ConfigMap. As long as one of that name is there, the trigger fails.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "events/sensors/sensor_internal.h"
#include "objects/object.h"

enum { TURNS_MAX = 2000 };

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct workflow_submitter submitter;
    struct trigger_services services;
    struct sensor_controller *c;
    int answers;
    struct err answer;
};

static void start(struct world *w)
{
    const struct sensor_controller_options options = {.loop = w->loop,
                                                      .workers = w->workers,
                                                      .store = w->store,
                                                      .bus = w->bus,
                                                      .services = &w->services};
    struct err err;

    w->c = sensor_controller_new(&options, &err);
    assert_int_equal(sensor_controller_start(w->c, &err), 0);
}

static void stop(struct world *w)
{
    sensor_controller_stop(w->c);
    sensor_controller_free(TAKE(w->c));
}

static void turn(struct world *w, int count)
{
    for (int i = 0; i < count; i++)
        loop_run_once(w->loop, 5);
}

/* As after a crash: nothing but the disk is left of it. */
static void restart(struct world *w)
{
    stop(w);
    turn(w, 10);
    start(w);
    turn(w, 20);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    struct err err;

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-letters-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    w->a = arena_new();
    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 4, &err);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    w->bus = bus_open(&(struct bus_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->bus);
    workflow_submitter_init(&w->submitter, w->store);
    w->services = (struct trigger_services){
        .store = w->store, .submitter = &w->submitter, .private_path = STR("")};
    start(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    char command[100];

    stop(w);
    bus_close(w->bus);
    store_close(w->store);
    workers_free(w->workers);
    turn(w, 5);
    loop_free(w->loop);
    arena_free(w->a);
    snprintf(command, sizeof(command), "rm -rf %s", w->path);
    assert_int_equal(system(command), 0); /* NOLINT: a folder of ours */
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    free(w);
    return 0;
}

/* ---- objects and events ---- */

static void on_committed(void *ctx, const struct store_result *result, const struct err *err)
{
    (void) result;
    assert_int_equal(err->kind, ERR_NONE);
    *(bool *) ctx = true;
}

static void commit(struct world *w, struct store_txn *txn)
{
    bool is_done = false;
    struct err err;

    assert_int_equal(store_commit(w->store, txn, on_committed, &is_done, &err), 0);
    for (int i = 0; i < TURNS_MAX && !is_done; i++)
        loop_run_once(w->loop, 5);
    assert_true(is_done);
}

static void create(struct world *w, const char *text)
{
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;
    struct err err;

    if (json_parse(w->a, str_from(text), &doc, &err) < 0)
        fail_msg("%s", err.text);
    store_txn_create(txn, &doc);
    commit(w, txn);
}

static const struct store_key map_key = {STR_INIT(""), STR_INIT("ConfigMap"), STR_INIT("argo"),
                                         STR_INIT("made")};

static void take_place(struct world *w)
{
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"made\","
              "\"namespace\":\"argo\",\"uid\":\"other\"}}");
}

static void free_place(struct world *w)
{
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_delete(txn, &map_key, STR(""), 0);
    commit(w, txn);
}

static void delete_sensor(struct world *w)
{
    const struct store_key key = {STR("argoproj.io"), STR("Sensor"), STR("argo"), STR("s")};
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_delete(txn, &key, STR(""), 0);
    commit(w, txn);
    turn(w, 10);
}

static void make_sensor(struct world *w)
{
    create(
        w,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Sensor\",\"metadata\":{\"name\":"
        "\"s\",\"namespace\":\"argo\",\"uid\":\"u-1\"},\"spec\":{\"dependencies\":[{\"name\":"
        "\"d\",\"eventSourceName\":\"src\",\"eventName\":\"e\"}],\"triggers\":[{\"template\":{"
        "\"name\":\"t\",\"k8s\":{\"source\":{\"resource\":{\"apiVersion\":\"v1\",\"kind\":"
        "\"ConfigMap\",\"metadata\":{\"name\":\"made\"},\"data\":{\"n\":\"\"}}},"
        "\"parameters\":[{\"src\":{\"dependencyName\":\"d\",\"dataKey\":\"n\"},\"dest\":"
        "\"data.n\"}]}}}]}}");
    turn(w, 20); /* it runs */
}

static void publish(struct world *w, int number)
{
    struct err err;
    const struct bus_record r = {
        .id = str_printf(w->a, "id-%d", number),
        .source = STR("src"),
        .event = STR("e"),
        .ns = STR("argo"),
        .payload = str_printf(
            w->a,
            "{\"specversion\":\"1.0\",\"id\":\"id-%d\",\"source\":\"src\","
            "\"type\":\"x\",\"datacontenttype\":\"application/json\",\"data\":{\"n\":\"%d\"}}",
            number, number)};

    assert_int_equal(bus_publish_wait(w->bus, &r, 5000, &err), 0);
}

/* ---- looking ---- */

static struct store_row *rows(struct world *w, size_t *ret_count)
{
    struct store_row *found;
    struct err err;

    assert_int_equal(
        store_rows(w->store, w->a, STR(DEAD_LETTER_TABLE), STR(""), &found, ret_count, &err),
        0);
    return found;
}

/* How many letters are in a state, on disk. */
static size_t count(struct world *w, enum dead_letter_state state)
{
    size_t all, found = 0;
    struct store_row *list = rows(w, &all);
    struct dead_letter read;
    struct err err;

    for (size_t i = 0; i < all; i++) {
        if (dead_letter_read(w->a, list[i].value, &read, &err) < 0)
            fail_msg("%s", err.text);
        found += read.state == state;
    }
    return found;
}

static void wait_for_count(struct world *w, enum dead_letter_state state, size_t wanted)
{
    for (int i = 0; i < TURNS_MAX / 10 && count(w, state) != wanted; i++)
        turn(w, 2);
    assert_int_equal(count(w, state), wanted);
    turn(w, 5);
}

static struct dead_letter only_letter(struct world *w)
{
    struct dead_letter read;
    struct store_row *list;
    struct err err;
    size_t all;

    list = rows(w, &all);
    assert_int_equal(all, 1);
    assert_int_equal(dead_letter_read(w->a, list[0].value, &read, &err), 0);
    return read;
}

/* data.n of the object that was made, or "" */
static struct str made(struct world *w)
{
    const struct store_object *object;
    struct json doc;
    struct str n;
    struct err err;

    if (store_get(w->store, &map_key, &object, &err) < 0)
        return STR("");
    assert_int_equal(json_parse(w->a, str_copy(w->a, object->doc), &doc, &err), 0);
    n = json_str(json_path(&doc, "data", "n", NULL));
    store_object_unref(object);
    return str_is_none(n) ? STR("another's") : n;
}

static void on_answer(void *ctx, const struct err *err)
{
    struct world *w = ctx;

    w->answers++;
    w->answer = *err;
}

static enum err_kind redrive(struct world *w, struct str id)
{
    int before = w->answers;

    sensor_letter_redrive(w->c, &(struct sensor_letter_name){STR("argo"), id}, on_answer, w);
    for (int i = 0; i < TURNS_MAX && w->answers == before; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->answers, before + 1);
    return w->answer.kind;
}

static enum err_kind give_up(struct world *w, struct str id)
{
    int before = w->answers;

    sensor_letter_delete(w->c, &(struct sensor_letter_name){STR("argo"), id}, on_answer, w);
    for (int i = 0; i < TURNS_MAX && w->answers == before; i++)
        loop_run_once(w->loop, 5);
    assert_int_equal(w->answers, before + 1);
    return w->answer.kind;
}

/* ---- tests ---- */

static void test_what_failed_is_kept(void **state)
{
    struct world *w = *state;
    struct dead_letter l;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    l = only_letter(w);
    assert_true(str_is(l.ns, "argo") && str_is(l.sensor, "s") && str_is(l.trigger, "t"));
    assert_true(str_is(l.sensor_uid, "u-1"));
    assert_true(str_is(l.error, "configmaps \"made\" already exists"));
    assert_int_equal(l.attempts, 1);
    assert_int_equal(l.redrives, 0);
    assert_int_equal(l.event_count, 1);
    assert_true(str_is(l.events[0].data, "{\"n\":\"1\"}"));
    assert_true(str_is(json_get_str(l.events[0].context, STR("id")), "id-1"));
    restart(w);
    assert_int_equal(count(w, DEAD_LETTER_WAITS), 1);
    assert_int_equal(only_letter(w).attempts, 1); /* it was settled */
}

static void test_a_redrive_makes_its_object_once(void **state)
{
    struct world *w = *state;
    struct str id;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    id = only_letter(w).id;
    assert_int_equal(redrive(w, id), ERR_NONE); /* its place is taken still */
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    assert_int_equal(only_letter(w).redrives, 1);
    assert_int_equal(only_letter(w).attempts, 2);
    free_place(w);
    assert_int_equal(redrive(w, id), ERR_NONE);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), "1"));
    assert_int_equal(redrive(w, id), ERR_NOT_FOUND);
    free_place(w);
    restart(w);
    assert_true(str_is(made(w), ""));
}

/* The event before it waits, so that the cursor does: the bus brings it again. */
static void come_again(struct world *w)
{
    for (size_t i = 0; i < w->c->sensors.len; i++) {
        struct sensor *s = w->c->sensors.entries[i].value;
        struct sensor_trigger *t = &s->triggers[0];
        struct err err;
        struct arena *a = arena_new();
        const struct bus_record r = {
            .seq = 1000,
            .id = STR("id-1"),
            .payload = STR("{\"specversion\":\"1.0\",\"id\":\"id-1\",\"source\":\"src\","
                           "\"type\":\"x\",\"datacontenttype\":\"application/"
                           "json\",\"data\":{\"n\":\"1\"}}")};

        t->kept[0] = (struct kept){.arena = a, .seq = 1000};
        assert_int_equal(match_event_read(a, &r, &t->kept[0].event, &err), 0);
        t->kept[0].event.dependency = STR("d");
        sensor_fire(t);
    }
    turn(w, 30);
}

static void test_what_comes_again_does_not_fire(void **state)
{
    struct world *w = *state;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    free_place(w);
    restart(w);
    come_again(w);
    assert_true(str_is(made(w), "")); /* the letter has it */
    assert_int_equal(count(w, DEAD_LETTER_WAITS), 1);
    assert_int_equal(redrive(w, only_letter(w).id), ERR_NONE);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), "1"));
    free_place(w);
    come_again(w);
    restart(w);
    come_again(w);
    assert_true(str_is(made(w), "")); /* it was redriven */
}

/* A crash behind the mark: the row says redriving, nothing was made. */
static void test_a_redrive_goes_on_after_a_restart(void **state)
{
    struct world *w = *state;
    struct store_txn *txn;
    struct dead_letter l;
    struct json value;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    l = only_letter(w);
    free_place(w);
    stop(w);
    l.state = DEAD_LETTER_REDRIVING;
    l.redrives = 1;
    txn = store_txn_new(w->store);
    value = dead_letter_value(w->a, &l);
    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), dead_letter_key(w->a, l.ns, l.id),
                      json_text(w->a, &value, 0));
    commit(w, txn);
    start(w);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), "1"));
    /* and when it had been made already: the mark is the same */
    free_place(w);
    stop(w);
    txn = store_txn_new(w->store);
    store_txn_row_put(txn, STR(DEAD_LETTER_TABLE), dead_letter_key(w->a, l.ns, l.id),
                      json_text(w->a, &value, 0));
    commit(w, txn);
    start(w);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), ""));
}

static void test_a_redrive_waits_for_its_sensor(void **state)
{
    struct world *w = *state;
    struct str id;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    id = only_letter(w).id;
    delete_sensor(w);
    assert_int_equal(redrive(w, id), ERR_CONFLICT);
    assert_string_equal(w->answer.text,
                        "sensor argo/s runs no trigger t: it is not there, or paused");
    assert_int_equal(only_letter(w).redrives, 0);
    make_sensor(w);
    free_place(w);
    assert_int_equal(redrive(w, id), ERR_NONE);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), "1"));
}

static void test_deletion(void **state)
{
    struct world *w = *state;
    struct str id;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    id = only_letter(w).id;
    assert_int_equal(give_up(w, STR("other")), ERR_NOT_FOUND);
    assert_string_equal(w->answer.text, "dead letter \"other\" not found in namespace argo");
    assert_int_equal(give_up(w, id), ERR_NONE);
    assert_int_equal(only_letter(w).state, DEAD_LETTER_DONE);
    assert_int_equal(give_up(w, id), ERR_NOT_FOUND);
    assert_int_equal(redrive(w, id), ERR_NOT_FOUND);
    free_place(w);
    restart(w);
    come_again(w);
    assert_true(str_is(made(w), ""));
}

static void test_two_at_once(void **state)
{
    struct world *w = *state;
    struct str id;

    take_place(w);
    make_sensor(w);
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    id = only_letter(w).id;
    free_place(w);
    sensor_letter_redrive(w->c, &(struct sensor_letter_name){STR("argo"), id}, on_answer, w);
    assert_int_equal(w->answers, 0);
    sensor_letter_redrive(w->c, &(struct sensor_letter_name){STR("argo"), id}, on_answer, w);
    assert_int_equal(w->answers, 1);
    assert_int_equal(w->answer.kind, ERR_CONFLICT);
    assert_int_equal(give_up(w, id), ERR_CONFLICT);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_int_equal(w->answers, 3);
    assert_true(str_is(made(w), "1"));
}

static void test_the_oldest_make_room(void **state)
{
    struct world *w = *state;
    struct str first;

    take_place(w);
    make_sensor(w);
    w->c->letters.count_max = 2;
    publish(w, 1);
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    first = only_letter(w).id;
    for (int i = 2; i <= 4; i++) {
        publish(w, i);
        turn(w, 30);
    }
    wait_for_count(w, DEAD_LETTER_DONE, 2);
    assert_int_equal(count(w, DEAD_LETTER_WAITS), 2);
    assert_int_equal(redrive(w, first), ERR_NOT_FOUND);
    w->c->letters.done_max = 1;
    publish(w, 5);
    wait_for_count(w, DEAD_LETTER_DONE, 1); /* three, of which two are forgotten */
    assert_int_equal(count(w, DEAD_LETTER_WAITS), 2);
    w->c->letters.bytes_max = 1;
    publish(w, 6);
    wait_for_count(w, DEAD_LETTER_WAITS, 1); /* the newest stays */
    restart(w);
    assert_int_equal(w->c->letters.count, 1);
}

/* Pauses or lets go on, and waits for the status that tells. */
static void set_paused(struct world *w, const char *value)
{
    const struct store_key key = {STR("argoproj.io"), STR("Sensor"), STR("argo"), STR("s")};
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

static void test_a_paused_sensor_waits(void **state)
{
    struct world *w = *state;

    make_sensor(w);
    set_paused(w, "true");
    publish(w, 1);
    turn(w, 40);
    assert_true(str_is(made(w), ""));
    restart(w);
    turn(w, 20);
    assert_true(str_is(made(w), ""));
    set_paused(w, "false");
    turn(w, 40);
    assert_true(str_is(made(w), "1"));
    publish(w, 2); /* its name is taken */
    wait_for_count(w, DEAD_LETTER_WAITS, 1);
    set_paused(w, "true");
    assert_int_equal(redrive(w, only_letter(w).id), ERR_CONFLICT);
    set_paused(w, "false");
    free_place(w);
    assert_int_equal(redrive(w, only_letter(w).id), ERR_NONE);
    wait_for_count(w, DEAD_LETTER_DONE, 1);
    assert_true(str_is(made(w), "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_failed_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_redrive_makes_its_object_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_again_does_not_fire, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_redrive_goes_on_after_a_restart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_redrive_waits_for_its_sensor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deletion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_paused_sensor_waits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
