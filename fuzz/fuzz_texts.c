/* Small texts from manifests: base64, URLs, schedules; what decodes encodes to the same bytes.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/base64.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/uri.h"
#include "formats/urlref.h"
#include "objects/validate/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size), bytes, again;
    double number;
    struct err err;

    if (base64_decode(a, text, &bytes, &err) == 0) {
        assert(base64_decode(a, base64_encode(a, bytes), &again, &err) == 0);
        assert(str_eq(bytes, again));
    }
    if (url_ref_print(a, text, &bytes) && url_ref_print(a, bytes, &again))
        assert(str_eq(bytes, again));
    go_float_parse(text, &number);
    go_quote(a, text);
    uri_escape(a, text);
    validate_cron(text, &err);
    return 0;
}
