/* libmicrohttpd by dlopen, once; see mhd.h. It stays loaded. */
#include "io/mhd.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

enum { LOAD_ERROR_MAX_BYTES = 256 };

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static struct mhd functions;
static char load_error[LOAD_ERROR_MAX_BYTES];

static void load(void)
{
    void *lib = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);

    if (!lib) {
        snprintf(load_error, sizeof(load_error), "libmicrohttpd cannot be loaded: %s",
                 dlerror());
        return;
    }
#define FIND(name)                                  \
    *(void **) &functions.name = dlsym(lib, #name); \
    if (!functions.name)                            \
        snprintf(load_error, sizeof(load_error), "libmicrohttpd has no %s", #name);
    MHD_FUNCTIONS(FIND)
#undef FIND
}

int mhd_load(struct err *err)
{
    pthread_once(&loaded, load);
    return load_error[0] ? err_set(err, ERR_UNSUPPORTED, "%s", load_error) : 0;
}

const struct mhd *mhd(void)
{
    return &functions;
}
