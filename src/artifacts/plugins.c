/* See plugins.h. A program's socket and log lie in the folder of the keeper. What a crash left
 * running is known by the socket that it listens at and the path in its arguments. */
#include "artifacts/plugins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/vec.h"
#include "io/grpc_client.h"

enum { PAUSE_US = 20000, SAID_BYTES = 512, ENVIRONMENT_MAX = 16 };

/* One program. Never removed, so that who waits for it may hold it. */
struct program {
    struct artifact_plugins *all;
    char *name;
    pthread_mutex_t starting; /* held by who starts it, or sees whether it is there */
    char *command;            /* as JSON; NULL: never started; by who holds starting */
    char *socket;
    pid_t pid;    /* 0: does not run; by who holds the keeper's lock */
    int ended_by; /* what waitpid() said of the last one */
};

struct artifact_plugins {
    char *folder;
    pthread_mutex_t lock;
    struct program *programs[ARTIFACT_PLUGINS_MAX];
    size_t count;
    atomic_bool is_stopping;
};

/* ---- what runs ---- */

static bool runs(struct program *p)
{
    bool is_there;

    pthread_mutex_lock(&p->all->lock);
    if (p->pid > 0 && waitpid(p->pid, &p->ended_by, WNOHANG) == p->pid)
        p->pid = 0;
    is_there = p->pid > 0;
    pthread_mutex_unlock(&p->all->lock);
    return is_there;
}

static void end(struct program *p)
{
    struct mono limit = mono_after(clock_mono(), ARTIFACT_PLUGIN_STOP_MS);

    if (runs(p))
        kill(-p->pid, SIGTERM);
    while (runs(p)) {
        if (mono_ms_until(clock_mono(), limit) == 0)
            kill(-p->pid, SIGKILL);
        usleep(PAUSE_US);
    }
    if (p->socket)
        unlink(p->socket);
}

/* ---- starting ---- */

static char **environment(struct arena *a)
{
    static const char *const names[] = {"HOME", "LANG", "PATH", "TMPDIR", "TZ"};
    char **ret = ARENA_ARRAY(a, char *, ENVIRONMENT_MAX);
    size_t len = 0;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (getenv(names[i]))
            ret[len++] = str_cz(a, str_printf(a, "%s=%s", names[i], getenv(names[i])));
    ret[len] = NULL;
    return ret;
}

static int spawn(struct arena *a, char *const *argv, const char *log, pid_t *ret)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, broken;
    int error;

    sigemptyset(&none);
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &broken);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    error = posix_spawnp(ret, argv[0], &actions, &attributes, argv, environment(a));
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return error;
}

static struct str log_of(struct arena *a, const struct program *p)
{
    return str_printf(a, "%s/%s.log", p->all->folder, p->name);
}

static int start(struct program *p, struct arena *a, const struct json *command,
                 struct err *err)
{
    char **argv = ARENA_ARRAY(a, char *, command->count + 2);
    struct random random = random_from_system();
    struct str socket =
        str_printf(a, "%s/%s.%08x", p->all->folder, p->name, (unsigned) random_u64(&random));
    pid_t pid = 0;
    int error;

    for (uint32_t i = 0; i < command->count; i++)
        argv[i] = str_cz(a, json_str(json_item(command, i)));
    argv[command->count] = str_cz(a, socket);
    argv[command->count + 1] = NULL;
    error = spawn(a, argv, log_of(a, p).ptr, &pid);
    if (error)
        return err_set(err, ERR_INVALID, "artifact driver \"%s\": start %s: %s", p->name,
                       argv[0], strerrordesc_np(error));
    free(p->socket);
    p->socket = mem_dup(socket.ptr, socket.len);
    pthread_mutex_lock(&p->all->lock);
    p->pid = pid;
    pthread_mutex_unlock(&p->all->lock);
    log_info(NULL, "the program of an artifact plugin was started",
             LOG_STR(NAME, str_from(p->name)), LOG_I64(PID, pid));
    return 0;
}

