/* formats/patch_internal.h - an object while it is patched: its members, each key once. */
#pragma once

#include "base/map.h"
#include "formats/patch.h"

struct patch_members {
    struct json_object_builder of; /* removed ones have an absent key */
    struct map places;             /* key -> 1 + its index */
};

/** patch_members_of() - begin with the members of @doc, or with none when it is no object */
void patch_members_of(struct arena *a, struct patch_members *m, const struct json *doc);

/** patch_members_find() - the value of a key, borrowed until the next change, or NULL */
const struct json *patch_members_find(const struct patch_members *m, struct str key);

/** patch_members_put() - set a member in place, or add it; the key is borrowed */
void patch_members_put(struct arena *a, struct patch_members *m, struct str key,
                       struct json value);

/** patch_members_drop() - remove a member, if it is there */
void patch_members_drop(struct patch_members *m, struct str key);

/** patch_members_object() - the finished object; @m may be released then */
struct json patch_members_object(struct patch_members *m);

/** patch_members_done() - release; safe on a zeroed struct */
void patch_members_done(struct patch_members *m);
#define _cleanup_members_ _cleanup_(patch_members_done)

/**
 * patch_member_of() - what the schema says of a member that both have, of this type
 * @err: ERR_INVALID when it says that there is no such member, or no list
 */
int patch_member_of(const struct patch_schema *schema, struct str name, enum json_type type,
                    struct patch_member *ret, struct err *err);

/** patch_strategic() - patch_apply() of PATCH_STRATEGIC */
int patch_strategic(struct arena *a, const struct patch_target *target,
                    const struct json *patch, struct json *ret, struct err *err);
