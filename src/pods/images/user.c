/* Who a container runs as: a word of the image or numbers of the manifest, looked up in the
 * image's own passwd and group. See bundle.h. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "pods/images/bundle.h"

enum { FIELDS_MAX = 7 };

/* The fields of one line. */
static size_t split(struct str line, struct str ret[FIELDS_MAX])
{
    size_t count = 0;

    while (count < FIELDS_MAX && str_cut(&line, ':', &ret[count]))
        count++;
    return count;
}

/* A line of passwd: name, password, uid, gid, text, home, shell. */
static bool find_user(struct str passwd, struct str word, struct bundle_user *ret,
                      struct str *ret_name)
{
    struct str line, field[FIELDS_MAX];
    uint32_t number = 0, uid, gid;
    bool is_number = parse_u32(word, &number);

    while (str_cut(&passwd, '\n', &line)) {
        if (split(line, field) < 6 || !parse_u32(field[2], &uid) || !parse_u32(field[3], &gid))
            continue;
        if (!str_eq(field[0], word) && !(is_number && uid == number))
            continue;
        ret->uid = uid;
        ret->gid = gid;
        ret->home = field[5];
        *ret_name = field[0];
        return true;
    }
    if (is_number)
        ret->uid = number;
    return is_number;
}

/* A line of group: name, password, gid, members. */
static bool find_group(struct str group, struct str word, uint32_t *ret)
{
    struct str line, field[FIELDS_MAX];

    if (parse_u32(word, ret))
        return true;
    while (str_cut(&group, '\n', &line))
        if (split(line, field) >= 3 && str_eq(field[0], word) && parse_u32(field[2], ret))
            return true;
    return false;
}

static bool has_member(struct str members, struct str name)
{
    struct str member;

    while (str_cut(&members, ',', &member))
        if (str_eq(str_trim(member), name))
            return true;
    return false;
}

static void add_groups(struct str group, struct str name, struct bundle_user *ret)
{
    struct str line, field[FIELDS_MAX];
    uint32_t gid;

    while (!str_is_empty(name) && str_cut(&group, '\n', &line))
        if (split(line, field) >= 4 && parse_u32(field[2], &gid) &&
            has_member(field[3], name) && gid != ret->gid &&
            ret->group_count < BUNDLE_GROUPS_MAX)
            ret->groups[ret->group_count++] = gid;
}

int bundle_user_parse(struct str spec, struct str passwd, struct str group, struct arena *a,
                      struct bundle_user *ret, struct err *err)
{
    struct bundle_user made = {.home = STR("/")};
    size_t colon = str_find_char(spec, ':');
    struct str user = str_head(spec, colon == SIZE_MAX ? spec.len : colon), name = STR("");
    struct str group_word = colon == SIZE_MAX ? STR("") : str_skip(spec, colon + 1);

    if (str_is_empty(user))
        user = STR("0");
    if (!find_user(passwd, user, &made, &name))
        return err_set(err, ERR_INVALID,
                       "unable to find user " STR_FMT ": no matching entries in passwd file",
                       STR_ARG(user));
    if (!str_is_empty(group_word) && !find_group(group, group_word, &made.gid))
        return err_set(err, ERR_INVALID,
                       "unable to find group " STR_FMT ": no matching entries in group file",
                       STR_ARG(group_word));
    if (str_is_empty(group_word))
        add_groups(group, name, &made);
    made.home = str_is_empty(made.home) ? STR("/") : str_copy(a, made.home);
    *ret = made;
    return 0;
}

/* ---- the image's files ---- */

/* From the uppermost layer that has it, or says that there is none. */
static struct str read_file(const struct images *images, const struct image *image,
                            const char *path, struct arena *a)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_IN_ROOT};
    struct str ret = STR("");

    for (size_t i = image->layer_count; i > 0; i--) {
        const char *layer =
            str_printf(a, "%s/" STR_FMT, images_layers(images), STR_ARG(image->layers[i - 1]))
                .ptr;
        int root = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = root >= 0 ? (int) syscall(SYS_openat2, root, path, &how, sizeof(how)) : -1;
        struct stat st;
        bool is_hidden =
            root >= 0 && fd < 0 && fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;

        if (root >= 0)
            close(root);
        if (is_hidden)
            return ret; /* a whiteout */
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
            st.st_size <= IMAGE_CONFIG_MAX_BYTES) {
            char *bytes = arena_alloc_raw(a, (size_t) st.st_size + 1);
            ssize_t len = fd_read(fd, bytes, (size_t) st.st_size);

            ret = str_of(bytes, len > 0 ? (size_t) len : 0);
        }
        close(fd);
        return ret;
    }
    return ret;
}

