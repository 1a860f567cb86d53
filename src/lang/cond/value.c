/* Values as Go's %v prints them. See cond_internal.h. */
#include <math.h>

#include "base/limits.h"
#include "formats/gofloat.h"
#include "lang/cond/cond_internal.h"

enum {
    NUMBER_SIZE = 40,
    LARGE_EXPONENT = 6, /* from there on a number is printed with an exponent */
};

/* Shortest digits that read back as the same number, as "d.ddde+XX"; how many stand behind the
 * point. */
static int shortest(double number, char *text, size_t size)
{
    double back = 0;
    int precision = -1;

    do {
        precision++;
        snprintf(text, size, "%.*e", precision, number);
        go_float_parse(str_from(text), &back);
    } while ((back < number || back > number) && precision < 17);
    return precision;
}

/* Into @text, of NUMBER_SIZE bytes; or one of the words for what is no number. */
static const char *print_number(double number, char *text)
{
    int precision;
    int64_t exponent = 0;

    if (isnan(number))
        return "NaN";
    if (isinf(number))
        return number < 0 ? "-Inf" : "+Inf";
    precision = shortest(number, text, NUMBER_SIZE);
    if (parse_i64(str_from(strchr(text, 'e') + 1), &exponent) && exponent >= -4 &&
        exponent < LARGE_EXPONENT)
        snprintf(text, NUMBER_SIZE, "%.*f",
                 precision > exponent ? (int) (precision - exponent) : 0, number);
    return text;
}

struct str cond_number_text(struct arena *a, double number)
{
    char text[NUMBER_SIZE];

    return str_copy(a, str_from(print_number(number, text)));
}

void cond_value_add(struct strbuf *b, const struct cond_value *v)
{
    char text[NUMBER_SIZE];

    switch (v->type) {
    case COND_NIL:
        strbuf_addz(b, "<nil>");
        break;
    case COND_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case COND_NUMBER:
        strbuf_addz(b, print_number(v->number, text));
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
