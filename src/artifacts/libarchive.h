/*
 * artifacts/libarchive.h - libarchive, loaded when the first archive is packed or unpacked: it
 * brings a dozen libraries with it that nothing else needs. For the files of this room and for
 * layers of images.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define LIBARCHIVE_FUNCTIONS(X)                \
    X(archive_entry_filetype)                  \
    X(archive_entry_free)                      \
    X(archive_entry_gid)                       \
    X(archive_entry_hardlink)                  \
    X(archive_entry_hardlink_utf8)             \
    X(archive_entry_mtime)                     \
    X(archive_entry_mtime_is_set)              \
    X(archive_entry_new)                       \
    X(archive_entry_pathname)                  \
    X(archive_entry_pathname_utf8)             \
    X(archive_entry_perm)                      \
    X(archive_entry_set_filetype)              \
    X(archive_entry_set_mtime)                 \
    X(archive_entry_set_pathname)              \
    X(archive_entry_set_perm)                  \
    X(archive_entry_set_size)                  \
    X(archive_entry_set_symlink)               \
    X(archive_entry_size)                      \
    X(archive_entry_symlink)                   \
    X(archive_entry_symlink_utf8)              \
    X(archive_entry_uid)                       \
    X(archive_error_string)                    \
    X(archive_read_data)                       \
    X(archive_read_free)                       \
    X(archive_read_new)                        \
    X(archive_read_next_header)                \
    X(archive_read_open_fd)                    \
    X(archive_read_support_filter_gzip)        \
    X(archive_read_support_filter_zstd)        \
    X(archive_read_support_format_raw)         \
    X(archive_read_support_format_tar)         \
    X(archive_read_support_format_zip)         \
    X(archive_write_add_filter_gzip)           \
    X(archive_write_close)                     \
    X(archive_write_data)                      \
    X(archive_write_free)                      \
    X(archive_write_header)                    \
    X(archive_write_new)                       \
    X(archive_write_open_fd)                   \
    X(archive_write_set_filter_option)         \
    X(archive_write_set_format_pax_restricted) \
    X(archive_write_set_format_zip)

#define LIBARCHIVE_MEMBER(name) typeof(&(name)) name;
struct libarchive {
    LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
};
#undef LIBARCHIVE_MEMBER

/** libarchive_load() - the library's functions; NULL with ERR_UNSUPPORTED, which says what is
 * missing; any thread */
const struct libarchive *libarchive_load(struct err *err);

/* How far an archive may swell. */
struct archive_ratio {
    uint64_t packed_bytes; /* of the whole archive */
    uint64_t from_bytes;   /* what is allowed to any */
    uint64_t max;          /* beyond that: bytes for each byte of the archive */
};

/** archive_ratio_of() - that of a file, by ARCHIVE_RATIO_MAX and ARCHIVE_RATIO_FROM_MIB */
struct archive_ratio archive_ratio_of(int fd);

/** archive_ratio_is_over() - has it unpacked to more? */
static inline bool archive_ratio_is_over(const struct archive_ratio *r, uint64_t bytes)
{
    return bytes > r->from_bytes && bytes / r->max > r->packed_bytes;
}
