/* Values as Go's %v prints them. See cond_internal.h. */
#include "base/limits.h"
#include "formats/gofloat.h"
#include "lang/cond/cond_internal.h"

struct str cond_number_text(struct arena *a, double number)
{
    char text[GO_FLOAT_TEXT_SIZE];

    go_float_text(number, text);
    return str_copy(a, str_from(text));
}

void cond_value_add(struct strbuf *b, const struct cond_value *v)
{
    char text[GO_FLOAT_TEXT_SIZE];

    switch (v->type) {
    case COND_NIL:
        strbuf_addz(b, "<nil>");
        break;
    case COND_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case COND_NUMBER:
        go_float_text(v->number, text);
        strbuf_addz(b, text);
        break;
    case COND_TEXT:
    case COND_REGEX:
        strbuf_add(b, v->text);
        break;
    case COND_LIST:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count; i++) {
            if (i > 0)
                strbuf_addc(b, ' ');
            cond_value_add(b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        break;
    }
}

struct str cond_value_text(struct arena *a, const struct cond_value *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(COND_OUTPUT_MAX_BYTES);

    cond_value_add(&b, v);
    return str_copy(a, strbuf_str(&b));
}
