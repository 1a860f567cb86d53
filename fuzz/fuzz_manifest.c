/* Manifests: any text is read, checked, filled up and shown, or refused with words. */
#include <assert.h>
#include <stdint.h>

#include "objects/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct arena *a, const struct object_document *doc)
{
    struct field_faults faults = {0};
    struct err err = {0};
    struct json made;
    bool is_good = object_check(a, doc, &faults);

    assert(is_good == (faults.len == 0));
    for (size_t i = 0; i < faults.len; i++)
        assert(faults.at[i].text.len > 0);
    if (faults.len > 0)
        object_faults_err(a, doc, &faults, &err);
    if (!doc->kind)
        return;
    made = object_set_defaults(a, doc->kind, &doc->value);
    for (size_t i = 0; i < doc->kind->column_count; i++)
        object_cell(a, &doc->kind->columns[i], &made, (struct wall){0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct object_documents docs;
    struct err err = {0};

    if (size < 65536 &&
        object_read(a, STR("x"), str_of((const char *) data, size), &docs, &err) == 0)
        for (size_t i = 0; i < docs.len; i++)
            use(a, &docs.at[i]);
    else
        assert(size >= 65536 || err.text[0] != '\0');
    arena_free(a);
    return 0;
}
