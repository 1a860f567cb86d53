/*
 * Tests of artifacts behind plugins, against a gRPC server whose answers each case writes: what
 * is asked, byte by byte; what answers mean; downloads; and programs: started, ended,
 * restarted, found after a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/driver.h"
#include "artifacts/plugins.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tree.h"
#include "formats/protowire.h"
#include "tests/support/grpc_server.h"

enum { ANSWERS_MAX = 8 };

struct world {
    char path[64];
    int dir;
    struct grpc_server *server;
    struct arena *a;
    struct artifact_house house;
    struct err err;
    const char *driver; /* entry of artifactDrivers; NULL: the server's socket */
    struct {
        char bytes[256];
        size_t len;
    } answers[ANSWERS_MAX]; /* messages of the calls in turn */
    unsigned count;
    const char *creates; /* a file that the server makes at the path it is given: its content */
    const char *status;  /* of the last call instead of "0" */
    unsigned pages;      /* of a stream: so many messages of a page, then answers[1] */
};

/* The member of a message that is bytes. */
static struct str member(struct str message, uint32_t number)
{
    struct protowire_field f;

    while (protowire_next(&message, &f) > 0)
        if (f.number == number)
            return f.bytes;
    return STR_NONE;
}

static void serve(void *ctx, unsigned number, struct str message, struct grpc_reply to)
{
    struct world *w = ctx;
    char page[1100] = {0x0a, (char) 0xe8, 0x07}; /* data of 1000 bytes */

    if (w->creates) {
        struct str path = member(message, 2);
        int fd = open(str_cz(w->a, path), O_WRONLY | O_CREAT | O_EXCL, 0600);

        (void) !write(fd, w->creates, strlen(w->creates));
        close(fd);
    }
    grpc_send_head(to, "200", "application/grpc", false);
    for (unsigned i = 0; number > 0 && i < w->pages; i++)
        grpc_send_message(to, str_of(page, 1003));
    if (number < w->count)
        grpc_send_message(to, str_of(w->answers[number].bytes, w->answers[number].len));
    grpc_send_end(to, w->status && number + 1 >= w->count ? w->status : "0", "words");
}

static int get_plugin(void *ctx, struct arena *a, struct str name, const struct json **ret,
                      struct err *err)
{
    struct world *w = ctx;
    struct json *doc = ARENA_NEW(a, struct json);
    struct str text =
        w->driver ? str_from(w->driver)
                  : str_printf(a, "{\"name\":\"p\",\"socket\":\"%s\"}", w->server->path);

    *ret = doc;
    return str_is(name, "p") ? json_parse(a, text, doc, err)
                             : err_set(err, ERR_INVALID, "no such driver");
}

static int set_up(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/plugin-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->server = grpc_server_start(serve, w);
    w->house = (struct artifact_house){
        .repository = str_printf(w->a, "%s/repository", w->path),
        .plugins = artifact_plugins_new(str_printf(w->a, "%s/plugins", w->path)),
        .plugin = get_plugin,
        .plugin_ctx = w};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    artifact_plugins_free(w->house.plugins);
    grpc_server_stop(w->server);
    close(w->dir);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    arena_free(w->a);
    free(w);
    return 0;
}

/* The next answer: bytes of a message, which may hold zeros. */
static void answer(struct world *w, const char *bytes, size_t len)
{
    assert_true(w->count < ANSWERS_MAX && len <= sizeof(w->answers[0].bytes));
    memcpy(w->answers[w->count].bytes, bytes, len);
    w->answers[w->count++].len = len;
}
#define ANSWER(w, literal) answer(w, literal, sizeof(literal) - 1)

static struct artifact_call call_of(struct world *w, const char *artifact)
{
    struct json *doc = ARENA_NEW(w->a, struct json);

