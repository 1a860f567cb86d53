/*
 * artifacts/git.c - a work tree of a Git repository, made by the git program; it can only be
 * read.
 *
 * Git gets an environment of its own, no configuration of this machine's, and asks nobody.
 * Servers are reached by http, https, ssh and git; what else git could run or read here
 * (`ext::`, files, options in the place of names) is refused, also of submodules. Names of
 * users, passwords and keys lie in a folder that only we can read, never in arguments or
 * environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/tree.h"
#include "base/vec.h"
#include "io/http_client.h"

enum { SAID_BYTES = 4096, ENVIRONMENT_MAX = 16 };

/* One use of git. */
struct git {
    const struct artifact_call *c;
    const struct json *place;
    struct str repo;
    int dir;          /* that gets the work tree */
    const char *name; /* its name there */
    int scratch;
    char box[32];      /* folder of secrets and scripts, in scratch */
    struct str folder; /* its path */
};

/* ---- what is asked for ---- */

static bool is_scp(struct str repo)
{
    size_t at = str_find_char(repo, '@'), colon = str_find_char(repo, ':');

    return at != SIZE_MAX && colon != SIZE_MAX && at < colon && at > 0 &&
           repo.ptr[at + 1] != '-' && str_find_char(str_head(repo, at), '/') == SIZE_MAX;
}

static int check_repo(const struct artifact_call *c, struct str repo, struct err *err)
{
    static const char *const schemes[] = {"http://", "https://", "ssh://", "git://"};

    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        struct str host = str_skip(repo, strlen(schemes[i])), user;

        if (!str_starts(repo, str_from(schemes[i])))
            continue;
        host = str_head(host, str_find_char(host, '/') == SIZE_MAX ? host.len
                                                                   : str_find_char(host, '/'));
        while (str_find_char(host, '@') != SIZE_MAX)
            str_cut(&host, '@', &user);
        if (str_starts(host, STR("169.254.")))
            return err_set(err, ERR_DENIED, STR_FMT ": its address is link-local: refused",
                           STR_ARG(http_url_shown(c->a, repo)));
        if (!str_is_empty(host) && host.ptr[0] != '-')
            return 0;
    }
    if (str_find(repo, STR("::")) == SIZE_MAX && !str_starts(repo, STR("-")) && is_scp(repo))
        return 0;
    return err_set(err, ERR_INVALID,
                   "git.repo \"" STR_FMT "\" must be a URL of http, https, ssh or git, or "
                   "user@host:path",
                   STR_ARG(http_url_shown(c->a, repo)));
}

static int check_word(const struct json *place, const char *member, struct err *err)
{
    struct str word = json_get_str(place, str_from(member));

    return str_starts(word, STR("-"))
               ? err_set(err, ERR_INVALID, "git.%s \"" STR_FMT "\" must not begin with \"-\"",
                         member, STR_ARG(word))
               : 0;
}

static int check(const struct git *g, struct err *err)
{
    const struct json *list = json_get(g->place, STR("fetch")), *item;

    if (check_repo(g->c, g->repo, err) < 0 || check_word(g->place, "revision", err) < 0 ||
        check_word(g->place, "branch", err) < 0)
        return -1;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_starts(json_str(item), STR("-")))
            return err_set(err, ERR_INVALID, "git.fetch[%zu] must not begin with \"-\"", i);
    if (json_get_bool(g->place, STR("singleBranch")) &&
        str_is_empty(json_get_str(g->place, STR("branch"))))
        return err_set(err, ERR_INVALID, "single branch mode without a branch specified");
    return 0;
}

/* ---- secrets ---- */

static int put_file(int box, const char *name, struct str text, unsigned mode, struct err *err)
{
    return fd_write_file(box, name, O_EXCL | O_NOFOLLOW, mode, text.ptr, text.len) < 0
               ? err_sys(err, errno, "write what git needs")
               : 0;
}

static int put_secret(const struct git *g, int box, const char *member, const char *name,
                      struct err *err)
{
    const struct json *selector = json_get(g->place, str_from(member));
    _cleanup_secret_ struct secret value = {0};
    struct str text;

