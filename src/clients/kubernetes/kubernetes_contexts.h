/*
 * clients/kubernetes/kubernetes_contexts.h - the clusters that a server knows: the contexts of
 * one kubeconfig, or the cluster in whose pod it runs.
 *
 * Read once; clusters are made when they are first asked for and stay. Any thread.
 */
#pragma once

#include "clients/kubernetes/kubernetes_client.h"

struct kubernetes_contexts;

/**
 * kubernetes_contexts_open() - read the configuration
 * @file:   kubeconfig; "": the cluster in whose pod this program runs, if any
 * @choice: what counts instead of the current context
 * @ret:    owned; NULL when there is no cluster
 * @err:    ERR_NOT_FOUND, ERR_INVALID, ERR_UNSUPPORTED: the file, as kubeconfig_parse()
 *
 * Return: 0 or -1.
 */
int kubernetes_contexts_open(const char *file, const struct kubeconfig_choice *choice,
                             struct kubernetes_contexts **ret, struct err *err);

/** kubernetes_contexts_free() - release it and its clusters; NULL is a no-op */
void kubernetes_contexts_free(struct kubernetes_contexts *c);

/** kubernetes_contexts_get() - the cluster of a context, "" the current one; borrowed; NULL
 * with ERR_INVALID when there is no such context */
struct kubernetes *kubernetes_contexts_get(struct kubernetes_contexts *c, struct str context,
                                           struct err *err);
