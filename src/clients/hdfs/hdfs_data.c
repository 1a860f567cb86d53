/* See hdfs_data.h. */
#include "clients/hdfs/hdfs_data.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "clients/hdfs/hdfs_crc.h"

enum {
    VERSION = 28,
    WRITE_BLOCK = 80,
    READ_BLOCK = 81,
    CHUNK_BYTES = 512,
    PACKET_BYTES = 128 * CHUNK_BYTES,
    MESSAGE_MAX_BYTES = 65536,
    TOKEN_REFUSED = 5
};

/* ---- connections ---- */

/* By its number; by its name where that is not reached, as with nodes behind a gateway. */
static struct tcp *connect_to(const struct hdfs_node *node, const struct tcp_options *options,
                              struct err *err)
{
    struct tcp *t = tcp_connect(node->ip, node->port, options, err);
    struct err by_name;

    if (t || err->kind == ERR_CANCELLED || str_is_empty(node->host) ||
        str_eq(node->host, node->ip))
        return t;
    return tcp_connect(node->host, node->port, options, &by_name);
}

static int send_request(struct tcp *t, int operation, const struct strbuf *request,
                        struct err *err)
{
    const char head[] = {0, VERSION, (char) operation};

    if (request->is_over)
        return err_set(err, ERR_LIMIT, "a block's description is too long");
    return tcp_write(t, str_of(head, sizeof(head)), err) < 0
               ? -1
               : tcp_write(t, strbuf_str(request), err);
}

/* A message with its length in front of it. */
static int take_message(struct tcp *t, struct str *ret, struct err *err)
{
    uint64_t len = 0;
    struct str c;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (tcp_take(t, 1, &c, err) < 0)
            return -1;
        len |= (uint64_t) (c.ptr[0] & 0x7f) << shift;
        if (c.ptr[0] & 0x80)
            continue;
        if (len > MESSAGE_MAX_BYTES)
            break;
        return tcp_take(t, (size_t) len, ret, err);
    }
    return err_set(err, ERR_TRANSIENT, "what the data node says is no message");
}

/* The answer to a request; what it says is copied to @a. */
static int take_answer(struct tcp *t, struct arena *a, struct hdfs_data_answer *ret,
                       struct err *err)
{
    struct str message;

    if (take_message(t, &message, err) < 0)
        return -1;
    if (!hdfs_read_data_answer(str_copy(a, message), ret))
        return err_set(err, ERR_TRANSIENT, "what the data node answers is damaged");
    if (ret->status == HDFS_DATA_SUCCESS)
        return 0;
    return err_set(err, ret->status == TOKEN_REFUSED ? ERR_UNAUTHORIZED : ERR_TRANSIENT,
                   "the data node refuses with status %llu: " STR_FMT,
                   (unsigned long long) ret->status, STR_ARG(str_head(ret->message, 300)));
}

/* ---- reading ---- */

/* A block that comes. */
struct coming {
    struct hdfs_reading *r;
    struct tcp *tcp;
    struct hdfs_data_answer how;
    struct strbuf packet; /* checksums, then bytes */
    uint64_t at;          /* offset of the next packet in the block */
    uint64_t end;         /* of the block */
    uint64_t *done;
};

