/* See hdfs_namenode.h. */
#include "clients/hdfs/hdfs_namenode.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"

enum {
    CLIENT_ID_BYTES = 16,
    REQUEST_MAX_BYTES = 1 << 20,
    FOLDER_MODE = 0755,
    FILE_MODE = 0644,
    CREATE_NEW = 1,
    CREATE_OVER = 2,
    CREATE_REPLICATED = 0x80
};

struct hdfs_namenode {
    struct arena *arena;
    struct hdfs_namenode_options options;
    struct address {
        struct str host, whole;
        uint32_t port;
    } * addresses;
    size_t current;       /* which of them is asked first */
    struct hdfs_rpc *rpc; /* NULL: not connected */
    char client_id[CLIENT_ID_BYTES];
    char client[48];
    int32_t next_id;
    struct mono told; /* when this client was last heard */
};

/* ---- life ---- */

/* host:port, with brackets around an IPv6 number. */
static int read_address(struct str text, struct address *ret, struct err *err)
{
    size_t colon = SIZE_MAX;

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ':')
            colon = i;
    ret->whole = text;
    ret->host = str_head(text, colon == SIZE_MAX ? 0 : colon);
    if (str_starts(ret->host, STR("[")) && str_ends(ret->host, STR("]")))
        ret->host = str_skip(str_head(ret->host, ret->host.len - 1), 1);
    if (ret->host.len == 0 || !parse_u32(str_skip(text, colon + 1), &ret->port) ||
        ret->port == 0 || ret->port > UINT16_MAX)
        return err_set(err, ERR_INVALID,
                       "hdfs.addresses: \"" STR_FMT
                       "\" must be HOST:PORT of a name node, or a URL http(s)://HOST:PORT",
                       STR_ARG(str_head(text, 300)));
    return 0;
}

struct hdfs_namenode *hdfs_namenode_new(const struct hdfs_namenode_options *options,
                                        struct err *err)
{
    struct random random = random_from_system();
    struct hdfs_namenode *n = NEW(struct hdfs_namenode);

    n->arena = arena_new();
    n->options = *options;
    n->addresses = ARENA_ARRAY(n->arena, struct address, options->address_count);
    for (size_t i = 0; i < options->address_count; i++)
        if (read_address(options->addresses[i], &n->addresses[i], err) < 0) {
            hdfs_namenode_free(n);
            return NULL;
        }
    for (size_t i = 0; i < CLIENT_ID_BYTES; i++)
        n->client_id[i] = (char) random_u64(&random);
    snprintf(n->client, sizeof(n->client), "tiphys_%016llx",
             (unsigned long long) random_u64(&random));
    return n;
}

void hdfs_namenode_free(struct hdfs_namenode *n)
{
    if (!n)
        return;
    hdfs_rpc_close(n->rpc);
    arena_free(n->arena);
    free(n);
}

struct str hdfs_namenode_client(const struct hdfs_namenode *n)
{
    return str_from(n->client);
}

/* ---- whom to ask ---- */

static int pause_for(const struct hdfs_namenode *n, uint64_t ms, struct err *err)
{
    struct pollfd fd = {.fd = n->options.tcp.cancel_fd, .events = POLLIN};

    if (poll(&fd, fd.fd > 0 ? 1 : 0, (int) ms) > 0)
        return err_set(err, ERR_CANCELLED, "asked to stop");
    return 0;
}

static int connect_current(struct hdfs_namenode *n, enum hdfs_failure *failure, struct err *err)
{
    const struct address *at = &n->addresses[n->current];
    const struct hdfs_rpc_options options = {
        .host = at->host,
        .port = at->port,
        .user = n->options.user,
        .login = n->options.login,
        .client_id = str_of(n->client_id, sizeof(n->client_id)),
        .tcp = n->options.tcp,
    };

    n->rpc = hdfs_rpc_open(&options, err);
    *failure =
        err->kind == ERR_TRANSIENT || err->kind == ERR_TIMEOUT ? HDFS_STANDBY : HDFS_FAILED;
    return n->rpc ? 0 : -1;
}

static int ask_current(struct hdfs_namenode *n, struct arena *a, const struct hdfs_call *call,
                       struct str *ret, enum hdfs_failure *failure, struct err *err)
{
    if (!n->rpc && connect_current(n, failure, err) < 0)
        return -1;
    if (hdfs_rpc_call(n->rpc, a, call, ret, failure, err) == 0)
        return 0;
    if (*failure != HDFS_FAILED) {
        hdfs_rpc_close(n->rpc);
        n->rpc = NULL;
    }
    return -1;
}

static int ask(struct hdfs_namenode *n, struct arena *a, struct hdfs_call *call,
               struct str *ret, struct err *err)
{
    uint64_t pause_ms = n->options.pause_ms;
    enum hdfs_failure failure;

