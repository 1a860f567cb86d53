/* Tests of base: text, numbers, containers, arenas, buffers, errors, randomness. */
#include "base/arena.h"
#include "base/bitset.h"
#include "base/err.h"
#include "base/gate.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void test_str_views(void **state)
{
    struct str rest = STR("a,b,,c");
    struct str piece;
    const char *const want[] = {"a", "b", "", "c"};
    size_t n = 0;

    (void) state;
    while (str_cut(&rest, ',', &piece))
        assert_true(str_is(piece, want[n++]));
    assert_int_equal(n, 4);
    assert_int_equal(str_find(STR("hello"), STR("ll")), 2);
    assert_true(str_find(STR("hello"), STR("x")) == SIZE_MAX);
    assert_int_equal(str_find(STR("hello"), STR("")), 0);
    assert_true(str_eq(str_trim(STR(" \t x y \n")), STR("x y")));
    assert_true(str_eq_nocase(STR("Content-Type"), STR("content-TYPE")));
    assert_false(str_eq_nocase(STR("a"), STR("b")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("b"), STR("ab")) > 0);
    assert_true(str_starts(STR("abc"), STR("ab")) && str_ends(STR("abc"), STR("bc")));
    assert_false(str_starts(STR("a"), STR("ab")));
    rest = STR("steps.a");
    assert_true(str_cut_prefix(&rest, STR("steps.")) && str_is(rest, "a"));
    assert_false(str_cut_prefix(&rest, STR("steps.")));
    assert_true(str_is(rest, "a"));
    assert_true(str_cut_prefix(&rest, STR("a")) && rest.len == 0);
    assert_true(str_is_none(STR_NONE) && !str_is_none(STR("")));
}

static void test_fnv_matches_argo_node_ids(void **state)
{
    (void) state;
    assert_int_equal(str_fnv32a(STR("")), 0x811c9dc5U);
    assert_int_equal(str_fnv32a(STR("a")), 0xe40c292cU);
    assert_int_equal(str_fnv32a(STR("sn-t1-d")), 805691853U);
}

static void test_parse_numbers(void **state)
{
    static const struct {
        struct str text;
        bool is_ok;
        int64_t want;
    } rows[] = {
        {STR_INIT("0"), true, 0},
        {STR_INIT("-9223372036854775808"), true, INT64_MIN},
        {STR_INIT("9223372036854775807"), true, INT64_MAX},
        {STR_INIT("9223372036854775808"), false, 0},
        {STR_INIT("+7"), true, 7},
        {STR_INIT(""), false, 0},
        {STR_INIT("-"), false, 0},
        {STR_INIT("1x"), false, 0},
        {STR_INIT(" 1"), false, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t got = 0;
        bool is_ok = parse_i64(rows[i].text, &got);

        if (is_ok != rows[i].is_ok || got != rows[i].want)
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(rows[i].text));
    }
}

static void test_parse_floats(void **state)
{
    double d = 0;

    (void) state;
    assert_true(parse_f64(STR("-1.5e3"), &d) && d < -1499.9 && d > -1500.1);
    assert_false(parse_f64(STR("nan"), &d));
    assert_false(parse_f64(STR("0x10"), &d));
    assert_false(parse_f64(STR("1e999"), &d));
    assert_false(parse_f64(STR(""), &d));
}

/* Entries that move while slots shift back must stay findable: every order of taking empties
 * the map. */
static void test_map_taken_in_any_order(void **state)
{
    (void) state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        _cleanup_map_ struct map m = {0};
        struct random r = random_seed(seed);
        char key[16];
        int values[300];

        for (int i = 0; i < 300; i++) {
            snprintf(key, sizeof(key), "m%d", i);
            map_put(&m, str_from(key), &values[i]);
        }
        while (m.len > 0) {
            struct map_entry *entry = &m.entries[random_below(&r, m.len)];
            void *value = entry->value;

            snprintf(key, sizeof(key), STR_FMT, STR_ARG(entry->key));
            if (map_take(&m, str_from(key)) != value)
                fail_msg("seed %d: %s was lost", (int) seed, key);
        }
    }
}

static void test_map_against_many_keys(void **state)
{
    _cleanup_map_ struct map m = {0};
    char key[16];
    static int values[1000];

    (void) state;
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_null(map_put(&m, str_from(key), &values[i]));
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(map_take(&m, str_from(key)), &values[i]);
    }
    assert_int_equal(m.len, 500);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_ptr_equal(map_find(&m, str_from(key)), i % 2 ? &values[i] : NULL);
    }
    assert_ptr_equal(map_put(&m, STR("k1"), &values[0]), &values[1]);
    assert_null(map_take(&m, STR("nobody")));
}

