/*
 * The daemon at rest, with an event source, a sensor and a finished workflow in it: its memory
 * and its wake-ups; and how long a command of the CLI takes beside a bare spawn of `true`.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

enum { REST_S = 5, COMMANDS = 101 };

static pid_t daemon_pid;

static void die(const char *what)
{
    fprintf(stderr, "bench_daemon: %s (errno %d)\n", what, errno);
    if (daemon_pid > 0)
        kill(daemon_pid, SIGKILL);
    exit(1);
}

/* Runs a command and waits for its end; its output goes nowhere. */
static pid_t start(const char *program, char *const args[])
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

static void must_run(const char *program, char *const args[])
{
    int status = 0;

    if (waitpid(start(program, args), &status, 0) < 0 || status != 0)
        die(args[1] ? args[1] : program);
}

static void start_daemon(const char *program, char *data)
{
    char *const args[] = {(char[]){"tiphys"},
                          (char[]){"server"},
                          (char[]){"--open"},
                          (char[]){"--port"},
                          (char[]){"0"},
                          (char[]){"--data"},
                          data,
                          NULL};
    char path[300], server[64] = "127.0.0.1:";
    ssize_t len = 0;

    daemon_pid = start(program, args);
    snprintf(path, sizeof(path), "%s/port", data);
    for (int i = 0; i < 1000 && len <= 0; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        len = fd >= 0 ? read(fd, server + 10, 10) : -1;
        if (fd >= 0)
            close(fd);
        usleep(10000);
    }
    if (len <= 0)
        die("the daemon does not start");
    server[strcspn(server, "\n")] = '\0';
    setenv("ARGO_SERVER", server, 1);
}

static void fill(const char *program, const char *data)
{
    static const char text[] =
        "apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\n"
        "spec: {webhook: {w: {port: \"29123\", endpoint: /w, method: POST}}}\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: s}\nspec:\n"
        "  dependencies: [{name: d, eventSourceName: hooks, eventName: w}]\n"
        "  triggers: [{template: {name: t, log: {}}}]\n---\n"
        "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n"
        "  entrypoint: m\n  templates: [{name: m, container: {image: i, command: "
        "[\"true\"]}}]\n";
    char path[300];
    char *const apply[] = {(char[]){"tiphys"}, (char[]){"apply"}, (char[]){"-f"}, path, NULL};
    char *const wait[] = {(char[]){"tiphys"}, (char[]){"wait"}, (char[]){"w"}, NULL};
    FILE *f;

    snprintf(path, sizeof(path), "%s/things.yaml", data);
    f = fopen(path, "w");
    if (!f)
        die(path);
    fputs(text, f);
    fclose(f);
    must_run(program, apply);
    must_run(program, wait);
}

/* Sum of a line's number over the files of all threads. */
static double sum_of_threads(const char *name)
{
    char path[400], line[200];
    double sum = 0;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int) daemon_pid);
    dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        FILE *f;

        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", (int) daemon_pid, e->d_name);
        f = fopen(path, "r");
        while (f && fgets(line, sizeof(line), f))
            if (strncmp(line, name, strlen(name)) == 0)
                sum += bench_number(line);
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
    return sum;
}

static double resident_mb(void)
{
    char path[64], line[200];
    double kb = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int) daemon_pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmRSS", 5) == 0)
            kb = bench_number(line);
    if (f)
        fclose(f);
    return kb / 1024;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}

static double middle_ms(const char *program, char *const args[])
{
    double ms[COMMANDS];

    for (int i = 0; i < COMMANDS; i++) {
        double from = bench_now();

        must_run(program, args);
        ms[i] = 1e3 * (bench_now() - from);
    }
    qsort(ms, COMMANDS, sizeof(ms[0]), by_value);
    return ms[COMMANDS / 2];
}

int main(void)
{
    char data[BENCH_PATH_BYTES];
    const char *program = getenv("TIPHYS") ? getenv("TIPHYS") : "build/tiphys";
    char *const nothing[] = {(char[]){"true"}, NULL};
    char *const version[] = {(char[]){"tiphys"}, (char[]){"version"}, (char[]){"--short"},
                             NULL};
    char *const list[] = {(char[]){"tiphys"}, (char[]){"list"}, NULL};
    double wakes;

    bench_folder(data);
    start_daemon(program, data);
    fill(program, data);
    sleep(1);
    wakes = sum_of_threads("voluntary_ctxt_switches");
    sleep(REST_S);
    wakes = (sum_of_threads("voluntary_ctxt_switches") - wakes) / REST_S;
    bench_print_less("daemon_rest_memory", resident_mb(), "MB", 30);
    bench_print_less("daemon_rest_wakeups", wakes, "wake-ups/s", 0);
    bench_print_less("cli_start_version", middle_ms(program, version), "ms", 10);
    bench_print_less("cli_list", middle_ms(program, list), "ms", 10);
    bench_print_less("bare_spawn_of_true", middle_ms("true", nothing), "ms", 10);
    kill(daemon_pid, SIGTERM);
    waitpid(daemon_pid, NULL, 0);
    return 0;
}
