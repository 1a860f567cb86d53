/*
 * store/checkpoint.h - moves the write-ahead log of an SQLite database into it, beside the
 * writer.
 *
 * A checkpoint that the writer makes itself holds it for as long as the disk needs for all of
 * the log. Here a thread of its own copies the log, and syncs the database, piece by piece
 * while the writer goes on; the writer only finishes when the log has become long, with what
 * the thread had not seen yet, so that the log starts again at its beginning.
 */
#pragma once

#include <sqlite3.h>

#include "base/err.h"

struct checkpointer;

/**
 * checkpointer_open() - start for one database; owned
 * @file:   path of the database
 * @writer: its only connection that writes; its commits drive the checkpointer. Closed after
 *          the checkpointer
 */
struct checkpointer *checkpointer_open(const char *file, sqlite3 *writer, struct err *err);

/** checkpointer_close() - join the thread; nobody commits meanwhile; NULL is a no-op */
void checkpointer_close(struct checkpointer *c);
