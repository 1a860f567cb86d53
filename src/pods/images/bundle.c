/*
 * Prints config.json. The container sees its root, kernel folders of which parts are hidden or
 * read-only, no devices but the usual ones; it has few capabilities, gains no privileges, and
 * makes the system calls of seccomp.c. See bundle.h; the form is that of the OCI runtime
 * specification.
 */
#include "pods/images/bundle.h"

enum { CPU_PERIOD_US = 100000, CPU_QUOTA_MIN_US = 1000, CPU_SHARES_MIN = 2 };

static const char mounts[] =
    "\"mounts\":["
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"nosuid\","
    "\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\","
    "\"strictatime\",\"mode=755\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":["
    "\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
    "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":["
    "\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
    "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":["
    "\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\","
    "\"noexec\",\"nodev\",\"ro\"]}";

static const char paths[] =
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\","
    "\"/proc/latency_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/proc/timer_list\","
    "\"/proc/timer_stats\",\"/sys/devices/virtual/powercap\",\"/sys/firmware\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
    "\"/proc/sysrq-trigger\"]";

static void print_member(struct strbuf *out, const char *name, struct str value)
{
    strbuf_addf(out, "\"%s\":", name);
    json_print_string(out, value, JSON_COMPACT);
}

static void print_list(struct strbuf *out, const char *name, const struct str *list,
                       size_t count)
{
    strbuf_addf(out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_addc(out, ',');
        json_print_string(out, list[i], JSON_COMPACT);
    }
    strbuf_addc(out, ']');
}

static void print_process(const struct bundle *b, struct strbuf *out)
{
    const struct json *gains = json_get(b->security, STR("allowPrivilegeEscalation"));

    strbuf_addf(out, "\"process\":{\"terminal\":%s,\"user\":{\"uid\":%u,\"gid\":%u",
                b->has_tty ? "true" : "false", b->user.uid, b->user.gid);
    for (size_t i = 0; i < b->user.group_count; i++)
        strbuf_addf(out, "%s%u", i ? "," : ",\"additionalGids\":[", b->user.groups[i]);
    strbuf_addz(out, b->user.group_count ? "]}," : "},");
    print_list(out, "args", b->args, b->arg_count);
    strbuf_addc(out, ',');
    print_list(out, "env", b->env, b->env_count);
    strbuf_addc(out, ',');
    print_member(out, "cwd", b->cwd);
    strbuf_addz(out, ",\"capabilities\":{");
    bundle_print_capabilities(b->security, out);
    strbuf_addf(out, "},\"noNewPrivileges\":%s}",
                json_is(gains, JSON_BOOL) && gains->is_true ? "false" : "true");
}

/* The machine's own, which programs need to find others. */
static void print_mounts(const struct bundle *b, struct strbuf *out)
{
    const char *const files[] = {b->has_resolv_conf ? "/etc/resolv.conf" : NULL,
                                 b->has_hosts ? "/etc/hosts" : NULL};

    strbuf_addz(out, mounts);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (files[i])
            strbuf_addf(
                out,
                ",{\"destination\":\"%s\",\"type\":\"bind\",\"source\":\"%s\",\"options\":["
                "\"rbind\",\"ro\",\"nosuid\",\"nodev\",\"noexec\"]}",
                files[i], files[i]);
    strbuf_addc(out, ']');
}

static void print_resources(const struct bundle *b, struct strbuf *out)
{
    int64_t quota = b->cpu_milli * CPU_PERIOD_US / 1000;
    int64_t shares = b->cpu_request_milli * 1024 / 1000;

    strbuf_addz(out, "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]");
    if (b->memory_bytes > 0 && b->has_cgroups)
        strbuf_addf(out, ",\"memory\":{\"limit\":%lld", (long long) b->memory_bytes);
    if (b->memory_bytes > 0 && b->has_cgroups && b->has_swap_limit)
        strbuf_addf(out, ",\"swap\":%lld", (long long) b->memory_bytes);
    if (b->memory_bytes > 0 && b->has_cgroups)
        strbuf_addc(out, '}');
    if (b->has_cgroups && (quota > 0 || shares > 0)) {
        strbuf_addf(out, ",\"cpu\":{\"shares\":%lld",
                    (long long) (shares > CPU_SHARES_MIN ? shares : CPU_SHARES_MIN));
        if (quota > 0)
            strbuf_addf(out, ",\"quota\":%lld,\"period\":%d",
                        (long long) (quota > CPU_QUOTA_MIN_US ? quota : CPU_QUOTA_MIN_US),
                        CPU_PERIOD_US);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, '}');
}

static void print_linux(const struct bundle *b, struct strbuf *out)
{
    strbuf_addz(out, "\"linux\":{");
    print_resources(b, out);
    strbuf_addc(out, ',');
    print_member(out, "cgroupsPath", b->cgroup);
    strbuf_addz(out, ",\"namespaces\":[{\"type\":\"pid\"");
    if (!str_is_empty(b->pidns)) {
        strbuf_addc(out, ',');
        print_member(out, "path", b->pidns);
    }
    strbuf_addz(out, "},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"}");
    if (b->network == BUNDLE_NETWORK_NONE)
        strbuf_addz(out, ",{\"type\":\"network\"}");
    strbuf_addf(out, "],%s,\"seccomp\":%s}", paths, bundle_seccomp());
}

void bundle_print(const struct bundle *b, struct strbuf *out)
{
    strbuf_addz(out, "{\"ociVersion\":\"1.0.2\",");
    print_process(b, out);
    strbuf_addf(out, ",\"root\":{\"path\":\"root\",\"readonly\":%s},",
                json_get_bool(b->security, STR("readOnlyRootFilesystem")) ? "true" : "false");
    print_member(out, "hostname", b->hostname);
    strbuf_addc(out, ',');
    print_mounts(b, out);
    strbuf_addc(out, ',');
    print_linux(b, out);
    strbuf_addc(out, '}');
}
