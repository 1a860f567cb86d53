/*
 * Runs skopeo, with an environment of its own and without asking anybody. What it says on
 * standard error is progress and, at the end, the reason; its log form is taken apart. See
 * images_internal.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"
#include "pods/images/images_internal.h"

enum { SAID_BYTES = 4096, LOOK_MS = 100, WORDS_MAX = 32 };

struct skopeo {
    const struct images *images;
    const struct image_reference *ref;
    struct str name; /* as it is shown */
    const struct image_hooks *hooks;
    struct arena *a;
    const char *argv[WORDS_MAX];
    size_t argc;
    struct strbuf out, said;
    unsigned blobs; /* that it has begun to copy */
};

static void word(struct skopeo *s, const char *text)
{
    s->argv[s->argc++] = text;
    s->argv[s->argc] = NULL;
}

static void option(struct skopeo *s, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    word(s, name);
    word(s, value);
}

static bool is_loopback(struct str host)
{
    size_t colon = str_find_char(host, ':');
    struct str name = str_head(host, colon == SIZE_MAX ? host.len : colon);

    return str_is(name, "localhost") || str_starts(name, STR("127.")) ||
           str_starts(host, STR("[::1]"));
}

static void begin(struct skopeo *s, const char *verb)
{
    static const char *const policies[] = {"/etc/containers/policy.json"};

    word(s, s->images->skopeo);
    option(s, "--registries-conf", s->images->registries);
    if (access(policies[0], R_OK) < 0)
        word(s, "--insecure-policy"); /* the machine has no rules on signatures */
    word(s, verb);
    option(s, strcmp(verb, "copy") == 0 ? "--src-authfile" : "--authfile",
           s->images->auth_file);
    if (s->ref->source == IMAGE_REGISTRY && is_loopback(s->ref->host))
        word(s, strcmp(verb, "copy") == 0 ? "--src-tls-verify=false" : "--tls-verify=false");
}

static char **environment_of(const struct skopeo *s)
{
    static const char *const passed[] = {"HTTP_PROXY",    "HTTPS_PROXY", "NO_PROXY",
                                         "http_proxy",    "https_proxy", "no_proxy",
                                         "SSL_CERT_FILE", "SSL_CERT_DIR"};
    char **ret = ARENA_ARRAY(s->a, char *, COUNT_OF(passed) + 5);
    const char *path = getenv("PATH");
    size_t len = 0;

    ret[len++] =
        str_cz(s->a, str_printf(s->a, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin"));
    ret[len++] = str_cz(s->a, str_printf(s->a, "HOME=%s/tmp", s->images->path));
    ret[len++] = str_cz(s->a, str_printf(s->a, "TMPDIR=%s/tmp", s->images->path));
    ret[len++] = str_cz(s->a, str_printf(s->a, "XDG_RUNTIME_DIR=%s/tmp", s->images->path));
    for (size_t i = 0; i < COUNT_OF(passed); i++)
        if (getenv(passed[i]))
            ret[len++] = str_cz(s->a, str_printf(s->a, "%s=%s", passed[i], getenv(passed[i])));
    ret[len] = NULL;
    return ret;
}

/* ---- what it says ---- */

static void tell_progress(struct skopeo *s, struct str line)
{
    if (!str_starts(line, STR("Copying blob ")) || !s->hooks || !s->hooks->tell)
        return;
    s->hooks->tell(s->hooks->ctx, str_printf(s->a, "Pulling image \"" STR_FMT "\": layer %u",
                                             STR_ARG(s->name), ++s->blobs));
}

/* Lines as they come; the last one stays for the reason. */
static void hear(struct strbuf *into, int *fd, bool is_said)
{
    char bytes[SAID_BYTES];
    ssize_t len = fd_read_some(*fd, bytes, sizeof(bytes));

    if (len < 0 && errno == EINTR)
        return;
    if (len <= 0) {
        close(*fd);
        *fd = -1;
        return;
    }
    if (is_said && into->len + (size_t) len > SAID_BYTES)
        strbuf_skip(into, into->len / 2);
    strbuf_add(into, str_of(bytes, (size_t) len));
}

/* Progress comes on standard output; a line is told once it is whole. */
static void hear_progress(struct skopeo *s)
{
    struct str rest = strbuf_str(&s->out);
    size_t end;

    while ((end = str_find_char(rest, '\n')) != SIZE_MAX) {
        tell_progress(s, str_head(rest, end));
        strbuf_skip(&s->out, end + 1);
        rest = strbuf_str(&s->out);
    }
}

static bool is_cancelled(const struct skopeo *s)
{
    return s->hooks && s->hooks->is_cancelled && s->hooks->is_cancelled(s->hooks->ctx);
}

/* Until both ends have closed; false: it is to be ended, and why is in @err. */
static bool hear_all(struct skopeo *s, int out, int said, bool is_copy, struct err *err)
{
    struct mono end = mono_after(clock_mono(), IMAGE_PULL_MAX_MS);
    bool goes_on = true;

    while (goes_on && (out >= 0 || said >= 0)) {
        struct pollfd fds[2] = {{.fd = out, .events = POLLIN}, {.fd = said, .events = POLLIN}};

        if (poll(fds, 2, LOOK_MS) > 0 && fds[0].revents)
            hear(&s->out, &out, false);
        if (fds[1].revents)
            hear(&s->said, &said, true);
        if (is_copy)
            hear_progress(s);
        goes_on = !is_cancelled(s) && mono_ms_until(clock_mono(), end) > 0;
    }
    if (!goes_on && is_cancelled(s))
        err_set(err, ERR_CANCELLED, "the pull was called off");
    else if (!goes_on)
        err_set(err, ERR_TIMEOUT, "skopeo took longer than %d ms", IMAGE_PULL_MAX_MS);
    if (out >= 0)
        close(out);
    if (said >= 0)
        close(said);
    return goes_on;
}

/* Of its last line that tells of an error: what stands in msg="...". */
static struct str reason_of(struct skopeo *s, struct str said)
{
    char *out;
    size_t at, len = 0;
    struct str line, last = STR("it has failed without a word");

    while (str_cut(&said, '\n', &line))
        if (!str_is_empty(str_trim(line)))
            last = str_trim(line);
    at = str_find(last, STR("msg=\""));
    if (at == SIZE_MAX)
        return last;
    last = str_skip(last, at + 5);
    if (str_ends(last, STR("\"")))
        last.len--;
    out = arena_alloc(s->a, last.len + 1);
    for (size_t i = 0; i < last.len; i++) {
        if (last.ptr[i] == '\\' && i + 1 < last.len)
            i++;
        out[len++] = last.ptr[i];
    }
    return str_of(out, len);
}

static enum err_kind kind_of(struct str reason)
{
    static const struct {
        const char *word;
        enum err_kind kind;
    } words[] = {
        {"manifest unknown", ERR_NOT_FOUND},
        {"name unknown", ERR_NOT_FOUND},
        {"no such file or directory", ERR_NOT_FOUND},
        {"unauthorized", ERR_UNAUTHORIZED},
        {"authentication required", ERR_UNAUTHORIZED},
        {"denied", ERR_DENIED},
        {"no space left", ERR_IO},
        {"Digest did not match", ERR_INVALID},
        {"rejected by policy", ERR_DENIED},
    };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_find(reason, str_from(words[i].word)) != SIZE_MAX)
            return words[i].kind;
    return ERR_TRANSIENT;
}

/* ---- running it ---- */

static int start(struct skopeo *s, int out, int said, pid_t *ret, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    error = posix_spawnp(ret, s->argv[0], &actions, &attributes,
                         (char *const *) (uintptr_t) s->argv, environment_of(s));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error == ENOENT)
        return err_set(err, ERR_UNSUPPORTED,
                       "images are got by the program skopeo: install it (package skopeo)");
    return error ? err_sys(err, error, "start skopeo") : 0;
}

