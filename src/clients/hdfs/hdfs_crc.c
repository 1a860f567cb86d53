/* See hdfs_crc.h. Eight bytes a step, by eight tables. */
#include "clients/hdfs/hdfs_crc.h"

#include <pthread.h>

enum { SLICES = 8 };

#define CRC32_POLYNOMIAL  0xEDB88320U
#define CRC32C_POLYNOMIAL 0x82F63B78U

typedef uint32_t tables[SLICES][256];

static pthread_once_t made = PTHREAD_ONCE_INIT;
static tables crc32_tables, crc32c_tables;

static void make_one(tables t, uint32_t polynomial)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ polynomial : crc >> 1;
        t[0][byte] = crc;
    }
    for (int slice = 1; slice < SLICES; slice++)
        for (int byte = 0; byte < 256; byte++)
            t[slice][byte] = t[slice - 1][byte] >> 8 ^ t[0][t[slice - 1][byte] & 0xFF];
}

static void make(void)
{
    make_one(crc32_tables, CRC32_POLYNOMIAL);
    make_one(crc32c_tables, CRC32C_POLYNOMIAL);
}

uint32_t hdfs_crc(enum hdfs_checksum type, struct str bytes)
{
    const unsigned char *p = (const unsigned char *) bytes.ptr;
    uint32_t(*t)[256], crc = ~0U;
    size_t len = bytes.len;

    pthread_once(&made, make);
    t = type == HDFS_CHECKSUM_CRC32 ? crc32_tables : crc32c_tables;
    for (; len >= SLICES; len -= SLICES, p += SLICES)
        crc = t[7][(crc ^ p[0]) & 0xFF] ^ t[6][(crc >> 8 ^ p[1]) & 0xFF] ^
              t[5][(crc >> 16 ^ p[2]) & 0xFF] ^ t[4][crc >> 24 ^ p[3]] ^ t[3][p[4]] ^
              t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]];
    for (; len > 0; len--, p++)
        crc = t[0][(crc ^ *p) & 0xFF] ^ crc >> 8;
    return ~crc;
}

static uint32_t sum_at(struct str sums, size_t at)
{
    const unsigned char *p = (const unsigned char *) sums.ptr + 4 * at;

    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

bool hdfs_crc_check(enum hdfs_checksum type, uint32_t chunk_bytes, struct str sums,
                    struct str bytes)
{
    if (type == HDFS_CHECKSUM_NONE)
        return true;
    if (sums.len != (bytes.len + chunk_bytes - 1) / chunk_bytes * 4)
        return false;
    for (size_t i = 0; bytes.len > 0; i++, bytes = str_skip(bytes, chunk_bytes))
        if (hdfs_crc(type, str_head(bytes, chunk_bytes)) != sum_at(sums, i))
            return false;
    return true;
}

void hdfs_crc_put(struct strbuf *b, enum hdfs_checksum type, uint32_t chunk_bytes,
                  struct str bytes)
{
    for (; bytes.len > 0; bytes = str_skip(bytes, chunk_bytes)) {
        uint32_t crc = hdfs_crc(type, str_head(bytes, chunk_bytes));

        for (int shift = 24; shift >= 0; shift -= 8)
            strbuf_addc(b, (char) (crc >> shift));
    }
}
