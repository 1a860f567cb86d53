/* See served.h. */
#include "bench/served.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t daemon_pid; /* for an end that was not planned */

static void die(const char *what)
{
    fprintf(stderr, "bench: %s (errno %d)\n", what, errno);
    if (daemon_pid > 0)
        kill(daemon_pid, SIGKILL);
    exit(1);
}

/* ---- programs ---- */

pid_t served_spawn(const char *program, char *const args[])
{
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, program, &actions, NULL, args, environ) != 0)
        die(program);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

void served_run(const char *program, char *const args[])
{
    int status = 0;

    if (waitpid(served_spawn(program, args), &status, 0) < 0 || status != 0)
        die(args[1] ? args[1] : program);
}

static void read_port(struct served *s, const char *data)
{
    char path[300], server[64] = "127.0.0.1:";
    ssize_t len = 0;

    snprintf(path, sizeof(path), "%s/port", data);
    for (int i = 0; i < 60000 && len <= 0; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        len = fd >= 0 ? read(fd, server + 10, 10) : -1;
        if (fd >= 0)
            close(fd);
        if (len <= 0)
            usleep(1000);
    }
    if (len <= 0)
        die("the daemon does not start");
    server[strcspn(server, "\n")] = '\0';
    s->port = (int) bench_number(server + 10);
    setenv("ARGO_SERVER", server, 1);
}

void served_start(struct served *s, char *data)
{
    char *const args[] = {(char[]){"tiphys"},
                          (char[]){"server"},
                          (char[]){"--open"},
                          (char[]){"--port"},
                          (char[]){"0"},
                          (char[]){"--data"},
                          data,
                          NULL};
    char path[300];

    s->program = getenv("TIPHYS") ? getenv("TIPHYS") : "build/tiphys";
    snprintf(path, sizeof(path), "%s/port", data);
    unlink(path);
    s->pid = daemon_pid = served_spawn(s->program, args);
    read_port(s, data);
}

double served_start_s(struct served *s, char *data)
{
    double from = bench_now();
    int fd;

    served_start(s, data);
    fd = served_connect(s);
    served_ask(fd, "GET", "/healthz", NULL, NULL);
    close(fd);
    return bench_now() - from;
}

void served_stop(struct served *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
    daemon_pid = 0;
}

/* ---- from outside ---- */

static double number_of(const char *path, const char *name)
{
    char line[200];
    double value = 0;
    FILE *f = fopen(path, "r");

    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, name, strlen(name)) == 0)
            value = bench_number(line);
    if (f)
        fclose(f);
    return value;
}

double served_sleeps(const struct served *s)
{
    char path[400];
    double sum = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int) s->pid);
    dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", (int) s->pid, e->d_name);
        sum += number_of(path, "voluntary_ctxt_switches");
    }
    if (dir)
        closedir(dir);
    return sum;
}

static double memory_mb(const struct served *s, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/status", (int) s->pid);
    return number_of(path, name) / 1024;
}

double served_resident_mb(const struct served *s)
{
    return memory_mb(s, "VmRSS");
}

double served_peak_mb(const struct served *s)
{
    return memory_mb(s, "VmHWM");
}

/* ---- other servers ---- */

int served_free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *) &at, sizeof(at)) < 0 ||
        getsockname(fd, (struct sockaddr *) &at, &len) < 0)
        die("a free port");
    close(fd);
    return ntohs(at.sin_port);
}

static int open_port(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t) port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *) &to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

void served_wait(int port)
{
    int fd = -1;

    for (int i = 0; i < 400 && fd < 0; i++) {
        fd = open_port(port);
        if (fd < 0)
            usleep(50000);
    }
    if (fd < 0)
        die("a server that does not start");
    close(fd);
}

/* ---- HTTP ---- */

int served_connect(const struct served *s)
{
    int fd = open_port(s->port), one = 1;

    if (fd < 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void ask(int fd, const char *method, const char *path, const char *type,
                const char *body)
{
    char head[1024];
    size_t body_len = body ? strlen(body) : 0;
    int len =
        snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);

    if (body)
        len += snprintf(head + len, sizeof(head) - (size_t) len,
                        "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body_len);
    len += snprintf(head + len, sizeof(head) - (size_t) len, "\r\n");
    if (send(fd, head, (size_t) len, body ? MSG_MORE : 0) != len ||
        (body && send(fd, body, body_len, 0) != (ssize_t) body_len))
        die("send");
}

/* Length of a body that says it, else SIZE_MAX: in chunks. */
static size_t length_of(const char *head)
{
    const char *line = strcasestr(head, "\r\nContent-Length:");

    return line ? (size_t) bench_number(line + 17) : SIZE_MAX;
}

size_t served_ask(int fd, const char *method, const char *path, const char *type,
                  const char *body)
{
    static const char last[] = "\r\n0\r\n\r\n";
    char text[65536 + 1], tail[8] = "";
    size_t used = 0, got = 0, length = SIZE_MAX;
    const char *end = NULL;

    ask(fd, method, path, type, body);
    for (;;) {
        ssize_t len = recv(fd, text + used, sizeof(text) - 1 - used, 0);

        if (len <= 0)
            die(path);
        used += (size_t) len;
        text[used] = '\0';
        if (!end) {
            end = strstr(text, "\r\n\r\n");
            if (!end)
                continue;
            if (text[9] != '2')
                die(text);
            length = length_of(text);
            got = used - (size_t) (end + 4 - text);
        } else {
            got += (size_t) len;
        }
        for (size_t i = used > 7 ? used - 7 : 0; i < used; i++) { /* the last seven bytes */
            memmove(tail, tail + 1, 6);
            tail[6] = text[i];
        }
        if (length == SIZE_MAX ? memcmp(tail, last, 7) == 0 : got >= length)
            return got;
        used = 0;
    }
}

/* ---- numbers ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

double bench_middle(double *values, int count)
{
    return bench_share(values, (size_t) count, 0.5);
}

double bench_share(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), by_value);
    return count ? values[(size_t) (share * (double) (count - 1))] : 0;
}

/* ---- what something takes ---- */

static double seconds(struct timeval t)
{
    return (double) t.tv_sec + (double) t.tv_usec / 1e6;
}

struct bench_took bench_used(void)
{
    struct bench_took ret = {.s = bench_now()};
    struct rusage use;

    for (int i = 0; i < 2; i++) {
        getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &use);
        ret.cpu_s += seconds(use.ru_utime) + seconds(use.ru_stime);
    }
    return ret;
}

void bench_take(struct bench_took *best, struct bench_took from)
{
    struct bench_took at = bench_used();

    if (best->s == 0 || at.s - from.s < best->s)
        best->s = at.s - from.s;
    if (best->cpu_s == 0 || at.cpu_s - from.cpu_s < best->cpu_s)
        best->cpu_s = at.cpu_s - from.cpu_s;
}

void bench_print_took(const char *name, double amount, const char *unit,
                      const struct bench_took *ours, const struct bench_took *bare,
                      double goal_ratio)
{
    char by_cpu[64];

    snprintf(by_cpu, sizeof(by_cpu), "%s_by_cpu", name);
    bench_print(name, amount / ours->s, unit, bare->s > 0 ? amount / bare->s : 0, goal_ratio);
    bench_print(by_cpu, amount / ours->cpu_s, unit, bare->cpu_s > 0 ? amount / bare->cpu_s : 0,
                goal_ratio);
}