    call->id = n->next_id++ & INT32_MAX;
    for (unsigned round = 0;; round++) {
        for (size_t i = 0; i < n->options.address_count; i++) {
            if (ask_current(n, a, call, ret, &failure, err) == 0) {
                n->told = clock_mono();
                return 0;
            }
            err_wrap(err, "name node " STR_FMT,
                     STR_ARG(str_head(n->addresses[n->current].whole, 300)));
            if (failure == HDFS_FAILED || failure == HDFS_HOPELESS)
                return -1;
            call->retry++;
            n->current = (n->current + 1) % n->options.address_count;
        }
        if (round + 1 >= HDFS_ROUNDS_MAX)
            return -1;
        if (pause_for(n, pause_ms, err) < 0)
            return -1;
        pause_ms *= 2;
    }
}

/* ---- calls ---- */

/* A call that is being built. */
struct asking {
    struct strbuf b;
    struct hdfs_call call;
};

#define ASKING(method_, subject_)                      \
    {                                                  \
        STRBUF_INIT(REQUEST_MAX_BYTES),                \
        {                                              \
            .method = (method_), .subject = (subject_) \
        }                                              \
    }

static void asking_done(struct asking *q)
{
    strbuf_done(&q->b);
}

static int answer(struct hdfs_namenode *n, struct arena *a, struct asking *q, struct str *ret,
                  struct err *err)
{
    if (strbuf_finish(&q->b, &q->call.request, err) < 0)
        return err_wrap(err, "%s", q->call.method);
    return ask(n, a, &q->call, ret, err);
}

static int damaged(const struct asking *q, struct err *err)
{
    return err_set(err, ERR_INVALID, "the name node's answer to %s " STR_FMT " is damaged",
                   q->call.method, STR_ARG(q->call.subject));
}

static void put_mode(struct strbuf *b, uint32_t number, uint32_t mode)
{
    size_t begun = protowire_begin(b, number);

    protowire_put_whole(b, 1, mode);
    protowire_end(b, begun);
}

int hdfs_namenode_stat(struct hdfs_namenode *n, struct arena *a, struct str path,
                       struct hdfs_status *ret, bool *ret_is_there, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("getFileInfo", path);
    struct str got;

    protowire_put_bytes(&q.b, 1, path);
    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    return hdfs_read_optional_status(got, ret, ret_is_there) ? 0 : damaged(&q, err);
}

int hdfs_namenode_list(struct hdfs_namenode *n, struct arena *a, struct str path,
                       struct str after, struct hdfs_listing *ret, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("getListing", path);
    struct str got;

    protowire_put_bytes(&q.b, 1, path);
    protowire_put_bytes(&q.b, 2, after);
    protowire_put_whole(&q.b, 3, false);
    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    return hdfs_read_listing(a, got, ret) ? 0 : damaged(&q, err);
}

int hdfs_namenode_blocks(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct hdfs_blocks *ret, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("getBlockLocations", path);
    struct str got;

    protowire_put_bytes(&q.b, 1, path);
    protowire_put_whole(&q.b, 2, 0);
    protowire_put_whole(&q.b, 3, INT64_MAX);
    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    if (!hdfs_read_blocks(a, got, ret))
        return damaged(&q, err);
    return ret->is_there
               ? 0
               : err_set(err, ERR_NOT_FOUND, "there is no file " STR_FMT, STR_ARG(path));
}

int hdfs_namenode_defaults(struct hdfs_namenode *n, struct arena *a, struct hdfs_defaults *ret,
                           struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("getServerDefaults", STR(""));
    struct str got;

    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    return hdfs_read_defaults(got, ret) ? 0 : damaged(&q, err);
}

/* A call whose answer is yes or no. */
static int answer_flag(struct hdfs_namenode *n, struct arena *a, struct asking *q, bool *ret,
                       struct err *err)
{
    struct str got;

    if (answer(n, a, q, &got, err) < 0)
        return -1;
    return hdfs_read_flag(got, ret) ? 0 : damaged(q, err);
}

int hdfs_namenode_mkdirs(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("mkdirs", path);
    bool is_made;

    protowire_put_bytes(&q.b, 1, path);
    put_mode(&q.b, 2, FOLDER_MODE);
    protowire_put_whole(&q.b, 3, true);
    if (answer_flag(n, a, &q, &is_made, err) < 0)
        return -1;
    return is_made ? 0
                   : err_set(err, ERR_INVALID,
                             "mkdirs " STR_FMT ": the name node made no folder", STR_ARG(path));
}

