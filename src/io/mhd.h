/*
 * io/mhd.h - libmicrohttpd, loaded when the first server starts: it brings ten libraries with
 * it, which no command but `server` needs. For the files of this room.
 */
#pragma once

#include <microhttpd.h>

#include "base/err.h"

#define MHD_FUNCTIONS(X)                 \
    X(MHD_add_response_header)           \
    X(MHD_create_response_from_buffer)   \
    X(MHD_create_response_from_callback) \
    X(MHD_create_response_from_fd64)     \
    X(MHD_destroy_response)              \
    X(MHD_get_connection_info)           \
    X(MHD_get_connection_values)         \
    X(MHD_get_daemon_info)               \
    X(MHD_queue_response)                \
    X(MHD_quiesce_daemon)                \
    X(MHD_resume_connection)             \
    X(MHD_start_daemon)                  \
    X(MHD_stop_daemon)                   \
    X(MHD_suspend_connection)

#define MHD_MEMBER(name) typeof(&(name)) name;
struct mhd {
    MHD_FUNCTIONS(MHD_MEMBER)
};
#undef MHD_MEMBER

/** mhd_load() - make mhd() usable; any thread; ERR_UNSUPPORTED says what is missing */
int mhd_load(struct err *err);

/** mhd() - the library's functions, after mhd_load() has succeeded once */
const struct mhd *mhd(void);
