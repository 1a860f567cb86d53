/* The Go program beside us. See peer.h. */
#include "bench/peer.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our ends of the pipes close when it begins. */
static pid_t spawn(const char *program, char *folder, int to, int from)
{
    char *const args[] = {(char[]){"peers"}, folder, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from, STDOUT_FILENO);
    if (posix_spawn(&pid, program, &actions, NULL, args, environ) != 0)
        exit(1);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

void peer_start(struct peer *p, char *folder)
{
    const char *program = getenv("BENCH_PEERS");
    int to[2], from[2];

    *p = (struct peer){};
    if (!program || access(program, X_OK) != 0) {
        fprintf(stderr, "bench: no BENCH_PEERS: the ratios to the Go libraries are 0\n");
        return;
    }
    if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0)
        exit(1);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL); /* it may die */
    p->pid = spawn(program, folder, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    p->to = to[1];
    p->from = from[0];
}

static bool read_all(int fd, char *to, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, to + done, len - done);

        if (n <= 0)
            return false;
        done += (size_t) n;
    }
    return true;
}

static bool read_line(int fd, char *to, size_t room)
{
    for (size_t len = 0; len < room - 1; len++) {
        if (read(fd, to + len, 1) != 1)
            return false;
        if (to[len] == '\n') {
            to[len] = '\0';
            return true;
        }
    }
    return false;
}

double peer_ask(struct peer *p, struct arena *a, const char *name, int ms, struct str *ret)
{
    char line[128], *rest;
    int len = snprintf(line, sizeof(line), "%s %d\n", name, ms);
    double took;

    if (p->pid == 0)
        return 0;
    if (write(p->to, line, (size_t) len) != len || !read_line(p->from, line, sizeof(line))) {
        peer_stop(p);
        return 0;
    }
    took = strtod(line, &rest);
    ret->len = (size_t) strtod(rest, NULL);
    rest = arena_alloc_raw(a, ret->len + 1);
    ret->ptr = rest;
    return read_all(p->from, rest, ret->len) ? took : 0;
}

void peer_stop(struct peer *p)
{
    if (p->pid == 0)
        return;
    close(p->to);
    close(p->from);
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
}