    if (json_parse(w->a, str_from(artifact), doc, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return (struct artifact_call){
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = doc};
}

#define PLUGIN "\"plugin\":{\"name\":\"p\",\"key\":\"k/f\",\"configuration\":\"c: 1\"}"

static int load(struct world *w, const char *artifact)
{
    const struct artifact_call c = call_of(w, artifact);
    enum artifact_found found;

    return artifact_load(&c, w->dir, "in", &found, &w->err);
}

static void put(struct world *w, const char *name, const char *text)
{
    int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t) strlen(text));
    close(fd);
}

static const char *text_of(struct world *w, const char *name)
{
    char *bytes = arena_alloc(w->a, 200);
    int fd = openat(w->dir, name, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && read(fd, bytes, 199) >= 0);
    close(fd);
    return bytes;
}

/* ---- what is asked ---- */

static void test_load(void **state)
{
    struct world *w = *state;
    struct str artifact, plugin;
    struct stat st;

    w->creates = "loaded";
    ANSWER(w, "\x08\x01");
    if (load(w,
             "{\"name\":\"in\",\"path\":\"/in\",\"optional\":true,\"recurseMode\":true," PLUGIN
             "}") < 0)
        fail_msg("%s", w->err.text);
    assert_string_equal(text_of(w, "in"), "loaded");
    assert_int_equal(fstatat(w->dir, "in", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    artifact = member(grpc_request(w->server, 0), 1);
    plugin = member(artifact, 5);
    assert_true(str_is(member(artifact, 1), "in"));
    assert_true(str_is(member(artifact, 2), "/in"));
    assert_true(str_ends(artifact, STR("\x30\x01\x40\x01"))); /* optional, recurse_mode */
    assert_true(str_is(member(plugin, 1), "p"));
    assert_true(str_is(member(plugin, 2), "c: 1"));
    assert_true(str_is(member(plugin, 4), "k/f"));
    assert_true(str_starts(member(grpc_request(w->server, 0), 2), str_from(w->path)));
}

static void test_a_mode_of_its_own(void **state)
{
    struct world *w = *state;
    struct stat st;

    w->creates = "x";
    ANSWER(w, "\x08\x01");
    assert_int_equal(load(w, "{\"name\":\"in\",\"mode\":256," PLUGIN "}"), 0);
    assert_int_equal(fstatat(w->dir, "in", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    assert_true(
        str_starts(member(grpc_request(w->server, 0), 1), STR("\x0a\x02in\x18\x80\x02\x2a")));
}

static void test_save(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call_of(
        w, "{\"name\":\"out\",\"path\":\"/tmp/o\",\"archive\":{\"none\":{}}," PLUGIN "}");
    struct json saved;
    struct str request;

    put(w, "0", "text");
    ANSWER(w, "\x08\x01");
    assert_int_equal(artifact_save(&c, w->dir, "0", &saved, &w->err), 0);
    request = grpc_request(w->server, 0);
    assert_true(str_eq(member(request, 1), str_printf(w->a, "%s/0", w->path)));
    assert_true(str_is(member(member(member(request, 2), 5), 4), "k/f"));
}

static void test_save_by_the_repository(void **state)
{
    struct world *w = *state;
    struct artifact_call c = call_of(w, "{\"name\":\"out\",\"path\":\"/tmp/o\"}");
    const struct artifact_call at = call_of(w, "{" PLUGIN "}");
    struct json saved;

    c.location = at.artifact;
    put(w, "0", "text");
    ANSWER(w, "\x08\x01");
    assert_int_equal(artifact_save(&c, w->dir, "0", &saved, &w->err), 0);
    assert_true(str_is(json_text(w->a, json_get(&saved, STR("plugin")), 0),
                       "{\"key\":\"k/f/out.tgz\"}"));
    assert_true(str_is(member(member(member(grpc_request(w->server, 0), 2), 5), 2), "c: 1"));
}

/* ---- what answers mean ---- */

static void test_answers_that_are_none(void **state)
{
    static const struct {
        const char *answer;
        size_t len;
        const char *status, *text;
        enum err_kind kind;
    } rows[] = {
        {"\x12\x04"
         "full",
         6, NULL, "plugin p load failed: full", ERR_INVALID},
        {"", 0, NULL, "plugin p load failed: it does not say why", ERR_INVALID},
        {"\x12\x7f", 2, NULL,
         "plugin p load failed: the answer is no message of artifact.ArtifactService",
         ERR_INVALID},
        {"", 0, "5", "plugin p load failed: rpc error: code = NotFound desc = words",
         ERR_NOT_FOUND},
        {"", 0, "14", "plugin p load failed: rpc error: code = Unavailable desc = words",
         ERR_TRANSIENT},
        {"\x08\x01", 2, NULL,
         "plugin p load failed: it says that it is done, and made nothing at the path that it "
         "was given",
         ERR_INVALID},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        answer(w, rows[i].answer, rows[i].len);
        w->status = rows[i].status;
        assert_int_equal(load(w, "{\"name\":\"in\"," PLUGIN "}"), -1);
        assert_string_equal(w->err.text, rows[i].text);
        assert_int_equal(w->err.kind, rows[i].kind);
    }
}

static void test_optional_ones(void **state)
{
    struct world *w = *state;

    ANSWER(w, "");
    w->status = "5";
    assert_int_equal(load(w, "{\"name\":\"in\",\"optional\":true," PLUGIN "}"), 0);
    ANSWER(w, "");
    w->status = "7";
    assert_int_equal(load(w, "{\"name\":\"in\",\"optional\":true," PLUGIN "}"), -1);
}

static void test_delete(void **state)
{
    struct world *w = *state;
    const struct artifact_call c = call_of(w, "{\"name\":\"in\"," PLUGIN "}");

    ANSWER(w, "\x08\x01");
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    ANSWER(w, "");
    w->status = "5"; /* is not there: fine */
    assert_int_equal(artifact_delete(&c, &w->err), 0);
    w->status = NULL;
    ANSWER(w, "\x12\x02no");
    assert_int_equal(artifact_delete(&c, &w->err), -1);
    assert_string_equal(w->err.text, "plugin p delete failed: no");
}

static void test_list(void **state)
{
    struct world *w = *state;
    const struct artifact_call c = call_of(w, "{\"name\":\"in\"," PLUGIN "}");
    struct json keys;

    ANSWER(w, "\x0a\x03k/a\x0a\x03k/b");
    assert_int_equal(artifact_list(&c, &keys, &w->err), 0);
    assert_true(str_is(json_text(w->a, &keys, 0), "[\"k/a\",\"k/b\"]"));
    ANSWER(w, "");
    assert_int_equal(artifact_list(&c, &keys, &w->err), 0);
    assert_int_equal(keys.count, 0);
    ANSWER(w, "\x12\x02no");
    assert_int_equal(artifact_list(&c, &keys, &w->err), -1);
    assert_string_equal(w->err.text, "plugin p list objects failed: no");
    ANSWER(w, "\x0b");
    assert_int_equal(artifact_list(&c, &keys, &w->err), -1);
}

/* ---- downloads ---- */

static int download(struct world *w, struct str *ret)
{
    const struct artifact_call c = call_of(w, "{\"name\":\"in\"," PLUGIN "}");
    char *bytes = arena_alloc_raw(w->a, 65536);
    struct artifact_file file;
    ssize_t len;

    if (artifact_download(&c, &file, &w->err) < 0)
        return -1;
    assert_true(str_is(file.name, "f"));
    len = pread(file.fd, bytes, 65536, 0);
    close(file.fd);
    *ret = str_of(bytes, len > 0 ? (size_t) len : 0);
    return 0;
}

static void test_downloads(void **state)
{
    struct world *w = *state;
    struct str got;

    ANSWER(w, "");                   /* no folder */
    ANSWER(w, "\x0a\x02hi\x10\x01"); /* the end */
    w->pages = 20;
    if (download(w, &got) < 0)
        fail_msg("%s", w->err.text);
    assert_int_equal(got.len, 20002);
    assert_true(str_ends(got, STR("hi")));
}

static void test_downloads_that_fail(void **state)
{
    struct world *w = *state;
    struct str got;

    ANSWER(w, "");
    ANSWER(w, "\x1a\x04gone");
    w->pages = 3;
    assert_int_equal(download(w, &got), -1);
    assert_string_equal(w->err.text, "plugin p open stream failed: gone");
    ANSWER(w, "\x12\x02no");
    w->pages = 0;
    assert_int_equal(download(w, &got), -1);
    assert_string_equal(w->err.text, "plugin p is directory check failed: no");
    ANSWER(w, "");
    ANSWER(w, "");
    w->status = "13";
    assert_int_equal(download(w, &got), -1);
    assert_string_equal(w->err.text, "plugin p open stream failed: rpc error: code = Internal "
                                     "desc = words");
}

/* ---- which plugin ---- */

static void test_plugins_that_are_not_there(void **state)
{
    static const struct {
        const char *driver, *artifact, *text;
        enum err_kind kind;
    } rows[] = {
        {"{}", "{\"name\":\"in\",\"plugin\":{\"key\":\"k\"}}",
         "plugin.name must name a driver of the controller's artifactDrivers", ERR_INVALID},
        {"{}", "{\"name\":\"in\",\"plugin\":{\"name\":\"q\",\"key\":\"k\"}}", "no such driver",
         ERR_INVALID},
        {"{\"name\":\"p\",\"image\":\"i\"}", "{\"name\":\"in\"," PLUGIN "}",
         "artifact driver \"p\" has an image alone: on this machine it needs command, a "
         "program "
         "that gets the path of a socket as its last argument, or socket, the path of one that "
         "is served already",
         ERR_UNSUPPORTED},
        {"{\"name\":\"p\",\"socket\":\"/nowhere\",\"connectionTimeoutSeconds\":9}",
         "{\"name\":\"in\",\"plugin\":{\"name\":\"p\",\"key\":\"k\","
         "\"connectionTimeoutSeconds\":1}}",
         "timeout waiting for plugin p connection to become ready within 1000 ms: connect to "
         "socket /nowhere: No such file or directory",
         ERR_TIMEOUT},
        {"{\"name\":\"p\",\"command\":[\"/nowhere/p\"]}", "{\"name\":\"in\"," PLUGIN "}",
         "artifact driver \"p\": start /nowhere/p: No such file or directory", ERR_INVALID},
        {"{\"name\":\"p\",\"command\":[\"sh\",\"-c\",\"echo why; exit 3\"]}",
         "{\"name\":\"in\"," PLUGIN "}",
         "artifact driver \"p\": its program ended by exit code 3 before it answered: why",
         ERR_INVALID},
        {"{\"name\":\"p\",\"command\":[\"sh\",\"-c\",\"kill -9 $$\"]}",
         "{\"name\":\"in\"," PLUGIN "}",
         "artifact driver \"p\": its program ended by signal 9 before it answered",
         ERR_INVALID},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        w->driver = rows[i].driver;
        assert_int_equal(load(w, rows[i].artifact), -1);
        assert_string_equal(w->err.text, rows[i].text);
        assert_int_equal(w->err.kind, rows[i].kind);
    }
}

static void test_no_plugins_at_all(void **state)
{
    struct world *w = *state;
    struct artifact_plugins *all = w->house.plugins;

    w->house.plugins = NULL;
    assert_int_equal(load(w, "{\"name\":\"in\"," PLUGIN "}"), -1);
    assert_int_equal(w->err.kind, ERR_UNSUPPORTED);
    w->house.plugins = all;
}

/* ---- programs ---- */

/* A program that listens at its last argument and speaks HTTP/2 just enough. */
#define PROGRAM                                                   \
    "import os, socket, sys\\n"                                   \
    "s = socket.socket(socket.AF_UNIX)\\n"                        \
    "s.bind(sys.argv[-1])\\n"                                     \
    "s.listen()\\n"                                               \
    "open(sys.argv[1], 'a').write(str(os.getpid()) + chr(10))\\n" \
    "while True:\\n"                                              \
    "    c = s.accept()[0]\\n"                                    \
    "    c.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))\\n"        \
    "    c.recv(1000)\\n"

static struct json driver_of(struct world *w, const char *more)
{
    struct json doc;
    struct str text = str_printf(
        w->a, "{\"name\":\"p\",\"command\":[\"python3\",\"-c\",\"" PROGRAM "\",\"%s/pids\"%s]}",
        w->path, more);

    if (json_parse(w->a, text, &doc, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return doc;
}

static const char *socket_of(struct world *w, const struct json *driver)
{
    const char *ret = NULL;

    if (artifact_plugin_socket(w->house.plugins, w->a, driver, 10000, &ret, &w->err) < 0)
        fail_msg("%s", w->err.text);
    return ret;
}

/* The process of a line of what programs wrote. */
static pid_t pid_at(struct world *w, size_t line)
{
    struct str text = str_from(text_of(w, "pids")), one = STR("");
    uint32_t pid = 0;

    for (size_t i = 0; i <= line; i++)
        assert_true(str_cut(&text, '\n', &one));
    assert_true(parse_u32(one, &pid) && pid > 1);
    return (pid_t) pid;
}

static void wait_for_end(pid_t pid)
{
    while (kill(pid, 0) == 0)
        usleep(1000);
}

static void test_a_program_is_kept(void **state)
{
    struct world *w = *state;
    struct json driver = driver_of(w, ""), other = driver_of(w, ",\"more\"");
    const char *first = socket_of(w, &driver), *again, *new;
    pid_t pid = pid_at(w, 0);

    again = socket_of(w, &driver);
    assert_string_equal(first, again);
    assert_int_equal(kill(pid, SIGKILL), 0);
    /* It may still be seen for a moment. */
    while (strcmp(socket_of(w, &driver), first) == 0)
        usleep(1000);
    assert_true(pid_at(w, 1) != pid);
    new = socket_of(w, &other);
    assert_string_not_equal(new, first);
    assert_int_equal(kill(pid_at(w, 1), 0), -1); /* the old command's has ended */
    pid = pid_at(w, 2);
    artifact_plugins_free(w->house.plugins);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(access(new, F_OK), -1);
    w->house.plugins = NULL;
}

static void test_nobody_waits_for_a_stop(void **state)
{
    struct world *w = *state;
    struct json driver;
    const char *socket;

    assert_int_equal(
        json_parse(w->a, STR("{\"name\":\"p\",\"command\":[\"sleep\"]}"), &driver, &w->err), 0);
    artifact_plugins_stop(w->house.plugins);
    assert_int_equal(
        artifact_plugin_socket(w->house.plugins, w->a, &driver, 10000, &socket, &w->err), -1);
    assert_int_equal(w->err.kind, ERR_CANCELLED);
}

static void test_what_a_crash_left_ends(void **state)
{
    struct world *w = *state;
    struct json driver = driver_of(w, "");
    const char *left = socket_of(w, &driver);
    pid_t pid = pid_at(w, 0);
    struct artifact_plugins *next;

    next = artifact_plugins_new(str_printf(w->a, "%s/plugins", w->path));
    assert_int_equal(access(left, F_OK), -1);
    artifact_plugins_free(w->house.plugins); /* reaps it */
    wait_for_end(pid);
    w->house.plugins = next;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_load),
        CASE(test_a_mode_of_its_own),
        CASE(test_save),
        CASE(test_save_by_the_repository),
        CASE(test_answers_that_are_none),
        CASE(test_optional_ones),
        CASE(test_delete),
        CASE(test_list),
        CASE(test_downloads),
        CASE(test_downloads_that_fail),
        CASE(test_plugins_that_are_not_there),
        CASE(test_no_plugins_at_all),
        CASE(test_a_program_is_kept),
        CASE(test_nobody_waits_for_a_stop),
        CASE(test_what_a_crash_left_ends),
    };

    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, STDERR_FILENO);
    return cmocka_run_group_tests_name("artifacts_plugin", tests, NULL, NULL);
}
