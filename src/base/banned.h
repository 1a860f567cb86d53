/*
 * base/banned.h - calls that the house does not use, made uncompilable. Included by the
 * compiler's command line
 * (-include) into every file, after the system headers that declare them.
 *
 * Instead: struct str and struct strbuf, parse_u64() and friends, str_cut(), gotime, err_sys(),
 * io/child, the loop.
 */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The header of a library that mentions one of them; named by the room that uses it. */
#ifdef BANNED_IN_LIBRARY
#include BANNED_IN_LIBRARY
#endif

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok strtok_r gets
#pragma GCC poison atoi atol atoll strtol strtoll strtoul strtoull sscanf gmtime localtime ctime
#pragma GCC poison strerror popen vfork srand
