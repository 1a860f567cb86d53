/* store/embedded/removal.h - what deleting an object means for its document: finalizers,
 * owners. Pure; any thread. */
#pragma once

#include "formats/json.h"

#define REMOVAL_FOREGROUND                                            \
    "foregroundDeletion" /* the finalizer of who waits for dependents \
                          */

/** removal_has_finalizers() - must somebody agree before the object goes? */
bool removal_has_finalizers(const struct json *doc);

/** removal_asked() - the document with the time at which its deletion was asked for, unless it
 * has one; @finalizer is added, or "" */
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
