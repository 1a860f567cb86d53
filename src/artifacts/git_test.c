/*
 * Tests of Git artifacts against a git daemon on the loopback: branches, tags, commits, depth,
 * further refs, submodules; URLs and words that are refused; what is told of a failure. Without
 * the git program there is nothing to test but the refusals.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "artifacts/driver.h"
#include "base/tree.h"

struct world {
    char path[64];
    int dir;
    unsigned port;
    pid_t server; /* 0: there is no git */
    struct arena *a;
    struct artifact_house house;
    struct err err;
};

static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                          "GIT_CONFIG_GLOBAL=/dev/null",
                                          "GIT_AUTHOR_NAME=a",
                                          "GIT_AUTHOR_EMAIL=a@b",
                                          "GIT_COMMITTER_NAME=a",
                                          "GIT_COMMITTER_EMAIL=a@b",
                                          "GIT_CONFIG_NOSYSTEM=1",
                                          NULL};

/* A line of shell in the world's folder, where "$PORT" is the daemon's. */
static pid_t spawn(struct world *w, const char *line)
{
    const char *argv[] = {
        "sh", "-c",
        str_cz(w->a, str_printf(w->a, "cd %s; PORT=%u; %s", w->path, w->port, line)), NULL};
    pid_t pid;

    assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, (char **) (uintptr_t) argv,
                                  (char **) (uintptr_t) environment),
                     0);
    return pid;
}

static int shell(struct world *w, const char *line)
{
    pid_t pid = spawn(w, line);
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int no_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                     struct str name, const struct json **ret, struct err *err)
{
    (void) ctx;
    (void) a;
    (void) kind;
    (void) ns;
    *ret = NULL;
    return err_set(err, ERR_NOT_FOUND, "secrets \"" STR_FMT "\" not found", STR_ARG(name));
}

