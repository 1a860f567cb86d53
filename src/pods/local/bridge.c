/* See bridge.h. The way out is a rule of nftables, made by the program nft: without it pods
 * reach each other and this machine. */
#include "pods/local/bridge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/random.h"
#include "pods/shim/netlink.h"

enum { RANGE_BITS_MIN = 8, RANGE_BITS_MAX = 29, FIRST_POD = 2 };

#define FORWARDING "/proc/sys/net/ipv4/ip_forward"

static uint32_t size_of(const struct bridge *b)
{
    return UINT32_C(1) << (32 - b->prefix);
}

static void print(uint32_t address, char ret[16])
{
    snprintf(ret, 16, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
             address & 255);
}

int bridge_parse(const char *range, struct bridge *ret, struct err *err)
{
    const char *slash = strchr(range, '/');
    char text[INET_ADDRSTRLEN];
    struct in_addr at;
    int64_t prefix;

    if (!slash || (size_t) (slash - range) >= sizeof(text) ||
        !parse_i64(str_from(slash + 1), &prefix) || prefix < RANGE_BITS_MIN ||
        prefix > RANGE_BITS_MAX)
        return err_set(err, ERR_INVALID, "\"%s\" must be ADDRESS/BITS, with %d to %d bits",
                       range, RANGE_BITS_MIN, RANGE_BITS_MAX);
    snprintf(text, sizeof(text), "%.*s", (int) (slash - range), range);
    if (inet_pton(AF_INET, text, &at) != 1)
        return err_set(err, ERR_INVALID, "\"%s\" is no address of IPv4", text);
    *ret = (struct bridge){.prefix = (unsigned) prefix};
    ret->network = ntohl(at.s_addr) & ~(size_of(ret) - 1);
    snprintf(ret->name, sizeof(ret->name), "tiphys%08x", ret->network);
    return 0;
}

struct str bridge_gateway(const struct bridge *b, struct arena *a)
{
    char text[16];

    print(b->network + 1, text);
    return str_copy(a, str_from(text));
}

/* ---- the device ---- */

static int make_device(int fd, const struct bridge *b)
{
    struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
    struct netlink_message m;
    struct rtattr *link;

    netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    netlink_add(&m, IFLA_IFNAME, b->name, strlen(b->name) + 1);
    link = netlink_add(&m, IFLA_LINKINFO, NULL, 0);
    netlink_add(&m, IFLA_INFO_KIND, "bridge", strlen("bridge"));
    netlink_end(&m, link);
    return netlink_ask(fd, &m) == 0 || errno == EEXIST ? 0 : -1;
}

static int open_device(const struct bridge *b, struct err *err)
{
    int fd = netlink_open(), result = -1;
    unsigned index = 0;

    if (fd >= 0 && make_device(fd, b) == 0)
        index = if_nametoindex(b->name);
    if (index > 0 && netlink_add_address(fd, index, b->network + 1, b->prefix) == 0 &&
        netlink_set_up(fd, index) == 0)
        result = 0;
    if (result < 0)
        err_set(err, ERR_UNSUPPORTED, "bridge %s cannot be made: %s", b->name,
                strerrordesc_np(errno));
    if (fd >= 0)
        close(fd);
    return result;
}

/* ---- the way out ---- */

static bool run_nft(const char *rules)
{
    const char *const args[] = {"nft", rules, NULL};
    char *const env[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
    posix_spawn_file_actions_t quiet;
    int status = -1;
    pid_t pid;

    posix_spawn_file_actions_init(&quiet);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
    if (posix_spawnp(&pid, args[0], &quiet, NULL, (char *const *) (uintptr_t) args, env) == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    posix_spawn_file_actions_destroy(&quiet);
    return status == 0;
}

/* What leaves the bridge has this machine's address outside. */
static bool open_way_out(const struct bridge *b)
{
    char network[16], rules[512];

    print(b->network, network);
    snprintf(rules, sizeof(rules),
             "add table ip %s; delete table ip %s; table ip %s { chain out { type nat hook "
             "postrouting priority 100; ip saddr %s/%u oifname != \"%s\" masquerade; }; }",
             b->name, b->name, b->name, network, b->prefix, b->name);
    return run_nft(rules) && fd_write_file(AT_FDCWD, FORWARDING, O_TRUNC, 0644, "1", 1) == 0;
}

int bridge_open(struct bridge *b, struct err *err)
{
    struct random random = random_from_system();

    if (open_device(b, err) < 0)
        return -1;
    atomic_store(&b->next, (unsigned) random_u64(&random));
    b->has_way_out = open_way_out(b);
    return 0;
}

/* ---- addresses ---- */

int bridge_pick(struct bridge *b, char ret[16], struct err *err)
{
    uint32_t count =
        size_of(b) - FIRST_POD - 1; /* less the network's, ours, and the last one */

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = b->network + FIRST_POD + atomic_fetch_add(&b->next, 1) % count;
        char port[IF_NAMESIZE];

        snprintf(port, sizeof(port), "tpod%08x", at);
        if (if_nametoindex(port) > 0)
            continue;
        print(at, ret);
        return 0;
    }
    return err_set(err, ERR_TRANSIENT, "all %u addresses of bridge %s are taken", count,
                   b->name);
}
