/* See hdfs_message.h. */
#include "clients/hdfs/hdfs_message.h"

#define PROTOCOL "org.apache.hadoop.hdfs.protocol.ClientProtocol"

enum { KIND_PROTOBUF = 2, PROTOCOL_VERSION = 1, STAGE_CREATE = 6 };

/* ---- tools ---- */

static uint64_t zigzag(int64_t n)
{
    return (uint64_t) n << 1 ^ (uint64_t) (n >> 63);
}

static int64_t unzigzag(uint64_t n)
{
    return (int64_t) (n >> 1 ^ (~(n & 1) + 1));
}

/* The next member of a message; @ok becomes false when the bytes are none. */
static bool next(struct str *rest, struct protowire_field *f, bool *ok)
{
    int got = protowire_next(rest, f);

    if (got < 0)
        *ok = false;
    return got > 0;
}

static bool is_whole(const struct protowire_field *f, uint32_t number)
{
    return f->number == number && f->type != PROTOWIRE_BYTES;
}

static bool is_bytes(const struct protowire_field *f, uint32_t number)
{
    return f->number == number && f->type == PROTOWIRE_BYTES;
}

/* A message with its length in front. */
static void delimit(struct strbuf *b, const struct strbuf *message)
{
    protowire_put_varint(b, message->len);
    strbuf_add(b, strbuf_str(message));
    b->is_over |= message->is_over;
}

/* ---- calls ---- */

void hdfs_put_call_head(struct strbuf *b, int32_t call_id, struct str client_id, int32_t retry)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(256);

    protowire_put_whole(&m, 1, KIND_PROTOBUF);
    protowire_put_whole(&m, 2, 0);
    protowire_put_whole(&m, 3, zigzag(call_id));
    protowire_put_bytes(&m, 4, client_id);
    protowire_put_whole(&m, 5, zigzag(retry));
    delimit(b, &m);
}

void hdfs_put_context(struct strbuf *b, struct str user)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(4096);

    if (!str_is_empty(user)) {
        size_t begun = protowire_begin(&m, 2);

        protowire_put_bytes(&m, 1, user);
        protowire_end(&m, begun);
    }
    protowire_put_bytes(&m, 3, STR(PROTOCOL));
    delimit(b, &m);
}

void hdfs_put_method(struct strbuf *b, const char *method)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(256);

    protowire_put_bytes(&m, 1, str_from(method));
    protowire_put_bytes(&m, 2, STR(PROTOCOL));
    protowire_put_whole(&m, 3, PROTOCOL_VERSION);
    delimit(b, &m);
}

bool hdfs_read_rpc_head(struct str bytes, struct hdfs_rpc_head *ret)
{
    bool ok = true, has_id = false, has_status = false;
    struct protowire_field f;

    *ret = (struct hdfs_rpc_head){.exception = STR(""), .message = STR("")};
    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            ret->call_id = (int32_t) (uint32_t) f.whole;
            has_id = true;
        } else if (is_whole(&f, 2)) {
            ok &= f.whole <= HDFS_RPC_FATAL;
            ret->status = f.whole == 0   ? HDFS_RPC_SUCCESS
                          : f.whole == 1 ? HDFS_RPC_ERROR
                                         : HDFS_RPC_FATAL;
            has_status = true;
        } else if (is_bytes(&f, 4))
            ret->exception = f.bytes;
        else if (is_bytes(&f, 5))
            ret->message = f.bytes;
    return ok && has_id && has_status;
}

/* ---- names ---- */

static bool read_mode(struct str bytes, uint32_t *ret)
{
    struct protowire_field f;
    bool ok = true;

    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1))
            *ret = (uint32_t) f.whole & 07777;
    return ok;
}

