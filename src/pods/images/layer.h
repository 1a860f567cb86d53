/*
 * pods/images/layer.h - takes the layer of an image apart, in the form that overlayfs wants.
 *
 * Nothing of it lands outside of the layer's folder: names that lead up are refused, links are
 * followed as in a root of their own. Names from the root count from the layer's root.
 * Whiteouts become what overlayfs knows. Devices are left out below dev/ (a container has its
 * own) and refused elsewhere. Owners, set-user bits and times of files are kept; times of
 * folders and extended attributes are not. Workers: blocks.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * layer_unpack() - a layer's tar, packed by gzip, zstd or nothing
 * @from:        the layer; from its offset on
 * @to:          empty folder that gets it
 * @below:       folders of the layers below it, the lowest first: folders that it does not
 *               tell of are made like theirs
 * @below_count: how many
 * @ret_bytes:   bytes of its files
 * @err:         ERR_INVALID (no such archive, an entry that is refused), ERR_LIMIT over
 *               IMAGE_ENTRIES_MAX or IMAGE_UNPACKED_MAX_MIB, ERR_IO, ERR_UNSUPPORTED (no
 *               libarchive)
 *
 * A failure leaves what was taken out before.
 *
 * Return: 0 or -1.
 */
int layer_unpack(int from, int to, const int *below, size_t below_count, uint64_t *ret_bytes,
                 struct err *err);
