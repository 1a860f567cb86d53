/*
 * tests/support/hdfs_server.h - a file system of Hadoop in memory for unit tests: two name
 * nodes with RPC, of which one is active, and two data nodes, which can be told to fail. What
 * is sent is built member by member here, not by what is tested. Include it behind cmocka.h.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"
#include "clients/hdfs/hdfs_crc.h"
#include "formats/protowire.h"

enum { HDFS_SERVER_BLOCK_BYTES = 200000, HDFS_SERVER_NODES = 2, HDFS_SERVER_PAGE = 2 };

enum hdfs_server_fault {
    HDFS_FAULT_NONE,
    HDFS_FAULT_REFUSE,  /* a status that is no success */
    HDFS_FAULT_GARBAGE, /* bytes that are no message */
    HDFS_FAULT_CUT,     /* the connection ends in the middle */
    HDFS_FAULT_DAMAGE,  /* a byte of each packet but the first is another */
    HDFS_FAULT_NO_ACK,  /* the second packet is not accepted */
    HDFS_FAULT_HUGE,    /* a packet with a hostile length */
};

struct hdfs_server_file {
    char path[200];
    struct strbuf bytes;
    uint64_t first_block; /* ids of its blocks count from here */
    size_t block_count;
    bool is_whole;
};

struct hdfs_server {
    pthread_mutex_t lock;
    struct hdfs_server_listener {
        struct hdfs_server *server;
        pthread_t thread;
        int fd;
        unsigned port;
        bool is_standby;              /* of name nodes */
        enum hdfs_server_fault fault; /* of data nodes; of name nodes: of the next calls */
        unsigned fault_count;         /* calls of a name node that it is for */
        unsigned served;
    } names[2], nodes[HDFS_SERVER_NODES];
    VEC(struct hdfs_server_file *) files;
    uint64_t next_block;
    char user[64];
    const char *exception, *message, *exception_method; /* what a method answers; or NULL */
    bool encrypts, is_stopping;
    unsigned excluded; /* nodes that were excluded in calls of addBlock */
    unsigned abandoned;
    int32_t last_call;
    unsigned repeated; /* calls that came again under their number */
};

/* ---- bytes ---- */

static inline bool hdfs_server_read(int fd, void *to, size_t len)
{
    for (char *p = to; len > 0;) {
        ssize_t n = read(fd, p, len);

        if (n <= 0)
            return false;
        p += n;
        len -= (size_t) n;
    }
    return true;
}

static inline bool hdfs_server_write(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes = str_skip(bytes, (size_t) n);
    }
    return true;
}

static inline void hdfs_server_put_number(struct strbuf *b, size_t number, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        strbuf_addc(b, (char) (number >> shift));
}

static inline void hdfs_server_delimit(struct strbuf *b, const struct strbuf *message)
{
    protowire_put_varint(b, message->len);
    strbuf_add(b, strbuf_str(message));
}

static inline struct str hdfs_server_text(struct str message, uint32_t number)
{
    struct protowire_field f;

    while (protowire_next(&message, &f) > 0)
        if (f.number == number && f.type == PROTOWIRE_BYTES)
            return f.bytes;
    return STR("");
}

static inline uint64_t hdfs_server_number(struct str message, uint32_t number)
{
    struct protowire_field f;

    while (protowire_next(&message, &f) > 0)
        if (f.number == number && f.type != PROTOWIRE_BYTES)
            return f.whole;
    return 0;
}

/* ---- files ---- */

static inline struct hdfs_server_file *hdfs_server_find(struct hdfs_server *s, struct str path)
{
    VEC_FOREACH (f, &s->files)
        if (str_is(path, (*f)->path))
            return *f;
    return NULL;
}

static inline struct hdfs_server_file *hdfs_server_file_of(struct hdfs_server *s,
                                                           uint64_t block)
{
    VEC_FOREACH (f, &s->files)
        if (block >= (*f)->first_block && block < (*f)->first_block + 1000)
            return *f;
    return NULL;
}