static bool set_status(const struct protowire_field *f, struct hdfs_status *ret)
{
    if (is_whole(f, 1)) {
        ret->type = f->whole == HDFS_FOLDER ? HDFS_FOLDER
                    : f->whole == HDFS_FILE ? HDFS_FILE
                                            : HDFS_LINK;
        return f->whole >= HDFS_FOLDER && f->whole <= HDFS_LINK;
    }
    if (is_bytes(f, 2))
        ret->name = f->bytes;
    else if (is_whole(f, 3))
        ret->bytes = f->whole;
    else if (is_bytes(f, 4))
        return read_mode(f->bytes, &ret->mode);
    else if (is_bytes(f, 5))
        ret->owner = f->bytes;
    else if (is_bytes(f, 6))
        ret->group = f->bytes;
    else if (is_whole(f, 7))
        ret->modified_ms = f->whole;
    else if (is_whole(f, 13))
        ret->file_id = f->whole;
    else if (is_bytes(f, 15))
        ret->is_encrypted = true;
    else if (is_bytes(f, 17))
        ret->is_striped = true;
    return true;
}

bool hdfs_read_status(struct str bytes, struct hdfs_status *ret)
{
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_status){.name = STR(""), .owner = STR(""), .group = STR("")};
    while (next(&bytes, &f, &ok))
        ok &= set_status(&f, ret);
    return ok && ret->type != 0 && ret->bytes <= INT64_MAX;
}

bool hdfs_read_optional_status(struct str bytes, struct hdfs_status *ret, bool *ret_is_there)
{
    struct protowire_field f;
    bool ok = true;

    *ret_is_there = false;
    *ret = (struct hdfs_status){.name = STR(""), .owner = STR(""), .group = STR("")};
    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1)) {
            ok &= hdfs_read_status(f.bytes, ret);
            *ret_is_there = true;
        }
    return ok;
}

static bool read_entries(struct arena *a, struct str bytes, struct hdfs_listing *ret)
{
    struct protowire_field f;
    bool ok = true;

    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1)) {
            struct hdfs_status entry;

            ok &= hdfs_read_status(f.bytes, &entry);
            VEC_APUSH(a, &ret->entries, entry);
        } else if (is_whole(&f, 2))
            ret->remaining = f.whole;
    return ok;
}

bool hdfs_read_listing(struct arena *a, struct str bytes, struct hdfs_listing *ret)
{
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_listing){0};
    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1)) {
            ok &= read_entries(a, f.bytes, ret);
            ret->is_there = true;
        }
    return ok;
}

bool hdfs_read_flag(struct str bytes, bool *ret)
{
    bool ok = true, has_flag = false;
    struct protowire_field f;

    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            *ret = f.whole != 0;
            has_flag = true;
        }
    return ok && has_flag;
}

/* ---- blocks ---- */

static bool read_block(struct str bytes, struct hdfs_block *ret)
{
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_block){.pool = STR_NONE};
    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1))
            ret->pool = f.bytes;
        else if (is_whole(&f, 2))
            ret->id = f.whole;
        else if (is_whole(&f, 3))
            ret->generation = f.whole;
        else if (is_whole(&f, 4))
            ret->bytes = f.whole;
    return ok && !str_is_none(ret->pool) && ret->bytes <= INT64_MAX;
}

void hdfs_put_block(struct strbuf *b, uint32_t number, const struct hdfs_block *block)
{
    size_t begun = protowire_begin(b, number);

    protowire_put_bytes(b, 1, block->pool);
    protowire_put_whole(b, 2, block->id);
    protowire_put_whole(b, 3, block->generation);
    protowire_put_whole(b, 4, block->bytes);
    protowire_end(b, begun);
}

static bool read_node_id(struct str bytes, struct hdfs_node *ret)
{
    struct protowire_field f;
    bool ok = true;

    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1))
            ret->ip = f.bytes;
        else if (is_bytes(&f, 2))
            ret->host = f.bytes;
        else if (is_whole(&f, 4)) {
            ok &= f.whole <= UINT16_MAX;
            ret->port = (uint32_t) f.whole & UINT16_MAX;
        }
    return ok;
}

static bool read_node(struct str bytes, struct hdfs_node *ret)
{
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_node){.ip = STR(""), .host = STR(""), .description = bytes};
    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1))
            ok &= read_node_id(f.bytes, ret);
    return ok && ret->port != 0;
}

/* Enums may stand one by one or together. */
static bool read_storage_type(struct arena *a, const struct protowire_field *f,
                              struct hdfs_located *ret)
{
    struct str rest = f->bytes;
    uint64_t type = f->whole;

