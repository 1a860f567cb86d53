/* Which kinds a cluster serves: lists of group versions, asked for once and kept. */
#include "clients/kubernetes/kubernetes_internal.h"

void kubernetes_lists_free(struct kubernetes *k)
{
    MAP_FOREACH (it, &k->lists)
        arena_free(((struct kubernetes_list *) it->value)->arena);
    map_done(&k->lists);
}

/* ---- group versions ---- */

static struct str list_path(struct arena *a, struct str version)
{
    return str_printf(a, "%s" STR_FMT,
                      str_find_char(version, '/') == SIZE_MAX ? "/api/" : "/apis/",
                      STR_ARG(version));
}

static int ask(struct kubernetes *k, struct arena *a, struct str path, int cancel_fd,
               struct json *ret, struct err *err)
{
    const struct kubernetes_call call = {.method = "GET", .path = path, .cancel_fd = cancel_fd};

    return kubernetes_do(k, a, &call, ret, err);
}

static int ask_list(struct kubernetes *k, struct str version, int cancel_fd, struct err *err)
{
    struct arena *a = arena_new();
    struct kubernetes_list *list = ARENA_NEW(a, struct kubernetes_list), *old;

    list->arena = a;
    if (ask(k, a, list_path(a, version), cancel_fd, &list->doc, err) < 0) {
        arena_free(a);
        return -1;
    }
    pthread_mutex_lock(&k->lock);
    old = map_put(&k->lists, version, list);
    pthread_mutex_unlock(&k->lock);
    if (old)
        arena_free(old->arena);
    return 0;
}

/* ---- one resource among them ---- */

typedef bool (*is_meant_fn)(const struct json *resource, struct str word);

static bool is_kind(const struct json *resource, struct str word)
{
    return str_eq(json_get_str(resource, STR("kind")), word);
}

static bool is_word(const struct json *resource, struct str word)
{
    const struct json *names = json_get(resource, STR("shortNames")), *name;

    for (size_t i = 0; (name = json_item(names, i)) != NULL; i++)
        if (str_eq(json_str(name), word))
            return true;
    return str_eq(json_get_str(resource, STR("name")), word) ||
           str_eq(json_get_str(resource, STR("singularName")), word) ||
           str_eq_nocase(json_get_str(resource, STR("kind")), word);
}

static void take(struct arena *a, struct str version, const struct json *resource,
                 struct kubernetes_kind *ret)
{
    struct str rest = str_copy(a, version), group = STR("");

    if (str_find_char(rest, '/') != SIZE_MAX)
        str_cut(&rest, '/', &group);
    *ret =
        (struct kubernetes_kind){.group = group,
                                 .version = rest,
                                 .kind = str_copy(a, json_get_str(resource, STR("kind"))),
                                 .plural = str_copy(a, json_get_str(resource, STR("name"))),
                                 .is_namespaced = json_get_bool(resource, STR("namespaced"))};
}

/* Subresources stand in the same lists, with a slash in their names. */
static bool find_kept(struct kubernetes *k, struct arena *a, struct str version,
                      is_meant_fn is_meant, struct str word, struct kubernetes_kind *ret)
{
    const struct kubernetes_list *list;
    const struct json *all, *item;
    bool is_found = false;

    pthread_mutex_lock(&k->lock);
    list = map_find(&k->lists, version);
    all = list ? json_get(&list->doc, STR("resources")) : NULL;
    for (size_t i = 0; !is_found && (item = json_item(all, i)) != NULL; i++) {
        if (str_find_char(json_get_str(item, STR("name")), '/') != SIZE_MAX ||
            !is_meant(item, word))
            continue;
        take(a, version, item, ret);
        is_found = true;
    }
    pthread_mutex_unlock(&k->lock);
    return is_found;
}

static int find(const struct kubernetes_asker *who, struct str version, is_meant_fn is_meant,
                struct str word, struct kubernetes_kind *ret, struct err *err)
{
    if (find_kept(who->cluster, who->a, version, is_meant, word, ret))
        return 0;
    if (ask_list(who->cluster, version, who->cancel_fd, err) < 0)
        return -1;
    if (find_kept(who->cluster, who->a, version, is_meant, word, ret))
        return 0;
    return err_set(err, ERR_NOT_FOUND, "it is not served");
}

int kubernetes_find_kind(const struct kubernetes_asker *who, struct str api_version,
                         struct str kind, struct kubernetes_kind *ret, struct err *err)
{
    if (find(who, api_version, is_kind, kind, ret, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    return err_set(err, ERR_NOT_FOUND,
                   "error: no matches for kind \"" STR_FMT "\" in version \"" STR_FMT "\"",
                   STR_ARG(kind), STR_ARG(api_version));
}

int kubernetes_find_resource(const struct kubernetes_asker *who, struct str word,
                             struct kubernetes_kind *ret, struct err *err)
{
    struct str group = word, name;
    const struct json *groups, *item;
    struct json doc;

    str_cut(&group, '.', &name);
    if (str_is_empty(group) && find(who, STR("v1"), is_word, name, ret, err) == 0)
        return 0;
    if (ask(who->cluster, who->a, STR("/apis"), who->cancel_fd, &doc, err) < 0)
        return -1;
    groups = json_get(&doc, STR("groups"));
    for (size_t i = 0; (item = json_item(groups, i)) != NULL; i++) {
        struct str version =
            json_str(json_path(item, "preferredVersion", "groupVersion", NULL));

        if (!str_is_empty(group) && !str_eq(json_get_str(item, STR("name")), group))
            continue;
        if (find(who, version, is_word, name, ret, err) == 0)
            return 0;
        if (err->kind != ERR_NOT_FOUND)
            return -1;
    }
    return err_set(err, ERR_NOT_FOUND,
                   "error: the server doesn't have a resource type \"" STR_FMT "\"",
                   STR_ARG(word));
}
