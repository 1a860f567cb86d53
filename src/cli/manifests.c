/* Walking folders for manifests. See manifests.h. */
#include "cli/manifests.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/vec.h"

enum { DEPTH_MAX = 64 };

struct walk {
    struct arena *a;
    VEC(const char *) files, folders;
};

bool manifests_is_manifest(const char *name)
{
    struct str text = str_from(name);

    return name[0] != '.' && (str_ends(text, STR(".yaml")) || str_ends(text, STR(".yml")) ||
                              str_ends(text, STR(".json")));
}

static int compare_names(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;

    return strcmp(*a, *b);
}

static int walk_path(struct walk *w, const char *path, unsigned depth, struct err *err);

static int walk_folder(struct walk *w, const char *path, unsigned depth, struct err *err)
{
    VEC(const char *) names = {0};
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t len = strlen(path);

    if (!dir)
        return err_sys(err, errno, "open folder %s", path);
    VEC_APUSH(w->a, &w->folders, path);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            VEC_APUSH(w->a, &names,
                      str_printf(w->a, "%s%s%s", path, len && path[len - 1] == '/' ? "" : "/",
                                 entry->d_name)
                          .ptr);
    closedir(dir);
    if (names.len > 0)
        qsort(names.at, names.len, sizeof(names.at[0]), compare_names);
    for (size_t i = 0; i < names.len; i++)
        if (walk_path(w, names.at[i], depth + 1, err) < 0)
            return -1;
    return 0;
}

/* Below a folder (@depth not 0) only manifests count; a file that was named always does. */
static int walk_path(struct walk *w, const char *path, unsigned depth, struct err *err)
{
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (strcmp(path, "-") == 0 || (depth == 0 && strstr(path, "://"))) {
        VEC_APUSH(w->a, &w->files, path);
        return 0;
    }
    if (stat(path, &st) < 0)
        return depth > 0 ? 0 : err_sys(err, errno, "open %s", path); /* a dangling link */
    if (S_ISDIR(st.st_mode))
        return depth < DEPTH_MAX ? walk_folder(w, path, depth, err) : 0;
    if (depth == 0 || manifests_is_manifest(slash ? slash + 1 : path))
        VEC_APUSH(w->a, &w->files, path);
    return 0;
}

int manifests_find(struct arena *a, const char *const *paths, size_t count,
                   struct manifest_paths *ret, struct err *err)
{
    struct walk w = {.a = a};

    for (size_t i = 0; i < count; i++)
        if (walk_path(&w, paths[i], 0, err) < 0)
            return -1;
    *ret = (struct manifest_paths){w.files.at, w.files.len, w.folders.at, w.folders.len};
    return 0;
}