static inline struct hdfs_server_file *hdfs_server_make(struct hdfs_server *s, struct str path)
{
    struct hdfs_server_file *f = NEW(struct hdfs_server_file);

    snprintf(f->path, sizeof(f->path), STR_FMT, STR_ARG(path));
    strbuf_init(&f->bytes, 16 << 20);
    f->first_block = s->next_block;
    s->next_block += 1000;
    VEC_PUSH(&s->files, f);
    return f;
}

static inline void hdfs_server_remove(struct hdfs_server *s, struct str path)
{
    for (size_t i = 0; i < s->files.len;) {
        struct hdfs_server_file *f = s->files.at[i];
        struct str own = str_from(f->path);

        if (str_eq(own, path) || (str_cut_prefix(&own, path) && str_starts(own, STR("/")))) {
            strbuf_done(&f->bytes);
            free(f);
            s->files.at[i] = s->files.at[--s->files.len];
        } else
            i++;
    }
}

static inline bool hdfs_server_is_folder(struct hdfs_server *s, struct str path)
{
    VEC_FOREACH (f, &s->files) {
        struct str own = str_from((*f)->path);

        if (str_cut_prefix(&own, path) && str_starts(own, STR("/")))
            return true;
    }
    return false;
}

/* A whole file, as if somebody had stored it. */
static inline void hdfs_server_put(struct hdfs_server *s, const char *path, struct str bytes)
{
    struct hdfs_server_file *f = hdfs_server_make(s, str_from(path));

    strbuf_add(&f->bytes, bytes);
    f->block_count = (bytes.len + HDFS_SERVER_BLOCK_BYTES - 1) / HDFS_SERVER_BLOCK_BYTES;
    f->is_whole = true;
}

/* ---- answers of name nodes ---- */

static inline void hdfs_server_put_status(struct strbuf *b, uint32_t number, struct str name,
                                          const struct hdfs_server_file *f)
{
    size_t begun = protowire_begin(b, number), mode;

    protowire_put_whole(b, 1, f ? 2 : 1);
    protowire_put_bytes(b, 2, name);
    protowire_put_whole(b, 3, f ? f->bytes.len : 0);
    mode = protowire_begin(b, 4);
    protowire_put_whole(b, 1, 0640);
    protowire_end(b, mode);
    protowire_put_bytes(b, 5, STR("ann"));
    protowire_put_bytes(b, 6, STR("staff"));
    protowire_put_whole(b, 7, 1700000000000);
    protowire_put_whole(b, 8, 0);
    protowire_put_whole(b, 13, f ? f->first_block : 7);
    protowire_put_whole(b, 99, 1); /* of a later version */
    protowire_end(b, begun);
}

static inline void hdfs_server_put_block(struct hdfs_server *s, struct strbuf *b,
                                         uint32_t number, const struct hdfs_server_file *f,
                                         size_t index, unsigned first_node)
{
    uint64_t at = (uint64_t) index * HDFS_SERVER_BLOCK_BYTES;
    uint64_t left = f->bytes.len > at ? f->bytes.len - at : 0;
    size_t located = protowire_begin(b, number), part;

    part = protowire_begin(b, 1);
    protowire_put_bytes(b, 1, STR("pool"));
    protowire_put_whole(b, 2, f->first_block + index);
    protowire_put_whole(b, 3, 1001);
    protowire_put_whole(b, 4, left < HDFS_SERVER_BLOCK_BYTES ? left : HDFS_SERVER_BLOCK_BYTES);
    protowire_end(b, part);
    protowire_put_whole(b, 2, at);
    for (unsigned i = 0; i < HDFS_SERVER_NODES; i++) {
        size_t node = protowire_begin(b, 3), id = protowire_begin(b, 1);

        protowire_put_bytes(b, 1, STR("127.0.0.1"));
        protowire_put_bytes(b, 2, STR("127.0.0.1"));
        protowire_put_bytes(b, 3, STR("uuid"));
        protowire_put_whole(b, 4, s->nodes[(first_node + i) % HDFS_SERVER_NODES].port);
        protowire_end(b, id);
        protowire_end(b, node);
    }
    protowire_put_whole(b, 4, false);
    part = protowire_begin(b, 5);
    protowire_put_bytes(b, 1, STR("token"));
    protowire_end(b, part);
    protowire_put_whole(b, 7, 1);
    protowire_put_whole(b, 7, 1);
    protowire_put_bytes(b, 8, STR("storage-a"));
    protowire_put_bytes(b, 8, STR("storage-b"));
    protowire_end(b, located);
}

