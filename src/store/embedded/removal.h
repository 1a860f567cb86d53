/* store/embedded/removal.h - what deleting an object means for its document: finalizers,
 * owners. Pure; any thread. */
#pragma once

#include "formats/json.h"
#include "store/store.h"

#define REMOVAL_FOREGROUND                                            \
    "foregroundDeletion" /* the finalizer of who waits for dependents \
                          */

#define REMOVAL_NAMESPACE                                               \
    "kubernetes" /* the finalizer of who deletes what a Namespace holds \
                  */

/** removal_is_namespace() - is it the key of a Namespace? */
bool removal_is_namespace(const struct store_key *key);

/** removal_has_finalizers() - must somebody agree before the object goes? Those of a Namespace
 * stand in its spec, too */
bool removal_has_finalizers(const struct json *doc);

/** removal_begins() - is it a Namespace whose deletion nobody has asked for yet? It is held in
 * any case, to be emptied */
bool removal_begins(const struct json *doc);

/** removal_asked() - the document with the time at which its deletion was asked for, unless it
 * has one; @finalizer is added, or ""; a Namespace becomes Terminating */
struct json removal_asked(struct arena *a, const struct json *doc, int64_t now_ms,
                          struct str finalizer);

/** removal_without_finalizer() - the document without one of its finalizers; as it is when it
 * has not got it */
struct json removal_without_finalizer(struct arena *a, const struct json *doc,
                                      struct str finalizer);

enum removal_verdict {
    REMOVAL_NONE,    /* an update like any other */
    REMOVAL_REWRITE, /* the time of the deletion stays in it */
    REMOVAL_DELETE,  /* nobody has to agree any more: the object goes */
};

/**
 * removal_of_update() - what an update of an object that may be on its way out becomes
 * @was: text of the stored document
 * @is:  text of the new one
 * @ret: the document to write instead, with REMOVAL_REWRITE
 */
enum removal_verdict removal_of_update(struct arena *a, struct str was, struct str is,
                                       struct json *ret);

/** removal_owner_label() - the key of the hidden label by which an owner's dependents are found
 */
struct str removal_owner_label(struct arena *a, struct str owner_uid);

/** removal_owners() - metadata.ownerReferences, an array, or NULL */
const struct json *removal_owners(const struct json *doc);

/** removal_without_owner() - the document without its references to an owner */
struct json removal_without_owner(struct arena *a, const struct json *doc,
                                  struct str owner_uid);
