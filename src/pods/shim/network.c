/*
 * A network of the pod's own: a namespace whose eth0 is one end of a pair of virtual cables,
 * the other end of which is a port of the machine's bridge. The kernel's rtnetlink is asked,
 * once before we leave the machine's network and once inside. The port is named by the pod's
 * address: of two pods with one address the second gets none. All of it goes with the last
 * process of the pod.
 */
#define _GNU_SOURCE
#include "pods/shim/shim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pods/shim/netlink.h"

#define INSIDE "eth0"

/* ---- what is asked ---- */

static void print_port(const struct plan_network *n, char ret[IF_NAMESIZE])
{
    struct in_addr at = {0};

    inet_pton(AF_INET, n->address, &at);
    snprintf(ret, IF_NAMESIZE, "tpod%08x", ntohl(at.s_addr));
}

/* The pair: one end a port of the bridge, the other one in @inside. */
static int make_pair(int fd, const struct plan_network *n, unsigned bridge, int inside)
{
    struct ifinfomsg info = {
        .ifi_family = AF_UNSPEC, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct ifinfomsg peer = {.ifi_family = AF_UNSPEC};
    struct rtattr *link, *data, *other;
    char port[IF_NAMESIZE];
    struct netlink_message m;

    print_port(n, port);
    netlink_begin(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    netlink_add(&m, IFLA_IFNAME, port, strlen(port) + 1);
    netlink_add(&m, IFLA_MASTER, &bridge, sizeof(bridge));
    link = netlink_add(&m, IFLA_LINKINFO, NULL, 0);
    netlink_add(&m, IFLA_INFO_KIND, "veth", 4);
    data = netlink_add(&m, IFLA_INFO_DATA, NULL, 0);
    other = netlink_add(&m, VETH_INFO_PEER, &peer, sizeof(peer));
    netlink_add(&m, IFLA_IFNAME, INSIDE, sizeof(INSIDE));
    netlink_add(&m, IFLA_NET_NS_FD, &inside, sizeof(inside));
    netlink_end(&m, other);
    netlink_end(&m, data);
    netlink_end(&m, link);
    return netlink_ask(fd, &m);
}

static int add_way_out(int fd, const struct plan_network *n)
{
    struct rtmsg info = {.rtm_family = AF_INET,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT,
                         .rtm_scope = RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
    struct in_addr at;
    struct netlink_message m;

    if (inet_pton(AF_INET, n->gateway, &at) != 1) {
        errno = EINVAL;
        return -1;
    }
    netlink_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
    netlink_add(&m, RTA_GATEWAY, &at, sizeof(at));
    return netlink_ask(fd, &m);
}

/* ---- all ---- */

static int dress_inside(const struct plan_network *n, const char **why)
{
    int fd = netlink_open();
    unsigned index = if_nametoindex(INSIDE);
    struct in_addr at = {0};
    int result = -1;

    *why = "the pod's network";
    inet_pton(AF_INET, n->address, &at);
    if (fd >= 0 && index > 0 && netlink_set_up(fd, if_nametoindex("lo")) == 0 &&
        netlink_add_address(fd, index, ntohl(at.s_addr), (unsigned) n->prefix) == 0 &&
        netlink_set_up(fd, index) == 0 && add_way_out(fd, n) == 0)
        result = 0;
    if (fd >= 0)
        close(fd);
    return result;
}

int network_enter(const struct plan_network *n, const char **why)
{
    int outside = netlink_open(), inside = -1, result = -1;
    unsigned bridge = if_nametoindex(n->bridge);

    *why = "the machine's bridge";
    if (outside < 0 || bridge == 0)
        return -1;
    *why = "new network";
    if (unshare(CLONE_NEWNET) == 0)
        inside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (inside >= 0) {
        *why = "a port of the machine's bridge";
        result = make_pair(outside, n, bridge, inside);
    }
    if (result == 0)
        result = dress_inside(n, why);
    if (inside >= 0)
        close(inside);
    close(outside);
    return result;
}
