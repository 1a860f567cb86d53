/*
 * Names that a pod's programs look up: its /etc/hosts with hostAliases, its /etc/resolv.conf
 * with dnsConfig, its host name. What the manifest says comes behind what this machine has, as
 * the kubelet does it for pods in the network of their machine. Workers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "pods/local/local_internal.h"

enum { FILE_MAX_BYTES = 1 << 20, SERVERS_MAX = 3, OPTIONS_MAX = 64 };

static bool has_any(const struct json *list)
{
    return json_is(list, JSON_ARRAY) && list->count > 0;
}

static const struct json *aliases_of(const struct local_pod *pod)
{
    return json_get(pod->req.template, STR("hostAliases"));
}

static bool is_own_resolver(const struct local_pod *pod)
{
    return str_is(json_get_str(pod->req.template, STR("dnsPolicy")), "None");
}

bool names_has_hosts(const struct local_pod *pod)
{
    return has_any(aliases_of(pod));
}

bool names_has_resolver(const struct local_pod *pod)
{
    return is_own_resolver(pod) ||
           json_is(json_get(pod->req.template, STR("dnsConfig")), JSON_OBJECT);
}

struct str names_host(const struct local_pod *pod)
{
    struct str given = json_get_str(pod->req.template, STR("hostname"));

    return str_head(str_is_empty(given) ? pod->req.name : given, 63);
}

/* A word of a file of words. */
static bool is_word(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) text.ptr[i] <= ' ' || text.ptr[i] == '#' || text.ptr[i] == 0x7f)
            return false;
    return text.len > 0;
}

static bool is_address(struct str text)
{
    char bytes[16], name[64];

    if (text.len >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), STR_FMT, STR_ARG(text));
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static int refuse_word(const char *field, size_t i, struct str found, const char *wanted,
                       struct err *err)
{
    return err_set(err, ERR_INVALID, "%s[%zu]: Invalid value: \"" STR_FMT "\": must be %s",
                   field, i, STR_ARG(found), wanted);
}

static struct str read_etc(const char *path, struct arena *a)
{
    char *bytes = arena_alloc_raw(a, FILE_MAX_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, bytes, FILE_MAX_BYTES) : 0;

    if (fd >= 0)
        close(fd);
    return str_of(bytes, len > 0 ? (size_t) len : 0);
}

static int print_hosts(const struct local_pod *pod, struct arena *a, struct strbuf *out,
                       struct err *err)
{
    const struct json *list = aliases_of(pod), *item, *host;
    struct str own = read_etc("/etc/hosts", a);

    strbuf_add(out, own);
    if (own.len > 0 && own.ptr[own.len - 1] != '\n')
        strbuf_addc(out, '\n');
    strbuf_addz(out, "\n# Entries added by HostAliases.\n");
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str ip = json_get_str(item, STR("ip"));

        if (!is_address(ip))
            return refuse_word("hostAliases", i, ip, "a valid IP address", err);
        strbuf_add(out, ip);
        for (size_t j = 0; (host = json_item(json_get(item, STR("hostnames")), j)); j++) {
            if (!is_word(json_str(host)))
                return refuse_word("hostAliases", i, json_str(host), "a host name", err);
            strbuf_addc(out, '\t');
            strbuf_add(out, json_str(host));
        }
        strbuf_addc(out, '\n');
    }
    return 0;
}

/* ---- the resolver's file ---- */

/* Its parts, each without repetition. */
struct resolver {
    struct str servers[SERVERS_MAX], searches[OPTIONS_MAX], options[OPTIONS_MAX];
    size_t server_count, search_count, option_count;
};

static void add_once(struct str *list, size_t *count, size_t max, struct str word)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i], word))
            return;
    if (*count < max)
        list[(*count)++] = word;
}

/* A later value of an option replaces an earlier one. */
static void add_option(struct resolver *r, struct str option)
{
    size_t end = str_find_char(option, ':');
    struct str name = str_head(option, end == SIZE_MAX ? option.len : end);

    for (size_t i = 0; i < r->option_count; i++) {
        size_t len = str_find_char(r->options[i], ':');

        if (str_eq(str_head(r->options[i], len == SIZE_MAX ? r->options[i].len : len), name)) {
            r->options[i] = option;
            return;
        }
    }
    add_once(r->options, &r->option_count, OPTIONS_MAX, option);
}

static bool next_word(struct str *line, struct str *ret)
{
    *line = str_trim(*line);
    *ret = *line;
    for (size_t i = 0; i < line->len; i++)
        if (line->ptr[i] == ' ' || line->ptr[i] == '\t') {
            *ret = str_head(*line, i);
            break;
        }
    *line = str_of(line->ptr + ret->len, line->len - ret->len);
    return ret->len > 0;
}

