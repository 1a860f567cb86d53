/*
 * See gzip.h. Texts of errors are Go's, where it has one. zlib looks at checksum and length of
 * each member; that a member ends where the text ends is looked at here.
 */
#include "formats/gzip.h"

#include "base/strbuf.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <zlib.h>

enum {
    LOAD_ERROR_MAX_BYTES = 256,
    PIECE_BYTES = 65536,
    GZIP_ALONE = 16, /* to the bits of the window: no other header */
};

#define ZLIB_FUNCTIONS(X) \
    X(inflate)            \
    X(inflateEnd)         \
    X(inflateInit2_)      \
    X(inflateReset)

#define ZLIB_MEMBER(name) typeof(&(name)) name;
static struct {
    ZLIB_FUNCTIONS(ZLIB_MEMBER)
} zlib;
#undef ZLIB_MEMBER

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static char load_error[LOAD_ERROR_MAX_BYTES];

static void load(void)
{
    void *lib = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!lib) {
        snprintf(load_error, sizeof(load_error), "zlib cannot be loaded: %s", dlerror());
        return;
    }
#define FIND(name)                             \
    *(void **) &zlib.name = dlsym(lib, #name); \
    if (!zlib.name)                            \
        snprintf(load_error, sizeof(load_error), "zlib has no %s", #name);
    ZLIB_FUNCTIONS(FIND)
#undef FIND
}

static int broken(const z_stream *z, int code, struct err *err)
{
    if (code == Z_BUF_ERROR)
        return err_set(err, ERR_INVALID, "unexpected EOF");
    return err_set(err, ERR_INVALID, "%s", z->msg ? z->msg : "cannot be unpacked");
}

/* Return: whether anything is left to unpack, or -1. */
static int next_piece(z_stream *z, struct strbuf *to, struct err *err)
{
    size_t room = to->max_bytes - to->len; /* one byte of it is more than is allowed */
    int code;

    z->avail_out = (uInt) (room < PIECE_BYTES ? room : PIECE_BYTES);
    z->next_out = (Bytef *) strbuf_reserve(to, z->avail_out);
    room = z->avail_out;
    code = zlib.inflate(z, Z_NO_FLUSH);
    to->len += room - z->avail_out;
    if (to->len == to->max_bytes)
        return err_set(err, ERR_LIMIT, "more than %zu bytes", to->max_bytes - 1);
    if (code == Z_OK)
        return 1;
    if (code != Z_STREAM_END)
        return broken(z, code, err);
    if (z->avail_in == 0)
        return 0;
    zlib.inflateReset(z);
    return 1;
}

int gzip_unpack(struct arena *a, struct str packed, size_t max_bytes, struct str *ret,
                struct err *err)
{
    _cleanup_strbuf_ struct strbuf to = STRBUF_INIT(max_bytes + 1);
    z_stream z = {.next_in = (Bytef *) (uintptr_t) packed.ptr, .avail_in = (uInt) packed.len};
    int left;

    pthread_once(&loaded, load);
    if (load_error[0])
        return err_set(err, ERR_UNSUPPORTED, "%s", load_error);
    if (packed.len > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "more than %u bytes that are packed", UINT32_MAX);
    if (zlib.inflateInit2_(&z, MAX_WBITS + GZIP_ALONE, ZLIB_VERSION, sizeof(z)) != Z_OK)
        return broken(&z, Z_MEM_ERROR, err);
    while ((left = next_piece(&z, &to, err)) > 0)
        continue;
    zlib.inflateEnd(&z);
    if (left < 0)
        return -1;
    *ret = str_copy(a, strbuf_str(&to));
    return 0;
}