    if (f->type == PROTOWIRE_VARINT)
        VEC_APUSH(a, &ret->storage_types, type);
    while (rest.len > 0) {
        if (!protowire_cut_varint(&rest, &type))
            return false;
        VEC_APUSH(a, &ret->storage_types, type);
    }
    return true;
}

static bool set_located(struct arena *a, const struct protowire_field *f,
                        struct hdfs_located *ret)
{
    struct hdfs_node node;

    if (is_bytes(f, 1))
        return read_block(f->bytes, &ret->block);
    if (is_whole(f, 2))
        ret->offset = f->whole;
    else if (is_whole(f, 4))
        ret->is_corrupt = f->whole != 0;
    else if (is_bytes(f, 5))
        ret->token = f->bytes;
    else if (f->number == 7)
        return read_storage_type(a, f, ret);
    else if (is_bytes(f, 8))
        VEC_APUSH(a, &ret->storage_ids, f->bytes);
    else if (is_bytes(f, 3)) {
        if (!read_node(f->bytes, &node))
            return false;
        VEC_APUSH(a, &ret->nodes, node);
    }
    return true;
}

static bool read_located(struct arena *a, struct str bytes, struct hdfs_located *ret)
{
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_located){.token = STR("")};
    while (next(&bytes, &f, &ok))
        ok &= set_located(a, &f, ret);
    return ok && !str_is_none(ret->block.pool) && ret->offset <= INT64_MAX;
}

static bool set_blocks(struct arena *a, const struct protowire_field *f,
                       struct hdfs_blocks *ret)
{
    struct hdfs_located located;

    if (is_whole(f, 1))
        ret->bytes = f->whole;
    else if (is_whole(f, 3))
        ret->is_unfinished = f->whole != 0;
    else if (is_bytes(f, 6))
        ret->is_encrypted = true;
    else if (is_bytes(f, 7))
        ret->is_striped = true;
    else if (is_bytes(f, 2)) {
        if (!read_located(a, f->bytes, &located))
            return false;
        VEC_APUSH(a, &ret->list, located);
    }
    return true;
}

bool hdfs_read_blocks(struct arena *a, struct str bytes, struct hdfs_blocks *ret)
{
    struct protowire_field outer, f;
    bool ok = true;

    *ret = (struct hdfs_blocks){0};
    while (next(&bytes, &outer, &ok))
        if (is_bytes(&outer, 1)) {
            ret->is_there = true;
            while (next(&outer.bytes, &f, &ok))
                ok &= set_blocks(a, &f, ret);
        }
    return ok && ret->bytes <= INT64_MAX;
}

bool hdfs_read_new_block(struct arena *a, struct str bytes, struct hdfs_located *ret)
{
    bool ok = true, is_there = false;
    struct protowire_field f;

    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1)) {
            ok &= read_located(a, f.bytes, ret);
            is_there = true;
        }
    return ok && is_there && ret->nodes.len > 0;
}

bool hdfs_read_defaults(struct str bytes, struct hdfs_defaults *ret)
{
    struct protowire_field outer, f;
    bool ok = true;

    *ret = (struct hdfs_defaults){0};
    while (next(&bytes, &outer, &ok))
        while (is_bytes(&outer, 1) && next(&outer.bytes, &f, &ok))
            if (is_whole(&f, 1))
                ret->block_bytes = f.whole;
            else if (is_whole(&f, 2))
                ret->chunk_bytes = (uint32_t) f.whole;
            else if (is_whole(&f, 4))
                ret->replicas = (uint32_t) f.whole;
            else if (is_whole(&f, 6))
                ret->encrypts = f.whole != 0;
    return ok && ret->block_bytes > 0 && ret->block_bytes <= INT64_MAX;
}

/* ---- data nodes ---- */

static void put_operation_head(struct strbuf *b, const struct hdfs_located *located,
                               const struct hdfs_block *block, struct str client)
{
    size_t operation = protowire_begin(b, 1), base = protowire_begin(b, 1);

    hdfs_put_block(b, 1, block);
    if (!str_is_empty(located->token))
        protowire_put_bytes(b, 2, located->token);
    protowire_end(b, base);
    protowire_put_bytes(b, 2, client);
    protowire_end(b, operation);
}