static inline void hdfs_server_blocks(struct hdfs_server *s, const struct hdfs_server_file *f,
                                      struct strbuf *b)
{
    size_t begun = protowire_begin(b, 1);

    protowire_put_whole(b, 1, f->bytes.len);
    for (size_t i = 0; i < f->block_count; i++)
        hdfs_server_put_block(s, b, 2, f, i, 0);
    protowire_put_whole(b, 3, !f->is_whole);
    protowire_put_whole(b, 5, true);
    protowire_end(b, begun);
}

static inline int hdfs_server_by_path(const void *left, const void *right)
{
    return strcmp((*(struct hdfs_server_file *const *) left)->path,
                  (*(struct hdfs_server_file *const *) right)->path);
}

/* Pages of files and folders right below a folder. */
static inline void hdfs_server_list(struct hdfs_server *s, struct str path, struct str after,
                                    struct strbuf *b)
{
    size_t begun = protowire_begin(b, 1), count = 0, left = 0;
    struct str last = after;

    qsort(s->files.at, s->files.len, sizeof(s->files.at[0]), hdfs_server_by_path);
    VEC_FOREACH (f, &s->files) {
        struct str own = str_from((*f)->path), name;
        size_t slash;

        if (!str_cut_prefix(&own, path) || !str_cut_prefix(&own, STR("/")))
            continue;
        slash = str_find_char(own, '/');
        name = str_head(own, slash);
        if (str_cmp(name, last) <= 0)
            continue;
        last = name;
        if (count++ < HDFS_SERVER_PAGE)
            hdfs_server_put_status(b, 1, name, slash == SIZE_MAX ? *f : NULL);
        else
            left++;
    }
    protowire_put_whole(b, 2, left);
    protowire_end(b, begun);
}

static inline unsigned hdfs_server_count(struct str message, uint32_t number)
{
    struct protowire_field f;
    unsigned count = 0;

    while (protowire_next(&message, &f) > 0)
        count += f.number == number;
    return count;
}

static inline void hdfs_server_add_block(struct hdfs_server *s, struct str q, struct strbuf *b)
{
    struct hdfs_server_file *f = hdfs_server_find(s, hdfs_server_text(q, 1));
    unsigned excluded = hdfs_server_count(q, 4);

    s->excluded += excluded;
    hdfs_server_put_block(s, b, 1, f, f->block_count++, excluded);
}

