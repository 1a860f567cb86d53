/*
 * Supervises containers beside each other: starts those that may start, copies their output to
 * logs, ends them on a deadline or when asked (SIGTERM: with the plan's grace, SIGINT: at
 * once), tries them again, copies their outputs, and holds them where they are to be debugged.
 * One container alone is a group of one.
 * Single-threaded: one poll() for all.
 */
#define _GNU_SOURCE
#include "base/fd.h"
#include "pods/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CODE_REFUSED = 64,
    DRAIN_MS = 200,
    STOP_LEAST_MS = 2000,
    FAILED_MS = 1000, /* from the failure of one to the end of the others */
    PAUSED_MS = 250   /* how often it is looked whether a paused one may go on */
};

/* ---- ending ---- */

static void signal_child(struct running *r, int number)
{
    if (r->state != RUN_ON || r->has_exited)
        return;
    kill(-r->child.pid, number);
    kill(r->child.pid, number);
}

/* SIGTERM, or what comes before it; once it ends, only its time can become shorter. */
static void stop(struct pod *pod, struct running *r, int64_t grace_ms)
{
    int64_t at = wall_now_ms() + grace_ms;

    if (r->state != RUN_ON || r->has_exited)
        return;
    if (r->kill_at_ms == 0 || at < r->kill_at_ms)
        r->kill_at_ms = at;
    if (r->is_stopping) {
        r->acts[ACT_PRE_STOP].until_ms = r->kill_at_ms;
        return;
    }
    r->is_stopping = true;
    for (int i = 0; i < ACT_PRE_STOP; i++)
        act_end(&pod->plan, r, (enum plan_act) i);
    if (r->c->acts[ACT_PRE_STOP].is_there && grace_ms > 0)
        act_start(&pod->plan, r, ACT_PRE_STOP, at);
    else
        signal_child(r, SIGTERM);
}

static void begin_end(struct pod *pod, uint32_t flag, int64_t grace_ms)
{
    int64_t at = wall_now_ms() + grace_ms;

    pod->record.flags |= flag;
    pod->is_hurried |= grace_ms == 0;
    for (size_t i = 0; i < pod->group_count; i++)
        stop(pod, &pod->group[i], grace_ms);
    if (pod->kill_at_ms == 0 || at < pod->kill_at_ms)
        pod->kill_at_ms = at;
}

/* A container, or what is done with it. */
static void note_exit(struct running *r, pid_t pid, int status)
{
    if (r->child.pid == pid) {
        r->status = status;
        r->has_exited = true;
    }
    for (size_t i = 0; i < ACT_COUNT; i++)
        if (r->acts[i].pid == pid) {
            r->acts[i].status = status;
            r->acts[i].has_exited = true;
        }
}

static void reap(struct pod *pod)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < pod->group_count; i++)
            if (pod->group[i].state == RUN_ON)
                note_exit(&pod->group[i], pid, status);
}

