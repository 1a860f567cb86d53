/* Tests of the checks of `tiphys doctor`: what is judged how, and databases that are whole or
 * not. */
#include "cli/doctor.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

static void assert_finding(const struct doctor_finding *f, enum doctor_state state,
                           const char *text)
{
    if (f->state != state || str_find(f->text, str_from(text)) == SIZE_MAX)
        fail_msg("%d " STR_FMT, (int) f->state, STR_ARG(f->text));
    assert_int_equal(f->advice.len > 0, state != DOCTOR_OK);
}

static void test_judges(void **state)
{
    static const struct {
        uint64_t mib;
        enum doctor_state want;
    } spaces[] = {{0, DOCTOR_FAILED},
                  {63, DOCTOR_FAILED},
                  {64, DOCTOR_WARNING},
                  {1023, DOCTOR_WARNING},
                  {1024, DOCTOR_OK}};
    static const struct {
        const char *release;
        enum doctor_state want;
    } kernels[] = {{"6.1.0-9-amd64", DOCTOR_OK},
                   {"5.11.0", DOCTOR_OK},
                   {"5.10.0-21", DOCTOR_WARNING},
                   {"4.19.1", DOCTOR_WARNING},
                   {"odd", DOCTOR_WARNING}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct doctor_finding f;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(spaces); i++) {
        f = doctor_judge_space(a, spaces[i].mib << 20);
        assert_finding(&f, spaces[i].want, "MiB free");
    }
    for (size_t i = 0; i < COUNT_OF(kernels); i++) {
        f = doctor_judge_kernel(a, kernels[i].release);
        assert_finding(&f, kernels[i].want, kernels[i].release);
    }
    f = doctor_judge_files(a, 1024, 1048576);
    assert_finding(&f, DOCTOR_WARNING, "1024 open files");
    assert_true(str_starts(f.advice, STR("raise the limit: ulimit -n")));
    f = doctor_judge_files(a, 1024, 1024);
    assert_true(str_starts(f.advice, STR("raise the hard limit")));
    f = doctor_judge_files(a, 8192, 8192);
    assert_finding(&f, DOCTOR_OK, "8192 open files");
    f = doctor_judge_files(a, RLIM_INFINITY, RLIM_INFINITY);
    assert_finding(&f, DOCTOR_OK, "without limit");
    f = doctor_judge_clock(a, (struct wall){0}, true);
    assert_finding(&f, DOCTOR_FAILED, "Unix time 0");
    f = doctor_judge_clock(a, (struct wall){1790000000000}, false);
    assert_finding(&f, DOCTOR_WARNING, "kept by nobody");
    f = doctor_judge_clock(a, (struct wall){1790000000000}, true);
    assert_finding(&f, DOCTOR_OK, "Unix time 1790000000");
}

static void overwrite(const char *file)
{
    static char junk[4096];
    int fd = open(file, O_RDWR);

    memset(junk, 'x', sizeof(junk));
    for (int page = 1; page < 8; page++)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096), sizeof(junk));
    close(fd);
}

static void test_databases(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char path[] = "/tmp/tiphys-doctor-XXXXXX";
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    const char *file;
    struct doctor_finding f;
    struct store *store;
    struct loop *loop;
    struct err err;

    (void) state;
    assert_non_null(mkdtemp(path));
    file = str_printf(a, "%s/state.db", path).ptr;
    f = doctor_judge_database(a, path, "state.db");
    assert_finding(&f, DOCTOR_OK, "state.db is not there yet");
    loop = loop_new(&err);
    store = store_open(&(struct store_options){.path = path, .loop = loop}, &err);
    assert_non_null(store);
    f = doctor_judge_database(a, path, "state.db"); /* while a server has it */
    assert_finding(&f, DOCTOR_OK, "state.db is whole");
    store_close(store);
    loop_free(loop);
    f = doctor_judge_database(a, path, "state.db");
    assert_finding(&f, DOCTOR_OK, "state.db is whole");
    overwrite(file);
    f = doctor_judge_database(a, path, "state.db");
    assert_finding(&f, DOCTOR_FAILED, "state.db: ");
    assert_int_equal(truncate(file, 100), 0);
    f = doctor_judge_database(a, path, "state.db");
    assert_finding(&f, DOCTOR_FAILED, "state.db: ");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(a, "%s/%s", path, names[i]).ptr);
    rmdir(path);
}

static void test_every_check_says_something(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    size_t count;
    const struct doctor_check *checks = doctor_checks(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        struct doctor_finding f = checks[i].look(a, "/nowhere/at/all");

        assert_true(f.text.len > 0);
        assert_int_equal(f.advice.len > 0, f.state != DOCTOR_OK);
    }
}

static void test_images(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct doctor_finding f = doctor_judge_images(a, true, true, "runc");

    (void) state;
    assert_int_equal(f.state, DOCTOR_OK);
    assert_true(str_is(f.text, "skopeo and runc are there for isolation image"));
    f = doctor_judge_images(a, false, false, NULL);
    assert_int_equal(f.state, DOCTOR_WARNING);
    assert_true(str_is(f.text,
                       "isolation image cannot be used: this user is not root; there is "
                       "no skopeo; there is neither crun nor runc;"));
    f = doctor_judge_images(a, true, false, "crun");
    assert_true(str_is(f.text, "isolation image cannot be used: there is no skopeo;"));
}

static void test_cgroups(void **state)
{
    (void) state;
    assert_int_equal(doctor_judge_cgroups(true, true).state, DOCTOR_OK);
    assert_true(str_is(doctor_judge_cgroups(false, true).text, "cgroups version 1"));
    assert_int_equal(doctor_judge_cgroups(false, false).state, DOCTOR_WARNING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_cgroups),
        cmocka_unit_test(test_judges),
        cmocka_unit_test(test_databases),
        cmocka_unit_test(test_every_check_says_something),
    };

    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
