/* SHA-256 over the lengths and texts of what makes a firing the same one. See mark.h. */
#include "events/sensors/mark.h"

#include <openssl/sha.h>

#include "base/strbuf.h"

/* The length in front: no two lists of texts give the same bytes. */
static void add(struct strbuf *b, struct str text)
{
    strbuf_addf(b, "%zu:", text.len);
    strbuf_add(b, text);
}

struct str mark_of_firing(struct arena *a, struct str sensor_uid, struct str trigger,
                          const struct trigger_event *events, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX);
    unsigned char sum[SHA256_DIGEST_LENGTH];
    char *hex = arena_alloc(a, sizeof(sum) * 2);

    add(&b, sensor_uid);
    add(&b, trigger);
    for (size_t i = 0; i < count; i++) {
        add(&b, events[i].dependency);
        add(&b, json_get_str(events[i].context, STR("id")));
    }
    SHA256((const unsigned char *) b.ptr, b.len, sum);
    for (size_t i = 0; i < sizeof(sum); i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15];
    }
    return str_of(hex, sizeof(sum) * 2);
}
