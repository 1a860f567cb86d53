/*
 * cli/short_id.h - the ids of events and dead letters are long: the beginning of one names it,
 * where nothing else begins so.
 */
#pragma once

#include "cli/call.h"

/**
 * short_id_find() - the id that begins so
 * @cli:  calls the server
 * @list: path whose answer holds {"items": [{"id": …}, …]}
 * @id:   beginning, of at least SHORT_ID_MIN_BYTES
 * @ret:  the whole id, in the command's arena
 * @err:  ERR_INVALID when several begin so, with how many; else as cli_call()
 *
 * Return: 1 when one was found, 0 when none begins so or @id is too short, or -1.
 */
int short_id_find(struct cli *cli, struct str list, struct str id, struct str *ret,
                  struct err *err);