enum { REQUEST_MAX_BYTES = 1 << 20 };

void hdfs_put_read_request(struct strbuf *b, const struct hdfs_located *block,
                           struct str client, uint64_t offset, uint64_t bytes)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(REQUEST_MAX_BYTES);

    put_operation_head(&m, block, &block->block, client);
    protowire_put_whole(&m, 2, offset);
    protowire_put_whole(&m, 3, bytes);
    protowire_put_whole(&m, 4, true);
    delimit(b, &m);
}

/* Storages of the nodes: the first node's apart from the others'. */
static void put_storages(struct strbuf *b, const struct hdfs_located *block)
{
    if (block->storage_types.len > 0)
        protowire_put_whole(b, 11, block->storage_types.at[0]);
    for (size_t i = 1; i < block->storage_types.len; i++)
        protowire_put_whole(b, 12, block->storage_types.at[i]);
    if (block->storage_ids.len > 0)
        protowire_put_bytes(b, 16, block->storage_ids.at[0]);
    for (size_t i = 1; i < block->storage_ids.len; i++)
        protowire_put_bytes(b, 17, block->storage_ids.at[i]);
}

void hdfs_put_write_request(struct strbuf *b, const struct hdfs_located *block,
                            struct str client, uint64_t block_bytes, uint32_t chunk_bytes)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(REQUEST_MAX_BYTES);
    struct hdfs_block room = block->block;
    size_t checksum;

    room.bytes = block_bytes;
    put_operation_head(&m, block, &room, client);
    for (size_t i = 1; i < block->nodes.len; i++)
        protowire_put_bytes(&m, 2, block->nodes.at[i].description);
    protowire_put_whole(&m, 4, STAGE_CREATE);
    protowire_put_whole(&m, 5, block->nodes.len);
    protowire_put_whole(&m, 6, 0);
    protowire_put_whole(&m, 7, 0);
    protowire_put_whole(&m, 8, 0);
    checksum = protowire_begin(&m, 9);
    protowire_put_whole(&m, 1, HDFS_CHECKSUM_CRC32C);
    protowire_put_whole(&m, 2, chunk_bytes);
    protowire_end(&m, checksum);
    put_storages(&m, block);
    delimit(b, &m);
}

void hdfs_put_packet_head(struct strbuf *b, const struct hdfs_packet *packet)
{
    protowire_put_fixed64(b, 1, packet->offset);
    protowire_put_fixed64(b, 2, packet->number);
    protowire_put_whole(b, 3, packet->is_last);
    protowire_put_fixed32(b, 4, packet->bytes);
}

bool hdfs_read_packet_head(struct str bytes, struct hdfs_packet *ret)
{
    bool ok = true, has_offset = false, has_bytes = false;
    struct protowire_field f;

    *ret = (struct hdfs_packet){0};
    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            ret->offset = f.whole;
            has_offset = true;
        } else if (is_whole(&f, 2))
            ret->number = f.whole;
        else if (is_whole(&f, 3))
            ret->is_last = f.whole != 0;
        else if (is_whole(&f, 4)) {
            ok &= f.whole <= INT32_MAX;
            ret->bytes = (uint32_t) f.whole;
            has_bytes = true;
        }
    return ok && has_offset && has_bytes;
}

static bool read_checksum(struct str bytes, struct hdfs_data_answer *ret)
{
    struct protowire_field f;
    bool ok = true;

    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            ok &= f.whole <= HDFS_CHECKSUM_CRC32C;
            ret->checksum = f.whole == 0   ? HDFS_CHECKSUM_NONE
                            : f.whole == 1 ? HDFS_CHECKSUM_CRC32
                                           : HDFS_CHECKSUM_CRC32C;
        } else if (is_whole(&f, 2)) {
            ok &= f.whole <= INT32_MAX;
            ret->chunk_bytes = (uint32_t) f.whole;
        }
    return ok;
}

static bool read_read_answer(struct str bytes, struct hdfs_data_answer *ret)
{
    struct protowire_field f;
    bool ok = true;

    while (next(&bytes, &f, &ok))
        if (is_bytes(&f, 1))
            ok &= read_checksum(f.bytes, ret);
        else if (is_whole(&f, 2))
            ret->first_offset = f.whole;
    return ok;
}

