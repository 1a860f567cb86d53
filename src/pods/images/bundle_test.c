/* Tests of what a container of an image runs as: command, user, securityContext, and the
 * configuration that the runtime is given, member by member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pods/images/bundle.h"

static const struct json *parse(struct arena *a, const char *text)
{
    struct json *ret = ARENA_NEW(a, struct json);
    struct err err;

    if (json_parse(a, str_from(text), ret, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return ret;
}

/* ---- command ---- */

static void test_command(void **state)
{
    static const char *const both = "{\"Entrypoint\":[\"e\"],\"Cmd\":[\"c1\",\"c2\"]}";
    const struct {
        const char *config, *container, *want;
    } rows[] = {
        /* The four rules of Kubernetes. */
        {both, "{}", "e c1 c2"},
        {both, "{\"command\":[\"x\"]}", "x"},
        {both, "{\"args\":[\"y\"]}", "e y"},
        {both, "{\"command\":[\"x\"],\"args\":[\"y\",\"z\"]}", "x y z"},
        /* An empty list says nothing. */
        {both, "{\"command\":[],\"args\":[]}", "e c1 c2"},
        {"{\"Cmd\":[\"sh\"]}", "{}", "sh"},
        {"{\"Cmd\":[\"sh\"]}", "{\"args\":[\"-c\",\"true\"]}", "-c true"},
        {"{\"Entrypoint\":[\"e\"]}", "{}", "e"},
        {"{\"Entrypoint\":null,\"Cmd\":null}", "{}", ""},
        {"{}", "{}", ""},
        {"{}", "{\"command\":[\"x\"]}", "x"},
        {NULL, "{\"command\":[\"x\"],\"args\":[\"y\"]}", "x y"},
        {NULL, "{}", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct json *words;
        struct str have = STR("");
        size_t count;

        bundle_command(rows[i].config ? parse(a, rows[i].config) : NULL,
                       parse(a, rows[i].container), a, &words, &count);
        for (size_t j = 0; j < count; j++)
            have = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(have), j ? " " : "",
                              STR_ARG(json_str(&words[j])));
        if (!str_is(have, rows[i].want))
            fail_msg("row %zu: \"" STR_FMT "\", not \"%s\"", i, STR_ARG(have), rows[i].want);
    }
}

/* ---- user ---- */

#define PASSWD                                                                                \
    "root:x:0:0:root:/root:/bin/sh\nbroken\nweb:x:33:34:Web:/var/www:/bin/false\nnohome:x:7:" \
    "7:::\n12:x:1000:1000::/twelve:/bin/sh\n"
#define GROUP "root:x:0:\nwww:x:34:\nextra:x:50:other,web\nmore:x:51:web\nbad:x:y:web\n"

static void test_users(void **state)
{
    static const struct {
        const char *spec;
        uint32_t uid, gid;
        size_t groups;
        const char *home;
    } rows[] = {
        {"", 0, 0, 0, "/root"},
        {"root", 0, 0, 0, "/root"},
        {"0", 0, 0, 0, "/root"},
        {"web", 33, 34, 2, "/var/www"},
        {"33", 33, 34, 2, "/var/www"},
        {"web:root", 33, 0, 0, "/var/www"},
        {"web:99", 33, 99, 0, "/var/www"},
        {"1234", 1234, 0, 0, "/"},
        {"1234:extra", 1234, 50, 0, "/"},
        {":www", 0, 34, 0, "/root"},
        {"nohome", 7, 7, 0, "/"},
        {"12", 1000, 1000, 0, "/twelve"}, /* a name of digits is a name first */
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct bundle_user user;
        struct err err;

        if (bundle_user_parse(str_from(rows[i].spec), STR(PASSWD), STR(GROUP), a, &user, &err) <
            0)
            fail_msg("row %zu: %s", i, err.text);
        if (user.uid != rows[i].uid || user.gid != rows[i].gid ||
            user.group_count != rows[i].groups || !str_is(user.home, rows[i].home))
            fail_msg("row %zu: %u:%u, %zu groups, home " STR_FMT, i, user.uid, user.gid,
                     user.group_count, STR_ARG(user.home));
    }
}

