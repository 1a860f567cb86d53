/* What of an image and what of a manifest counts: command, securityContext. See bundle.h. */
#include "pods/images/bundle.h"

static const struct json *list_of(const struct json *v, const char *member)
{
    const struct json *list = json_get(v, str_from(member));

    return json_is(list, JSON_ARRAY) && list->count > 0 ? list : NULL;
}

static size_t add_words(const struct json *list, const struct json **ret, size_t count)
{
    for (size_t i = 0; list && i < list->count; i++)
        ret[count++] = json_item(list, i);
    return count;
}

void bundle_command(const struct json *config, const struct json *container, struct arena *a,
                    const struct json **ret, size_t *ret_count)
{
    const struct json *command = list_of(container, "command");
    const struct json *args = list_of(container, "args");
    size_t count = 0;

    if (!command && !args)
        args = list_of(config, "Cmd");
    if (!command)
        command = list_of(config, "Entrypoint");
    *ret = NULL;
    if (command || args) {
        const struct json **words = ARENA_ARRAY(
            a, const struct json *, (command ? command->count : 0) + (args ? args->count : 0));
        struct json *copies;

        count = add_words(args, words, add_words(command, words, 0));
        copies = ARENA_ARRAY(a, struct json, count);
        for (size_t i = 0; i < count; i++)
            copies[i] = *words[i];
        *ret = copies;
    }
    *ret_count = count;
}

const struct json *bundle_security(struct arena *a, const struct json *pod,
                                   const struct json *container)
{
    struct json *made;

    if (!json_is(container, JSON_OBJECT))
        return json_is(pod, JSON_OBJECT) ? pod : NULL;
    if (!json_is(pod, JSON_OBJECT))
        return container;
    made = ARENA_NEW(a, struct json);
    *made = *pod;
    for (size_t i = 0; i < container->count; i++)
        *made = json_set(a, made, container->members[i].key, container->members[i].value);
    return made;
}

/* ---- what is refused ---- */

static const char *const kept[] = {"CHOWN",   "DAC_OVERRIDE",     "FOWNER",    "FSETID",
                                   "KILL",    "NET_BIND_SERVICE", "SETFCAP",   "SETGID",
                                   "SETPCAP", "SETUID",           "SYS_CHROOT"};

/* As Kubernetes names them, or with the prefix. */
static bool is_named(struct str word, const char *name)
{
    str_cut_prefix(&word, STR("CAP_"));
    return str_is(word, name) || str_is(word, "ALL");
}

static int check_added(const struct json *security, struct err *err)
{
    const struct json *add = json_path(security, "capabilities", "add", NULL), *item;

    for (size_t i = 0; (item = json_item(add, i)) != NULL; i++) {
        bool is_kept = false;

        for (size_t j = 0; j < COUNT_OF(kept); j++)
            is_kept |= is_named(json_str(item), kept[j]) && !str_is(json_str(item), "ALL");
        if (!is_kept)
            return err_set(err, ERR_UNSUPPORTED,
                           "securityContext.capabilities.add: " STR_FMT
                           " is beyond what a container has here, which is not supported yet",
                           STR_ARG(json_str(item)));
    }
    return 0;
}

int bundle_check(const struct json *security, struct err *err)
{
    struct str profile = json_str(json_path(security, "seccompProfile", "type", NULL));
    struct str proc = json_get_str(security, STR("procMount"));

    if (json_get_bool(security, STR("privileged")))
        return err_set(
            err, ERR_UNSUPPORTED,
            "securityContext.privileged: privileged containers are not supported yet");
    if (!str_is_empty(profile) && !str_is(profile, "RuntimeDefault"))
        return err_set(err, ERR_UNSUPPORTED,
                       "securityContext.seccompProfile " STR_FMT " is not supported yet",
                       STR_ARG(profile));
    if (!str_is_empty(proc) && !str_is(proc, "Default"))
        return err_set(err, ERR_UNSUPPORTED,
                       "securityContext.procMount " STR_FMT " is not supported yet",
                       STR_ARG(proc));
    return bundle_lacks(security, &(int64_t){0}, err) < 0 ? -1 : check_added(security, err);
}

