/* kubectl's configuration. See kubeconfig.h. */
#include "clients/kubernetes/kubeconfig.h"

#include <stdlib.h>
#include <unistd.h>

#include "formats/base64.h"
#include "formats/json.h"
#include "formats/yaml.h"

struct reader {
    struct arena *a;
    const struct json *doc;
    struct str folder;
    struct err *err;
};

/* The entry of a list by its name: "clusters", "cluster". */
static int find_entry(const struct reader *r, const char *list, const char *member,
                      struct str name, const struct json **ret)
{
    const struct json *all = json_get(r->doc, str_from(list)), *item;

    for (size_t i = 0; (item = json_item(all, i)) != NULL; i++) {
        if (!str_eq(json_get_str(item, STR("name")), name))
            continue;
        *ret = json_get(item, str_from(member));
        return 0;
    }
    return err_set(r->err, ERR_INVALID, "%s \"" STR_FMT "\" does not exist", member,
                   STR_ARG(name));
}

static struct str path_of(const struct reader *r, const struct json *from, const char *member)
{
    struct str path = json_get_str(from, str_from(member));

    return path.len == 0 || path.ptr[0] == '/' || r->folder.len == 0
               ? path
               : str_printf(r->a, STR_FMT "/" STR_FMT, STR_ARG(r->folder), STR_ARG(path));
}

static int data_of(const struct reader *r, const struct json *from, const char *member,
                   struct str *ret)
{
    struct str text = json_get_str(from, str_from(member));

    *ret = STR("");
    if (text.len > 0 && base64_decode(r->a, text, ret, r->err) < 0)
        return err_wrap(r->err, "%s", member);
    return 0;
}

static int read_cluster(const struct reader *r, struct str name, struct kubeconfig *ret)
{
    const struct json *c = NULL;

    if (name.len == 0)
        return 0;
    if (find_entry(r, "clusters", "cluster", name, &c) < 0)
        return -1;
    ret->server = json_get_str(c, STR("server"));
    ret->ca_file = path_of(r, c, "certificate-authority");
    ret->tls_server_name = json_get_str(c, STR("tls-server-name"));
    ret->proxy_url = json_get_str(c, STR("proxy-url"));
    ret->skips_verify = json_get_bool(c, STR("insecure-skip-tls-verify"));
    return data_of(r, c, "certificate-authority-data", &ret->ca_pem);
}

static int read_as(const struct reader *r, const struct json *u, struct kubeconfig *ret)
{
    const struct json *groups = json_get(u, STR("as-groups")), *item;

    ret->as = json_get_str(u, STR("as"));
    ret->as_uid = json_get_str(u, STR("as-uid"));
    for (size_t i = 0; (item = json_item(groups, i)) != NULL; i++) {
        if (i == KUBECONFIG_GROUPS_MAX)
            return err_set(r->err, ERR_LIMIT, "as-groups has more than %d groups",
                           KUBECONFIG_GROUPS_MAX);
        ret->as_groups[ret->as_group_count++] = json_str(item);
    }
    return 0;
}

static int read_user(const struct reader *r, struct str name, struct kubeconfig *ret)
{
    static const char *const programs[] = {"exec", "auth-provider"};
    const struct json *u = NULL;

    if (name.len == 0)
        return 0;
    if (find_entry(r, "users", "user", name, &u) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        if (json_is(json_get(u, str_from(programs[i])), JSON_OBJECT))
            return err_set(r->err, ERR_UNSUPPORTED,
                           "user \"" STR_FMT "\" needs a program (%s): that is not supported; "
                           "give a token",
                           STR_ARG(name), programs[i]);
    ret->token = json_get_str(u, STR("token"));
    ret->token_file = path_of(r, u, "tokenFile");
    ret->username = json_get_str(u, STR("username"));
    ret->password = json_get_str(u, STR("password"));
    ret->cert_file = path_of(r, u, "client-certificate");
    ret->key_file = path_of(r, u, "client-key");
    if (read_as(r, u, ret) < 0)
        return -1;
    return data_of(r, u, "client-certificate-data", &ret->cert_pem) < 0
               ? -1
               : data_of(r, u, "client-key-data", &ret->key_pem);
}

static struct str chosen(const char *given, const struct json *context, const char *member)
{
    return given && *given ? str_from(given) : json_get_str(context, str_from(member));
}

int kubeconfig_parse(struct arena *a, struct str text, struct str folder,
                     const struct kubeconfig_choice *choice, struct kubeconfig *ret,
                     struct err *err)
{
    struct json doc;
    struct reader r = {a, &doc, folder, err};
    const struct json *context = NULL;
    struct str name;

    if (yaml_parse(a, text, &doc, err) < 0)
        return -1;
    *ret = (struct kubeconfig){0};
    if (!json_is(&doc, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "it is no configuration of kubectl");
    name = chosen(choice->context, &doc, "current-context");
    if (name.len > 0 && find_entry(&r, "contexts", "context", name, &context) < 0)
        return -1;
    ret->ns = json_get_str(context, STR("namespace"));
    return read_cluster(&r, chosen(choice->cluster, context, "cluster"), ret) < 0
               ? -1
               : read_user(&r, chosen(choice->user, context, "user"), ret);
}

void kubeconfig_copy(struct arena *a, const struct kubeconfig *from, struct kubeconfig *ret)
{
    struct str *const texts[] = {
        &ret->server,          &ret->ns,         &ret->ca_file,  &ret->ca_pem,
        &ret->cert_file,       &ret->cert_pem,   &ret->key_file, &ret->key_pem,
        &ret->token,           &ret->token_file, &ret->username, &ret->password,
        &ret->tls_server_name, &ret->proxy_url,  &ret->as,       &ret->as_uid};

    *ret = *from;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = str_copy(a, *texts[i]);
    for (size_t i = 0; i < ret->as_group_count; i++)
        ret->as_groups[i] = str_copy(a, ret->as_groups[i]);
}

bool kubeconfig_in_cluster(struct arena *a, struct str folder, struct kubeconfig *ret)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"),
               *port = getenv("KUBERNETES_SERVICE_PORT");
    struct str token = str_printf(a, STR_FMT "/token", STR_ARG(folder));
    bool is_v6 = host && str_find_char(str_from(host), ':') != SIZE_MAX;

    *ret = (struct kubeconfig){.token_file = token};
    if (!host || !*host || !port || !*port || access(str_cz(a, token), R_OK) != 0)
        return false;
    ret->server =
        str_printf(a, "https://%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port);
    ret->ca_file = str_printf(a, STR_FMT "/ca.crt", STR_ARG(folder));
    return true;
}
