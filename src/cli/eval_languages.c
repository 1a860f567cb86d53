/* The languages of `tiphys eval`, each with the environment that a manifest has. See eval.h. */
#include "cli/eval.h"
#include "formats/yaml.h"
#include "lang/cond/cond.h"
#include "lang/expr/expr.h"
#include "lang/expr/tag.h"
#include "lang/gjson/gjson.h"
#include "lang/jq/jq.h"
#include "lang/jsonpath/jsonpath.h"
#include "lang/lua/luascript.h"
#include "lang/subst/subst.h"
#include "lang/template/template.h"

/* Texts as they are, all else as JSON: what {{=...}} puts into a manifest. */
static struct str shown(struct arena *a, const struct json *v)
{
    return v->type == JSON_STRING
               ? json_str(v)
               : json_text(a, v, JSON_COMPACT | JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

/* A name's value: a member with dots in its name, or members in members. */
static const struct json *find_name(const struct json *doc, struct str name)
{
    const struct json *found = json_is(doc, JSON_OBJECT) ? json_get(doc, name) : NULL;

    for (size_t i = 0; !found && json_is(doc, JSON_OBJECT) && i < name.len; i++)
        if (name.ptr[i] == '.')
            found = find_name(json_get(doc, str_head(name, i)), str_skip(name, i + 1));
    return found;
}

static enum subst_answer look_up(const void *ctx, struct str name, struct str *ret)
{
    const struct eval_input *in = ctx;
    const struct json *v = find_name(&in->doc, name);

    if (!v)
        return SUBST_MISSING;
    if (v->type != JSON_STRING && v->type != JSON_NUMBER && v->type != JSON_BOOL)
        return v->type == JSON_NULL ? SUBST_ABSENT : SUBST_OTHER;
    *ret = v->type == JSON_BOOL     ? (v->is_true ? STR("true") : STR("false"))
           : v->type == JSON_STRING ? json_str(v)
                                    : str_of(v->text, v->count);
    return SUBST_TEXT;
}

static int eval_cond(struct arena *a, struct str text, const struct eval_input *in,
                     struct str *ret, struct err *err)
{
    const struct subst_options opts = {
        .lookup = look_up, .lookup_ctx = in, .unresolved = SUBST_REFUSE};
    struct str condition = STR_NONE;
    bool is_met = false;

    if (subst_text(a, text, &opts, &condition, err) < 0 ||
        cond_eval(a, condition, &is_met, err) < 0)
        return -1;
    *ret = is_met ? STR("true") : STR("false");
    return 0;
}

/* Members with dots are names with members, as a workflow's are. */
static int eval_expr(struct arena *a, struct str text, const struct eval_input *in,
                     struct str *ret, struct err *err)
{
    size_t count = in->doc.type == JSON_OBJECT ? in->doc.count : 0;
    struct expr_name *names = ARENA_ARRAY(a, struct expr_name, count + 1);
    struct expr_env env = {.lookup = expr_lookup_map, .functions = EXPR_ARGO, .now = in->now};
    struct value map, v;
    struct json doc;

    for (size_t i = 0; i < count; i++)
        names[i] = (struct expr_name){in->doc.members[i].key,
                                      value_of_json(a, &in->doc.members[i].value)};
    map = expr_nest(a, names, count);
    env.ctx = &map;
    if (expr_eval(a, text, &env, &v, err) < 0 || value_json(a, &v, &doc, err) < 0)
        return -1;
    *ret = shown(a, &doc);
    return 0;
}

static int eval_gjson(struct arena *a, struct str text, const struct eval_input *in,
                      struct str *ret, struct err *err)
{
    struct gjson found;

    if (gjson_get(a, in->source, text, &found, err) < 0)
        return -1;
    if (!gjson_exists(&found))
        return err_set(err, ERR_NOT_FOUND, "nothing at \"" STR_FMT "\"",
                       STR_ARG(str_head(text, 300)));
    *ret = found.type == GJSON_NULL ? STR("null") : gjson_text(a, &found);
    return 0;
}

static int eval_jq(struct arena *a, struct str text, const struct eval_input *in,
                   struct str *ret, struct err *err)
{
    _cleanup_jq_ struct jq_program *program = jq_compile(text, err);
    struct jq_outputs out;

    if (!program || jq_run(program, a, &in->doc, SIZE_MAX, &out, err) < 0)
        return -1;
    if (out.len > 0)
        *ret = jq_text(a, &out);
    return 0;
}

static int eval_jsonpath(struct arena *a, struct str text, const struct eval_input *in,
                         struct str *ret, struct err *err)
{
    _cleanup_jsonpath_template_ struct jsonpath_template *template = NULL;
    size_t left = SIZE_MAX;
    struct json found;

    if (!str_starts(text, STR("$"))) {
        template = jsonpath_template_new(text, err);
        return template ? jsonpath_template_render(template, a, &in->doc, ret, err) : -1;
    }
    if (jsonpath_query(a, &in->doc, text, &left, &found, err) < 0)
        return -1;
    *ret = shown(a, &found);
    return 0;
}

static int eval_lua(struct arena *a, struct str text, const struct eval_input *in,
                    struct str *ret, struct err *err)
{
    _cleanup_luascript_ struct luascript *script = luascript_new(text, err);
    struct json made;

    if (!script || luascript_eval(script, a, &in->doc, &made, err) < 0)
        return -1;
    *ret = shown(a, &made);
    return 0;
}

/* Tags are filled in as in a member of a manifest. */
static int eval_tags(struct arena *a, struct str text, const struct eval_input *in,
                     struct str *ret, struct err *err)
{
    const struct expr_tag_scope scope = {.now = in->now};
    const struct subst_options opts = {.lookup = look_up,
                                       .lookup_ctx = in,
                                       .unresolved = SUBST_REFUSE,
                                       .expr = expr_tag,
                                       .expr_ctx = &scope};
    struct json doc = json_string(text), made;

    if (subst_json(a, &doc, &opts, &made, err) < 0)
        return -1;
    *ret = shown(a, &made);
    return 0;
}

static int eval_template(struct arena *a, struct str text, const struct eval_input *in,
                         struct str *ret, struct err *err)
{
    struct value_pair *pair = ARENA_NEW(a, struct value_pair);
    struct template_input input = {.now = in->now};

    *pair = (struct value_pair){value_string(STR("Input")), value_of_json(a, &in->doc)};
    input.dot = value_map(a, pair, 1);
    return template_eval(a, text, &input, ret, err);
}

static const struct eval_language languages[] = {
#define EVAL(word, text) {#word, text, eval_##word},
#include "cli/eval.def"
#undef EVAL
};

const struct eval_language *eval_language_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(languages); i++)
        if (strcmp(languages[i].name, name) == 0)
            return &languages[i];
    return NULL;
}

/* Does it begin as JSON does that is no YAML of people? */
static bool looks_like_json(struct str text)
{
    text = str_trim(text);
    if (!str_cut_prefix(&text, STR("{")))
        return str_starts(text, STR("["));
    return str_starts(str_trim(text), STR("\""));
}

int eval_read(struct arena *a, struct str text, struct eval_input *ret, struct err *err)
{
    struct err of_json;

    ret->source = text;
    if (json_parse(a, text, &ret->doc, &of_json) == 0)
        return 0;
    if (yaml_parse(a, text, &ret->doc, err) < 0) {
        if (looks_like_json(text))
            *err = of_json;
        return -1;
    }
    ret->source = json_text(a, &ret->doc, JSON_COMPACT);
    return 0;
}