static int judge(struct skopeo *s, int status, struct err *err)
{
    struct str reason;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return err_set(err, ERR_TRANSIENT, "skopeo was killed by signal %d", WTERMSIG(status));
    reason = reason_of(s, strbuf_str(&s->said));
    return err_set(err, kind_of(reason), STR_FMT, STR_ARG(reason));
}

static int run(struct skopeo *s, bool is_copy, struct err *err)
{
    int out[2], said[2], status = 0;
    pid_t pid = -1;
    bool is_whole;

    if (pipe2(out, O_CLOEXEC) < 0)
        return err_sys(err, errno, "start skopeo");
    if (pipe2(said, O_CLOEXEC) < 0 || start(s, out[1], said[1], &pid, err) < 0) {
        close(out[0]);
        close(out[1]);
        return -1;
    }
    close(out[1]);
    close(said[1]);
    is_whole = hear_all(s, out[0], said[0], is_copy, err);
    if (!is_whole)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return is_whole ? judge(s, status, err) : -1;
}

int skopeo_manifest(const struct images *images, const struct image_reference *ref,
                    const struct image_hooks *hooks, struct arena *a, struct str *ret,
                    struct err *err)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct skopeo s = {.images = images, .ref = ref, .hooks = hooks, .a = scratch};
    struct str text = STR("");
    int result;

    strbuf_init(&s.out, IMAGE_CONFIG_MAX_BYTES);
    strbuf_init(&s.said, 2 * SAID_BYTES);
    begin(&s, "inspect");
    word(&s, "--raw");
    word(&s, str_cz(scratch, image_reference_skopeo(scratch, ref, STR(""))));
    result = run(&s, false, err);
    if (result == 0 && strbuf_finish(&s.out, &text, err) < 0)
        result =
            err_set(err, ERR_LIMIT, "the manifest is over %d bytes", IMAGE_CONFIG_MAX_BYTES);
    if (result == 0)
        *ret = str_copy(a, text);
    strbuf_done(&s.out);
    strbuf_done(&s.said);
    return result;
}

int skopeo_copy(const struct images *images, const struct image_job *job,
                const struct image_reference *ref, struct str digest, const char *folder,
                struct err *err)
{
    _cleanup_arena_ struct arena *scratch = arena_new();
    struct skopeo s = {
        .images = images, .ref = ref, .name = job->name, .hooks = job->hooks, .a = scratch};
    int result;

    strbuf_init(&s.out, 1 << 20);
    strbuf_init(&s.said, 2 * SAID_BYTES);
    begin(&s, "copy");
    option(&s, "--dest-shared-blob-dir", str_printf(scratch, "%s/blobs", images->path).ptr);
    word(&s, "--dest-oci-accept-uncompressed-layers");
    word(&s, str_cz(scratch, image_reference_skopeo(scratch, ref, digest)));
    word(&s, str_printf(scratch, "oci:%s:image", folder).ptr);
    result = run(&s, true, err);
    strbuf_done(&s.out);
    strbuf_done(&s.said);
    return result;
}
