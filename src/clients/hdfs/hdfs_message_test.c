/* The messages of Hadoop: what is written, byte by byte; what is read; what is cut off, lacks
 * what must be there, or is of a later version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clients/hdfs/hdfs_message.h"

#define BUFFER STRBUF_INIT(1 << 16)

static void check_bytes(const struct strbuf *b, struct str wanted)
{
    assert_false(b->is_over);
    assert_int_equal(b->len, wanted.len);
    assert_memory_equal(b->ptr, wanted.ptr, wanted.len);
}

static void test_what_is_said_to_name_nodes(void **state)
{
    _cleanup_strbuf_ struct strbuf b = BUFFER;

    (void) state;
    hdfs_put_call_head(&b, HDFS_CALL_CONTEXT, STR("0123456789abcdef"), -1);
    check_bytes(&b, STR("\x1a\x08\x02\x10\x00\x18\x05\x22\x10"
                        "0123456789abcdef"
                        "\x28\x01"));
    strbuf_reset(&b);
    hdfs_put_call_head(&b, 7, STR(""), 2);
    check_bytes(&b, STR("\x0a\x08\x02\x10\x00\x18\x0e\x22\x00\x28\x04"));
    strbuf_reset(&b);
    hdfs_put_context(&b, STR("ann"));
    check_bytes(&b, STR("\x37\x12\x05\x0a\x03"
                        "ann"
                        "\x1a\x2eorg.apache.hadoop.hdfs.protocol.ClientProtocol"));
    strbuf_reset(&b);
    hdfs_put_context(&b, STR(""));
    check_bytes(&b, STR("\x30\x1a\x2eorg.apache.hadoop.hdfs.protocol.ClientProtocol"));
    strbuf_reset(&b);
    hdfs_put_method(&b, "mkdirs");
    check_bytes(&b, STR("\x3a\x0a\x06mkdirs"
                        "\x12\x2eorg.apache.hadoop.hdfs.protocol.ClientProtocol\x18\x01"));
}

static void test_rpc_head(void **state)
{
    struct hdfs_rpc_head head;

    (void) state;
    assert_true(hdfs_read_rpc_head(STR("\x08\x07\x10\x00"), &head));
    assert_int_equal(head.call_id, 7);
    assert_int_equal(head.status, HDFS_RPC_SUCCESS);
    assert_true(str_is(head.exception, "") && str_is(head.message, ""));
    assert_true(hdfs_read_rpc_head(STR("\x08\xdf\xff\xff\xff\x0f\x10\x02\x22\x03"
                                       "a.B\x2a\x02"
                                       "no\xf8\x07\x01"),
                                   &head));
    assert_int_equal(head.call_id, HDFS_CALL_SASL);
    assert_int_equal(head.status, HDFS_RPC_FATAL);
    assert_true(str_is(head.exception, "a.B") && str_is(head.message, "no"));
    assert_false(hdfs_read_rpc_head(STR("\x08\x07"), &head));
    assert_false(hdfs_read_rpc_head(STR("\x10\x00"), &head));
    assert_false(hdfs_read_rpc_head(STR("\x08\x07\x10\x03"), &head));
    assert_false(hdfs_read_rpc_head(STR("\x08\x07\x10\x00\x22\x03"), &head));
    assert_false(hdfs_read_rpc_head(STR(""), &head));
}

/* A node as name nodes tell it. */
static void put_node(struct strbuf *b, uint32_t number, const char *ip, uint64_t port)
{
    size_t node = protowire_begin(b, number), id = protowire_begin(b, 1);

    protowire_put_bytes(b, 1, str_from(ip));
    protowire_put_bytes(b, 2, STR("name"));
    protowire_put_bytes(b, 3, STR("uuid"));
    protowire_put_whole(b, 4, port);
    protowire_end(b, id);
    protowire_put_whole(b, 2, 1000);
    protowire_end(b, node);
}

static void put_located(struct strbuf *b, uint32_t number, uint64_t offset, uint64_t port)
{
    const struct hdfs_block block = {STR("pool"), 42, 1001, 300};
    size_t begun = protowire_begin(b, number);

    hdfs_put_block(b, 1, &block);
    protowire_put_whole(b, 2, offset);
    put_node(b, 3, "10.0.0.1", port);
    put_node(b, 3, "10.0.0.2", 9867);
    protowire_put_whole(b, 4, true);
    protowire_put_bytes(b, 5, STR("token"));
    protowire_put_bytes(b, 6, STR("\x00\x01"));
    protowire_put_whole(b, 7, 1);
    protowire_put_bytes(b, 7, STR("\x02\x03"));
    protowire_put_bytes(b, 8, STR("s1"));
    protowire_put_bytes(b, 8, STR("s2"));
    protowire_end(b, begun);
}

