/* The store's file with bytes changed: it opens or is refused with its name, and reading what
 * it says does no harm. The input is a list of changes, four bytes each: where (24 bits, within
 * the file) and what. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tree.h"
#include "store/store.h"

enum { FILE_MAX_BYTES = 1 << 20, CHANGES_MAX = 64 };

static struct {
    char path[64], file[96];
    char bytes[FILE_MAX_BYTES]; /* of a store that is whole */
    size_t len;
} world;

static void done(void)
{
    tree_remove(AT_FDCWD, world.path);
}

static struct store *open_store(struct loop *loop, struct err *err)
{
    const struct store_options options = {
        .path = world.path, .loop = loop, .reader_count = 1, .retry_ms = 1};

    return store_open(&options, err);
}

static void fill(struct store *s)
{
    static const char text[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\","
        "\"namespace\":\"x\",\"uid\":\"u\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
        "\"labels\":{\"color\":\"red\"}},\"data\":{\"a\":\"1\"}}";
    struct store_txn *txn = store_txn_new(s);
    struct store_result result;
    struct json doc;
    struct err err;

    if (json_parse(store_txn_arena(txn), str_from(text), &doc, &err) < 0)
        abort();
    store_txn_create(txn, &doc);
    store_txn_row_put(txn, STR("table"), STR("key"), STR("value"));
    if (store_commit_wait(s, txn, &result, &err) < 0)
        abort();
    store_object_unref(result.object);
}

/* Once: the file of a small store. */
static void begin(struct loop *loop)
{
    struct store *s;
    struct err err;
    ssize_t len;
    int fd;

    snprintf(world.path, sizeof(world.path), "/tmp/tiphys-fuzz-XXXXXX");
    if (!mkdtemp(world.path) || !(s = open_store(loop, &err)))
        abort();
    atexit(done);
    fill(s);
    store_close(s);
    snprintf(world.file, sizeof(world.file), "%s/state.db", world.path);
    fd = open(world.file, O_RDONLY | O_CLOEXEC);
    len = fd < 0 ? -1 : fd_read(fd, world.bytes, sizeof(world.bytes));
    if (len <= 0)
        abort();
    close(fd);
    world.len = (size_t) len;
    log_setup(LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static void read_all(struct store *s)
{
    const struct store_query q = {.group = STR(""),
                                  .kind = STR("ConfigMap"),
                                  .ns = STR(""),
                                  .name_prefix = STR(""),
                                  .continue_token = STR("")};
    _cleanup_arena_ struct arena *a = arena_new();
    struct store_list list;
    struct str *spaces, value;
    size_t count;
    struct err err;

    if (store_list(s, a, &q, &list, &err) == 0)
        store_list_done(&list);
    (void) store_namespaces(s, a, &spaces, &count, &err);
    (void) store_row_get(s, a, STR("table"), STR("key"), &value, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char changed[FILE_MAX_BYTES];
    struct err err = {0};
    struct loop *loop = loop_new(&err);
    struct store *s;
    char other[112];

    if (world.len == 0)
        begin(loop);
    for (size_t i = 0; i < world.len; i++)
        changed[i] = world.bytes[i];
    for (size_t i = 0; i + 4 <= size && i < 4 * (size_t) CHANGES_MAX; i += 4)
        changed[(data[i] | (size_t) data[i + 1] << 8 | (size_t) data[i + 2] << 16) %
                world.len] = (char) data[i + 3];
    for (size_t i = 0; i < 2; i++) {
        snprintf(other, sizeof(other), "%s-%s", world.file, i ? "wal" : "shm");
        unlink(other);
    }
    if (fd_write_file(AT_FDCWD, world.file, O_TRUNC, 0600, changed, world.len) < 0)
        abort();
    (void) store_file_check(world.file, &err);
    s = open_store(loop, &err);
    if (s) {
        read_all(s);
        store_close(s);
    } else if (str_find(str_from(err.text), STR("state.db")) == SIZE_MAX) {
        fprintf(stderr, "an error that does not name the file: %s\n", err.text);
        abort();
    }
    loop_free(loop);
    return 0;
}