/* A repository "r" with two commits on main, a branch, a tag and a submodule "s". */
static void make_repositories(struct world *w)
{
    w->port = free_port();
    if (shell(w, "git --version >/dev/null 2>&1 && [ -x \"$(git --exec-path)/git-daemon\" ]"))
        return;
    assert_int_equal(
        shell(w,
              "set -e; mkdir served; cd served; git init -q -b main s; cd s; echo sub >f; "
              "git add f; git commit -qm s; cd ..; git init -q -b main r; cd r; echo one "
              ">f; git add f; git commit -qm one; git tag first; git branch side; echo two "
              ">f; git commit -qam two; git update-ref refs/extra/x HEAD; git checkout -q "
              "side; echo side >f; git -c protocol.file.allow=always submodule --quiet add "
              "../s sub; git commit -qam side; git checkout -q main 2>/dev/null; rm -rf sub"),
        0);
    w->server = spawn(
        w, "exec \"$(git --exec-path)/git-daemon\" --reuseaddr --export-all --listen=127.0.0.1 "
           "--port=$PORT --base-path=$PWD/served 2>/dev/null");
    assert_int_equal(shell(w, "for i in $(seq 200); do git ls-remote git://127.0.0.1:$PORT/r "
                              ">/dev/null 2>&1 && exit 0; sleep 0.05; done; exit 1"),
                     0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(w->path, sizeof(w->path), "/tmp/git-test.XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    w->a = arena_new();
    w->house = (struct artifact_house){.repository = str_printf(w->a, "%s/repository", w->path),
                                       .object = no_object};
    make_repositories(w);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    if (w->server > 0) {
        kill(w->server, SIGTERM);
        waitpid(w->server, NULL, 0);
    }
    close(w->dir);
    assert_int_equal(tree_remove(AT_FDCWD, w->path), 0);
    arena_free(w->a);
    free(w);
    return 0;
}

/* Loads repository "r" with more said about it; "" or why not. */
static const char *load(struct world *w, const char *repo, const char *more, const char *name)
{
    struct json *doc = ARENA_NEW(w->a, struct json);
    struct artifact_call c = {
        .house = &w->house, .a = w->a, .ns = STR("argo"), .artifact = doc};
    struct str url =
        str_find(str_from(repo), STR(":")) == SIZE_MAX && repo[0] != '-' && repo[0] != '/'
            ? str_printf(w->a, "git://127.0.0.1:%u/%s", w->port, repo)
            : str_from(repo);
    enum artifact_found found;

    if (json_parse(w->a,
                   str_printf(w->a, "{\"name\":\"g\",\"git\":{\"repo\":\"" STR_FMT "\"%s}}",
                              STR_ARG(url), more),
                   doc, &w->err) < 0)
        fail_msg("%s", w->err.text);
    w->err.text[0] = '\0';
    artifact_load(&c, w->dir, name, &found, &w->err);
    return w->err.text;
}

static void check_file(struct world *w, const char *name, const char *text)
{
    char bytes[256] = "";
    int fd = openat(w->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        fail_msg("no %s", name);
    assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
    assert_string_equal(bytes, text);
    close(fd);
}

static void test_revisions(void **state)
{
    static const struct {
        const char *more, *text;
    } cases[] = {
        {"", "two\n"},
        {",\"depth\":1", "two\n"},
        {",\"revision\":\"first\"", "one\n"},
        {",\"revision\":\"side\"", "side\n"},
        {",\"revision\":\"main~1\"", "one\n"},
        {",\"branch\":\"side\"", "side\n"},
        {",\"branch\":\"side\",\"singleBranch\":true,\"depth\":1", "side\n"},
        {",\"revision\":\"ex\",\"fetch\":[\"refs/extra/x:refs/heads/ex\"]", "two\n"},
    };
    struct world *w = *state;

    if (w->server == 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *name = str_printf(w->a, "w%zu", i).ptr;
        const char *why = load(w, "r", cases[i].more, name);

        if (why[0])
            fail_msg("case %zu: %s", i, why);
        check_file(w, str_printf(w->a, "%s/f", name).ptr, cases[i].text);
    }
}

static void test_submodules(void **state)
{
    struct world *w = *state;

    if (w->server == 0)
        skip();
    assert_string_equal(load(w, "r", ",\"revision\":\"side\"", "with"), "");
    check_file(w, "with/sub/f", "sub\n");
    assert_string_equal(
        load(w, "r", ",\"revision\":\"side\",\"disableSubmodules\":true", "without"), "");
    assert_int_equal(faccessat(w->dir, "without/sub/f", F_OK, 0), -1);
}

static void test_refused(void **state)
{
    static const struct {
        const char *repo, *more, *text;
    } cases[] = {
        {"ext::sh -c 'touch /tmp/x'", "", "must be a URL of http, https, ssh or git"},
        {"--upload-pack=touch", "", "must be a URL of http, https, ssh or git"},
        {"-oProxyCommand=x@h:p", "", "must be a URL of http, https, ssh or git"},
        {"file:///etc", "", "must be a URL of http, https, ssh or git"},
        {"/etc", "", "must be a URL of http, https, ssh or git"},
        {"u@-oProxyCommand=x:p", "", "must be a URL of http, https, ssh or git"},
        {"ssh://-oProxyCommand=x/p", "", "must be a URL of http, https, ssh or git"},
        {"ssh://u@-oProxyCommand=x/p", "", "must be a URL of http, https, ssh or git"},
        {"http://169.254.169.254/r", "", "link-local"},
        {"http://h/r", ",\"revision\":\"--help\"", "git.revision \"--help\" must not begin"},
        {"http://h/r", ",\"branch\":\"-b\"", "git.branch \"-b\" must not begin"},
        {"http://h/r", ",\"fetch\":[\"a\",\"--upload-pack=x\"]", "git.fetch[1] must not begin"},
        {"http://h/r", ",\"singleBranch\":true", "single branch mode without a branch"},
        {"http://h/r", ",\"passwordSecret\":{\"name\":\"no\",\"key\":\"k\"}",
         "git.passwordSecret: secrets \"no\" not found"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *why = load(w, cases[i].repo, cases[i].more, "x");

        if (!strstr(why, cases[i].text))
            fail_msg("case %zu: %s", i, why);
    }
    assert_int_equal(faccessat(w->dir, "x", F_OK, 0), -1);
}

static void test_failures(void **state)
{
    struct world *w = *state;
    const char *why;

    if (w->server == 0)
        skip();
    why = load(w, "none", "", "x");
    assert_true(strstr(why, "git: fatal: ") == why);
    assert_int_equal(w->err.kind, ERR_INVALID);
    why = load(w, "r", ",\"revision\":\"gone\"", "x");
    assert_non_null(strstr(why, "gone"));
    why = load(w, "http://user:hidden@127.0.0.1:1/r", "", "x");
    assert_int_equal(w->err.kind, ERR_TRANSIENT);
    assert_null(strstr(why, "hidden"));
    assert_int_equal(faccessat(w->dir, "x", F_OK, 0), -1);
    assert_int_equal(rmdir(str_cz(w->a, str_concat(w->a, w->house.repository, STR("/.new")))),
                     0); /* nothing of secrets is left */
}

/* What a program in git's place says, and what is told of it. */
static void test_words(void **state)
{
    static const struct {
        const char *said, *text;
        enum err_kind kind;
    } cases[] = {
        {"fatal: a\\n\\n", "git: fatal: a", ERR_INVALID},
        {"", "git ended with exit code 128 and said nothing", ERR_INVALID},
        {"a@h: Permission denied (publickey).\\r\\nfatal: Could not read from remote "
         "repository.\\n\\nPlease make sure you have the correct access rights\\nand the "
         "repository exists.\\n",
         "git: a@h: Permission denied (publickey).", ERR_UNAUTHORIZED},
        {"No ED25519 host key is known for h.\\nHost key verification failed.\\nfatal: Could "
         "not read from remote repository.\\n\\nPlease make sure\\n",
         "git: Host key verification failed.", ERR_INVALID},
        {"fatal: Could not read from remote repository.\\n\\nPlease\\n",
         "git: fatal: Could not read from remote repository.", ERR_INVALID},
        {"Connection closed by 127.0.0.1 port 22\\nfatal: Could not read from remote "
         "repository.\\n\\nPlease\\n",
         "git: Connection closed by 127.0.0.1 port 22", ERR_TRANSIENT},
        {"error: RPC failed; curl 18 transfer closed with outstanding read data "
         "remaining\\nfatal: protocol error: bad pack header\\n",
         "git: fatal: protocol error: bad pack header", ERR_TRANSIENT},
        {"fetch-pack: unexpected disconnect while reading sideband packet\\nfatal: x\\n",
         "git: fatal: x", ERR_TRANSIENT},
        {"fatal: unable to access (x): Empty reply from server\\n",
         "git: fatal: unable to access (x): Empty reply from server", ERR_TRANSIENT},
        {"fatal: unable to access (x): Recv failure: Broken pipe\\n",
         "git: fatal: unable to access (x): Recv failure: Broken pipe", ERR_TRANSIENT},
        {"a@h: Permission denied.\\nfatal: the remote end hung up unexpectedly\\n",
         "git: fatal: the remote end hung up unexpectedly", ERR_UNAUTHORIZED},
        {"fatal: the remote end hung up unexpectedly\\n",
         "git: fatal: the remote end hung up unexpectedly", ERR_TRANSIENT},
    };
    struct world *w = *state;
    const char *path = getenv("PATH");

    assert_int_equal(shell(w, "mkdir bin && printf '#!/bin/sh\\nprintf \"$(cat %s/said)\" "
                              ">&2\\nexit 128\\n' $PWD >bin/git && chmod +x bin/git"),
                     0);
    setenv("PATH", str_printf(w->a, "%s/bin:%s", w->path, path).ptr, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = openat(w->dir, "said", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_int_equal(write(fd, cases[i].said, strlen(cases[i].said)),
                         strlen(cases[i].said));
        close(fd);
        assert_string_equal(load(w, "ssh://a@h/r", "", "x"), cases[i].text);
        assert_int_equal(w->err.kind, cases[i].kind);
    }
    setenv("PATH", path, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_revisions), TEST(test_submodules), TEST(test_refused),
        TEST(test_failures),  TEST(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