static void read_signals(struct pod *pod)
{
    struct signalfd_siginfo info;

    while (read(pod->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            reap(pod);
        else
            begin_end(pod, POD_RECORD_KILLED,
                      info.ssi_signo == SIGINT ? 0 : pod->plan.grace_ms);
    }
}

static void check_times(struct pod *pod)
{
    int64_t now = wall_now_ms();

    if (pod->plan.deadline_ms > 0 && now >= pod->plan.deadline_ms &&
        !(pod->record.flags & POD_RECORD_DEADLINE))
        begin_end(pod, POD_RECORD_DEADLINE, pod->plan.grace_ms);
    for (size_t i = 0; i < pod->group_count; i++)
        if (pod->group[i].kill_at_ms > 0 && now >= pod->group[i].kill_at_ms &&
            !act_is_on(&pod->group[i], ACT_PRE_STOP))
            signal_child(&pod->group[i], SIGKILL);
}

/* What comes before SIGTERM has ended: what is left of the time is its own, and not less than a
 * moment, as the kubelet has it; but for who is to be killed at once. */
static void look_at_stop(struct pod *pod, struct running *r)
{
    int64_t least = wall_now_ms() + (pod->is_hurried ? 0 : STOP_LEAST_MS);
    bool is_good;

    if (!act_turn(&pod->plan, r, ACT_PRE_STOP, &is_good))
        return;
    if (r->kill_at_ms < least)
        r->kill_at_ms = least;
    signal_child(r, SIGTERM);
}

/* Probes and hooks. */
static void look_after(struct pod *pod, struct running *r)
{
    int64_t grace;

    if (r->state != RUN_ON || r->has_exited)
        return;
    if (r->is_stopping)
        look_at_stop(pod, r);
    else if (probe_turn(pod, r, &grace))
        stop(pod, r, grace);
}

/* For a daemon that waits for it: can all that runs beside each other serve? */
static void note_ready(struct pod *pod)
{
    bool is_ready = pod->kill_at_ms == 0, was = pod->record.flags & POD_RECORD_READY;

    if (!pod->plan.is_watched || pod->group_count == 0 || pod->group[0].c->role == PLAN_FIRST)
        return;
    for (size_t i = 0; i < pod->group_count; i++)
        is_ready &= probe_is_ready(&pod->group[i]);
    if (is_ready == was)
        return;
    pod->record.flags ^= POD_RECORD_READY;
    if (is_ready)
        pod->record.message[0] = '\0';
    pod_write_record(pod);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b > 0 && b < a) ? b : a;
}

/* Milliseconds until something is to be done; -1: nothing is due. */
static int wait_ms(const struct pod *pod)
{
    int64_t now = wall_now_ms();
    int64_t at = 0;

    if (pod->plan.deadline_ms > 0 && !(pod->record.flags & POD_RECORD_DEADLINE))
        at = earlier(at, pod->plan.deadline_ms);
    if (pod->kill_at_ms == 0)
        at = earlier(at, pod->end_at_ms);
    for (size_t i = 0; i < pod->group_count; i++) {
        const struct running *r = &pod->group[i];

        if (r->state == RUN_KEPT || (r->state == RUN_WAITS && r->is_paused))
            at = earlier(at, now + PAUSED_MS);
        else if (r->state == RUN_WAITS)
            at = earlier(at, r->again_at_ms);
        if (r->state == RUN_ON)
            at = earlier(earlier(at, r->kill_at_ms), probe_next_ms(r));
    }
    if (at == 0)
        return -1;
    if (at <= now)
        return 10; /* killed, not yet gone */
    return at - now > 3600000 ? 3600000 : (int) (at - now);
}

/* Orphans of a container come to us (subreaper). */
static void kill_children(void)
{
    char path[64], text[4096];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? fd_read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    for (char *at = text; *at;) {
        long pid = strtol(at, &at, 10);

        if (pid > 1)
            kill((pid_t) pid, SIGKILL);
        while (*at == ' ')
            at++;
    }
}

/* Ends what the container left behind: orphans come to us (subreaper). */
static void end_orphans(void)
{
    for (int round = 0; round < 100; round++) {
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return; /* ECHILD: nobody is left, the usual case */
        kill_children();
        poll(NULL, 0, 5);
    }
}

/* ---- for whoever debugs it ---- */

/* Must it wait here, by a variable of its environment? What is waited for is a file. */
static bool is_paused_at(const struct pod *pod, const struct running *r, const char *variable,
                         const char *file)
{
    const char *value = plan_env(r->c, variable);
    char path[128];

    if (!value || strcmp(value, "true") != 0 || pod->kill_at_ms > 0 || strchr(r->c->name, '/'))
        return false;
    snprintf(path, sizeof(path), "ctr/%s", r->c->name);
    mkdirat(pod->dirfd, "ctr", 0755);
    mkdirat(pod->dirfd, path, 0755);
    snprintf(path, sizeof(path), "ctr/%s/%s", r->c->name, file);
    return faccessat(pod->dirfd, path, F_OK, 0) < 0;
}