/* NULL, or the exception's class and text. */
static inline const char *hdfs_server_answer(struct hdfs_server *s, struct str method,
                                             struct str q, struct strbuf *b,
                                             const char **message)
{
    struct str path = hdfs_server_text(q, 1);
    struct hdfs_server_file *f = hdfs_server_find(s, path);

    *message = s->message;
    if (s->exception && str_is(method, s->exception_method))
        return s->exception;
    if (str_is(method, "getFileInfo")) {
        if (f || hdfs_server_is_folder(s, path))
            hdfs_server_put_status(b, 1, STR(""), f);
    } else if (str_is(method, "getListing")) {
        if (hdfs_server_is_folder(s, path))
            hdfs_server_list(s, path, hdfs_server_text(q, 2), b);
    } else if (str_is(method, "getBlockLocations")) {
        *message = "File does not exist\n\tat org.apache";
        if (!f)
            return "java.io.FileNotFoundException";
        hdfs_server_blocks(s, f, b);
    } else if (str_is(method, "getServerDefaults")) {
        size_t begun = protowire_begin(b, 1);

        protowire_put_whole(b, 1, HDFS_SERVER_BLOCK_BYTES);
        protowire_put_whole(b, 2, 512);
        protowire_put_whole(b, 3, 65536);
        protowire_put_whole(b, 4, 2);
        protowire_put_whole(b, 5, 4096);
        protowire_put_whole(b, 6, s->encrypts);
        protowire_end(b, begun);
    } else if (str_is(method, "create"))
        hdfs_server_put_status(b, 1, STR(""), hdfs_server_make(s, path));
    else if (str_is(method, "addBlock"))
        hdfs_server_add_block(s, q, b);
    else if (str_is(method, "abandonBlock")) {
        f = hdfs_server_find(s, hdfs_server_text(q, 2));
        if (!f)
            abort();
        f->block_count--;
        if (f->bytes.len > f->block_count * HDFS_SERVER_BLOCK_BYTES)
            f->bytes.len = f->block_count * HDFS_SERVER_BLOCK_BYTES;
        s->abandoned++;
    } else if (str_is(method, "complete")) {
        f->is_whole = true;
        protowire_put_whole(b, 1, true);
    } else if (str_is(method, "mkdirs"))
        protowire_put_whole(b, 1, true);
    else if (str_is(method, "delete")) {
        protowire_put_whole(b, 1, f || hdfs_server_is_folder(s, path));
        hdfs_server_remove(s, path);
    } else if (str_is(method, "rename2")) {
        struct str to = hdfs_server_text(q, 2);

        *message = "rename destination exists";
        if (hdfs_server_find(s, to) && !hdfs_server_number(q, 3))
            return "org.apache.hadoop.fs.FileAlreadyExistsException";
        hdfs_server_remove(s, to);
        f = hdfs_server_find(s, path);
        snprintf(f->path, sizeof(f->path), STR_FMT, STR_ARG(to));
    } else
        return "org.apache.hadoop.ipc.RpcNoSuchMethodException";
    return NULL;
}

/* ---- name nodes ---- */

static inline bool hdfs_server_frame(int fd, struct strbuf *b)
{
    unsigned char head[4];
    size_t len;
    char *to;

    strbuf_reset(b);
    if (!hdfs_server_read(fd, head, 4))
        return false;
    len = (size_t) head[0] << 24 | (size_t) head[1] << 16 | (size_t) head[2] << 8 | head[3];
    to = strbuf_reserve(b, len);
    if (!to || !hdfs_server_read(fd, to, len))
        return false;
    b->len += len;
    return true;
}

static inline void hdfs_server_reply(struct strbuf *out, int32_t id, const char *exception,
                                     const char *message, const struct strbuf *body)
{
    _cleanup_strbuf_ struct strbuf head = STRBUF_INIT(65536), all = STRBUF_INIT(16 << 20);

    protowire_put_whole(&head, 1, (uint32_t) id);
    protowire_put_whole(&head, 2, exception != NULL);
    protowire_put_whole(&head, 3, 9);
    if (exception) {
        protowire_put_bytes(&head, 4, str_from(exception));
        protowire_put_bytes(&head, 5, str_from(message ? message : ""));
    }
    hdfs_server_delimit(&all, &head);
    if (!exception)
        hdfs_server_delimit(&all, body);
    hdfs_server_put_number(out, all.len, 4);
    strbuf_add(out, strbuf_str(&all));
}

/* Fails as it was told; true: it has. */
static inline bool hdfs_server_misbehave(struct hdfs_server_listener *l, int fd)
{
    enum hdfs_server_fault fault = l->fault;

    if (l->fault_count == 0)
        return false;
    l->fault_count--;
    if (fault == HDFS_FAULT_GARBAGE)
        hdfs_server_write(fd, STR("\0\0\0\x03\xff\xff\xff"));
    if (fault == HDFS_FAULT_HUGE)
        hdfs_server_write(fd, STR("\x7f\xff\xff\xff"));
    if (fault == HDFS_FAULT_CUT)
        hdfs_server_write(fd, STR("\0\0\0\x20\x01"));
    return true;
}