static void test_arena_keeps_what_it_gave(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str first = str_printf(a, "%s-%d", "first", 1);
    char *big = arena_alloc(a, 3 << 20);

    (void) state;
    big[(3 << 20) - 1] = 'x';
    for (int i = 0; i < 1000; i++)
        assert_int_equal((uintptr_t) arena_alloc(a, 24) % 16, 0);
    assert_true(str_eq(first, STR("first-1")));
    assert_true(str_eq(str_concat(a, STR("a"), STR("b")), STR("ab")));
    assert_true(str_is_none(str_copy(a, STR_NONE)));
    arena_reset(a);
    assert_int_equal(arena_bytes(a), 0);
}

/* After a reset an arena gives memory as a new one does, whatever it was used for before. */
static void test_arena_reset(void **state)
{
    enum { ROUNDS = 40, PIECES = 60 };
    struct random r = random_seed(7);
    struct arena *a = arena_new();

    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        char *pieces[PIECES];
        size_t sizes[PIECES];

        for (int i = 0; i < PIECES; i++) {
            sizes[i] = random_below(&r, round % 4 == 3 ? 60000 : 300) + 1;
            pieces[i] = arena_alloc(a, sizes[i]);
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], 0);
            memset(pieces[i], i + 1, sizes[i]);
        }
        for (int i = 0; i < PIECES; i++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], i + 1);
        arena_reset(a);
        if (round % 5 == 0)
            arena_reset(a); /* an empty one, too */
    }
    arena_free(a);
}

static void test_strbuf_skip(void **state)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(100);

    (void) state;
    strbuf_skip(&b, 3); /* nothing was written yet */
    strbuf_addz(&b, "hello world");
    strbuf_skip(&b, 0);
    strbuf_skip(&b, 6);
    assert_string_equal(b.ptr, "world");
    assert_int_equal(b.len, 5);
    strbuf_addz(&b, "!");
    assert_string_equal(b.ptr, "world!");
    strbuf_skip(&b, 100);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.ptr, "");
}