/* ---- waiting ---- */

/* The last line that it wrote. */
static struct str last_words(struct program *p, struct arena *a)
{
    char *bytes = arena_alloc_raw(a, SAID_BYTES);
    int fd = open(log_of(a, p).ptr, O_RDONLY | O_CLOEXEC);
    struct str said = STR(""), line, last = STR("");
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        ssize_t len =
            pread(fd, bytes, SAID_BYTES, st.st_size > SAID_BYTES ? st.st_size - SAID_BYTES : 0);

        said = len > 0 ? str_of(bytes, (size_t) len) : said;
    }
    if (fd >= 0)
        close(fd);
    while (str_cut(&said, '\n', &line))
        if (!str_is_empty(str_trim(line)))
            last = str_trim(line);
    return last;
}

static int tell_end(struct program *p, struct arena *a, struct err *err)
{
    bool is_signal = WIFSIGNALED(p->ended_by);

    return err_set(
        err, ERR_INVALID,
        "artifact driver \"%s\": its program ended by %s %d before it answered%s" STR_FMT,
        p->name, is_signal ? "signal" : "exit code",
        is_signal ? WTERMSIG(p->ended_by) : WEXITSTATUS(p->ended_by),
        str_is_empty(last_words(p, a)) ? "" : ": ", STR_ARG(last_words(p, a)));
}

/* Whom is waited for. */
struct waiting {
    struct artifact_plugins *all;
    struct program *program; /* that is to answer, or NULL: another's */
    struct str name;
    const char *socket;
};

static int wait_for(const struct waiting *w, struct arena *a, uint64_t wait_ms, struct err *err)
{
    struct mono limit = mono_after(clock_mono(), wait_ms);
    struct err why;

    for (;;) {
        uint64_t left = mono_ms_until(clock_mono(), limit);

        if (grpc_client_probe(w->socket, left, &why) == 0)
            return 0;
        if (atomic_load(&w->all->is_stopping))
            return err_set(err, ERR_CANCELLED, "the server ends");
        if (w->program && !runs(w->program))
            return tell_end(w->program, a, err);
        if (why.kind != ERR_TRANSIENT || left == 0)
            break;
        usleep(PAUSE_US);
    }
    return err_set(err, why.kind == ERR_INVALID ? ERR_INVALID : ERR_TIMEOUT,
                   "timeout waiting for plugin " STR_FMT " connection to become ready within "
                   "%llu ms: %s",
                   STR_ARG(w->name), (unsigned long long) wait_ms, why.text);
}

/* ---- the keeper ---- */

static struct program *program_of(struct artifact_plugins *all, struct str name,
                                  struct err *err)
{
    struct program *p = NULL;

    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count && !p; i++)
        if (str_is(name, all->programs[i]->name))
            p = all->programs[i];
    if (!p && all->count < ARTIFACT_PLUGINS_MAX) {
        p = NEW(struct program);
        p->all = all;
        p->name = mem_dup(name.ptr, name.len);
        pthread_mutex_init(&p->starting, NULL);
        all->programs[all->count++] = p;
    }
    pthread_mutex_unlock(&all->lock);
    if (!p)
        err_set(err, ERR_LIMIT, "over %d programs of artifact plugins", ARTIFACT_PLUGINS_MAX);
    return p;
}

/* What it writes may not fill the disk. */
static void shorten_log(const struct program *p, struct arena *a)
{
    struct stat st;

    if (stat(log_of(a, p).ptr, &st) == 0 && st.st_size > ARTIFACT_PLUGIN_LOG_MAX_BYTES)
        (void) !truncate(log_of(a, p).ptr, 0);
}

