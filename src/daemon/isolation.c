/* See isolation.h. Nothing is chosen silently but between process and host, by what works; the
 * log and every pod say which it is. */
#include "daemon/isolation.h"

#include <stdio.h>

#include "base/log.h"

static int find_isolation(struct str word, enum local_isolation *ret)
{
    for (*ret = LOCAL_ISOLATION_PROCESS; *ret <= LOCAL_ISOLATION_IMAGE; (*ret)++)
        if (str_is(word, local_isolation_name(*ret)))
            return 0;
    return -1;
}

/* The last '=' separates: a pattern may hold one. */
static int read_rule(struct str text, struct arena *a, struct local_rule *ret, struct err *err)
{
    size_t at = text.len;

    while (at > 0 && text.ptr[at - 1] != '=')
        at--;
    if (at < 2 || find_isolation(str_skip(text, at), &ret->isolation) < 0)
        return err_set(err, ERR_INVALID,
                       "--isolation-rule " STR_FMT
                       " must be PATTERN=ISOLATION, with process, host or image",
                       STR_ARG(text));
    ret->pattern = str_cz(a, str_head(text, at - 1));
    return 0;
}

static int read_rules(const struct daemon_options *options, struct local_options *ret,
                      struct arena *a, bool *ret_has_images, struct err *err)
{
    struct local_rule *rules = ARENA_ARRAY(a, struct local_rule, options->rule_count + 1);

    if (options->rule_count > LOCAL_RULES_MAX)
        return err_set(err, ERR_LIMIT, "%zu rules of isolation (limit %d)", options->rule_count,
                       LOCAL_RULES_MAX);
    for (size_t i = 0; i < options->rule_count; i++) {
        if (read_rule(options->rules[i], a, &rules[i], err) < 0)
            return -1;
        *ret_has_images |= rules[i].isolation == LOCAL_ISOLATION_IMAGE;
    }
    ret->rules = rules;
    ret->rule_count = options->rule_count;
    return 0;
}

static int open_bridge(const struct daemon_options *options, struct bridge *ret,
                       struct err *err)
{
    const char *range = options->image_range;

    if (bridge_parse(range && *range ? range : BRIDGE_RANGE_DEFAULT, ret, err) < 0)
        return err_wrap(err, "--image-range");
    if (bridge_open(ret, err) < 0)
        return err_wrap(err, "--image-network bridge");
    log_info(NULL, "pods have networks of their own", LOG_STR(NAME, str_from(ret->name)));
    if (!ret->has_way_out)
        log_warn(NULL, "the bridge has no way out of this machine: nft is not installed, or "
                       "refuses its rules");
    return 0;
}

static int find_network(const struct daemon_options *options, struct local_runtime *ret,
                        struct err *err)
{
    const char *word = options->network;

    ret->has_network = !word || !*word || strcmp(word, "none") != 0;
    if (!word || !*word || strcmp(word, "host") == 0 || strcmp(word, "none") == 0)
        return 0;
    if (strcmp(word, "bridge") == 0)
        return open_bridge(options, &ret->bridge, err);
    return err_set(err, ERR_INVALID, "--image-network %s is none of host, none, bridge", word);
}

static int open_images(const struct daemon_options *options, const char *folder,
                       struct local_options *ret, struct err *err)
{
    char path[4200];
    struct images_options store = {.path = path,
                                   .auth_file = options->image_auth,
                                   .registries = options->image_registries,
                                   .archives = options->image_archives,
                                   .max_mib = (uint64_t) options->image_store_mib};

    snprintf(path, sizeof(path), "%s/images", folder);
    if (local_runtime_find(options->runtime, folder, &ret->runtime, err) < 0 ||
        find_network(options, &ret->runtime, err) < 0)
        return -1;
    ret->images = images_open(&store, err);
    if (!ret->images)
        return -1;
    log_info(NULL, "images are run", LOG_STR(PATH, str_from(ret->runtime.path)));
    if (!ret->runtime.has_cgroups)
        log_warn(NULL, "control groups cannot be made: limits of containers have no effect");
    return 0;
}

int isolation_choose(const struct daemon_options *options, const char *folder, const char *shim,
                     struct arena *a, struct local_options *ret, struct err *err)
{
    const char *wanted = options->isolation;
    bool has_images = false;

    if (!wanted || !*wanted)
        ret->isolation = local_isolation_probe(folder, shim);
    else if (find_isolation(str_from(wanted), &ret->isolation) < 0)
        return err_set(err, ERR_INVALID, "--isolation %s is none of process, host, image",
                       wanted);
    if (read_rules(options, ret, a, &has_images, err) < 0)
        return -1;
    return has_images || ret->isolation == LOCAL_ISOLATION_IMAGE
               ? open_images(options, folder, ret, err)
               : 0;
}
