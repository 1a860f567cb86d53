/*
 * artifacts/pack.h - packs a file or folder into one file and takes it apart again.
 *
 * What is taken apart cannot leave its folder: names that are absolute or lead up are refused,
 * no link is followed, devices, pipes and sockets are refused, and set-user bits are dropped.
 * Streams; memory does not grow with the size. Workers: blocks.
 */
#pragma once

#include <stdbool.h>

#include "artifacts/libarchive.h"
#include "base/err.h"
#include "base/str.h"

enum archive_form { ARCHIVE_TAR_GZ, ARCHIVE_ZIP };

enum { ARCHIVE_LEVEL_DEFAULT = -1 };

struct archive_how {
    enum archive_form form;
    int level;        /* of gzip, 0 to 9, or ARCHIVE_LEVEL_DEFAULT */
    struct str shown; /* name in the archive, before the names of what is in a folder */
};

/**
 * archive_pack() - pack a file or folder
 * @dir:   folder that holds it
 * @name:  its name there
 * @how:  how it is packed
 * @to:    file that gets the archive; from its offset on
 * @err:   ERR_IO, ERR_NOT_FOUND, ERR_LIMIT (nested too deep), ERR_UNSUPPORTED (no libarchive)
 *
 * Links in it are packed as links, pipes, sockets and devices left out.
 *
 * Return: 0 or -1.
 */
int archive_pack(int dir, const char *name, const struct archive_how *how, int to,
                 struct err *err);

/**
 * archive_is_tar_gz() - does a file begin with a gzip header and, in it, the header of a tar?
 * @fd: file; its offset is put to its beginning
 */
bool archive_is_tar_gz(int fd);

/* How much an archive may hold. */
struct archive_bounds {
    uint64_t entries, bytes;
    uint64_t closed_bytes; /* names of folders whose permissions come after their entries */
    struct archive_ratio ratio;
};

/**
 * archive_unpack() - take an archive apart
 * @from: archive; from its offset on
 * @form: form
 * @to:   folder that gets what is in it
 * @err:  ERR_INVALID (no such archive, an entry that leads out or is of another kind),
 * ERR_LIMIT over ARTIFACT_ENTRIES_MAX, ARTIFACT_UNPACKED_MAX_MIB, ARTIFACT_CLOSED_MAX_BYTES,
 * ARCHIVE_RATIO_MAX or TREE_DEPTH_MAX, ERR_IO,
 * ERR_UNSUPPORTED (no libarchive)
 *
 * A failure leaves what was taken out before.
 *
 * Return: 0 or -1.
 */
int archive_unpack(int from, enum archive_form form, int to, struct err *err);

/** archive_unpack_within() - archive_unpack() with bounds of one's own */
int archive_unpack_within(int from, enum archive_form form, int to,
                          const struct archive_bounds *bounds, struct err *err);