static inline bool hdfs_server_call(struct hdfs_server_listener *l, int fd, struct str frame)
{
    _cleanup_strbuf_ struct strbuf body = STRBUF_INIT(16 << 20), out = STRBUF_INIT(17 << 20);
    struct hdfs_server *s = l->server;
    struct str head, method = STR(""), request = STR("");
    const char *exception, *message = NULL;
    uint64_t id;

    assert_true(protowire_cut_bytes(&frame, &head) && protowire_cut_bytes(&frame, &method) &&
                protowire_cut_bytes(&frame, &request));
    assert_int_equal(hdfs_server_text(head, 4).len, 16);
    id = hdfs_server_number(head, 3) >> 1;
    s->repeated += (int32_t) id == s->last_call;
    s->last_call = (int32_t) id;
    if (hdfs_server_misbehave(l, fd))
        return false;
    exception = "org.apache.hadoop.ipc.StandbyException";
    if (!l->is_standby)
        exception =
            hdfs_server_answer(s, hdfs_server_text(method, 1), request, &body, &message);
    hdfs_server_reply(&out, (int32_t) id, exception, message, &body);
    return hdfs_server_write(fd, strbuf_str(&out));
}

static inline void hdfs_server_serve_names(struct hdfs_server_listener *l, int fd)
{
    _cleanup_strbuf_ struct strbuf frame = STRBUF_INIT(16 << 20);
    char hello[7];
    bool goes_on = true;

    if (!hdfs_server_read(fd, hello, sizeof(hello)) || hello[6] != 0) /* SASL is not known */
        return;
    assert_memory_equal(hello, "hrpc\x09\0\0", sizeof(hello));
    if (hdfs_server_frame(fd, &frame)) {
        struct str rest = strbuf_str(&frame), head = STR(""), context = STR("");

        assert_true(protowire_cut_bytes(&rest, &head) && protowire_cut_bytes(&rest, &context));
        assert_int_equal(hdfs_server_number(head, 3), 5); /* -3 */
        snprintf(l->server->user, sizeof(l->server->user), STR_FMT,
                 STR_ARG(hdfs_server_text(hdfs_server_text(context, 2), 1)));
    }
    while (goes_on && hdfs_server_frame(fd, &frame)) {
        pthread_mutex_lock(&l->server->lock);
        l->served++;
        goes_on = hdfs_server_call(l, fd, strbuf_str(&frame));
        pthread_mutex_unlock(&l->server->lock);
    }
}

/* ---- data nodes ---- */

static inline bool hdfs_server_message(int fd, struct strbuf *b)
{
    uint64_t len = 0;
    unsigned char c;
    char *to;

    strbuf_reset(b);
    for (unsigned shift = 0;; shift += 7) {
        if (!hdfs_server_read(fd, &c, 1))
            return false;
        len |= (uint64_t) (c & 0x7f) << shift;
        if (!(c & 0x80))
            break;
    }
    to = strbuf_reserve(b, (size_t) len);
    if (!to || !hdfs_server_read(fd, to, (size_t) len))
        return false;
    b->len += (size_t) len;
    return true;
}

static inline void hdfs_server_say(int fd, const struct strbuf *message)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(65536);

    hdfs_server_delimit(&out, message);
    hdfs_server_write(fd, strbuf_str(&out));
}

static inline void hdfs_server_status(int fd, unsigned status, uint64_t first_offset)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(65536);
    size_t read, sum;

    protowire_put_whole(&m, 1, status);
    if (status != 0)
        protowire_put_bytes(&m, 5, STR("told to refuse"));
    read = protowire_begin(&m, 4);
    sum = protowire_begin(&m, 1);
    protowire_put_whole(&m, 1, 2);
    protowire_put_whole(&m, 2, 512);
    protowire_end(&m, sum);
    protowire_put_whole(&m, 2, first_offset);
    protowire_end(&m, read);
    hdfs_server_say(fd, &m);
}

static inline bool hdfs_server_packet(int fd, uint64_t offset, struct str bytes, bool is_last,
                                      enum hdfs_server_fault fault)
{
    _cleanup_strbuf_ struct strbuf head = STRBUF_INIT(256), out = STRBUF_INIT(1 << 20);

