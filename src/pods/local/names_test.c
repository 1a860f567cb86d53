/*
 * Tests of a pod's /etc/hosts, /etc/resolv.conf and host name: what is written behind what this
 * machine has, and what is refused.
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

#include "base/fd.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

struct world {
    char path[64];
    struct arena *a;
    struct local runner;
    struct local_pod pod;
    struct str words; /* of the plan, '|' behind each */
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-names-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    w->runner.root = w->path;
    w->pod = (struct local_pod){
        .runner = &w->runner, .dir = STR("."), .isolation = LOCAL_ISOLATION_HOST};
    w->pod.req.name = STR("the-pod");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    tree_remove(AT_FDCWD, w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

static const char *stage(struct world *w, const char *template)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(65536);
    struct json *doc = ARENA_NEW(w->a, struct json);
    int dirfd = open(w->path, O_PATH | O_DIRECTORY | O_CLOEXEC), result;
    struct err err = {0};

    assert_int_equal(json_parse(w->a, str_from(template), doc, &err), 0);
    w->pod.req.template = doc;
    result = names_stage(&w->pod, dirfd, &plan, &err);
    close(dirfd);
    w->words = str_copy(w->a, strbuf_str(&plan));
    for (size_t i = 0; i < w->words.len; i++)
        if (!w->words.ptr[i])
            ((char *) (uintptr_t) w->words.ptr)[i] = '|';
    return result < 0 ? str_copy(w->a, str_from(err.text)).ptr : "";
}

static struct str text_of(struct world *w, const char *path)
{
    char *bytes = arena_alloc(w->a, 1 << 16);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, bytes, 1 << 16) : 0;

    if (fd >= 0)
        close(fd);
    return str_of(bytes, len > 0 ? (size_t) len : 0);
}

static struct str made(struct world *w, const char *name)
{
    return text_of(w, str_printf(w->a, "%s/%s", w->path, name).ptr);
}

static void test_nothing(void **state)
{
    struct world *w = *state;

    assert_string_equal(stage(w, "{\"hostAliases\":[],\"dnsPolicy\":\"ClusterFirst\"}"), "");
    assert_int_equal(w->words.len, 0);
    assert_true(str_is(names_host(&w->pod), "the-pod"));
}

static void test_hosts(void **state)
{
    struct world *w = *state;
    struct str machine = text_of(w, "/etc/hosts"), text;

    assert_string_equal(stage(w,
                              "{\"hostname\":\"other\",\"hostAliases\":[{\"ip\":\"10.0.0.1\","
                              "\"hostnames\":[\"a\",\"b.c\"]},{\"ip\":\"fe80::1\"}]}"),
                        "");
    text = made(w, "hosts");
    assert_true(str_starts(text, machine));
    assert_true(str_ends(text, STR("\n# Entries added by HostAliases.\n10.0.0.1\ta\tb.c\n"
                                   "fe80::1\n")));
    assert_true(
        str_eq(w->words, str_printf(w->a, "bind|%s/./hosts|at|/etc/hosts|mode|rw|", w->path)));
    assert_true(str_is(names_host(&w->pod), "other"));
    assert_true(names_has_hosts(&w->pod) && !names_has_resolver(&w->pod));
}

static void test_resolver(void **state)
{
    struct world *w = *state;

    assert_string_equal(
        stage(w,
              "{\"dnsPolicy\":\"None\",\"dnsConfig\":{\"nameservers\":[\"1.1.1.1\",\"::1\","
              "\"1.1.1.1\"],\"searches\":[\"a.b\",\"c\"],\"options\":[{\"name\":\"ndots\","
              "\"value\":\"2\"},{\"name\":\"edns0\"},{\"name\":\"ndots\",\"value\":\"3\"}]}}"),
        "");
    assert_true(str_is(made(w, "resolv.conf"), "search a.b c\nnameserver 1.1.1.1\nnameserver "
                                               "::1\noptions ndots:3 edns0\n"));
    assert_true(
        str_eq(w->words, str_printf(w->a, "bind|%s/./resolv.conf|at|/etc/resolv.conf|mode|rw|",
                                    w->path)));
    /* Behind what the machine has. */
    assert_string_equal(stage(w, "{\"dnsConfig\":{\"options\":[{\"name\":\"tiphys\"}]}}"), "");
    assert_true(str_ends(made(w, "resolv.conf"), STR("tiphys\n")));
}

static void test_refusals(void **state)
{
    static const char *const cases[][2] = {
        {"{\"hostAliases\":[{\"ip\":\"10.0.0\"}]}",
         "hostAliases[0]: Invalid value: \"10.0.0\": must be a valid IP address"},
        {"{\"hostAliases\":[{\"ip\":\"::1\",\"hostnames\":[\"a\\n1.1.1.1 b\"]}]}",
         "hostAliases[0]: Invalid value: \"a\n1.1.1.1 b\": must be a host name"},
        {"{\"dnsPolicy\":\"None\"}",
         "dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when "
         "`dnsPolicy` is None"},
        {"{\"dnsConfig\":{\"nameservers\":[\"dns\"]}}",
         "dnsConfig.nameservers[0]: Invalid value: \"dns\": must be a valid IP address"},
        {"{\"dnsConfig\":{\"searches\":[\"\"]}}",
         "dnsConfig.searches[0]: Invalid value: \"\": must be a domain"},
        {"{\"dnsConfig\":{\"options\":[{\"name\":\"a\",\"value\":\"b c\"}]}}",
         "dnsConfig.options[0]: Invalid value: \"a\": must be an option of the resolver"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(stage(w, cases[i][0]), cases[i][1]);
    w->pod.isolation = LOCAL_ISOLATION_PROCESS;
    assert_string_equal(stage(w, "{\"dnsPolicy\":\"Default\"}"), "");
    assert_string_equal(stage(w, "{\"hostname\":\"h\"}"),
                        "hostname in isolation process is not "
                        "supported yet: use host or image");
    assert_string_equal(stage(w, "{\"hostAliases\":[{\"ip\":\"::1\"}]}"),
                        "hostAliases in isolation process is not supported yet: use host or "
                        "image");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hosts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_resolver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
