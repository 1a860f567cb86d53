/*
 * store/wal_file.h - an SQLite VFS that writes the write-ahead log in few, large pieces.
 *
 * SQLite writes each page of a commit as two pieces, 24 bytes and the page: two system calls,
 * none of them on a boundary of the disk's. A group commit of a hundred pages spends more in
 * them than in waiting for the disk. Here what is written to the log is kept together until it
 * is synced, read, or no longer in one piece; every other file is left to the VFS below.
 *
 * For connections with synchronous = FULL (or EXTRA) alone: SQLite syncs the log before it shows
 * a commit to other connections, so what is kept back is always of a transaction that nobody
 * else can see. What fails to be written fails the call that made it be written, at the latest
 * the sync, and so the commit.
 */
#pragma once

/** wal_file_vfs() - name of the VFS for sqlite3_open_v2(); registered once, any thread */
const char *wal_file_vfs(void);