/* ---- printed with the bundle ---- */

/* Those that are kept but for what the manifest drops and does not add again. */
static bool has_capability(const struct json *security, const char *name)
{
    const struct json *drop = json_path(security, "capabilities", "drop", NULL);
    const struct json *add = json_path(security, "capabilities", "add", NULL), *item;
    bool has = true;

    for (size_t i = 0; (item = json_item(drop, i)) != NULL; i++)
        has &= !is_named(json_str(item), name);
    for (size_t i = 0; (item = json_item(add, i)) != NULL; i++)
        has |= is_named(json_str(item), name);
    return has;
}

/* By their numbers. */
static const char *const capabilities[] = {"CHOWN",
                                           "DAC_OVERRIDE",
                                           "DAC_READ_SEARCH",
                                           "FOWNER",
                                           "FSETID",
                                           "KILL",
                                           "SETGID",
                                           "SETUID",
                                           "SETPCAP",
                                           "LINUX_IMMUTABLE",
                                           "NET_BIND_SERVICE",
                                           "NET_BROADCAST",
                                           "NET_ADMIN",
                                           "NET_RAW",
                                           "IPC_LOCK",
                                           "IPC_OWNER",
                                           "SYS_MODULE",
                                           "SYS_RAWIO",
                                           "SYS_CHROOT",
                                           "SYS_PTRACE",
                                           "SYS_PACCT",
                                           "SYS_ADMIN",
                                           "SYS_BOOT",
                                           "SYS_NICE",
                                           "SYS_RESOURCE",
                                           "SYS_TIME",
                                           "SYS_TTY_CONFIG",
                                           "MKNOD",
                                           "LEASE",
                                           "AUDIT_WRITE",
                                           "AUDIT_CONTROL",
                                           "SETFCAP",
                                           "MAC_OVERRIDE",
                                           "MAC_ADMIN",
                                           "SYSLOG",
                                           "WAKE_ALARM",
                                           "BLOCK_SUSPEND",
                                           "AUDIT_READ",
                                           "PERFMON",
                                           "BPF",
                                           "CHECKPOINT_RESTORE"};

static int64_t bits_of(struct str word)
{
    int64_t bits = 0;

    for (size_t i = 0; i < COUNT_OF(capabilities); i++)
        if (is_named(word, capabilities[i]))
            bits |= INT64_C(1) << i;
    return str_is(word, "ALL") ? INT64_MAX : bits;
}

int bundle_lacks(const struct json *security, int64_t *ret, struct err *err)
{
    const struct json *drop = json_path(security, "capabilities", "drop", NULL);
    const struct json *add = json_path(security, "capabilities", "add", NULL), *item;

    *ret = 0;
    for (size_t i = 0; (item = json_item(drop, i)) != NULL; i++) {
        int64_t bits = bits_of(json_str(item));

        if (bits == 0)
            return err_set(err, ERR_INVALID,
                           "securityContext.capabilities.drop: \"" STR_FMT
                           "\" is no capability: must be ALL or a name as NET_RAW",
                           STR_ARG(json_str(item)));
        *ret |= bits;
    }
    for (size_t i = 0; (item = json_item(add, i)) != NULL; i++)
        *ret &= ~bits_of(json_str(item));
    return 0;
}

void bundle_print_capabilities(const struct json *security, struct strbuf *out)
{
    static const char *const sets[] = {"bounding", "effective", "permitted"};

    for (size_t i = 0; i < COUNT_OF(sets); i++) {
        bool is_first = true;

        strbuf_addf(out, "%s\"%s\":[", i ? "," : "", sets[i]);
        for (size_t j = 0; j < COUNT_OF(kept); j++) {
            if (!has_capability(security, kept[j]))
                continue;
            strbuf_addf(out, "%s\"CAP_%s\"", is_first ? "" : ",", kept[j]);
            is_first = false;
        }
        strbuf_addc(out, ']');
    }
}