static uint32_t number_at(struct str bytes)
{
    const unsigned char *p = (const unsigned char *) bytes.ptr;

    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static int no_packet(struct err *err)
{
    return err_set(err, ERR_TRANSIENT, "what the data node sends is no packet of the block");
}

/* Lengths and header of the next packet; @ret_sums: bytes of checksums. */
static int take_head(struct coming *c, struct hdfs_packet *ret, size_t *ret_sums,
                     struct err *err)
{
    uint32_t len, head_len;
    uint64_t sums;
    struct str got;

    if (tcp_take(c->tcp, 6, &got, err) < 0)
        return -1;
    len = number_at(got);
    head_len = (uint32_t) (unsigned char) got.ptr[4] << 8 | (unsigned char) got.ptr[5];
    if (tcp_take(c->tcp, head_len, &got, err) < 0)
        return -1;
    if (!hdfs_read_packet_head(got, ret) || len > HDFS_PACKET_MAX_BYTES || len < 4)
        return no_packet(err);
    sums = c->how.checksum == HDFS_CHECKSUM_NONE
               ? 0
               : ((uint64_t) ret->bytes + c->how.chunk_bytes - 1) / c->how.chunk_bytes * 4;
    if (4 + sums + ret->bytes != len || ret->offset != c->at ||
        (ret->bytes == 0 && !ret->is_last))
        return no_packet(err);
    *ret_sums = (size_t) sums;
    return 0;
}

static int take_body(struct coming *c, size_t len, struct err *err)
{
    struct str piece;

    strbuf_reset(&c->packet);
    for (; len > 0; len -= piece.len) {
        if (tcp_take(c->tcp, len < TCP_TAKE_MAX_BYTES ? len : TCP_TAKE_MAX_BYTES, &piece, err) <
            0)
            return -1;
        strbuf_add(&c->packet, piece);
    }
    return 0;
}

/* What was asked for of a packet that is whole. */
static int hand_over(struct coming *c, struct str bytes, struct err *err)
{
    uint64_t skip = *c->done > c->at ? *c->done - c->at : 0;

    c->at += bytes.len;
    bytes = str_skip(bytes, skip < bytes.len ? (size_t) skip : bytes.len);
    if (c->at > c->end)
        bytes = str_head(
            bytes, c->at - c->end < bytes.len ? bytes.len - (size_t) (c->at - c->end) : 0);
    if (bytes.len == 0)
        return 0;
    if (c->r->take(c->r->ctx, bytes, err) != 0) {
        c->r->is_refused = true;
        return -1;
    }
    *c->done += bytes.len;
    return 0;
}

/* 1: it was the last one. */
static int take_packet(struct coming *c, struct err *err)
{
    struct hdfs_packet packet;
    struct str all;
    size_t sums = 0;

    if (take_head(c, &packet, &sums, err) < 0 || take_body(c, sums + packet.bytes, err) < 0)
        return -1;
    all = strbuf_str(&c->packet);
    if (!hdfs_crc_check(c->how.checksum, c->how.chunk_bytes, str_head(all, sums),
                        str_skip(all, sums)))
        return err_set(err, ERR_TRANSIENT,
                       "checksum error in the packet at offset %llu of the block",
                       (unsigned long long) packet.offset);
    if (hand_over(c, str_skip(all, sums), err) < 0)
        return -1;
    return packet.is_last ? 1 : 0;
}

/* The data node logs whether its block was good. */
static void say_good(struct coming *c)
{
    static const char status[] = {2, 8, HDFS_DATA_CHECKSUM_OK};
    struct err ignored;

    tcp_write(c->tcp, str_of(status, sizeof(status)), &ignored);
}

static int read_packets(struct coming *c, struct err *err)
{
    int got;

    if (c->how.checksum != HDFS_CHECKSUM_NONE && c->how.chunk_bytes == 0)
        return no_packet(err);
    if (c->how.first_offset > *c->done)
        return no_packet(err);
    c->at = c->how.first_offset;
    do {
        got = take_packet(c, err);
    } while (got == 0);
    if (got < 0)
        return -1;
    if (*c->done < c->end)
        return err_set(err, ERR_TRANSIENT, "the block ends after %llu of %llu bytes",
                       (unsigned long long) *c->done, (unsigned long long) c->end);
    say_good(c);
    return 0;
}

static int read_from(struct coming *c, struct arena *a, const struct hdfs_located *from,
                     struct err *err)
{
    _cleanup_strbuf_ struct strbuf request = STRBUF_INIT(HDFS_PACKET_MAX_BYTES);

    hdfs_put_read_request(&request, from, c->r->client, *c->done, c->end - *c->done);
    if (send_request(c->tcp, READ_BLOCK, &request, err) < 0 ||
        take_answer(c->tcp, a, &c->how, err) < 0)
        return -1;
    return read_packets(c, err);
}

static int name_node(const struct hdfs_located *of, const struct hdfs_node *node,
                     struct err *err)
{
    return err_wrap(err, "block %llu, data node " STR_FMT ":%u",
                    (unsigned long long) of->block.id, STR_ARG(str_head(node->ip, 60)),
                    node->port);
}

int hdfs_data_read(struct hdfs_reading *r, const struct hdfs_located *from,
                   const struct hdfs_node *node, uint64_t *done, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct coming c = {.r = r, .end = from->block.bytes, .done = done};
    int result;

    c.tcp = connect_to(node, &r->tcp, err);
    if (!c.tcp)
        return name_node(from, node, err);
    strbuf_init(&c.packet, HDFS_PACKET_MAX_BYTES);
    result = read_from(&c, a, from, err);
    tcp_close(c.tcp);
    strbuf_done(&c.packet);
    return result == 0 || r->is_refused ? result : name_node(from, node, err);
}

/* ---- writing ---- */

/* A block that goes. */
struct going {
    const struct hdfs_block_source *s;
    const struct hdfs_located *to;
    struct tcp *tcp;
    struct strbuf out;
    uint64_t sent, acked; /* packets */
    size_t *bad;
};

static int take_ack(struct going *g, struct err *err)
{
    struct hdfs_ack ack;
    struct str message;

    if (take_message(g->tcp, &message, err) < 0)
        return -1;
    if (!hdfs_read_ack(message, &ack))
        return err_set(err, ERR_TRANSIENT, "what the data node acknowledges is damaged");
    if (ack.bad != HDFS_DATA_SUCCESS) {
        *g->bad = ack.bad_at < g->to->nodes.len ? ack.bad_at : 0;
        return err_set(err, ERR_TRANSIENT, "node %zu of the pipeline answers with status %llu",
                       ack.bad_at + 1, (unsigned long long) ack.bad);
    }
    if (ack.number == -1)
        return 0;
    if (ack.number < 0 || (uint64_t) ack.number != g->acked)
        return err_set(err, ERR_TRANSIENT, "packet %llu was acknowledged as %lld",
                       (unsigned long long) g->acked, (long long) ack.number);
    g->acked++;
    return 0;
}

static int take_acks(struct going *g, uint64_t open_max, struct err *err)
{
    while (g->sent - g->acked > open_max || (g->sent > g->acked && tcp_has_input(g->tcp)))
        if (take_ack(g, err) < 0)
            return -1;
    return 0;
}

static int read_file(const struct hdfs_block_source *s, uint64_t at, char *to, size_t len,
                     struct err *err)
{
    ssize_t got = fd_pread(s->fd, to, len, (off_t) (s->at + at));

    if (got < 0)
        return err_sys(err, errno, "read what is to be stored");
    return (size_t) got == len
               ? 0
               : err_set(err, ERR_INVALID, "the file has become shorter while it was stored");
}

static int send_packet(struct going *g, uint64_t at, struct str bytes, struct err *err)
{
    const struct hdfs_packet packet = {.offset = at,
                                       .number = g->sent,
                                       .bytes = (uint32_t) bytes.len,
                                       .is_last = bytes.len == 0};
    size_t sums = (bytes.len + CHUNK_BYTES - 1) / CHUNK_BYTES * 4, len = 4 + sums + bytes.len;
    _cleanup_strbuf_ struct strbuf head = STRBUF_INIT(256);

    hdfs_put_packet_head(&head, &packet);
    strbuf_reset(&g->out);
    for (int shift = 24; shift >= 0; shift -= 8)
        strbuf_addc(&g->out, (char) (len >> shift));
    strbuf_addc(&g->out, (char) (head.len >> 8));
    strbuf_addc(&g->out, (char) head.len);
    strbuf_add(&g->out, strbuf_str(&head));
    hdfs_crc_put(&g->out, HDFS_CHECKSUM_CRC32C, CHUNK_BYTES, bytes);
    strbuf_add(&g->out, bytes);
    if (tcp_write(g->tcp, strbuf_str(&g->out), err) < 0)
        return -1;
    g->sent++;
    return 0;
}

static int send_packets(struct going *g, char *buffer, struct err *err)
{
    const struct hdfs_block_source *s = g->s;

    for (uint64_t at = 0, len; at < s->bytes; at += len) {
        len = s->bytes - at < PACKET_BYTES ? s->bytes - at : PACKET_BYTES;
        if (read_file(s, at, buffer, (size_t) len, err) < 0 ||
            send_packet(g, at, str_of(buffer, (size_t) len), err) < 0 ||
            take_acks(g, HDFS_WINDOW_PACKETS, err) < 0 ||
            hdfs_namenode_renew(s->namenode, err) < 0)
            return -1;
    }
    return send_packet(g, s->bytes, STR(""), err) < 0 ? -1 : take_acks(g, 0, err);
}

/* Which node a pipeline could not reach. */
static size_t find_node(const struct hdfs_located *to, struct str link)
{
    for (size_t i = 0; i < to->nodes.len; i++) {
        const struct hdfs_node *node = &to->nodes.at[i];
        uint32_t port;

        if (str_starts(link, node->ip) && str_starts(str_skip(link, node->ip.len), STR(":")) &&
            parse_u32(str_skip(link, node->ip.len + 1), &port) && port == node->port)
            return i;
    }
    return 0;
}

static int open_pipeline(struct going *g, struct err *err)
{
    _cleanup_strbuf_ struct strbuf request = STRBUF_INIT(HDFS_PACKET_MAX_BYTES);
    _cleanup_arena_ struct arena *a = arena_new();
    struct hdfs_data_answer answer = {.bad_link = STR("")};

    hdfs_put_write_request(&request, g->to, hdfs_namenode_client(g->s->namenode),
                           g->s->block_bytes, CHUNK_BYTES);
    if (send_request(g->tcp, WRITE_BLOCK, &request, err) == 0 &&
        take_answer(g->tcp, a, &answer, err) == 0)
        return 0;
    *g->bad = find_node(g->to, answer.bad_link);
    return -1;
}

int hdfs_data_write(const struct hdfs_block_source *s, const struct hdfs_located *to,
                    size_t *ret_bad, struct err *err)
{
    struct going g = {.s = s, .to = to, .bad = ret_bad};
    char *buffer;
    int result;

    *ret_bad = 0;
    g.tcp = connect_to(&to->nodes.at[0], &s->tcp, err);
    if (!g.tcp)
        return name_node(to, &to->nodes.at[0], err);
    strbuf_init(&g.out, HDFS_PACKET_MAX_BYTES);
    buffer = mem_alloc(PACKET_BYTES);
    result = open_pipeline(&g, err) < 0 ? -1 : send_packets(&g, buffer, err);
    free(buffer);
    strbuf_done(&g.out);
    tcp_close(g.tcp);
    return result == 0 ? 0 : name_node(to, &to->nodes.at[*ret_bad], err);
}
