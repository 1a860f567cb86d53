/* Addresses of pods: of those that have a network of their own on the machine's bridge
 * (bridge.h) their own, kept in the pod's folder for a daemon that finds it again; of others
 * the loopback's.
 */
#include "pods/local/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"

#define ADDRESS_FILE "address"
#define LOOPBACK     "127.0.0.1"

int address_stage(struct local_pod *pod, struct err *err)
{
    struct bridge *bridge = &pod->runner->runtime.bridge;

    if (!bridge->name[0] || pod->isolation != LOCAL_ISOLATION_IMAGE || pod->req.is_on_host)
        return 0;
    return bridge_pick(bridge, pod->ip, err);
}

int address_keep(const struct local_pod *pod, int dirfd, struct err *err)
{
    if (!pod->ip[0] ||
        fd_write_file(dirfd, ADDRESS_FILE, O_TRUNC, 0600, pod->ip, strlen(pod->ip)) == 0)
        return 0;
    return err_sys(err, errno, "keep the address of pod " STR_FMT, STR_ARG(pod->req.name));
}

void address_plan(const struct local_pod *pod, struct strbuf *plan)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct bridge *bridge = &pod->runner->runtime.bridge;

    if (!pod->ip[0])
        return;
    plan_word(plan, "bridge", str_from(bridge->name));
    plan_word(plan, "address", str_from(pod->ip));
    plan_word(plan, "prefix", str_printf(a, "%u", bridge->prefix));
    plan_word(plan, "gateway", bridge_gateway(bridge, a));
}

void address_find(struct local_pod *pod)
{
    char path[4200];
    ssize_t len;
    int fd;

    snprintf(path, sizeof(path), "%s/" STR_FMT "/" ADDRESS_FILE, pod->runner->root,
             STR_ARG(pod->dir));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    len = fd >= 0 ? fd_read(fd, pod->ip, sizeof(pod->ip) - 1) : 0;
    pod->ip[len > 0 ? len : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

struct str address_of(const struct local_pod *pod)
{
    return pod->ip[0] ? str_from(pod->ip) : STR(LOOPBACK);
}

struct str address_of_machine(const struct local_pod *pod, struct arena *a)
{
    return pod->ip[0] ? bridge_gateway(&pod->runner->runtime.bridge, a) : STR(LOOPBACK);
}
