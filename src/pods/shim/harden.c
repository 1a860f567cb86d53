/*
 * Who a container is, and what one of isolation `host` may not do, however it tries: few
 * capabilities, no more privileges than it begins with, no device nodes and no abstract sockets
 * of others (Landlock, where the kernel has it), no system calls but those of syscalls.def. In
 * isolation `process` only what the plan asks for. Runs in the new child, last before its
 * program; it cannot be undone. Isolation image has the same from its runtime.
 *
 * What needs privileges comes before they go: the bounding set, then the user, then the rest.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char **why, const char *step)
{
    *why = step;
    return -1;
}

/* ---- capabilities ---- */

#define BIT(number) (1ULL << (number))

/* As images/command.c keeps them. */
static const unsigned long long kept =
    BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_KILL) |
    BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_SETFCAP) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP) |
    BIT(CAP_SETUID) | BIT(CAP_SYS_CHROOT);

/* What no program that it runs can gain. */
static int drop_bounds(unsigned long long lost)
{
    for (unsigned i = 0; i < 64; i++)
        if ((lost & BIT(i)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno == EPERM)
            return -1;
    return 0;
}

static int drop_capabilities(unsigned long long lost)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= (unsigned) (~lost >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return (int) syscall(SYS_capset, &header, data);
}

/* ---- Landlock; newer than the headers of many machines ---- */

enum {
    CALL_CREATE_RULESET = 444,
    CALL_ADD_RULE = 445,
    CALL_RESTRICT_SELF = 446,
    ASK_VERSION = 1,
    RULE_PATH_BENEATH = 1,
    VERSION_OF_REFER = 2,
    VERSION_OF_SCOPES = 6
};

#define FS_MAKE_CHAR  BIT(6)
#define FS_MAKE_BLOCK BIT(11)
#define FS_REFER      BIT(13)
#define SCOPE_SOCKETS BIT(0)
#define SCOPE_SIGNALS BIT(1)

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* Renames between folders are refused by every set of rules that does not allow them. */
static int allow_renames(int rules)
{
    struct path_rule all = {.allowed = FS_REFER,
                            .parent = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    int result =
        all.parent < 0 ? -1 : (int) syscall(CALL_ADD_RULE, rules, RULE_PATH_BENEATH, &all, 0);

    if (all.parent >= 0)
        close(all.parent);
    return result;
}

/* A kernel without it, or that is too old, is no failure. */
/* @is_inside: it is another's guest, in a pid namespace that has nobody else's processes: it
 * may signal them. */
static int restrict_by_landlock(bool is_inside)
{
    struct ruleset set = {.fs = FS_MAKE_CHAR | FS_MAKE_BLOCK | FS_REFER};
    long version = syscall(CALL_CREATE_RULESET, NULL, 0, ASK_VERSION);
    size_t size = version >= VERSION_OF_SCOPES ? sizeof(set) : sizeof(set.fs);
    int rules, result;

    if (version < VERSION_OF_REFER)
        return 0;
    if (version >= VERSION_OF_SCOPES)
        set.scoped = SCOPE_SOCKETS | (is_inside ? 0 : SCOPE_SIGNALS);
    rules = (int) syscall(CALL_CREATE_RULESET, &set, size, 0);
    if (rules < 0)
        return -1;
    result = allow_renames(rules);
    if (result == 0)
        result = (int) syscall(CALL_RESTRICT_SELF, rules, 0);
    close(rules);
    return result;
}

/* ---- system calls ---- */

#if defined(__x86_64__)

enum { CALLS = 512, PROGRAM_MAX = 1024, NEWEST = 450, NEW_NAMESPACES = 0x7e020000, AF_VM = 40 };

/* A filter that is put together: instructions, in order. */
struct program {
    struct sock_filter at[PROGRAM_MAX];
    unsigned short len;
};

static void add(struct program *p, struct sock_filter instruction)
{
    if (p->len < PROGRAM_MAX)
        p->at[p->len++] = instruction;
}

static void load(struct program *p, size_t offset)
{
    add(p, (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned) offset));
}

static void answer(struct program *p, unsigned action)
{
    add(p, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action));
}

/* The next @skip instructions are for the others. */
static void unless(struct program *p, unsigned short compare, unsigned value,
                   unsigned char skip)
{
    add(p, (struct sock_filter) BPF_JUMP((unsigned short) (BPF_JMP | compare | BPF_K), value, 0,
                                         skip));
}

static void mark_calls(bool allowed[CALLS])
{
#define SYSCALL(name) allowed[__NR_##name] = true;
#include "pods/shim/syscalls.def"
#undef SYSCALL
    allowed[__NR_fork] = allowed[__NR_vfork] = true;
}

