/* Names of images and the texts of passwd and group: any bytes are refused with a reason or
 * give what prints to a name that parses to itself. */
#include <assert.h>

#include "pods/images/bundle.h"
#include "pods/images/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size), spec = text, passwd, group = text;
    struct image_reference ref;
    struct bundle_user user;
    struct err err;

    if (image_reference_parse(a, text, &ref, &err) == 0) {
        struct str whole = image_reference_print(a, &ref);

        assert(image_reference_parse(a, whole, &ref, &err) == 0);
        assert(str_eq(image_reference_print(a, &ref), whole));
    }
    /* The first line who, the others in which files. */
    if (str_cut(&group, '\n', &spec) && str_cut(&group, '\f', &passwd) &&
        bundle_user_parse(spec, passwd, group, a, &user, &err) == 0)
        assert(user.group_count <= BUNDLE_GROUPS_MAX && user.home.len > 0);
    return 0;
}
