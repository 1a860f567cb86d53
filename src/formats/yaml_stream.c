/*
 * Streams of documents as Kubernetes' clients take them apart, before any of them is read:
 * apimachinery's YAMLReader and YAMLOrJSONDecoder.
 */
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/jsonraw.h"
#include "formats/yaml.h"

typedef VEC(struct str) text_vec;

static int is_separator(struct str line, bool *ret, struct err *err)
{
    struct str rest = line;

    *ret = str_cut_prefix(&rest, STR("---"));
    rest = str_trim(rest);
    if (*ret && rest.len > 0 && rest.ptr[0] != '#')
        return err_set(err, ERR_INVALID, "invalid Yaml document separator: " STR_FMT,
                       STR_ARG(rest));
    return 0;
}

int yaml_split(struct arena *a, struct str text, struct yaml_texts *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    text_vec list = {0};
    struct str line;

    while (text.len > 0 && str_cut(&text, '\n', &line)) {
        bool is_end;

        if (str_ends(line, STR("\r")))
            line.len--;
        if (is_separator(line, &is_end, err) < 0)
            return -1;
        if (is_end && b.len > 0) {
            VEC_APUSH(a, &list, str_copy(a, strbuf_str(&b)));
            strbuf_reset(&b);
            continue;
        }
        strbuf_add(&b, line); /* the first separator, too */
        strbuf_addc(&b, '\n');
    }
    if (b.len > 0)
        VEC_APUSH(a, &list, str_copy(a, strbuf_str(&b)));
    *ret = (struct yaml_texts){.at = list.at, .len = list.len};
    return 0;
}

static int add_yaml(struct arena *a, struct str text, text_vec *list, struct err *err)
{
    struct yaml_texts docs;
    struct json v;

    if (yaml_split(a, text, &docs, err) < 0)
        return -1;
    for (size_t i = 0; i < docs.len; i++) {
        if (yaml_parse_lax(a, docs.at[i], &v, err) < 0)
            return err_wrap(err, "error converting YAML to JSON: yaml");
        VEC_APUSH(a, list,
                  v.type == JSON_NULL ? STR("")
                                      : json_text(a, &v, JSON_SORT_KEYS | JSON_ESCAPE_HTML));
    }
    return 0;
}

static int give(struct yaml_texts *ret, const text_vec *list)
{
    *ret = (struct yaml_texts){.at = list->at, .len = list->len};
    return 0;
}

int yaml_decode_stream(struct arena *a, struct str text, struct yaml_texts *ret,
                       struct err *err)
{
    text_vec list = {0};
    struct str line;
    struct err ignored;

    while (str_starts(str_trim(text), STR("{"))) {
        struct json v;
        struct str rest = text;
        int got = json_parse_next(a, &rest, &v, err);

        if (got < 0) /* perhaps a flow mapping of YAML */
            return list.len == 0 && add_yaml(a, text, &list, &ignored) == 0 ? give(ret, &list)
                                                                            : -1;
        VEC_APUSH(a, &list, str_trim(str_head(text, text.len - rest.len)));
        text = rest;
        while (text.len > 0 && (unsigned char) text.ptr[0] <= ' ')
            text = str_skip(text, 1);
        if (str_starts(text, STR("---")))
            str_cut(&text, '\n', &line);
        else if (text.len > 0 && text.ptr[0] != '{')
            return err_set(err, ERR_INVALID, "a JSON object expected, found \"" STR_FMT "\"",
                           STR_ARG(str_head(text, 20)));
    }
    if (text.len > 0 && add_yaml(a, text, &list, err) < 0)
        return -1;
    return give(ret, &list);
}
