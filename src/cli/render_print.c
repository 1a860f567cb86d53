/* The calls of a workflow, printed. Pure. See render.h. */
#include "cli/render.h"

#include "cli/show.h"
#include "formats/yaml.h"

static void print_tag(struct strbuf *b, const struct render_tag *t)
{
    _cleanup_arena_ struct arena *a = arena_new();

    strbuf_addf(b, "# " STR_FMT, STR_ARG(show_one_line(a, t->tag)));
    if (!str_is_none(t->value))
        strbuf_addf(b, " = " STR_FMT, STR_ARG(show_one_line(a, t->value)));
    strbuf_addf(b, "   <- " STR_FMT "\n", STR_ARG(show_one_line(a, t->source)));
}

void render_print(struct strbuf *b, const struct render_calls *calls)
{
    for (size_t i = 0; i < calls->len; i++) {
        const struct render_call *c = &calls->at[i];

        strbuf_addf(b, "---\n# " STR_FMT, STR_ARG(c->name));
        if (c->template_name.len > 0)
            strbuf_addf(b, " (template " STR_FMT ")", STR_ARG(c->template_name));
        if (c->note.len > 0)
            strbuf_addf(b, ": " STR_FMT, STR_ARG(c->note));
        strbuf_addc(b, '\n');
        for (size_t k = 0; k < c->tag_count; k++)
            print_tag(b, &c->tags[k]);
        if (c->rendered.type == JSON_OBJECT)
            yaml_print(b, &c->rendered);
    }
}

static struct json tag_value(struct arena *a, const struct render_tag *t)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("tag"), json_string(t->tag));
    json_add(a, &b, STR("value"), str_is_none(t->value) ? json_null() : json_string(t->value));
    json_add(a, &b, STR("source"), json_string(t->source));
    return json_object(&b);
}

struct json render_value(struct arena *a, const struct render_calls *calls)
{
    struct json_array_builder all = {0};

    for (size_t i = 0; i < calls->len; i++) {
        const struct render_call *c = &calls->at[i];
        struct json_object_builder b = {0};
        struct json_array_builder tags = {0};

        for (size_t k = 0; k < c->tag_count; k++)
            json_push(a, &tags, tag_value(a, &c->tags[k]));
        json_add(a, &b, STR("name"), json_string(c->name));
        json_add(a, &b, STR("template"), json_string(c->template_name));
        json_add_str(a, &b, STR("note"), c->note);
        json_add(a, &b, STR("substitutions"), json_array(&tags));
        json_add(a, &b, STR("rendered"), c->rendered);
        json_push(a, &all, json_object(&b));
    }
    return json_array(&all);
}