    if (!json_is(selector, JSON_OBJECT))
        return 0;
    if (artifact_secret(g->c, selector, &value, err) < 0)
        return err_wrap(err, "git.%s", member);
    text = secret_reveal(&value);
    if (put_file(box, name, text, 0600, err) < 0)
        return -1;
    /* A key without its last newline is none to ssh. */
    return strcmp(name, "key") == 0 && !str_ends(text, STR("\n"))
               ? put_file(box, "key.end", STR("\n"), 0600, err)
               : 0;
}

#define ASK                                                        \
    "#!/bin/sh\ncase \"$1\" in Username*) cat \"${0%/*}/user\";; " \
    "*) cat \"${0%/*}/password\";; esac 2>/dev/null\n"
#define SSH                                                                     \
    "#!/bin/sh\nbox=${0%%/*}\n[ -f \"$box/key.end\" ] && cat \"$box/key.end\" " \
    ">>\"$box/key\" && rm \"$box/key.end\"\n[ -f \"$box/key\" ] && set -- -i "  \
    "\"$box/key\" -o IdentitiesOnly=yes \"$@\"\nexec ssh -o BatchMode=yes -o "  \
    "ConnectTimeout=30 -o ServerAliveInterval=15 -o StrictHostKeyChecking=%s %s\"$@\"\n"

static int fill_box(const struct git *g, int box, struct err *err)
{
    bool is_open = json_get_bool(g->place, STR("insecureIgnoreHostKey"));
    struct str ssh = str_printf(g->c->a, SSH, is_open ? "no" : "yes",
                                is_open ? "-o UserKnownHostsFile=/dev/null " : "");

    return put_secret(g, box, "usernameSecret", "user", err) < 0 ||
                   put_secret(g, box, "passwordSecret", "password", err) < 0 ||
                   put_secret(g, box, "sshPrivateKeySecret", "key", err) < 0 ||
                   put_file(box, "ask", STR(ASK), 0700, err) < 0 ||
                   put_file(box, "ssh", ssh, 0700, err) < 0
               ? -1
               : 0;
}