    protowire_put_fixed64(&head, 1, offset);
    protowire_put_fixed64(&head, 2, 0);
    protowire_put_whole(&head, 3, is_last);
    protowire_put_fixed32(&head, 4, (uint32_t) bytes.len);
    hdfs_server_put_number(
        &out,
        fault == HDFS_FAULT_HUGE ? 0x7fffffff : 4 + (bytes.len + 511) / 512 * 4 + bytes.len, 4);
    hdfs_server_put_number(&out, head.len, 2);
    strbuf_add(&out, strbuf_str(&head));
    hdfs_crc_put(&out, HDFS_CHECKSUM_CRC32C, 512, bytes);
    strbuf_add(&out, bytes);
    if (fault == HDFS_FAULT_DAMAGE)
        out.ptr[out.len - 1] ^= 1;
    return hdfs_server_write(fd, fault == HDFS_FAULT_CUT ? str_head(strbuf_str(&out), 1000)
                                                         : strbuf_str(&out)) &&
           fault != HDFS_FAULT_CUT;
}

static inline void hdfs_server_send_block(struct hdfs_server_listener *l, int fd, struct str q)
{
    struct str block = hdfs_server_text(hdfs_server_text(hdfs_server_text(q, 1), 1), 1);
    uint64_t id = hdfs_server_number(block, 2), at, from = hdfs_server_number(q, 2) / 512 * 512;
    struct hdfs_server_file *f = hdfs_server_file_of(l->server, id);
    struct str bytes;
    char answer[3];

    if (!f)
        abort();
    bytes = str_head(
        str_skip(strbuf_str(&f->bytes), (id - f->first_block) * HDFS_SERVER_BLOCK_BYTES),
        HDFS_SERVER_BLOCK_BYTES);

    assert_true(str_is(
        hdfs_server_text(hdfs_server_text(hdfs_server_text(hdfs_server_text(q, 1), 1), 2), 1),
        "token"));
    hdfs_server_status(fd, 0, from);
    for (at = from; at < bytes.len; at += 65536)
        if (!hdfs_server_packet(fd, at, str_head(str_skip(bytes, at), 65536), false,
                                at >= 65536 ? l->fault : HDFS_FAULT_NONE))
            return;
    if (hdfs_server_packet(fd, bytes.len, STR(""), true, HDFS_FAULT_NONE))
        hdfs_server_read(fd, answer, sizeof(answer));
}

static inline void hdfs_server_ack(int fd, uint64_t number, unsigned status)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(256);

    protowire_put_whole(&m, 1, number << 1);
    protowire_put_whole(&m, 2, 0);
    protowire_put_whole(&m, 2, status);
    hdfs_server_say(fd, &m);
}

/* A packet, checked as data nodes do; false: it was the last, or none. */
static inline bool hdfs_server_take_packet(struct hdfs_server_listener *l, int fd,
                                           struct hdfs_server_file *f, uint64_t block_at)
{
    _cleanup_strbuf_ struct strbuf body = STRBUF_INIT(1 << 20);
    unsigned char head[6], header[256];
    struct str message, all;
    size_t len, header_len, sums;
    uint64_t offset, number;
    char *to;

    if (!hdfs_server_read(fd, head, 6))
        return false;
    len =
        ((size_t) head[0] << 24 | (size_t) head[1] << 16 | (size_t) head[2] << 8 | head[3]) - 4;
    header_len = (size_t) head[4] << 8 | head[5];
    to = strbuf_reserve(&body, len + 1);
    if (header_len > sizeof(header) || !hdfs_server_read(fd, header, header_len) ||
        !hdfs_server_read(fd, to, len))
        return false;
    message = str_of((const char *) header, header_len);
    offset = hdfs_server_number(message, 1);
    number = hdfs_server_number(message, 2);
    sums = len - hdfs_server_number(message, 4);
    all = str_of(to, len);
    assert_true(
        hdfs_crc_check(HDFS_CHECKSUM_CRC32C, 512, str_head(all, sums), str_skip(all, sums)));
    if (number == 1 && l->fault == HDFS_FAULT_NO_ACK) {
        hdfs_server_ack(fd, number, 1);
        return false;
    }
    if (number == 1 && l->fault == HDFS_FAULT_CUT)
        return false;
    assert_int_equal(f->bytes.len, block_at + offset);
    strbuf_add(&f->bytes, str_skip(all, sums));
    hdfs_server_ack(fd, number, 0);
    return !hdfs_server_number(message, 3);
}