static void check_located(const struct hdfs_located *l)
{
    assert_true(str_is(l->block.pool, "pool"));
    assert_int_equal(l->block.id, 42);
    assert_int_equal(l->block.generation, 1001);
    assert_int_equal(l->block.bytes, 300);
    assert_int_equal(l->nodes.len, 2);
    assert_true(str_is(l->nodes.at[1].ip, "10.0.0.2") && str_is(l->nodes.at[1].host, "name"));
    assert_int_equal(l->nodes.at[1].port, 9867);
    assert_true(l->is_corrupt);
    assert_true(str_is(l->token, "token"));
    assert_int_equal(l->storage_types.len, 3);
    assert_int_equal(l->storage_types.at[2], 3);
    assert_int_equal(l->storage_ids.len, 2);
    assert_true(str_is(l->storage_ids.at[1], "s2"));
}

static void test_blocks(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    struct hdfs_blocks blocks;
    struct hdfs_located located;
    size_t begun;

    (void) state;
    begun = protowire_begin(&b, 1);
    protowire_put_whole(&b, 1, 600);
    put_located(&b, 2, 0, 9866);
    put_located(&b, 2, 300, 9866);
    protowire_put_whole(&b, 3, true);
    protowire_put_whole(&b, 5, true);
    protowire_put_bytes(&b, 6, STR(""));
    protowire_put_bytes(&b, 7, STR(""));
    protowire_end(&b, begun);
    assert_true(hdfs_read_blocks(a, strbuf_str(&b), &blocks));
    assert_true(blocks.is_there && blocks.is_unfinished && blocks.is_encrypted &&
                blocks.is_striped);
    assert_int_equal(blocks.bytes, 600);
    assert_int_equal(blocks.list.len, 2);
    check_located(&blocks.list.at[0]);
    assert_int_equal(blocks.list.at[1].offset, 300);
    for (size_t len = 1; len < b.len; len++)
        assert_false(hdfs_read_blocks(a, str_head(strbuf_str(&b), len), &blocks));
    assert_true(hdfs_read_blocks(a, STR(""), &blocks));
    assert_false(blocks.is_there);

    strbuf_reset(&b);
    put_located(&b, 1, 0, 9866);
    assert_true(hdfs_read_new_block(a, strbuf_str(&b), &located));
    check_located(&located);
    assert_false(hdfs_read_new_block(a, STR(""), &located));
    assert_false(hdfs_read_new_block(a, STR("\x0a\x02\x10\x00"), &located)); /* no block */
    strbuf_reset(&b);
    put_located(&b, 1, 0, 65536); /* no port */
    assert_false(hdfs_read_new_block(a, strbuf_str(&b), &located));
}