int hdfs_namenode_delete(struct hdfs_namenode *n, struct arena *a, struct str path,
                         struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("delete", path);
    bool was_there;

    protowire_put_bytes(&q.b, 1, path);
    protowire_put_whole(&q.b, 2, true);
    return answer_flag(n, a, &q, &was_there, err);
}

int hdfs_namenode_rename(struct hdfs_namenode *n, struct arena *a, struct str from,
                         struct str to, enum hdfs_put_mode mode, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("rename2", to);
    struct str got;

    protowire_put_bytes(&q.b, 1, from);
    protowire_put_bytes(&q.b, 2, to);
    protowire_put_whole(&q.b, 3, mode == HDFS_REPLACE);
    return answer(n, a, &q, &got, err);
}

/* ---- writing ---- */

int hdfs_namenode_create(struct hdfs_namenode *n, struct arena *a, struct str path,
                         const struct hdfs_defaults *how, struct hdfs_status *ret,
                         struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("create", path);
    struct str got;
    bool is_told;

    protowire_put_bytes(&q.b, 1, path);
    put_mode(&q.b, 2, FILE_MODE);
    protowire_put_bytes(&q.b, 3, hdfs_namenode_client(n));
    protowire_put_whole(&q.b, 4, CREATE_NEW | CREATE_OVER | CREATE_REPLICATED);
    protowire_put_whole(&q.b, 5, true);
    protowire_put_whole(&q.b, 6, how->replicas);
    protowire_put_whole(&q.b, 7, how->block_bytes);
    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    return hdfs_read_optional_status(got, ret, &is_told) ? 0 : damaged(&q, err);
}

int hdfs_namenode_add_block(struct hdfs_namenode *n, struct arena *a,
                            const struct hdfs_writing *w, struct hdfs_located *ret,
                            struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("addBlock", w->path);
    struct str got;

    protowire_put_bytes(&q.b, 1, w->path);
    protowire_put_bytes(&q.b, 2, hdfs_namenode_client(n));
    if (w->last)
        hdfs_put_block(&q.b, 3, w->last);
    for (size_t i = 0; i < w->excluded_count; i++)
        protowire_put_bytes(&q.b, 4, w->excluded[i]);
    protowire_put_whole(&q.b, 5, w->file_id);
    if (answer(n, a, &q, &got, err) < 0)
        return -1;
    return hdfs_read_new_block(a, got, ret) ? 0 : damaged(&q, err);
}

int hdfs_namenode_abandon_block(struct hdfs_namenode *n, struct arena *a,
                                const struct hdfs_writing *w, const struct hdfs_block *block,
                                struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("abandonBlock", w->path);
    struct str got;

    hdfs_put_block(&q.b, 1, block);
    protowire_put_bytes(&q.b, 2, w->path);
    protowire_put_bytes(&q.b, 3, hdfs_namenode_client(n));
    protowire_put_whole(&q.b, 4, w->file_id);
    return answer(n, a, &q, &got, err);
}

static int complete_once(struct hdfs_namenode *n, struct arena *a, const struct hdfs_writing *w,
                         bool *ret, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("complete", w->path);

    protowire_put_bytes(&q.b, 1, w->path);
    protowire_put_bytes(&q.b, 2, hdfs_namenode_client(n));
    if (w->last)
        hdfs_put_block(&q.b, 3, w->last);
    protowire_put_whole(&q.b, 4, w->file_id);
    return answer_flag(n, a, &q, ret, err);
}

int hdfs_namenode_complete(struct hdfs_namenode *n, struct arena *a,
                           const struct hdfs_writing *w, struct err *err)
{
    struct mono deadline = mono_after(clock_mono(), HDFS_COMPLETE_MS);
    bool is_whole = false;

    for (uint64_t pause_ms = 10;; pause_ms = pause_ms < 500 ? pause_ms * 2 : pause_ms) {
        if (complete_once(n, a, w, &is_whole, err) < 0)
            return -1;
        if (is_whole)
            return 0;
        if (mono_ms_until(clock_mono(), deadline) == 0)
            return err_set(err, ERR_TIMEOUT,
                           "complete " STR_FMT ": no data node has told for %d ms that it "
                           "stores the last block",
                           STR_ARG(w->path), HDFS_COMPLETE_MS);
        if (pause_for(n, pause_ms, err) < 0)
            return -1;
    }
}

int hdfs_namenode_renew(struct hdfs_namenode *n, struct err *err)
{
    _cleanup_(asking_done) struct asking q = ASKING("renewLease", STR(""));
    _cleanup_arena_ struct arena *a = NULL;
    struct str got;

    if (mono_ms_until(clock_mono(), mono_after(n->told, HDFS_LEASE_MS)) > 0)
        return 0;
    a = arena_new();
    protowire_put_bytes(&q.b, 1, hdfs_namenode_client(n));
    return answer(n, a, &q, &got, err);
}
