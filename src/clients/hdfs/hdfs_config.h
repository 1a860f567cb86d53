/*
 * clients/hdfs/hdfs_config.h - what of a krb5.conf that a user gave is handed to Kerberos'
 * library: realms, their servers, and settings of tickets. Such a file can also name libraries
 * to load and files to read or write, with the rights of the daemon; that is left out. Pure.
 */
#pragma once

#include "base/arena.h"

/** hdfs_config_clean() - the lines of a krb5.conf that are known to be harmless, in the arena
 */
struct str hdfs_config_clean(struct arena *a, struct str text);