static void test_strbuf_stops_at_its_maximum(void **state)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(8);
    struct str got;
    struct err err = {0};

    (void) state;
    strbuf_addf(&b, "%d", 12345678);
    assert_int_equal(strbuf_finish(&b, &got, &err), 0);
    assert_true(str_eq(got, STR("12345678")));
    strbuf_addc(&b, 'x');
    assert_int_equal(strbuf_finish(&b, &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    strbuf_reset(&b);
    assert_int_equal(strbuf_finish(&b, &got, &err), 0);
    assert_int_equal(got.len, 0);
}

static void test_err_tells_its_story(void **state)
{
    struct err err = {0};

    (void) state;
    assert_int_equal(err_sys(&err, ENOSPC, "write %s", "x"), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_string_equal(err.text, "write x: No space left on device");
    err_wrap(&err, "store");
    assert_string_equal(err.text, "store: write x: No space left on device");
    assert_true(err_is_retryable(&err));
    err_set(&err, ERR_INVALID, "%s again", err.text);
    assert_string_equal(err.text, "store: write x: No space left on device again");
    assert_false(err_is_retryable(&err));
}

struct entry {
    int n;
    struct list link;
};

static void test_list_removal_while_walking(void **state)
{
    struct list head = LIST_INIT(head);
    struct list other = LIST_INIT(other);
    struct entry entries[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};
    int sum = 0;

    (void) state;
    for (int i = 0; i < 4; i++)
        list_append(&head, &entries[i].link);
    LIST_FOREACH (entry, &head, struct entry, link) {
        if (entry->n % 2)
            list_remove(&entry->link);
    }
    list_splice(&other, &head);
    assert_true(list_is_empty(&head));
    LIST_FOREACH (entry, &other, struct entry, link)
        sum += entry->n + 10;
    assert_int_equal(sum, 22);
}

static void test_vec_and_bitset(void **state)
{
    VEC(int) v = {0};
    _cleanup_arena_ struct arena *a = arena_new();
    struct bitset set = bitset_new(a, 130);
    int sum = 0;

    (void) state;
    for (int i = 0; i < 100; i++)
        VEC_PUSH(&v, i);
    VEC_FOREACH (it, &v)
        sum += *it;
    assert_int_equal(sum, 4950);
    VEC_DONE(&v);
    bitset_add(&set, 129);
    assert_true(bitset_has(&set, 129) && !bitset_has(&set, 128));
    bitset_remove(&set, 129);
    assert_false(bitset_has(&set, 129));
}

static void test_random_is_repeatable(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct random one = random_seed(7);
    struct random two = random_seed(7);
    struct str uuid = random_uuid(&one, a);

    (void) state;
    assert_true(str_eq(uuid, random_uuid(&two, a)));
    assert_int_equal(uuid.len, UUID_TEXT_BYTES);
    assert_int_equal(uuid.ptr[14], '4');
    for (int i = 0; i < 1000; i++)
        assert_true(random_below(&one, 3) < 3);
}

/* Seeds of the kernel are asked for in advance, a thread at a time: none is given out twice. */
static void *take_seeds(void *ctx)
{
    uint64_t *seeds = ctx;

    for (int i = 0; i < 200; i++)
        seeds[i] = random_from_system().state;
    return NULL;
}

static int compare_seeds(const void *left, const void *right)
{
    const uint64_t *l = left, *r = right;

    return *l < *r ? -1 : *l > *r;
}

static void test_seeds_of_threads_differ(void **state)
{
    uint64_t seeds[4][200];
    pthread_t threads[4];

    (void) state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_seeds, seeds[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    qsort(seeds, 800, sizeof(seeds[0][0]), compare_seeds);
    for (int i = 1; i < 800; i++)
        assert_true((&seeds[0][0])[i] != (&seeds[0][0])[i - 1]);
}

static void test_secret_compares_whole_values(void **state)
{
    _cleanup_secret_ struct secret s = {0};

    (void) state;
    assert_false(secret_equals(&s, STR("x")));
    secret_init(&s, STR("hunter2"));
    assert_true(secret_equals(&s, STR("hunter2")));
    assert_false(secret_equals(&s, STR("hunter")));
    assert_false(secret_equals(&s, STR("hunter22")));
    assert_true(secret_is_set(&s));
}

static void test_log_lines_are_one_schema(void **state)
{
    int fds[2];
    char line[512] = "";
    const struct log_field name = LOG_STR(NAME, STR("a \"b\"\n"));
    const struct log_scope scope = {.fields = &name, .count = 1};

    (void) state;
    assert_int_equal(pipe(fds), 0);
    log_setup(LOG_FORMAT_JSON, LOG_LEVEL_INFO, fds[1]);
    log_debug(&scope, "not seen");
    log_info(&scope, "seen", LOG_I64(COUNT, 3));
    assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    assert_non_null(strstr(line, "\"level\":\"info\",\"msg\":\"seen\",\"count\":3,"
                                 "\"name\":\"a \\\"b\\\"\\n\"}\n"));
    close(fds[0]);
    close(fds[1]);
}

/* Bytes of a pipe that are there now. */
static size_t drain(int fd, char *to, size_t room)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t len = 0;

    while (poll(&ready, 1, 0) > 0 && len + 1 < room) {
        ssize_t got = read(fd, to + len, room - 1 - len);

        if (got <= 0)
            break;
        len += (size_t) got;
    }
    to[len] = '\0';
    return len;
}

static void test_a_line_is_one_line(void **state)
{
    static const struct {
        struct str name;
        const char *text, *json;
    } rows[] = {
        {STR_INIT("plain"), "name=plain\n", "\"name\":\"plain\"}\n"},
        {STR_INIT(""), "name=\"\"\n", "\"name\":\"\"}\n"},
        {STR_INIT("a b"), "name=\"a b\"\n", "\"name\":\"a b\"}\n"},
        {STR_INIT("a=b"), "name=\"a=b\"\n", "\"name\":\"a=b\"}\n"},
        {STR_INIT("a\\b"), "name=\"a\\\\b\"\n", "\"name\":\"a\\\\b\"}\n"},
        {STR_INIT("x\nlevel=error"), "name=\"x\\nlevel=error\"\n",
         "\"name\":\"x\\nlevel=error\"}\n"},
        {STR_INIT("\r\x1b[2J\x7f"), "name=\"\\u000d\\u001b[2J\\u007f\"\n",
         "\"name\":\"\\u000d\\u001b[2J\\u007f\"}\n"},
        {STR_INIT("gr\xc3\xbc\xc3\x9f"), "name=\"gr\xc3\xbc\xc3\x9f\"\n",
         "\"name\":\"gr\xc3\xbc\xc3\x9f\"}\n"},
        {STR_INIT("\xc2\x85\xe2\x80\xa8"), "name=\"\\u0085\\u2028\"\n",
         "\"name\":\"\\u0085\\u2028\"}\n"},
        {STR_INIT("a\xff\xc3"), "name=\"a\\ufffd\\ufffd\"\n",
         "\"name\":\"a\\ufffd\\ufffd\"}\n"},
        {STR_INIT("\xed\xa0\x80"), "name=\"\\ufffd\\ufffd\\ufffd\"\n",
         "\"name\":\"\\ufffd\\ufffd\\ufffd\"}\n"},
    };
    int fds[2];
    char line[512];

    (void) state;
    assert_int_equal(pipe(fds), 0);
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        bool is_json = i % 2;

        log_setup(is_json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT, LOG_LEVEL_INFO, fds[1]);
        log_warn(NULL, "two words", LOG_STR(NAME, rows[i / 2].name));
        drain(fds[0], line, sizeof(line));
        if (!str_ends(str_from(line),
                      str_from(is_json ? rows[i / 2].json : rows[i / 2].text)) ||
            strchr(line, '\n')[1] != '\0' ||
            !strstr(line, is_json ? "\"level\":\"warn\",\"msg\":\"two words\","
                                  : " level=warn msg=\"two words\" "))
            fail_msg("row %zu: %s", i, line);
    }
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    close(fds[0]);
    close(fds[1]);
}

static void test_held_lines_come_at_the_release(void **state)
{
    static char text[2 * LOG_HELD_MAX_BYTES], bulk[1001];
    int fds[2];
    size_t len;

    (void) state;
    memset(bulk, 'b', 1000);
    assert_int_equal(pipe(fds), 0);
    fcntl(fds[1], F_SETPIPE_SZ, 2 * LOG_HELD_MAX_BYTES);
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, fds[1]);
    log_hold();
    log_info(NULL, "first");
    log_info(NULL, "second", LOG_STR(NAME, STR("a\x01z")));
    assert_int_equal(drain(fds[0], text, sizeof(text)), 0);
    log_release();
    drain(fds[0], text, sizeof(text));
    assert_non_null(strstr(text, "msg=first\n"));
    assert_non_null(strstr(strstr(text, "first\n"), "msg=second name=\"a\\u0001z\"\n"));
    log_hold();
    for (size_t i = 0; i < LOG_HELD_MAX_BYTES / 1000; i++)
        log_info(NULL, "bulk", LOG_STR(DATA, str_from(bulk)));
    len = drain(fds[0], text, sizeof(text)); /* more than may be held was written */
    assert_in_range(len, 1000, LOG_HELD_MAX_BYTES);
    assert_int_equal(text[len - 1], '\n');
    log_release();
    assert_true(drain(fds[0], text, sizeof(text)) > 0);
    log_info(NULL, "at once");
    assert_true(drain(fds[0], text, sizeof(text)) > 0);
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_INFO, STDERR_FILENO);
    close(fds[0]);
    close(fds[1]);
}