static void test_unknown_users(void **state)
{
    static const struct {
        const char *spec, *why;
    } rows[] = {
        {"nobody", "unable to find user nobody: no matching entries in passwd file"},
        {"-1", "unable to find user -1: no matching entries in passwd file"},
        {"4294967296", "unable to find user 4294967296: no matching entries in passwd file"},
        {"web:none", "unable to find group none: no matching entries in group file"},
        {"web:bad", "unable to find group bad: no matching entries in group file"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct bundle_user user;
        struct err err;

        assert_int_equal(
            bundle_user_parse(str_from(rows[i].spec), STR(PASSWD), STR(GROUP), a, &user, &err),
            -1);
        assert_string_equal(err.text, rows[i].why);
    }
}

/* ---- securityContext ---- */

static void test_security(void **state)
{
    static const struct {
        const char *pod, *container, *want;
    } rows[] = {
        {"{\"runAsUser\":1}", "{\"runAsUser\":2}", "{\"runAsUser\":2}"},
        {"{\"runAsUser\":1}", "{\"runAsGroup\":2}", "{\"runAsUser\":1,\"runAsGroup\":2}"},
        {"{\"runAsUser\":1}", "null", "{\"runAsUser\":1}"},
        {"null", "{\"runAsUser\":2}", "{\"runAsUser\":2}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct json *have =
            bundle_security(a, parse(a, rows[i].pod), parse(a, rows[i].container));

        assert_true(json_equal(have, parse(a, rows[i].want)));
    }
    assert_null(bundle_security(NULL, NULL, NULL));
}

static void test_refused_security(void **state)
{
    static const struct {
        const char *context, *why;
    } rows[] = {
        {"{\"privileged\":true}",
         "securityContext.privileged: privileged containers are not supported yet"},
        {"{\"privileged\":false}", NULL},
        {"{\"seccompProfile\":{\"type\":\"Unconfined\"}}",
         "securityContext.seccompProfile Unconfined is not supported yet"},
        {"{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}", NULL},
        {"{\"procMount\":\"Unmasked\"}",
         "securityContext.procMount Unmasked is not supported yet"},
        {"{\"capabilities\":{\"add\":[\"CHOWN\",\"CAP_KILL\"]}}", NULL},
        {"{\"capabilities\":{\"add\":[\"SYS_ADMIN\"]}}",
         "securityContext.capabilities.add: SYS_ADMIN is beyond what a container has here, "
         "which "
         "is not supported yet"},
        {"{\"capabilities\":{\"add\":[\"ALL\"]}}",
         "securityContext.capabilities.add: ALL is beyond what a container has here, which is "
         "not supported yet"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct err err;
        int result = bundle_check(parse(a, rows[i].context), &err);

        assert_int_equal(result, rows[i].why ? -1 : 0);
        if (rows[i].why)
            assert_string_equal(err.text, rows[i].why);
    }
}

static void test_lacks(void **state)
{
    static const struct {
        const char *context;
        int64_t lacks; /* -1: refused */
    } rows[] = {
        {"{}", 0},
        {"{\"capabilities\":{\"drop\":[\"CHOWN\",\"CAP_BPF\"]}}", (INT64_C(1) << 39) | 1},
        {"{\"capabilities\":{\"drop\":[\"ALL\"]}}", INT64_MAX},
        {"{\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"KILL\"]}}",
         INT64_MAX - (INT64_C(1) << 5)},
        {"{\"capabilities\":{\"drop\":[\"KILL\"],\"add\":[\"KILL\"]}}", 0},
        {"{\"capabilities\":{\"drop\":[\"kill\"]}}", -1},
        {"{\"capabilities\":{\"drop\":[7]}}", -1},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        int64_t lacks = 0;
        struct err err;
        int result = bundle_lacks(parse(a, rows[i].context), &lacks, &err);

        assert_int_equal(result, rows[i].lacks < 0 ? -1 : 0);
        if (result == 0)
            assert_int_equal(lacks, rows[i].lacks);
        assert_int_equal(bundle_check(parse(a, rows[i].context), &err), result);
    }
}

static void test_choose(void **state)
{
    static const struct {
        const char *context, *why;
        uint32_t uid, gid;
        size_t groups;
    } rows[] = {
        {"{}", NULL, 0, 0, 0},
        {"{\"runAsUser\":4000}", NULL, 4000, 0, 0},
        {"{\"runAsUser\":4000,\"runAsGroup\":4001,\"supplementalGroups\":[1,2],\"fsGroup\":3}",
         NULL, 4000, 4001, 3},
        {"{\"runAsNonRoot\":true}",
         "container has runAsNonRoot and image will run as root (image: img)", 0, 0, 0},
        {"{\"runAsNonRoot\":true,\"runAsUser\":0}",
         "container's runAsUser breaks non-root policy: runAsNonRoot is true and runAsUser 0",
         0, 0, 0},
        {"{\"runAsNonRoot\":false,\"runAsUser\":0}", NULL, 0, 0, 0},
        {"{\"runAsUser\":\"web\"}",
         "securityContext.runAsUser must be a number from 0 to 4294967294", 0, 0, 0},
        {"{\"supplementalGroups\":[-1]}",
         "securityContext.supplementalGroups must be a number from 0 to 4294967294", 0, 0, 0},
        {"{\"fsGroup\":4294967295}",
         "securityContext.fsGroup must be a number from 0 to 4294967294", 0, 0, 0},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct bundle_names names = {.spec = STR(""),
                                           .passwd = STR("root:x:0:0::/root:/bin/sh\n"),
                                           .group = STR("root:x:0:\n"),
                                           .image = STR("img")};
        struct bundle_user user;
        struct err err;
        int result = bundle_user_choose(&names, parse(a, rows[i].context), a, &user, &err);

        assert_int_equal(result, rows[i].why ? -1 : 0);
        if (rows[i].why) {
            assert_string_equal(err.text, rows[i].why);
            continue;
        }
        assert_int_equal(user.uid, rows[i].uid);
        assert_int_equal(user.gid, rows[i].gid);
        assert_int_equal(user.group_count, rows[i].groups);
    }
}

/* ---- config.json ---- */

static const struct json *print(struct arena *a, const struct bundle *b)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(1 << 20);
    struct str text;
    struct err err;

    bundle_print(b, &out);
    assert_int_equal(strbuf_finish(&out, &text, &err), 0);
    return parse(a, str_cz(a, text));
}

static struct bundle usual(void)
{
    static const struct str args[] = {STR_INIT("sh"), STR_INIT("-c"), STR_INIT("echo \"x\"\n")};
    static const struct str env[] = {STR_INIT("A=1"), STR_INIT("B=\\ \x01 \xc3\xa4")};

    return (struct bundle){.args = args,
                           .arg_count = 3,
                           .env = env,
                           .env_count = 2,
                           .cwd = STR("/w"),
                           .hostname = STR("pod-1"),
                           .cgroup = STR("/tiphys/x"),
                           .pidns = STR("/s/pidns"),
                           .has_cgroups = true,
                           .has_hosts = true};
}

static void assert_text(const struct json *doc, const char *want, const char *a, const char *b)
{
    _cleanup_arena_ struct arena *arena = arena_new();
    struct str have = json_text(arena, json_path(doc, a, b, NULL), JSON_COMPACT);

    if (!str_is(have, want))
        fail_msg("%s.%s is " STR_FMT ", not %s", a, b ? b : "", STR_ARG(have), want);
}

static void test_config(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct bundle b = usual();
    const struct json *doc = print(a, &b);

    (void) state;
    assert_text(doc, "[\"sh\",\"-c\",\"echo \\\"x\\\"\\n\"]", "process", "args");
    assert_text(doc, "[\"A=1\",\"B=\\\\ \\u0001 \xc3\xa4\"]", "process", "env");
    assert_text(doc, "\"/w\"", "process", "cwd");
    assert_text(doc, "{\"uid\":0,\"gid\":0}", "process", "user");
    assert_text(doc, "true", "process", "noNewPrivileges");
    assert_text(doc, "false", "process", "terminal");
    assert_text(doc, "{\"path\":\"root\",\"readonly\":false}", "root", NULL);
    assert_text(doc, "\"pod-1\"", "hostname", NULL);
    assert_text(doc, "\"/tiphys/x\"", "linux", "cgroupsPath");
    assert_text(doc, "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", "linux",
                "resources");
    assert_text(
        doc,
        "[{\"type\":\"pid\",\"path\":\"/s/pidns\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
        "{\"type\":\"mount\"}]",
        "linux", "namespaces");
    assert_int_equal(json_get(doc, STR("mounts"))->count, 7);
    assert_int_equal(json_path(doc, "linux", "maskedPaths", NULL)->count, 11);
    assert_int_equal(json_path(doc, "linux", "readonlyPaths", NULL)->count, 5);
}

static void test_limits(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct bundle b = usual();

    (void) state;
    b.memory_bytes = 1 << 20;
    b.cpu_milli = 250;
    assert_text(print(a, &b),
                "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"memory\":{\"limit\":"
                "1048576},\"cpu\":{\"shares\":2,\"quota\":25000,\"period\":100000}}",
                "linux", "resources");
    b.has_swap_limit = true;
    b.cpu_milli = 1;
    b.cpu_request_milli = 500;
    assert_text(print(a, &b),
                "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"memory\":{\"limit\":"
                "1048576,\"swap\":1048576},\"cpu\":{\"shares\":512,\"quota\":1000,\"period\":"
                "100000}}",
                "linux", "resources");
    b.has_cgroups = false;
    assert_text(print(a, &b), "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}", "linux",
                "resources");
}

static void test_choices(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct bundle b = usual();
    const struct json *doc;

    (void) state;
    b.network = BUNDLE_NETWORK_NONE;
    b.user = (struct bundle_user){.uid = 5, .gid = 6, .groups = {7, 8}, .group_count = 2};
    b.security = parse(a, "{\"readOnlyRootFilesystem\":true,\"allowPrivilegeEscalation\":true,"
                          "\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"CAP_KILL\"]}}");
    doc = print(a, &b);
    assert_text(doc, "{\"uid\":5,\"gid\":6,\"additionalGids\":[7,8]}", "process", "user");
    assert_text(doc, "false", "process", "noNewPrivileges");
    assert_text(doc,
                "{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],\"permitted\":["
                "\"CAP_KILL\"]}",
                "process", "capabilities");
    assert_text(doc, "{\"path\":\"root\",\"readonly\":true}", "root", NULL);
    assert_int_equal(json_path(doc, "linux", "namespaces", NULL)->count, 5);
}

static bool has_name(const struct json *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_is(json_str(json_item(list, i)), name))
            return true;
    return false;
}

/* Ways out of containers are not among what is allowed whatever the arguments are. */
static void test_seccomp(void **state)
{
    static const char *const good[] = {"read", "execve", "fork", "vfork", "openat2", "futex"};
    static const char *const bad[] = {"mount",          "umount2",         "unshare",
                                      "setns",          "ptrace",          "bpf",
                                      "keyctl",         "reboot",          "init_module",
                                      "io_uring_setup", "userfaultfd",     "open_by_handle_at",
                                      "clone",          "clone3",          "personality",
                                      "socket",         "fsmount",         "move_mount",
                                      "pivot_root",     "kexec_load",      "swapon",
                                      "settimeofday",   "perf_event_open", "process_vm_writev",
                                      "sethostname"};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json *doc = parse(a, bundle_seccomp());
    const struct json *names =
        json_get(json_item(json_get(doc, STR("syscalls")), 0), STR("names"));

    (void) state;
    assert_true(str_is(json_get_str(doc, STR("defaultAction")), "SCMP_ACT_ERRNO"));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(has_name(names, good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(has_name(names, bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),          cmocka_unit_test(test_users),
        cmocka_unit_test(test_unknown_users),    cmocka_unit_test(test_security),
        cmocka_unit_test(test_refused_security), cmocka_unit_test(test_lacks),
        cmocka_unit_test(test_choose),           cmocka_unit_test(test_config),
        cmocka_unit_test(test_limits),           cmocka_unit_test(test_choices),
        cmocka_unit_test(test_seccomp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