static inline void hdfs_server_take_block(struct hdfs_server_listener *l, int fd, struct str q)
{
    struct str block = hdfs_server_text(hdfs_server_text(hdfs_server_text(q, 1), 1), 1);
    uint64_t id = hdfs_server_number(block, 2);
    struct hdfs_server_file *f = hdfs_server_file_of(l->server, id);

    assert_int_equal(hdfs_server_count(q, 2), HDFS_SERVER_NODES - 1); /* the first is asked */
    assert_int_equal(hdfs_server_number(q, 5), HDFS_SERVER_NODES);
    assert_true(str_is(hdfs_server_text(q, 17), "storage-b"));
    hdfs_server_status(fd, 0, 0);
    while (hdfs_server_take_packet(l, fd, f, (id - f->first_block) * HDFS_SERVER_BLOCK_BYTES))
        continue;
}

static inline void hdfs_server_serve_data(struct hdfs_server_listener *l, int fd)
{
    _cleanup_strbuf_ struct strbuf q = STRBUF_INIT(1 << 20);
    unsigned char head[3];

    if (!hdfs_server_read(fd, head, 3) || !hdfs_server_message(fd, &q))
        return;
    assert_int_equal(head[0] << 8 | head[1], 28);
    pthread_mutex_lock(&l->server->lock);
    l->served++;
    if (l->fault == HDFS_FAULT_REFUSE)
        hdfs_server_status(fd, 1, 0);
    else if (l->fault == HDFS_FAULT_GARBAGE)
        hdfs_server_write(fd, STR("\x04\xff\xff\xff\xff"));
    else if (head[2] == 81)
        hdfs_server_send_block(l, fd, strbuf_str(&q));
    else
        hdfs_server_take_block(l, fd, strbuf_str(&q));
    pthread_mutex_unlock(&l->server->lock);
}

/* ---- life ---- */

static inline void *hdfs_server_run(void *ctx)
{
    struct hdfs_server_listener *l = ctx;
    bool is_name = l == &l->server->names[0] || l == &l->server->names[1];
    int fd;

    while ((fd = accept(l->fd, NULL, NULL)) >= 0) {
        if (is_name)
            hdfs_server_serve_names(l, fd);
        else
            hdfs_server_serve_data(l, fd);
        close(fd);
    }
    return NULL;
}

static inline void hdfs_server_listen(struct hdfs_server *s, struct hdfs_server_listener *l)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);

    l->server = s;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(l->fd >= 0);
    assert_int_equal(bind(l->fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(l->fd, 8), 0);
    assert_int_equal(getsockname(l->fd, (struct sockaddr *) &at, &len), 0);
    l->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&l->thread, NULL, hdfs_server_run, l), 0);
}

static inline struct hdfs_server *hdfs_server_start(void)
{
    struct hdfs_server *s = NEW(struct hdfs_server);

    pthread_mutex_init(&s->lock, NULL);
    s->next_block = 5000;
    s->last_call = -1;
    for (size_t i = 0; i < COUNT_OF(s->names); i++)
        hdfs_server_listen(s, &s->names[i]);
    for (size_t i = 0; i < COUNT_OF(s->nodes); i++)
        hdfs_server_listen(s, &s->nodes[i]);
    return s;
}

static inline void hdfs_server_end(struct hdfs_server_listener *l)
{
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->thread, NULL);
    close(l->fd);
}

/* Clients have gone. */
static inline void hdfs_server_stop(struct hdfs_server *s)
{
    for (size_t i = 0; i < COUNT_OF(s->names); i++)
        hdfs_server_end(&s->names[i]);
    for (size_t i = 0; i < COUNT_OF(s->nodes); i++)
        hdfs_server_end(&s->nodes[i]);
    hdfs_server_remove(s, STR(""));
    VEC_DONE(&s->files);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