/* Numbers follow each other: a pair of comparisons for each run of them. */
static void allow_runs(struct program *p, const bool allowed[CALLS])
{
    for (unsigned i = 0, end; i < CALLS; i = end) {
        for (end = i + 1; end < CALLS && allowed[end] == allowed[i]; end++)
            continue;
        if (!allowed[i])
            continue;
        unless(p, BPF_JGE, i, 2);
        add(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, end, 1, 0));
        answer(p, SECCOMP_RET_ALLOW);
    }
}

/* Calls of which some uses are allowed: by the low half of their first argument. */
static void allow_uses(struct program *p)
{
    static const unsigned domains[] = {0, 8, 0xffffffff};
    const unsigned first = offsetof(struct seccomp_data, args);

    unless(p, BPF_JEQ, __NR_clone, 3);
    load(p, first);
    add(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 1, 0));
    answer(p, SECCOMP_RET_ALLOW);
    load(p, offsetof(struct seccomp_data, nr));
    unless(p, BPF_JEQ, __NR_socket, 3);
    load(p, first);
    add(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_VM, 1, 0));
    answer(p, SECCOMP_RET_ALLOW);
    load(p, offsetof(struct seccomp_data, nr));
    unless(p, BPF_JEQ, __NR_personality, 2 * 3 + 1);
    load(p, first);
    for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        unless(p, BPF_JEQ, domains[i], 1);
        answer(p, SECCOMP_RET_ALLOW);
    }
    load(p, offsetof(struct seccomp_data, nr));
}

/* clone3 keeps its flags where no filter can look, and what is newer than this list may do
 * anything: both do not exist. */
static void refuse_others(struct program *p)
{
    unless(p, BPF_JEQ, __NR_clone3, 1);
    answer(p, SECCOMP_RET_ERRNO | ENOSYS);
    unless(p, BPF_JGT, NEWEST, 1);
    answer(p, SECCOMP_RET_ERRNO | ENOSYS);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

static int filter_calls(void)
{
    static struct program p;
    bool allowed[CALLS] = {false};
    struct sock_fprog program = {.filter = p.at};

    p.len = 0; /* the memory may be the shim's */
    mark_calls(allowed);
    load(&p, offsetof(struct seccomp_data, arch));
    add(&p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
    answer(&p, SECCOMP_RET_ERRNO | ENOSYS); /* 32-bit programs */
    load(&p, offsetof(struct seccomp_data, nr));
    allow_runs(&p, allowed);
    allow_uses(&p);
    refuse_others(&p);
    program.len = p.len;
    return (int) syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

#else
#error "the numbers of this machine's system calls are not known"
#endif

/* ---- the user ---- */

/* What is /dev/stdout to a program is a file of its own, which it may open. */
static int own_streams(uid_t uid)
{
    struct stat st;

    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || isatty(fd)) &&
            fchown(fd, uid, (gid_t) -1) < 0)
            return -1;
    return 0;
}

/* The calls of the system: those of the library are for all threads, and a child that borrows
 * memory has none of its own. A change of user forgets that we die with the shim. */
static int become(const struct plan_container *c)
{
    if (own_streams((uid_t) c->uid) < 0 ||
        syscall(SYS_setgroups, c->group_count, c->groups) < 0 ||
        syscall(SYS_setresgid, c->gid, c->gid, c->gid) < 0 ||
        syscall(SYS_setresuid, c->uid, c->uid, c->uid) < 0)
        return -1;
    return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int harden(const struct plan *plan, const struct plan_container *c, bool is_inside,
           const char **why)
{
    bool is_host = plan->isolation == PLAN_HOST, is_root = geteuid() == 0;
    bool is_sealed = is_host || c->is_sealed || c->is_filtered || (c->lacks && !is_root);
    unsigned long long lost = (unsigned long long) c->lacks | (is_host ? ~kept : 0);

    if (is_sealed && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(why, "give up new privileges");
    if (lost && (is_host || is_root) && drop_bounds(lost) < 0)
        return fail(why, "drop capabilities");
    if (c->uid >= 0 && is_root && become(c) < 0)
        return fail(why, "become the container's user");
    if (lost && drop_capabilities(lost) < 0)
        return fail(why, "drop capabilities");
    if (is_host && restrict_by_landlock(is_inside) < 0)
        return fail(why, "restrict by Landlock");
    if ((is_host || c->is_filtered) && filter_calls() < 0)
        return fail(why, "filter system calls");
    return 0;
}