struct passage {
    struct gate gate;
    atomic_bool is_open;
    atomic_int passed;
};

static void *pass(void *ctx)
{
    struct passage *p = ctx;

    while (!atomic_load(&p->is_open)) {
        unsigned seen = gate_look(&p->gate);

        if (!atomic_load(&p->is_open))
            gate_wait(&p->gate, seen);
    }
    atomic_fetch_add(&p->passed, 1);
    return NULL;
}

/* One call lets all through, whether they wait already or come just now. */
static void test_gate(void **state)
{
    enum { ROUNDS = 100, THREADS = 8 };

    (void) state;
    for (int round = 0; round < ROUNDS; round++) {
        struct passage p = {0};
        pthread_t threads[THREADS];

        gate_open(&p.gate); /* before the moment: nobody passes */
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, pass, &p), 0);
        while (round % 2 && atomic_load(&p.gate.waiting) < THREADS)
            sched_yield();
        assert_int_equal(atomic_load(&p.passed), 0);
        atomic_store(&p.is_open, true);
        gate_open(&p.gate);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(atomic_load(&p.passed), THREADS);
        assert_int_equal(atomic_load(&p.gate.waiting), 0);
        gate_wait(&p.gate, gate_look(&p.gate) - 1); /* it was opened since: no sleep */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_str_views),
        cmocka_unit_test(test_fnv_matches_argo_node_ids),
        cmocka_unit_test(test_parse_numbers),
        cmocka_unit_test(test_parse_floats),
        cmocka_unit_test(test_map_against_many_keys),
        cmocka_unit_test(test_map_taken_in_any_order),
        cmocka_unit_test(test_arena_keeps_what_it_gave),
        cmocka_unit_test(test_arena_reset),
        cmocka_unit_test(test_strbuf_skip),
        cmocka_unit_test(test_strbuf_stops_at_its_maximum),
        cmocka_unit_test(test_err_tells_its_story),
        cmocka_unit_test(test_list_removal_while_walking),
        cmocka_unit_test(test_vec_and_bitset),
        cmocka_unit_test(test_random_is_repeatable),
        cmocka_unit_test(test_seeds_of_threads_differ),
        cmocka_unit_test(test_secret_compares_whole_values),
        cmocka_unit_test(test_log_lines_are_one_schema),
        cmocka_unit_test(test_a_line_is_one_line),
        cmocka_unit_test(test_held_lines_come_at_the_release),
        cmocka_unit_test(test_gate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