static int make_ready(struct program *p, struct arena *a, const struct json *command,
                      uint64_t connect_ms, struct err *err)
{
    struct waiting w = {.all = p->all, .program = p, .name = str_from(p->name)};
    struct str text = json_text(a, command, 0);

    if (!p->command || !str_is(text, p->command)) {
        end(p);
        free(p->command);
        p->command = mem_dup(text.ptr, text.len);
    }
    shorten_log(p, a);
    w.socket = p->socket;
    if (runs(p)) {
        if (wait_for(&w, a, connect_ms, err) == 0)
            return 0;
        if (runs(p)) /* else it has ended just now */
            return -1;
    }
    if (start(p, a, command, err) < 0)
        return -1;
    w.socket = p->socket;
    return wait_for(&w, a, ARTIFACT_PLUGIN_START_MS, err);
}

int artifact_plugin_socket(struct artifact_plugins *all, struct arena *a,
                           const struct json *driver, uint64_t connect_ms, const char **ret,
                           struct err *err)
{
    struct str name = json_get_str(driver, STR("name")),
               socket = json_get_str(driver, STR("socket"));
    const struct json *command = json_get(driver, STR("command"));
    struct program *p;
    int result;

    if (!str_is_empty(socket)) {
        const struct waiting w = {.all = all, .name = name, .socket = str_cz(a, socket)};

        *ret = w.socket;
        return wait_for(&w, a, connect_ms, err);
    }
    if (!json_item(command, 0))
        return err_set(err, ERR_UNSUPPORTED,
                       "artifact driver \"" STR_FMT "\" has an image alone: on this machine it "
                       "needs command, a program that gets the path of a socket as its last "
                       "argument, or socket, the path of one that is served already",
                       STR_ARG(name));
    p = program_of(all, name, err);
    if (!p)
        return -1;
    pthread_mutex_lock(&p->starting);
    result = make_ready(p, a, command, connect_ms, err);
    if (result == 0)
        *ret = str_cz(a, str_from(p->socket));
    pthread_mutex_unlock(&p->starting);
    return result;
}

/* ---- what a crash left ---- */

/* Does the last argument of a process name the socket? Else it is no program of ours. */
static bool is_named(pid_t pid, const char *socket)
{
    char path[64], bytes[8192];
    size_t len = strlen(socket);
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    got = read(fd, bytes, sizeof(bytes));
    close(fd);
    return got > (ssize_t) len + 1 && memcmp(bytes + got - len - 1, socket, len + 1) == 0;
}

static void end_left(const char *socket_path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct ucred who;
    socklen_t len = sizeof(who);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (strlen(socket_path) < sizeof(to.sun_path)) {
        memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
        if (connect(fd, (const struct sockaddr *) &to, sizeof(to)) == 0 &&
            getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.pid > 1 &&
            is_named(who.pid, socket_path))
            kill(who.pid, SIGTERM);
    }
    close(fd);
    unlink(socket_path);
}

static void sweep(const char *folder)
{
    DIR *list = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX];

    while (list && (entry = readdir(list))) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_SOCK)
            end_left(path);
        else if (entry->d_type == DT_REG)
            unlink(path);
    }
    if (list)
        closedir(list);
}

struct artifact_plugins *artifact_plugins_new(struct str folder)
{
    struct artifact_plugins *all = NEW(struct artifact_plugins);

    all->folder = mem_dup(folder.ptr, folder.len);
    pthread_mutex_init(&all->lock, NULL);
    mkdir(all->folder, 0700);
    sweep(all->folder);
    return all;
}

void artifact_plugins_stop(struct artifact_plugins *all)
{
    atomic_store(&all->is_stopping, true);
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++)
        if (all->programs[i]->pid > 0)
            kill(-all->programs[i]->pid, SIGTERM);
    pthread_mutex_unlock(&all->lock);
}

void artifact_plugins_free(struct artifact_plugins *all)
{
    if (!all)
        return;
    artifact_plugins_stop(all);
    for (size_t i = 0; i < all->count; i++) {
        struct program *p = all->programs[i];

        end(p);
        pthread_mutex_destroy(&p->starting);
        free(p->name);
        free(p->command);
        free(p->socket);
        free(p);
    }
    pthread_mutex_destroy(&all->lock);
    free(all->folder);
    free(all);
}