static void read_machine(struct resolver *r, struct arena *a)
{
    struct str text = read_etc("/etc/resolv.conf", a), line, key, word;

    while (str_cut(&text, '\n', &line)) {
        if (!next_word(&line, &key))
            continue;
        if (str_is(key, "search"))
            r->search_count = 0; /* the last one counts */
        while (next_word(&line, &word))
            if (str_is(key, "nameserver"))
                add_once(r->servers, &r->server_count, SERVERS_MAX, word);
            else if (str_is(key, "search"))
                add_once(r->searches, &r->search_count, OPTIONS_MAX, word);
            else if (str_is(key, "options"))
                add_option(r, word);
    }
}

static int read_config(const struct json *config, struct arena *a, struct resolver *r,
                       struct err *err)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(json_get(config, STR("nameservers")), i)); i++) {
        if (!is_address(json_str(item)))
            return refuse_word("dnsConfig.nameservers", i, json_str(item), "a valid IP address",
                               err);
        add_once(r->servers, &r->server_count, SERVERS_MAX, json_str(item));
    }
    for (size_t i = 0; (item = json_item(json_get(config, STR("searches")), i)); i++) {
        if (!is_word(json_str(item)))
            return refuse_word("dnsConfig.searches", i, json_str(item), "a domain", err);
        add_once(r->searches, &r->search_count, OPTIONS_MAX, json_str(item));
    }
    for (size_t i = 0; (item = json_item(json_get(config, STR("options")), i)); i++) {
        struct str name = json_get_str(item, STR("name"));
        struct str value = json_get_str(item, STR("value"));

        if (!is_word(name) || (!str_is_empty(value) && !is_word(value)))
            return refuse_word("dnsConfig.options", i, name, "an option of the resolver", err);
        add_option(r, str_is_empty(value)
                          ? name
                          : str_printf(a, STR_FMT ":" STR_FMT, STR_ARG(name), STR_ARG(value)));
    }
    return 0;
}

static void print_words(struct strbuf *out, const char *key, const struct str *list,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        strbuf_addz(out, i == 0 ? key : "");
        strbuf_addc(out, ' ');
        strbuf_add(out, list[i]);
    }
    if (count > 0)
        strbuf_addc(out, '\n');
}

static int print_resolver(const struct local_pod *pod, struct arena *a, struct strbuf *out,
                          struct err *err)
{
    const struct json *config = json_get(pod->req.template, STR("dnsConfig"));
    struct resolver r = {0};

    if (!is_own_resolver(pod))
        read_machine(&r, a);
    else if (!has_any(json_get(config, STR("nameservers"))))
        return err_set(err, ERR_INVALID,
                       "dnsConfig.nameservers: Required value: must provide at least one DNS "
                       "nameserver when `dnsPolicy` is None");
    if (read_config(config, a, &r, err) < 0)
        return -1;
    print_words(out, "search", r.searches, r.search_count);
    for (size_t i = 0; i < r.server_count; i++)
        print_words(out, "nameserver", &r.servers[i], 1);
    print_words(out, "options", r.options, r.option_count);
    return 0;
}

/* ---- the files in the pod ---- */

/* A file of the pod's own. */
struct own_file {
    bool (*has)(const struct local_pod *pod);
    int (*print)(const struct local_pod *, struct arena *, struct strbuf *, struct err *);
    const char *name, *target;
};

static int write_file(const struct local_pod *pod, int dirfd, const struct own_file *file,
                      const struct strbuf *text, struct strbuf *plan, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();

    if (fd_write_file(dirfd, file->name, O_TRUNC, 0644, text->ptr, text->len) < 0)
        return err_sys(err, errno, "write %s of pod " STR_FMT, file->target,
                       STR_ARG(pod->req.name));
    plan_word(
        plan, "bind",
        str_printf(a, "%s/" STR_FMT "/%s", pod->runner->root, STR_ARG(pod->dir), file->name));
    plan_word(plan, "at", str_from(file->target));
    plan_word(plan, "mode", STR("rw"));
    return 0;
}

static int refuse_process(const struct local_pod *pod, struct err *err)
{
    const char *found = names_has_hosts(pod)                           ? "hostAliases"
                        : names_has_resolver(pod)                      ? "dnsConfig"
                        : json_get(pod->req.template, STR("hostname")) ? "hostname"
                                                                       : NULL;

    return found ? err_set(err, ERR_UNSUPPORTED,
                           "%s in isolation process is not supported yet: use host or image",
                           found)
                 : 0;
}

int names_stage(const struct local_pod *pod, int dirfd, struct strbuf *plan, struct err *err)
{
    static const struct own_file files[] = {
        {names_has_hosts, print_hosts, "hosts", "/etc/hosts"},
        {names_has_resolver, print_resolver, "resolv.conf", "/etc/resolv.conf"}};

    if (pod->isolation == LOCAL_ISOLATION_PROCESS)
        return refuse_process(pod, err);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(2 * FILE_MAX_BYTES);
        _cleanup_arena_ struct arena *a = arena_new();

        if (!files[i].has(pod))
            continue;
        if (files[i].print(pod, a, &text, err) < 0 ||
            write_file(pod, dirfd, &files[i], &text, plan, err) < 0)
            return -1;
    }
    return 0;
}
