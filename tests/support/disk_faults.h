/*
 * tests/support/disk_faults.h - a disk that fails on purpose, below SQLite.
 *
 * Replaces the system calls of SQLite's unix VFS, and its sync, by ones that count and fail
 * when asked to. A test counts the calls of a scenario, or goes on until none is left to fail:
 *
 *     for (unsigned long n = 1;; n++) {
 *         disk_faults_arm(DISK_FULL, n, 3);
 *         ... the scenario ...
 *         if (disk_faults_disarm() == 0)
 *             break;
 *     }
 *
 * Process-wide; calls of all threads count. For tests only.
 */
#pragma once

enum disk_fault {
    DISK_FULL,      /* ENOSPC of what writes, makes files longer, opens or syncs */
    DISK_ERROR,     /* EIO of all, reading too */
    DISK_SHORT,     /* half of the bytes are written, then the disk is full */
    DISK_INTERRUPT, /* EINTR of all, and half of the bytes of a write: nobody may notice */
    DISK_LOCKED,    /* another process has the lock */
    DISK_FAULT_COUNT
};

/** disk_fault_name() - for messages */
const char *disk_fault_name(enum disk_fault fault);

/** disk_faults_install() - once a program, before the first database is opened */
void disk_faults_install(void);

/** disk_faults_arm() - the calls number @first to @first + @count - 1 that the fault is about
 * fail; @first counts from 1 */
void disk_faults_arm(enum disk_fault fault, unsigned long first, unsigned long count);

/** disk_faults_disarm() - all calls work again; how many have failed */
unsigned long disk_faults_disarm(void);

/** disk_faults_stride() - how far apart the calls are that are to fail: 1 with
 * TIPHYS_FAULTS_STEP=1 in the environment, by default some are left out to be quick */
unsigned long disk_faults_stride(void);

/** disk_copy_file() - copy a file to another folder as it is now; one that is not there is none
 */
void disk_copy_file(const char *from, const char *to, const char *name);