static void test_listing(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    struct hdfs_listing listing;
    struct hdfs_status status;
    bool is_there, flag;
    size_t begun;

    (void) state;
    begun = protowire_begin(&b, 1);
    protowire_put_bytes(&b, 1,
                        STR("\x08\x02\x12\x01"
                            "f\x18\x05\x22\x03\x08\xa4\x03\x2a\x01o\x32\x01g\x38\x09"));
    protowire_put_bytes(&b, 1,
                        STR("\x08\x01\x12\x01"
                            "d\x18\x00\x7a\x00\x8a\x01\x00"));
    protowire_put_whole(&b, 2, 3);
    protowire_end(&b, begun);
    assert_true(hdfs_read_listing(a, strbuf_str(&b), &listing));
    assert_true(listing.is_there);
    assert_int_equal(listing.remaining, 3);
    assert_int_equal(listing.entries.len, 2);
    status = listing.entries.at[0];
    assert_int_equal(status.type, HDFS_FILE);
    assert_true(str_is(status.name, "f") && str_is(status.owner, "o") &&
                str_is(status.group, "g"));
    assert_int_equal(status.bytes, 5);
    assert_int_equal(status.mode, 0644);
    assert_int_equal(status.modified_ms, 9);
    status = listing.entries.at[1];
    assert_int_equal(status.type, HDFS_FOLDER);
    assert_true(status.is_encrypted && status.is_striped);
    assert_true(hdfs_read_listing(a, STR(""), &listing));
    assert_false(listing.is_there);
    assert_false(hdfs_read_listing(a, STR("\x0a\x04\x0a\x02\x08\x04"), &listing));

    assert_false(hdfs_read_status(STR("\x18\x05"), &status)); /* of no type */
    assert_false(
        hdfs_read_status(STR("\x08\x02\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &status));
    assert_true(hdfs_read_optional_status(STR(""), &status, &is_there));
    assert_false(is_there);
    assert_true(hdfs_read_optional_status(STR("\x0a\x02\x08\x03"), &status, &is_there));
    assert_true(is_there);
    assert_int_equal(status.type, HDFS_LINK);
    assert_true(hdfs_read_flag(STR("\x08\x01"), &flag) && flag);
    assert_true(hdfs_read_flag(STR("\x08\x00"), &flag) && !flag);
    assert_false(hdfs_read_flag(STR(""), &flag));
}

static void test_defaults(void **state)
{
    struct hdfs_defaults d;

    (void) state;
    assert_true(hdfs_read_defaults(
        STR("\x0a\x0e\x08\x80\x01\x10\x80\x04\x18\x01\x20\x03\x28\x01\x30\x01"), &d));
    assert_int_equal(d.block_bytes, 128);
    assert_int_equal(d.chunk_bytes, 512);
    assert_int_equal(d.replicas, 3);
    assert_true(d.encrypts);
    assert_false(hdfs_read_defaults(STR("\x0a\x02\x08\x00"), &d));
    assert_false(hdfs_read_defaults(STR(""), &d));
}

static void test_what_is_said_to_data_nodes(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = BUFFER, written = BUFFER;
    struct hdfs_located block;
    struct str rest, message;
    struct protowire_field f;

    (void) state;
    put_located(&b, 1, 0, 9866);
    assert_true(hdfs_read_new_block(a, strbuf_str(&b), &block));
    hdfs_put_read_request(&written, &block, STR("me"), 5, 295);
    check_bytes(&written, STR("\x26\x0a\x1d\x0a\x17\x0a\x0e\x0a\x04pool\x10\x2a\x18\xe9\x07\x20"
                              "\xac\x02\x12\x05token\x12\x02me\x10\x05\x18\xa7\x02\x20\x01"));
    strbuf_reset(&written);
    hdfs_put_write_request(&written, &block, STR("me"), 1000, 512);
    rest = strbuf_str(&written);
    assert_true(protowire_cut_bytes(&rest, &message));
    assert_int_equal(rest.len, 0);
    for (unsigned targets = 0, got; (got = (unsigned) protowire_next(&message, &f)) == 1;) {
        if (f.number == 2) { /* but the first */
            assert_true(str_eq(f.bytes, block.nodes.at[++targets].description));
            continue;
        }
        switch (f.number) {
        case 4:
            assert_int_equal(f.whole, 6);
            break;
        case 5:
            assert_int_equal(f.whole, 2);
            break;
        case 9:
            assert_true(str_eq(f.bytes, STR("\x08\x02\x10\x80\x04")));
            break;
        case 11:
            assert_int_equal(f.whole, 1);
            break;
        case 16:
            assert_true(str_is(f.bytes, "s1"));
            break;
        case 17:
            assert_true(str_is(f.bytes, "s2"));
            break;
        }
    }
}

static void test_packets(void **state)
{
    const struct hdfs_packet packet = {0x0102030405060708, 3, 512, true};
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    struct hdfs_packet got;

    (void) state;
    hdfs_put_packet_head(&b, &packet);
    check_bytes(&b, STR("\x09\x08\x07\x06\x05\x04\x03\x02\x01\x11\x03\0\0\0\0\0\0\0\x18\x01\x25"
                        "\0\x02\0\0"));
    assert_true(hdfs_read_packet_head(strbuf_str(&b), &got));
    assert_true(got.offset == packet.offset && got.number == 3 && got.bytes == 512 &&
                got.is_last);
    for (size_t len = 0; len < b.len; len++)
        assert_false(hdfs_read_packet_head(str_head(strbuf_str(&b), len), &got));
    assert_false(hdfs_read_packet_head(STR("\x09\0\0\0\0\0\0\0\0\x25\xff\xff\xff\xff"),
                                       &got)); /* -1 bytes */
}

static void test_data_answers(void **state)
{
    struct hdfs_data_answer answer;
    struct hdfs_ack ack;

    (void) state;
    assert_true(hdfs_read_data_answer(
        STR("\x08\x00\x22\x0a\x0a\x05\x08\x02\x10\x80\x04\x10\x80\x08"), &answer));
    assert_int_equal(answer.status, HDFS_DATA_SUCCESS);
    assert_int_equal(answer.checksum, HDFS_CHECKSUM_CRC32C);
    assert_int_equal(answer.chunk_bytes, 512);
    assert_int_equal(answer.first_offset, 1024);
    assert_true(hdfs_read_data_answer(STR("\x08\x05\x12\x01l\x2a\x01m"), &answer));
    assert_int_equal(answer.status, 5);
    assert_true(str_is(answer.bad_link, "l") && str_is(answer.message, "m"));
    assert_false(hdfs_read_data_answer(STR("\x12\x01l"), &answer));
    assert_false(hdfs_read_data_answer(STR("\x08\x00\x22\x04\x0a\x02\x08\x03"), &answer));

    assert_true(hdfs_read_ack(STR("\x08\x0a\x10\x00\x10\x00\x18\x07\x22\x02\x00\x00"), &ack));
    assert_int_equal(ack.number, 5);
    assert_int_equal(ack.bad, HDFS_DATA_SUCCESS);
    assert_true(hdfs_read_ack(STR("\x08\x01\x10\x00"), &ack));
    assert_int_equal(ack.number, -1);
    assert_true(hdfs_read_ack(STR("\x08\x00\x10\x00\x10\x02\x10\x01"), &ack));
    assert_int_equal(ack.bad, 2);
    assert_int_equal(ack.bad_at, 1);
    assert_true(hdfs_read_ack(STR("\x08\x00\x12\x03\x00\x00\x08"), &ack));
    assert_int_equal(ack.bad, 8);
    assert_int_equal(ack.bad_at, 2);
    assert_false(hdfs_read_ack(STR("\x10\x00"), &ack));
    assert_false(hdfs_read_ack(STR("\x08\x00\x12\x01\x80"), &ack));
}

static void test_sasl(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = BUFFER;
    struct str rest, message;
    struct hdfs_sasl sasl;

    (void) state;
    assert_true(hdfs_read_sasl(a,
                               STR("\x08\x00\x10\x01\x22\x0d\x0a\x01K\x12\x01G\x22\x01h\x2a"
                                   "\x02go\x22\x00"),
                               &sasl));
    assert_int_equal(sasl.state, HDFS_SASL_NEGOTIATE);
    assert_int_equal(sasl.ways.len, 2);
    assert_true(str_is(sasl.ways.at[0].server, "h") && str_is(sasl.ways.at[0].challenge, "go"));
    strbuf_reset(&b);
    hdfs_put_sasl(&b, HDFS_SASL_INITIATE, STR("t"),
                  &(struct hdfs_sasl_way){.method = STR("KERBEROS"),
                                          .mechanism = STR("GSSAPI"),
                                          .protocol = STR("nn"),
                                          .server = STR("host")});
    rest = strbuf_str(&b);
    assert_true(protowire_cut_bytes(&rest, &message));
    assert_true(hdfs_read_sasl(a, message, &sasl));
    assert_int_equal(sasl.state, HDFS_SASL_INITIATE);
    assert_true(str_is(sasl.token, "t"));
    assert_int_equal(sasl.ways.len, 1);
    assert_true(str_is(sasl.ways.at[0].method, "KERBEROS"));
    assert_true(str_is(sasl.ways.at[0].mechanism, "GSSAPI"));
    assert_true(str_is(sasl.ways.at[0].protocol, "nn") &&
                str_is(sasl.ways.at[0].server, "host"));
    assert_true(str_is_none(sasl.ways.at[0].challenge));
    assert_false(hdfs_read_sasl(a, STR("\x1a\x01t"), &sasl));
    assert_false(hdfs_read_sasl(a, STR("\x10\x06"), &sasl));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_said_to_name_nodes),
        cmocka_unit_test(test_rpc_head),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_listing),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_is_said_to_data_nodes),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_data_answers),
        cmocka_unit_test(test_sasl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
