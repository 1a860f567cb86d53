/* Manifests: any text is read and checked, or refused with words. */
#include <assert.h>
#include <stdint.h>

#include "objects/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct object_documents docs;
    struct err err = {0};

    if (size < 65536 && object_read(a, STR("x"), str_of((const char *) data, size), &docs, &err) == 0)
        for (size_t i = 0; i < docs.len; i++) {
            struct field_faults faults = {0};

            if (!object_check(a, &docs.at[i], &faults))
                object_faults_err(a, &docs.at[i], &faults, &err);
        }
    else
        assert(size >= 65536 || err.text[0] != '\0');
    arena_free(a);
    return 0;
}
