/*
 * clients/hdfs/hdfs_crc.h - the checksums of HDFS: CRC-32 and CRC-32C, both reflected. Pure;
 * the tables are made once, by whichever thread comes first.
 */
#pragma once

#include "base/str.h"
#include "clients/hdfs/hdfs_message.h"

/** hdfs_crc() - the checksum of some bytes; @type is not HDFS_CHECKSUM_NONE */
uint32_t hdfs_crc(enum hdfs_checksum type, struct str bytes);

/**
 * hdfs_crc_check() - do the checksums of a packet fit its bytes?
 * @type:        of the checksums
 * @chunk_bytes: that each is for, the last for what is left; not 0
 * @sums:        four bytes each, the highest first
 * @bytes:       what they are for
 */
bool hdfs_crc_check(enum hdfs_checksum type, uint32_t chunk_bytes, struct str sums,
                    struct str bytes);

/** hdfs_crc_put() - the checksums of a packet, as hdfs_crc_check() takes them */
void hdfs_crc_put(struct strbuf *b, enum hdfs_checksum type, uint32_t chunk_bytes,
                  struct str bytes);
