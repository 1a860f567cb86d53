/* See resource_name.h. */
#include "objects/resource_name.h"

#include "formats/goquote.h"

#include <string.h>

enum { LABEL_MAX_BYTES = 63 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static struct str lower_text(struct arena *a, struct str s)
{
    char *text = str_cz(a, s);

    for (size_t i = 0; i < s.len; i++)
        text[i] = lower(text[i]);
    return str_of(text, s.len);
}

static bool ends_hissing(struct str s)
{
    return str_ends(s, STR("s")) || str_ends(s, STR("x")) || str_ends(s, STR("z")) ||
           str_ends(s, STR("ch")) || str_ends(s, STR("sh"));
}

/* As upstream's generator of names: capitals are no letters to it. */
static struct str plural(struct arena *a, struct str s)
{
    char before = s.len > 1 ? s.ptr[s.len - 2] : '\0';

    if (s.len < 2 || str_is(s, "EventBus"))
        return s;
    if (str_ends(s, STR("f")) || str_ends(s, STR("fe")))
        return str_concat(a, str_head(s, s.len - (str_ends(s, STR("f")) ? 1 : 2)), STR("ves"));
    if (ends_hissing(s))
        return str_concat(a, s, STR("es"));
    if (str_ends(s, STR("y")) && before >= 'a' && before <= 'z' && !strchr("aeiou", before))
        return str_concat(a, str_head(s, s.len - 1), STR("ies"));
    return str_concat(a, s, STR("s"));
}

struct resource_name resource_name_guess(struct arena *a, struct str api_version,
                                         struct str kind)
{
    const struct resource_name none = {STR(""), STR(""), STR("")};
    struct resource_name made = none;
    size_t slash = str_find_char(api_version, '/');

    made.version = slash == SIZE_MAX ? api_version : str_skip(api_version, slash + 1);
    if (slash != SIZE_MAX)
        made.group = str_head(api_version, slash);
    if (str_find_char(made.version, '/') != SIZE_MAX)
        return none;
    made.resource = lower_text(a, plural(a, kind));
    return made;
}

/* The letter or digit that a character becomes in lower case, or a dash. */
static char label_sign(uint32_t rune)
{
    if (rune == 0x130) /* I with a dot: its lower case has none of its own */
        return 'i';
    if (rune == 0x212a) /* the sign of Kelvin */
        return 'k';
    if (rune >= 'A' && rune <= 'Z')
        return (char) (rune | 0x20);
    return (rune >= 'a' && rune <= 'z') || (rune >= '0' && rune <= '9') ? (char) rune : '-';
}

struct str resource_name_label(struct arena *a, struct str text)
{
    char *bytes = arena_alloc_raw(a, text.len + 1);
    size_t len = 0, size = 1;
    struct str made;

    for (struct str rest = text; rest.len > 0; rest = str_skip(rest, size))
        bytes[len++] = label_sign(go_rune_next(rest, &size));
    made = str_of(bytes, len);
    while (str_starts(made, STR("-")))
        made = str_skip(made, 1);
    while (str_ends(made, STR("-")))
        made.len--;
    return str_head(made, LABEL_MAX_BYTES);
}
