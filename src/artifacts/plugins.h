/*
 * artifacts/plugins.h - where the servers of artifact plugins listen. A server is one that
 * runs somewhere already, or a program that is started at its first use, one a name, and kept:
 * it gets the path of a socket as its last argument, as upstream's images do, and hears SIGTERM
 * when it is to end. One that has ended, or whose command has changed, is started anew.
 *
 * Any worker; blocks. For the files of this room. Source: upstream's docs/artifact-plugin.md
 * and ../shared/spec/workflows.md 5.9.
 */
#pragma once

#include "artifacts/artifact.h"

/**
 * artifact_plugin_socket() - the socket of a plugin that is ready
 * @p:          keeper
 * @a:          where the path lives
 * @driver:     entry of the controller's artifactDrivers: name, and command or socket
 * @connect_ms: how long one that runs may take to answer
 * @ret:        path
 * @err:        ERR_TIMEOUT, ERR_INVALID (its program cannot be started, or ended at once),
 * ERR_UNSUPPORTED (an image alone), ERR_LIMIT, ERR_CANCELLED (the daemon ends)
 *
 * Return: 0 or -1.
 */
int artifact_plugin_socket(struct artifact_plugins *p, struct arena *a,
                           const struct json *driver, uint64_t connect_ms, const char **ret,
                           struct err *err);