static bool is_paused_before(const struct pod *pod, const struct running *r)
{
    return r->tries == 0 && is_paused_at(pod, r, "ARGO_DEBUG_PAUSE_BEFORE", "before");
}

static bool is_paused_after(const struct pod *pod, const struct running *r)
{
    return is_paused_at(pod, r, "ARGO_DEBUG_PAUSE_AFTER", "after");
}

/* ---- one container ---- */

/* It ends without having run (again): @reason is what those after it say. */
static void settle(struct running *r, int32_t code, int32_t reason)
{
    r->state = RUN_OVER;
    r->end.code = code;
    r->end.finished_ms = wall_now_ms();
    r->reason = reason;
}

static void start(struct pod *pod, struct running *r)
{
    r->out = (struct cri){.stream = "stdout", .is_tty = r->c->has_tty};
    r->err = (struct cri){.stream = "stderr"};
    if (r->tries++ == 0)
        r->log_fd = -1;
    r->has_exited = r->is_stopping = false;
    r->kill_at_ms = 0;
    r->end.message[0] = '\0';
    r->end.started_ms = wall_now_ms();
    if (spawn_container(&pod->plan, r->c, &r->child, r->end.message, sizeof(r->end.message)) <
        0) {
        r->has_start_failed = true;
        settle(r, CODE_REFUSED, CODE_REFUSED);
        return;
    }
    r->state = RUN_ON;
    probe_begin(pod, r);
}

static void copy_stream(struct pod *pod, struct running *r, struct cri *cri, int *fd)
{
    if (cri_copy(cri, *fd, pod->dirfd, r->c->log, &r->log_fd)) {
        cri_limit(r->log_fd, pod->plan.log_max_bytes, &r->log_dropped);
        return;
    }
    close(*fd);
    *fd = -1;
}