static int open_box(struct git *g, struct err *err)
{
    struct random random = random_from_system();
    int box, result;

    g->scratch = artifact_scratch(g->c, err);
    if (g->scratch < 0)
        return -1;
    snprintf(g->box, sizeof(g->box), "git-%016llx", (unsigned long long) random_u64(&random));
    g->folder = str_printf(g->c->a, STR_FMT "/" ARTIFACT_SCRATCH "/%s",
                           STR_ARG(g->c->house->repository), g->box);
    if (mkdirat(g->scratch, g->box, 0700) < 0)
        return err_sys(err, errno, "make a folder for git");
    box = openat(g->scratch, g->box, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (box < 0)
        return err_sys(err, errno, "open a folder for git");
    result = fill_box(g, box, err);
    close(box);
    return result;
}

static void close_box(struct git *g)
{
    if (g->scratch < 0)
        return;
    tree_remove(g->scratch, g->box);
    close(g->scratch);
}

/* ---- running it ---- */

typedef VEC(const char *) words;

static char **environment_of(const struct git *g)
{
    struct arena *a = g->c->a;
    const char *path = getenv("PATH");
    char **ret = ARENA_ARRAY(a, char *, ENVIRONMENT_MAX);
    size_t len = 0;
    const struct str texts[] = {
        str_printf(a, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin"),
        str_printf(a, "HOME=" STR_FMT, STR_ARG(g->folder)),
        str_printf(a, "GIT_ASKPASS=" STR_FMT "/ask", STR_ARG(g->folder)),
        str_printf(a, "GIT_SSH=" STR_FMT "/ssh", STR_ARG(g->folder)),
        STR("GIT_SSH_VARIANT=ssh"),
        STR("GIT_TERMINAL_PROMPT=0"),
        STR("GIT_CONFIG_NOSYSTEM=1"),
        STR("GIT_CONFIG_GLOBAL=/dev/null"),
        STR("GIT_ALLOW_PROTOCOL=http:https:ssh:git"),
        STR("GIT_LFS_SKIP_SMUDGE=1"),
        STR("LC_ALL=C"),
        json_get_bool(g->place, STR("insecureSkipTLS")) ? STR("GIT_SSL_NO_VERIFY=1") : STR_NONE,
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!str_is_none(texts[i]))
            ret[len++] = str_cz(a, texts[i]);
    ret[len] = NULL;
    return ret;
}

/* In the folder that gets the work tree; what it says on standard error comes on @said. */
static int start(const struct git *g, words *argv, int said, pid_t *ret, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    VEC_APUSH(g->c->a, argv, NULL);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addfchdir_np(&actions, g->dir);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    error = posix_spawnp(ret, "git", &actions, &attributes, (char **) (uintptr_t) argv->at,
                         environment_of(g));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error == ENOENT)
        return err_set(err, ERR_UNSUPPORTED, "git artifacts need the program git: install it");
    return error ? err_sys(err, error, "start git") : 0;
}

/* The last of what it says, until it ends; false: it did not within GIT_RUN_MAX_MS. */
static bool hear(int from, char *said, size_t *len)
{
    struct mono end = mono_after(clock_mono(), GIT_RUN_MAX_MS);
    struct pollfd in = {.fd = from, .events = POLLIN};
    char bytes[1024];
    ssize_t got;

    for (;;) {
        uint64_t left = mono_ms_until(clock_mono(), end);

        if (left == 0)
            return false;
        if (poll(&in, 1, (int) left) <= 0)
            continue;
        got = fd_read_some(from, bytes, sizeof(bytes));
        if (got <= 0)
            return true;
        if (*len + (size_t) got > SAID_BYTES) {
            size_t drop = *len + (size_t) got - SAID_BYTES;

            memmove(said, said + drop, *len - drop);
            *len -= drop;
        }
        memcpy(said + *len, bytes, (size_t) got);
        *len += (size_t) got;
    }
}

/* Its last line, or what ssh or the server said before git gave up and gives advice. */
static struct str last_words(struct str said)
{
    struct str line, last = STR("");

    while (str_cut(&said, '\n', &line)) {
        bool is_end = str_starts(line, STR("fatal: Could not read from remote repository"));

        line = str_trim(line);
        if (is_end)
            return str_is_empty(last) ? line : last;
        if (!str_is_empty(line))
            last = line;
    }
    return last;
}

/* The same without a URL that may hold a password. */
static struct str reason(const struct git *g, struct str said)
{
    struct str last = last_words(said), shown = http_url_shown(g->c->a, g->repo);
    size_t at;

    while (!str_eq(shown, g->repo) && (at = str_find(last, g->repo)) != SIZE_MAX)
        last = str_printf(g->c->a, STR_FMT STR_FMT STR_FMT, STR_ARG(str_head(last, at)),
                          STR_ARG(shown), STR_ARG(str_skip(last, at + g->repo.len)));
    return last;
}

static bool has_any(struct str said, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        if (str_find(said, str_from(list[i])) != SIZE_MAX)
            return true;
    return false;
}

static enum err_kind kind_of(struct str said)
{
    static const char *const refused[] = {"Authentication failed", "Permission denied", NULL};
    static const char *const passing[] = {"Could not resolve host",
                                          "Connection refused",
                                          "Connection reset",
                                          "Connection closed",
                                          "timed out",
                                          "early EOF",
                                          "hung up unexpectedly",
                                          "unexpected disconnect",
                                          "RPC failed",
                                          "Empty reply from server",
                                          "Recv failure",
                                          "Failed to connect",
                                          "unable to connect",
                                          "returned error: 5",
                                          NULL};

    return has_any(said, refused)   ? ERR_UNAUTHORIZED
           : has_any(said, passing) ? ERR_TRANSIENT
                                    : ERR_INVALID;
}

static int run(const struct git *g, words *argv, struct err *err)
{
    char *said = arena_alloc_raw(g->c->a, SAID_BYTES);
    int ends[2], status = 0;
    bool is_over;
    size_t len = 0;
    pid_t pid = -1;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, errno, "start git");
    if (start(g, argv, ends[1], &pid, err) < 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    close(ends[1]);
    is_over = hear(ends[0], said, &len);
    close(ends[0]);
    if (!is_over)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!is_over)
        return err_set(err, ERR_TIMEOUT, "git took longer than %d ms", GIT_RUN_MAX_MS);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (str_is_empty(str_trim(str_of(said, len))))
        return err_set(err, ERR_INVALID, "git ended with exit code %d and said nothing",
                       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return err_set(err, kind_of(str_of(said, len)), "git: " STR_FMT,
                   STR_ARG(reason(g, str_of(said, len))));
}

/* ---- its commands ---- */

static void add(const struct git *g, words *argv, const char *const *list)
{
    for (size_t i = 0; list[i]; i++)
        VEC_APUSH(g->c->a, argv, list[i]);
}

static void add_depth(const struct git *g, words *argv)
{
    int64_t depth;

    if (json_i64(json_get(g->place, STR("depth")), &depth) && depth > 0)
        VEC_APUSH(g->c->a, argv,
                  str_cz(g->c->a, str_printf(g->c->a, "--depth=%lld", (long long) depth)));
}

static int make_clone(const struct git *g, struct err *err)
{
    struct str branch = json_get_str(g->place, STR("branch"));
    struct arena *a = g->c->a;
    words argv = {0};

    add(g, &argv,
        (const char *const[]){"git", "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60",
                              "clone", "--quiet", "--no-checkout", "--template=", NULL});
    add_depth(g, &argv);
    VEC_APUSH(a, &argv,
              json_get_bool(g->place, STR("singleBranch")) ? "--single-branch"
                                                           : "--no-single-branch");
    if (!str_is_empty(branch))
        VEC_APUSH(a, &argv, str_cz(a, str_concat(a, STR("--branch="), branch)));
    VEC_APUSH(a, &argv, "--");
    VEC_APUSH(a, &argv, str_cz(a, g->repo));
    VEC_APUSH(a, &argv, g->name);
    return run(g, &argv, err);
}

static int fetch(const struct git *g, struct err *err)
{
    const struct json *list = json_get(g->place, STR("fetch")), *item;
    words argv = {0};

    if (!json_item(list, 0))
        return 0;
    add(g, &argv, (const char *const[]){"git", "-C", g->name, "fetch", "--quiet", NULL});
    add_depth(g, &argv);
    VEC_APUSH(g->c->a, &argv, "origin");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        VEC_APUSH(g->c->a, &argv, str_cz(g->c->a, json_str(item)));
    return run(g, &argv, err);
}

static int check_out(const struct git *g, struct err *err)
{
    struct str revision = json_get_str(g->place, STR("revision"));
    words argv = {0};

    add(g, &argv,
        (const char *const[]){"git", "-C", g->name, "checkout", "--quiet", "--force", NULL});
    if (!str_is_empty(revision))
        VEC_APUSH(g->c->a, &argv, str_cz(g->c->a, revision));
    VEC_APUSH(g->c->a, &argv, "--");
    return run(g, &argv, err);
}

static int add_submodules(const struct git *g, struct err *err)
{
    struct str list = str_printf(g->c->a, "%s/.gitmodules", g->name);
    words argv = {0};

    if (json_get_bool(g->place, STR("disableSubmodules")) ||
        faccessat(g->dir, list.ptr, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    add(g, &argv,
        (const char *const[]){"git", "-C", g->name, "submodule", "--quiet", "update", "--init",
                              "--recursive", NULL});
    add_depth(g, &argv);
    return run(g, &argv, err);
}

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct git g = {.c = c,
                    .place = place,
                    .repo = json_get_str(place, STR("repo")),
                    .dir = dir,
                    .name = name,
                    .scratch = -1};
    int result = check(&g, err);

    if (result == 0)
        result = open_box(&g, err);
    if (result == 0)
        result = make_clone(&g, err);
    if (result == 0)
        result = fetch(&g, err);
    if (result == 0)
        result = check_out(&g, err);
    if (result == 0)
        result = add_submodules(&g, err);
    close_box(&g);
    return result;
}

const struct artifact_driver artifact_git = {.load = load};