static int number_of(const struct json *security, const char *member, uint32_t *ret,
                     struct err *err)
{
    const struct json *v = json_get(security, str_from(member));
    int64_t number = 0;

    if (!v || v->type == JSON_NULL)
        return 1;
    if (!json_i64(v, &number) || number < 0 || number > UINT32_MAX - 1)
        return err_set(err, ERR_INVALID, "securityContext.%s must be a number from 0 to %u",
                       member, UINT32_MAX - 1);
    *ret = (uint32_t) number;
    return 0;
}

static int add_group(const struct json *v, const char *member, struct bundle_user *ret,
                     struct err *err)
{
    int64_t gid;

    if (!json_i64(v, &gid) || gid < 0 || gid > UINT32_MAX - 1)
        return err_set(err, ERR_INVALID, "securityContext.%s must be a number from 0 to %u",
                       member, UINT32_MAX - 1);
    if (ret->group_count >= BUNDLE_GROUPS_MAX)
        return err_set(err, ERR_LIMIT, "securityContext: more than %d groups",
                       BUNDLE_GROUPS_MAX);
    ret->groups[ret->group_count++] = (uint32_t) gid;
    return 0;
}

static int add_groups_of(const struct json *security, struct bundle_user *ret, struct err *err)
{
    const struct json *list = json_get(security, STR("supplementalGroups")), *item;
    const struct json *fs = json_get(security, STR("fsGroup"));

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (add_group(item, "supplementalGroups", ret, err) < 0)
            return -1;
    return fs && fs->type != JSON_NULL ? add_group(fs, "fsGroup", ret, err) : 0;
}

/* In the kubelet's words. */
static int check_root(const struct json *security, uint32_t uid, struct str image,
                      struct err *err)
{
    const struct json *given = json_get(security, STR("runAsUser"));

    if (uid != 0 || !json_get_bool(security, STR("runAsNonRoot")))
        return 0;
    if (given && given->type != JSON_NULL)
        return err_set(err, ERR_INVALID,
                       "container's runAsUser breaks non-root policy: runAsNonRoot is true and "
                       "runAsUser 0");
    return err_set(err, ERR_INVALID,
                   "container has runAsNonRoot and image will run as root (image: " STR_FMT ")",
                   STR_ARG(image));
}

int bundle_user_choose(const struct bundle_names *names, const struct json *security,
                       struct arena *a, struct bundle_user *ret, struct err *err)
{
    struct str spec = names->spec;
    uint32_t uid = 0, gid = 0;
    int has_uid = number_of(security, "runAsUser", &uid, err);
    int has_gid = has_uid < 0 ? -1 : number_of(security, "runAsGroup", &gid, err);

    if (has_uid < 0 || has_gid < 0)
        return -1;
    if (has_uid == 0)
        spec = str_printf(a, "%u", uid);
    if (bundle_user_parse(spec, names->passwd, names->group, a, ret, err) < 0)
        return -1;
    if (has_gid == 0)
        ret->gid = gid;
    if (str_is(json_get_str(security, STR("supplementalGroupsPolicy")), "Strict"))
        ret->group_count = 0; /* none but those of the manifest */
    return add_groups_of(security, ret, err) < 0
               ? -1
               : check_root(security, ret->uid, names->image, err);
}

int bundle_user_find(const struct images *images, const struct image *image,
                     const struct json *security, struct arena *a, struct bundle_user *ret,
                     struct err *err)
{
    const struct bundle_names names = {.spec = json_get_str(image->config, STR("User")),
                                       .passwd = read_file(images, image, "etc/passwd", a),
                                       .group = read_file(images, image, "etc/group", a),
                                       .image = image->name};

    return bundle_user_choose(&names, security, a, ret, err);
}