static void close_if(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool is_tried_again(const struct pod *pod, const struct running *r)
{
    return r->end.code != 0 && r->tries < r->c->tries && pod->kill_at_ms == 0 &&
           !r->is_stopping;
}

/* Its root is of no more use. */
static void let_go(const struct pod *pod, struct running *r)
{
    close_if(&r->child.root);
    close_if(&r->child.mounts);
    if (pod->plan.isolation == PLAN_IMAGE)
        image_unmount(r->c);
}

/* All that runs in its pid namespace ends with it. */
static void stop_image(struct running *r)
{
    if (r->end.code != 0 && image_has_lacked_memory(r->c))
        r->end.flags |= POD_RECORD_OOM;
    image_stop(r->c, &r->child);
}

/* It has exited, and its output has come to an end. */
static void finish(struct pod *pod, struct running *r)
{
    for (int i = 0; i < ACT_COUNT; i++)
        act_end(&pod->plan, r, (enum plan_act) i);
    close_if(&r->child.in);
    close_if(&r->child.out);
    close_if(&r->child.err);
    cri_end(&r->out, r->log_fd);
    cri_end(&r->err, r->log_fd);
    r->end.signal = WIFSIGNALED(r->status) ? WTERMSIG(r->status) : 0;
    r->end.code = WIFEXITED(r->status) ? WEXITSTATUS(r->status) : 128 + r->end.signal;
    r->end.flags = 0;
    if (pod->plan.isolation == PLAN_IMAGE)
        stop_image(r);
    else if (pod->group_count == 1)
        end_orphans();
    else
        kill(-r->child.pid, SIGKILL);
    if (is_tried_again(pod, r)) {
        r->state = RUN_WAITS;
        r->again_at_ms = wall_now_ms() + r->c->delay_ms;
        let_go(pod, r);
    } else {
        r->is_held = true;
        r->state = RUN_KEPT;
        close_if(&r->log_fd);
    }
}

/* It has ended for good, once nobody looks at what it has left any more. */
static bool look_at_kept(const struct pod *pod, struct running *r)
{
    if (r->state != RUN_KEPT || is_paused_after(pod, r))
        return false;
    settle(r, r->end.code, r->end.code);
    return true;
}

/* ---- the group ---- */

enum chance { MAY_START, MUST_WAIT, CANNOT_START };

/* By those that it comes after. */
static enum chance chance_of(const struct pod *pod, struct running *r)
{
    enum chance ret = MAY_START;

    for (size_t i = 0; i < pod->group_count; i++) {
        const struct running *other = &pod->group[i];
        bool is_before = false;

        for (size_t j = 0; j < r->c->after_count; j++)
            is_before |= strcmp(r->c->after[j], other->c->name) == 0;
        if (!is_before)
            continue;
        if (other->state != RUN_OVER) {
            ret = MUST_WAIT;
        } else if (other->end.flags & POD_RECORD_OOM) {
            /* Upstream's left no word, so this one has waited until all was ended. */
            settle(r, 128 + SIGTERM, 128 + SIGTERM);
            return CANNOT_START;
        } else if (other->reason != 0) {
            snprintf(r->end.message, sizeof(r->end.message),
                     "dependency \"%s\" exited with non-zero code: %d", other->c->name,
                     (int) other->reason);
            settle(r, CODE_REFUSED, other->reason);
            return CANNOT_START;
        }
    }
    return ret;
}

/* True when that may change something for others. */
static bool consider(struct pod *pod, struct running *r)
{
    enum chance chance;

    if (look_at_kept(pod, r))
        return true;
    if (r->state != RUN_WAITS)
        return false;
    chance = chance_of(pod, r);
    if (chance == CANNOT_START)
        return true;
    if (pod->kill_at_ms > 0) {
        settle(r, r->tries > 0 ? r->end.code : 128 + SIGTERM, 128 + SIGTERM);
        return true;
    }
    if (chance == MUST_WAIT || (r->again_at_ms > 0 && r->again_at_ms > wall_now_ms()))
        return false;
    r->is_paused = is_paused_before(pod, r);
    if (r->is_paused)
        return false;
    start(pod, r);
    return r->state == RUN_OVER;
}

/* Nothing runs, nothing will: they wait for each other. */
static void refuse_circle(struct pod *pod)
{
    for (size_t i = 0; i < pod->group_count; i++)
        if (pod->group[i].state == RUN_ON || pod->group[i].state == RUN_KEPT ||
            pod->group[i].is_paused || pod->group[i].again_at_ms > 0)
            return;
    for (size_t i = 0; i < pod->group_count; i++) {
        struct running *r = &pod->group[i];

        if (r->state != RUN_WAITS)
            continue;
        snprintf(r->end.message, sizeof(r->end.message), "its dependencies wait for it");
        settle(r, CODE_REFUSED, CODE_REFUSED);
    }
}

/* When the main ones are over, so is everything, and soon after one has failed.
 * True when the end begins. */
static bool look_at_end(struct pod *pod)
{
    size_t unfinished = 0, running = 0;
    bool has_failed = false;

    for (size_t i = 0; i < pod->group_count; i++) {
        const struct running *r = &pod->group[i];

        running += r->state == RUN_ON || r->state == RUN_KEPT ||
                   (r->state == RUN_WAITS && (r->is_paused || r->again_at_ms > 0));
        if (r->c->role == PLAN_SIDECAR)
            continue;
        unfinished += r->state != RUN_OVER;
        has_failed |= r->state == RUN_OVER && r->end.code != 0;
    }
    if (has_failed && pod->end_at_ms == 0)
        pod->end_at_ms = wall_now_ms() + FAILED_MS;
    if (running == 0 || pod->kill_at_ms > 0 ||
        (unfinished > 0 && (!has_failed || wall_now_ms() < pod->end_at_ms)))
        return false;
    begin_end(pod, 0, pod->plan.grace_ms);
    return true;
}

/* Starts what may start; true when all have ended. */
static bool advance(struct pod *pod)
{
    bool is_changed = true, is_over = true;

    while (is_changed) {
        is_changed = false;
        for (size_t i = 0; i < pod->group_count; i++)
            is_changed |= consider(pod, &pod->group[i]);
        if (!is_changed)
            is_changed = look_at_end(pod);
        if (!is_changed)
            refuse_circle(pod);
    }
    for (size_t i = 0; i < pod->group_count; i++)
        is_over &= pod->group[i].state == RUN_OVER;
    return is_over;
}

static bool is_drained(const struct running *r, const struct pollfd fds[2])
{
    return (r->child.out < 0 && r->child.err < 0) || (!fds[0].revents && !fds[1].revents);
}

/* What one has left behind is ended with it: also those that left its session, when no other
 * runs whose they might be: what they say is nobody's. */
static bool has_leftover(struct pod *pod)
{
    bool ret = false;

    for (size_t i = 0; i < pod->group_count; i++) {
        struct running *r = &pod->group[i];

        if (r->state != RUN_ON || !r->has_exited)
            continue;
        kill(-r->child.pid, SIGKILL);
        if (r->child.holder > 0)
            kill(r->child.holder, SIGKILL);
        if (pod->group_count == 1) {
            kill_children();
            reap(pod);
        }
        ret = true;
    }
    return ret;
}

/* Of a container: its output, its errors, what is said by what is done with it. */
enum { FDS = 2 + ACT_COUNT };

static void watch(const struct running *r, struct pollfd fds[FDS])
{
    bool is_on = r->state == RUN_ON;

    fds[0] = (struct pollfd){.fd = is_on ? r->child.out : -1, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = is_on ? r->child.err : -1, .events = POLLIN};
    for (int i = 0; i < ACT_COUNT; i++)
        fds[2 + i] = (struct pollfd){
            .fd = act_is_on(r, (enum plan_act) i) ? r->acts[i].out : -1, .events = POLLIN};
}

static void turn(struct pod *pod)
{
    struct pollfd fds[1 + FDS * PLAN_CONTAINERS_MAX] = {{.fd = pod->signals, .events = POLLIN}};
    size_t count = pod->group_count;

    for (size_t i = 0; i < count; i++)
        watch(&pod->group[i], &fds[1 + FDS * i]);
    if (poll(fds, 1 + FDS * count, has_leftover(pod) ? DRAIN_MS : wait_ms(pod)) < 0)
        for (size_t i = 0; i < 1 + FDS * count; i++)
            fds[i].revents = 0;
    for (size_t i = 0; i < count; i++) {
        if (fds[1 + FDS * i].revents)
            copy_stream(pod, &pod->group[i], &pod->group[i].out, &pod->group[i].child.out);
        if (fds[2 + FDS * i].revents)
            copy_stream(pod, &pod->group[i], &pod->group[i].err, &pod->group[i].child.err);
    }
    if (fds[0].revents)
        read_signals(pod);
    for (size_t i = 0; i < count; i++) {
        look_after(pod, &pod->group[i]);
        if (pod->group[i].state == RUN_ON && pod->group[i].has_exited &&
            is_drained(&pod->group[i], &fds[1 + FDS * i]))
            finish(pod, &pod->group[i]);
    }
    check_times(pod);
}

void group_run(struct pod *pod, struct running *all, size_t count)
{
    pod->group = all;
    pod->group_count = count;
    pod->end_at_ms = 0;
    for (size_t i = 0; i < count; i++)
        snprintf(all[i].end.name, sizeof(all[i].end.name), "%s", all[i].c->name);
    while (!advance(pod)) {
        note_ready(pod);
        turn(pod);
    }
    pod->record.flags &= ~(uint32_t) POD_RECORD_READY;
    if (count > 1)
        end_orphans();
    /* After all: one may write what another one hands on. */
    for (size_t i = 0; i < count; i++) {
        if (!all[i].is_held)
            continue;
        collect_outputs(pod->dirfd, all[i].child.root, all[i].c);
        let_go(pod, &all[i]);
    }
    pod->group_count = 0;
}