bool hdfs_read_data_answer(struct str bytes, struct hdfs_data_answer *ret)
{
    bool ok = true, has_status = false;
    struct protowire_field f;

    *ret = (struct hdfs_data_answer){.bad_link = STR(""), .message = STR("")};
    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            ret->status = f.whole;
            has_status = true;
        } else if (is_bytes(&f, 2))
            ret->bad_link = f.bytes;
        else if (is_bytes(&f, 4))
            ok &= read_read_answer(f.bytes, ret);
        else if (is_bytes(&f, 5))
            ret->message = f.bytes;
    return ok && has_status;
}

/* One status, or several together; @at counts them. */
static void add_reply(struct hdfs_ack *ret, uint64_t status, size_t *at)
{
    if (status != HDFS_DATA_SUCCESS && ret->bad == HDFS_DATA_SUCCESS) {
        ret->bad = status;
        ret->bad_at = *at;
    }
    (*at)++;
}

bool hdfs_read_ack(struct str bytes, struct hdfs_ack *ret)
{
    bool ok = true, has_number = false;
    struct protowire_field f;
    size_t at = 0;

    *ret = (struct hdfs_ack){.bad = HDFS_DATA_SUCCESS};
    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 1)) {
            ret->number = unzigzag(f.whole);
            has_number = true;
        } else if (is_whole(&f, 2))
            add_reply(ret, f.whole, &at);
        else if (is_bytes(&f, 2))
            for (uint64_t status; f.bytes.len > 0; add_reply(ret, status, &at))
                if (!protowire_cut_varint(&f.bytes, &status))
                    return false;
    return ok && has_number;
}

/* ---- proof of who one is ---- */

static bool read_way(struct str bytes, struct hdfs_sasl_way *ret)
{
    struct str *texts[] = {&ret->method, &ret->mechanism, &ret->protocol, &ret->server,
                           &ret->challenge};
    struct protowire_field f;
    bool ok = true;

    *ret = (struct hdfs_sasl_way){.method = STR(""),
                                  .mechanism = STR(""),
                                  .protocol = STR(""),
                                  .server = STR(""),
                                  .challenge = STR_NONE};
    while (next(&bytes, &f, &ok))
        if (f.type == PROTOWIRE_BYTES && f.number <= COUNT_OF(texts))
            *texts[f.number - 1] = f.bytes;
    return ok;
}

bool hdfs_read_sasl(struct arena *a, struct str bytes, struct hdfs_sasl *ret)
{
    bool ok = true, has_state = false;
    struct hdfs_sasl_way way;
    struct protowire_field f;

    *ret = (struct hdfs_sasl){.token = STR("")};
    while (next(&bytes, &f, &ok))
        if (is_whole(&f, 2)) {
            ok &= f.whole <= HDFS_SASL_WRAP;
            ret->state = (enum hdfs_sasl_state)(f.whole <= HDFS_SASL_WRAP ? f.whole : 0);
            has_state = true;
        } else if (is_bytes(&f, 3))
            ret->token = f.bytes;
        else if (is_bytes(&f, 4)) {
            ok &= read_way(f.bytes, &way);
            VEC_APUSH(a, &ret->ways, way);
        }
    return ok && has_state;
}

void hdfs_put_sasl(struct strbuf *b, enum hdfs_sasl_state state, struct str token,
                   const struct hdfs_sasl_way *way)
{
    _cleanup_strbuf_ struct strbuf m = STRBUF_INIT(b->max_bytes);

    protowire_put_whole(&m, 2, state);
    if (!str_is_none(token))
        protowire_put_bytes(&m, 3, token);
    if (way) {
        size_t begun = protowire_begin(&m, 4);

        protowire_put_bytes(&m, 1, way->method);
        protowire_put_bytes(&m, 2, way->mechanism);
        protowire_put_bytes(&m, 3, way->protocol);
        protowire_put_bytes(&m, 4, way->server);
        protowire_end(&m, begun);
    }
    delimit(b, &m);
}
