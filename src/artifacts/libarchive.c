/* libarchive by dlopen, once; see libarchive.h. It stays loaded. */
#include "artifacts/libarchive.h"

#include "base/limits.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

enum { LOAD_ERROR_MAX_BYTES = 256 };

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static struct libarchive functions;
static char load_error[LOAD_ERROR_MAX_BYTES];

static void load(void)
{
    void *lib = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);

    if (!lib) {
        snprintf(load_error, sizeof(load_error), "libarchive cannot be loaded: %s", dlerror());
        return;
    }
#define FIND(name)                                  \
    *(void **) &functions.name = dlsym(lib, #name); \
    if (!functions.name)                            \
        snprintf(load_error, sizeof(load_error), "libarchive has no %s", #name);
    LIBARCHIVE_FUNCTIONS(FIND)
#undef FIND
}

const struct libarchive *libarchive_load(struct err *err)
{
    pthread_once(&loaded, load);
    if (!load_error[0])
        return &functions;
    err_set(err, ERR_UNSUPPORTED, "%s", load_error);
    return NULL;
}

struct archive_ratio archive_ratio_of(int fd)
{
    struct archive_ratio ratio = {.from_bytes = (uint64_t) ARCHIVE_RATIO_FROM_MIB << 20,
                                  .max = ARCHIVE_RATIO_MAX};
    struct stat st;

    if (fstat(fd, &st) == 0)
        ratio.packed_bytes = (uint64_t) st.st_size;
    return ratio;
}
