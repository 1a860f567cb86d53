/*
 * base/fault.h - named points at which a crash test kills the process, and reads and writes
 * that fail when a test asks.
 *
 * FAULT_POINT("bus.append.before_commit") does nothing unless the environment variable
 * TIPHYS_FAULT names the point when the process starts ("name" or "name:N" for the Nth pass),
 * then the process dies by SIGKILL there. Builds without WITH_FAULTS compile it to nothing.
 * Every name has a row in base/faults.def.
 *
 * The calls of base/fd.h fail in the same builds: fault_io_arm() or the environment variable
 * TIPHYS_FAULT_IO, "write:ENOSPC:3" for the third write, "read:EINTR:1:9" for the first nine
 * reads. SQLite makes its own system calls; tests/support/disk_faults.h is about those.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifndef WITH_FAULTS
#define WITH_FAULTS 0
#endif

/** fault_pass() - count one pass over a point, die if it is the chosen one; any thread */
void fault_pass(const char *point);

/* The calls that can fail. */
enum fault_io { FAULT_IO_READ, FAULT_IO_WRITE };

/**
 * fault_io_arm() - make some calls fail, in place of those that were to fail before
 * @what: "read:EIO:1": which call, how (EINTR, EIO, ENOSPC, or "short" for half of the bytes),
 *        the first that fails, counted from 1, and behind another colon how many (1);
 *        NULL: none
 *
 * Process-wide. A test calls it while nothing else reads or writes.
 *
 * Return: how many have failed since the last call; -1: @what is not understood.
 */
long fault_io_arm(const char *what);

/**
 * fault_io() - count one call, and let it fail if it is its turn; any thread
 * @len: bytes of the call; made less for a short one
 *
 * Return: whether the call is to be made; else errno says why not.
 */
bool fault_io(enum fault_io call, size_t *len);

#if WITH_FAULTS
#define FAULT_POINT(point)  fault_pass(point)
#define FAULT_IO(call, len) fault_io(call, len)
#else
#define FAULT_POINT(point)  ((void) 0)
#define FAULT_IO(call, len) ((void) (len), true)
#endif
