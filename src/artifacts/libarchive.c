/* libarchive by dlopen, once; see libarchive.h. It stays loaded. */
#include "artifacts/libarchive.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

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
