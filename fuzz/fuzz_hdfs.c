/* Answers of name nodes and data nodes: whatever they are, texts lie within them. */
#include <assert.h>

#include "clients/hdfs/hdfs_config.h"
#include "clients/hdfs/hdfs_crc.h"

static void within(struct str all, struct str part)
{
    assert(
        part.len <= all.len &&
        (part.len == 0 || (part.ptr >= all.ptr && part.ptr + part.len <= all.ptr + all.len)));
}

static void try_blocks(struct arena *a, struct str all)
{
    struct hdfs_blocks blocks;

    if (!hdfs_read_blocks(a, all, &blocks))
        return;
    assert(blocks.bytes <= INT64_MAX);
    for (size_t i = 0; i < blocks.list.len; i++) {
        within(all, blocks.list.at[i].block.pool);
        within(all, blocks.list.at[i].token);
        for (size_t j = 0; j < blocks.list.at[i].nodes.len; j++)
            within(all, blocks.list.at[i].nodes.at[j].description);
    }
}

static void try_new_block(struct arena *a, struct str all)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(all.len * 4 + 4096);
    struct hdfs_located block;

    if (!hdfs_read_new_block(a, all, &block))
        return;
    assert(block.nodes.len > 0);
    hdfs_put_write_request(&b, &block, STR("me"), 1, 512);
}

static void try_listing(struct arena *a, struct str all)
{
    struct hdfs_listing listing;
    struct hdfs_status status;
    bool is_there;

    if (hdfs_read_listing(a, all, &listing))
        for (size_t i = 0; i < listing.entries.len; i++)
            within(all, listing.entries.at[i].name);
    if (hdfs_read_optional_status(all, &status, &is_there))
        within(all, status.owner);
}

static void try_heads(struct arena *a, struct str all)
{
    struct hdfs_data_answer answer;
    struct hdfs_rpc_head head;
    struct hdfs_packet packet;
    struct hdfs_defaults how;
    struct hdfs_sasl sasl;
    struct hdfs_ack ack;
    bool flag;

    if (hdfs_read_rpc_head(all, &head))
        within(all, head.message);
    if (hdfs_read_data_answer(all, &answer))
        within(all, answer.bad_link);
    if (hdfs_read_packet_head(all, &packet))
        assert(packet.bytes <= INT32_MAX);
    if (hdfs_read_defaults(all, &how))
        assert(how.block_bytes > 0);
    if (hdfs_read_sasl(a, all, &sasl) && sasl.ways.len > 0)
        within(all, sasl.ways.at[0].mechanism);
    if (!hdfs_read_ack(all, &ack) || !hdfs_read_flag(all, &flag))
        return;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str all = str_of((const char *) data, size);

    try_blocks(a, all);
    try_new_block(a, all);
    try_listing(a, all);
    try_heads(a, all);
    assert(hdfs_config_clean(a, all).len <= size + 1);
    hdfs_crc_check(HDFS_CHECKSUM_CRC32C, 7, str_head(all, size / 2 / 4 * 4),
                   str_skip(all, size / 2));
    return 0;
}
