/* MIT's Kerberos by dlopen, once; see hdfs_mit.h. It stays loaded. */
#include "clients/hdfs/hdfs_mit.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

enum { LOAD_ERROR_MAX_BYTES = 256 };

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static struct hdfs_mit functions;
static char load_error[LOAD_ERROR_MAX_BYTES];

static void *load_library(const char *name)
{
    void *lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);

    if (!lib)
        snprintf(load_error, sizeof(load_error), "Kerberos cannot be loaded: %s", dlerror());
    return lib;
}

static void load(void)
{
    void *krb5 = load_library("libkrb5.so.3"), *gss = load_library("libgssapi_krb5.so.2");

    if (!krb5 || !gss)
        return;
#define FIND(name, lib)                             \
    *(void **) &functions.name = dlsym(lib, #name); \
    if (!functions.name)                            \
        snprintf(load_error, sizeof(load_error), "Kerberos has no %s", #name);
#define FIND_KRB5(name) FIND(name, krb5)
#define FIND_GSS(name)  FIND(name, gss)
    HDFS_KRB5_FUNCTIONS(FIND_KRB5)
    HDFS_GSS_FUNCTIONS(FIND_GSS)
#undef FIND_GSS
#undef FIND_KRB5
#undef FIND
}

const struct hdfs_mit *hdfs_mit_load(struct err *err)
{
    pthread_once(&loaded, load);
    if (!load_error[0])
        return &functions;
    err_set(err, ERR_UNSUPPORTED, "%s (Debian: libgssapi-krb5-2)", load_error);
    return NULL;
}
