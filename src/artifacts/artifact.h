/*
 * artifacts/artifact.h - artifacts: files and folders that go from step to step by way of a
 * repository.
 *
 * A driver is one kind of place (artifacts.def): it fetches and stores bytes. What all share is
 * here: which driver a place means, packing and unpacking, permissions, keys. A place `s3` that
 * names neither server nor bucket is in the repository; without another one that is the
 * local one, a folder of the daemon's own, each namespace with its own keys.
 *
 * Workers: all block. Nothing here decides what a pod's end means. Source:
 * ../shared/spec/workflows.md 5.6 to 5.9.
 */
#pragma once

#include "formats/json.h"

/* What drivers need of the daemon. Immutable. */
struct artifact_house {
    struct str repository; /* folder of the local repository, absolute */
    /* The document of a core/v1 Secret or ConfigMap; ERR_NOT_FOUND in Kubernetes' words. */
    int (*object)(void *ctx, struct arena *a, struct str kind, struct str ns, struct str name,
                  const struct json **ret, struct err *err);
    void *ctx;
    struct artifact_plugins *plugins; /* programs of plugins; NULL: there are none */
    /* The entry of a plugin in the controller's artifactDrivers; ERR_NOT_FOUND. */
    int (*plugin)(void *ctx, struct arena *a, struct str name, const struct json **ret,
                  struct err *err);
    void *plugin_ctx;
};

/* One artifact. Texts are borrowed for the call. */
struct artifact_call {
    const struct artifact_house *house;
    struct arena *a;             /* scratch, and where results live */
    struct str ns;               /* of the workflow: its keys, its Secrets */
    const struct json *artifact; /* as in a template */
    /* Its template's archiveLocation, or NULL: where what has a key alone is, and what has no
     * place goes. Its own key is the beginning of keys. */
    const struct json *location;
    struct str below; /* what is meant is this path in a folder that is stored; "" or absent */
    /* What a driver keeps of a try for the next one, in the arena; NULL: nothing. */
    void **memory;
};

enum artifact_found { ARTIFACT_LOADED, ARTIFACT_SKIPPED };

/**
 * artifact_load() - fetch an artifact and unpack it
 * @c:    which one
 * @dir:  folder that gets it
 * @name: its name there, a file or a folder; must be free
 * @ret:  ARTIFACT_SKIPPED: it is optional and not there; nothing was made
 * @err:  ERR_NOT_FOUND, ERR_INVALID (its place or its archive), ERR_UNSUPPORTED, ERR_DENIED,
 * ERR_TRANSIENT, ERR_LIMIT, ERR_IO
 *
 * Without an archive strategy, what is a tar packed by gzip is unpacked. An archive with one
 * entry on top is that entry, else a folder of its entries.
 *
 * Return: 0 or -1; then nothing is left.
 */
int artifact_load(const struct artifact_call *c, int dir, const char *name,
                  enum artifact_found *ret, struct err *err);

/**
 * artifact_save() - pack a file or folder and store it
 * @c:        which one; its place, if it has one, is where it goes, else the location's
 * @dir:      folder that holds the file or folder; packed files are made beside it for the time
 * @name:     its name there; not to be written to any more: the repository may hold the same
 * file
 * @ret:      the artifact with its place; of the location's nothing but the key
 * @err:      as artifact_load()
 *
 * What is stored is durable, and not seen before it is whole. Saving again replaces.
 *
 * Return: 0 or -1.
 */
int artifact_save(const struct artifact_call *c, int dir, const char *name, struct json *ret,
                  struct err *err);

/* What is stored, for somebody who takes it away. */
struct artifact_file {
    int fd;          /* a file, open for reading; the caller's */
    struct str name; /* last part of its key; in the call's arena */
};

/**
 * artifact_download() - the stored bytes as one file: a folder is packed by tar and gzip
 * @c:   which one
 * @ret: the file
 * @err: as artifact_load()
 *
 * What must be fetched or packed lies in the house's folder for the time, without a name.
 *
 * Return: 0 or -1.
 */
int artifact_download(const struct artifact_call *c, struct artifact_file *ret,
                      struct err *err);

/**
 * artifact_is_folder() - is there a folder of files, each stored by its own key?
 * @c:   which one
 * @ret: false also where its kind of place knows none, or nothing is there
 * @err: as artifact_load()
 *
 * Return: 0 or -1.
 */
int artifact_is_folder(const struct artifact_call *c, bool *ret, struct err *err);

/**
 * artifact_key() - the key of what is meant, with what is below it
 * @c:   which one
 * @ret: in the call's arena
 * @err: ERR_INVALID
 *
 * Return: 0 or -1.
 */
int artifact_key(const struct artifact_call *c, struct str *ret, struct err *err);

/**
 * artifact_text() - the content of an artifact that is one file, unpacked
 * @c:   which one
 * @max: bytes; more are ERR_LIMIT
 * @ret: in the call's arena; "" of one that is optional and not there
 * @err: as artifact_load(); ERR_INVALID: it is a folder
 *
 * Return: 0 or -1.
 */
int artifact_text(const struct artifact_call *c, size_t max, struct str *ret, struct err *err);

/** artifact_upload_file() - a file without a name, for what will be given to artifact_upload();
 * gone with its descriptor; fd or -1 */
int artifact_upload_file(const struct artifact_house *house, struct err *err);

/**
 * artifact_upload() - store a file that is in memory, or mapped
 * @c:     which one, as artifact_save()
 * @bytes: its content
 * @ret:   the artifact with its place, as artifact_save()
 * @err:   as artifact_load()
 *
 * Return: 0 or -1.
 */
int artifact_upload(const struct artifact_call *c, struct str bytes, struct json *ret,
                    struct err *err);

/**
 * artifact_delete() - remove what is stored
 * @c:   which one
 * @err: ERR_UNSUPPORTED in upstream's words when its kind of place cannot; as artifact_load();
 * what is not there counts as removed
 *
 * Return: 0 or -1.
 */
int artifact_delete(const struct artifact_call *c, struct err *err);

/**
 * artifact_list() - the keys of what is stored below a place
 * @c:   which one; its key is a folder, and may be missing: then all is meant
 * @ret: an array of texts, in the order of their bytes where the place does not say otherwise
 * @err: ERR_UNSUPPORTED in upstream's words when its kind of place cannot; ERR_LIMIT over
 * ARTIFACT_LIST_MAX; as artifact_load()
 *
 * Return: 0 or -1.
 */
int artifact_list(const struct artifact_call *c, struct json *ret, struct err *err);

/** artifact_plugins_new() - keeper of the programs of plugins, which put their sockets and logs
 * into @folder, made when it is not there; asks those to end that a crash left; owned */
struct artifact_plugins *artifact_plugins_new(struct str folder);

/** artifact_plugins_stop() - ask them to end, and let nobody wait for one any more; any thread
 */
void artifact_plugins_stop(struct artifact_plugins *p);

/** artifact_plugins_free() - end them within ARTIFACT_PLUGIN_STOP_MS each; when no artifact is
 * on its way; blocks; NULL is a no-op */
void artifact_plugins_free(struct artifact_plugins *p);

/** artifact_sweep() - remove what a crash left of artifacts that were being stored locally;
 * before the first artifact_save() */
void artifact_sweep(const struct artifact_house *house);
