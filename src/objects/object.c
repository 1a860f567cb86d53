/*
 * Reading manifests, the rules of names, and what an object gets at its creation. Field tables
 * (field.h) check the rest of an object.
 */
#include "objects/object_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <time.h>

#include "base/limits.h"
#include "base/vec.h"
#include "formats/yaml.h"
#include "objects/cron_workflow.h"
#include "objects/job.h"
#include "objects/validate/validate.h"
#include "objects/validate/workflow_validate.h"

typedef VEC(struct object_document) document_vec;

/* ---- reading ---- */

static int add_document(struct arena *a, document_vec *list, struct str source, struct str text,
                        const struct json *value, struct err *err)
{
    struct str kind = json_get_str(value, STR("kind"));
    const struct json *items = json_get(value, STR("items"));
    struct object_document doc = {.value = *value, .source = source, .text = text};
    unsigned line, column;

    if (str_is(kind, "List")) {
        for (uint32_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++)
            if (add_document(a, list, source, text, &items->items[i], err) < 0)
                return -1;
        return 0;
    }
    if (value->type != JSON_OBJECT || str_is_empty(kind)) {
        json_position(text, value->pos, &line, &column);
        return err_set(err, ERR_INVALID,
                       STR_FMT ":%u:%u: a document must be an object with apiVersion and kind",
                       STR_ARG(source), line, column);
    }
    doc.version = json_get_str(value, STR("apiVersion"));
    doc.kind = object_kind_find(doc.version, kind);
    if (doc.kind)
        doc.value = object_in(a, doc.kind, value);
    VEC_APUSH(a, list, doc);
    return 0;
}

/* "line L, column C: text" of a parser becomes "file:L:C: text", with the mend if there is one.
 */
static int locate(struct arena *a, struct str source, struct str text, struct err *err)
{
    struct str rest = str_copy(a, str_from(err->text)), line, column, mend = STR_NONE;
    uint64_t number;

    if (!str_starts(rest, STR("line ")) || !str_cut(&rest, ',', &line) ||
        !str_starts(rest, STR(" column ")) || !str_cut(&rest, ':', &column))
        return err_wrap(err, STR_FMT, STR_ARG(source));
    line = str_skip(line, 5);
    if (parse_u64(line, &number) && str_find(rest, STR("a flow ")) == SIZE_MAX)
        mend = object_mend_indent(a, text, number);
    return err_set(err, err->kind, STR_FMT ":" STR_FMT ":" STR_FMT ":" STR_FMT "%s" STR_FMT,
                   STR_ARG(source), STR_ARG(line), STR_ARG(str_skip(column, 8)), STR_ARG(rest),
                   mend.len > 0 ? ": " : "", STR_ARG(mend));
}

/* "text (line L, column C)" of the JSON parser becomes "file:L:C: text". */
static int locate_json(struct arena *a, struct str source, const struct err *from,
                       struct err *err)
{
    struct str text = str_copy(a, str_from(from->text)), line, column;
    size_t at = str_find(text, STR(" (line "));
    struct str rest = at == SIZE_MAX ? STR_NONE : str_skip(text, at + 7);

    if (at == SIZE_MAX || !str_cut(&rest, ',', &line) || !str_starts(rest, STR(" column ")))
        return err_set(err, from->kind, STR_FMT ": " STR_FMT, STR_ARG(source), STR_ARG(text));
    rest = str_skip(rest, 8);
    str_cut(&rest, ')', &column);
    return err_set(err, from->kind, STR_FMT ":" STR_FMT ":" STR_FMT ": " STR_FMT,
                   STR_ARG(source), STR_ARG(line), STR_ARG(column),
                   STR_ARG(str_head(text, at)));
}

/* A text that is one JSON object, as programs send: an order of magnitude faster than YAML. */
static bool is_json(struct arena *a, struct str text, struct json *ret, struct err *err)
{
    return str_starts(str_trim(text), STR("{")) && json_parse(a, text, ret, err) == 0;
}

int object_read(struct arena *a, struct str source, struct str text,
                struct object_documents *ret, struct err *err)
{
    document_vec list = {0};
    struct yaml_documents docs;
    struct err json_err = {0};
    struct json one;

    if (text.len > MANIFEST_MAX_BYTES)
        return err_set(err, ERR_LIMIT, STR_FMT ": manifest of %zu bytes (limit %d)",
                       STR_ARG(source), text.len, MANIFEST_MAX_BYTES);
    if (is_json(a, text, &one, &json_err)) {
        docs = (struct yaml_documents){.at = &one, .len = 1};
    } else if (yaml_parse_all(a, text, &docs, err) < 0) {
        bool is_meant_as_json = str_starts(str_trim(text), STR("{\""));

        return is_meant_as_json ? locate_json(a, source, &json_err, err)
                                : locate(a, source, text, err);
    }
    for (size_t i = 0; i < docs.len; i++)
        if (add_document(a, &list, source, text, &docs.at[i], err) < 0)
            return -1;
    *ret = (struct object_documents){.at = list.at, .len = list.len};
    return 0;
}

/* ---- members ---- */

struct str object_name(const struct json *doc)
{
    return json_str(json_path(doc, "metadata", "name", NULL));
}

struct str object_namespace(const struct json *doc)
{
    return json_str(json_path(doc, "metadata", "namespace", NULL));
}

struct str object_uid(const struct json *doc)
{
    return json_str(json_path(doc, "metadata", "uid", NULL));
}

struct str object_label(const struct json *doc, struct str key)
{
    return json_get_str(json_path(doc, "metadata", "labels", NULL), key);
}

struct str object_annotation(const struct json *doc, struct str key)
{
    return json_get_str(json_path(doc, "metadata", "annotations", NULL), key);
}

bool object_is_paused(const struct json *doc)
{
    return str_is(object_annotation(doc, STR(OBJECT_PAUSED)), "true");
}

/* ---- checks ---- */

enum {
    NAMESPACE_MAX_BYTES = 63,
    GENERATE_BASE_MAX_BYTES = 58, /* as the API server: a label's 63 bytes less the suffix */
};

static void add_fault(struct arena *a, struct field_faults *faults, enum err_kind kind,
                      struct str path, struct str text, uint32_t pos)
{
    VEC_APUSH(a, faults,
              ((struct field_fault){.kind = kind, .path = path, .text = text, .pos = pos}));
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A label of RFC 1123 without its limit of length: no way to a path of any kind. */
bool object_is_label(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alphanumeric(s.ptr[i]) && (s.ptr[i] != '-' || i == 0 || i + 1 == s.len))
            return false;
    return s.len > 0;
}

bool object_is_subdomain(struct str s)
{
    struct str rest = s, label;

    while (str_cut(&rest, '.', &label))
        if (!object_is_label(label))
            return false;
    return s.len > 0 && s.len <= OBJECT_NAME_MAX_BYTES;
}

static struct str lower(struct arena *a, struct str s)
{
    char *text = str_cz(a, s);

    for (size_t i = 0; i < s.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char) (text[i] - 'A' + 'a');
    return str_of(text, s.len);
}

/* RFC 1123 as Kubernetes words it; an upper-case name gets its mend. @name may be a beginning,
 * which may end with a dash. */
static void check_name(struct arena *a, const struct json *name, struct str path,
                       struct field_faults *faults)
{
    struct str text = json_str(name);
    bool is_beginning = str_is(path, "metadata.generateName"), has_upper = false;

    for (size_t i = 0; i < text.len; i++)
        has_upper |= text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
    if (object_is_subdomain(text) ||
        (is_beginning && (text.len > OBJECT_NAME_MAX_BYTES || str_ends(text, STR("-"))) &&
         object_is_subdomain(str_concat(a, str_head(text, GENERATE_BASE_MAX_BYTES), STR("a")))))
        return;
    if (has_upper)
        add_fault(a, faults, ERR_INVALID, path,
                  str_printf(
                      a,
                      "name \"" STR_FMT
                      "\" has upper-case letters: object names are lower case, write \"" STR_FMT
                      "\"",
                      STR_ARG(text), STR_ARG(lower(a, text))),
                  name->pos);
    else
        add_fault(
            a, faults, ERR_INVALID, path,
            str_printf(
                a,
                "Invalid value: \"" STR_FMT
                "\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                "characters, '-' or '.', and must start and end with an alphanumeric character",
                STR_ARG(text)),
            name ? name->pos : JSON_NO_POS);
}

static uint32_t kind_pos(const struct json *doc)
{
    const struct json *kind = json_get(doc, STR("kind"));

    return kind ? kind->pos : doc->pos;
}

/* ": did you mean "Workflow"?" of the same group, or "". */
static const char *near_kind(struct arena *a, const struct json *doc)
{
    struct str name = json_get_str(doc, STR("kind")),
               group = json_get_str(doc, STR("apiVersion"));
    unsigned least = UINT32_MAX;
    const char *near = NULL;
    size_t count;
    const struct object_kind *kinds = object_kinds(&count);

    group = str_find_char(group, '/') < group.len ? str_head(group, str_find_char(group, '/'))
                                                  : STR("");
    for (size_t i = 0; i < count; i++) {
        unsigned far = field_farness(name, str_from(kinds[i].kind));

        if (far < least && str_is(group, kinds[i].group)) {
            least = far;
            near = kinds[i].kind;
        }
    }
    return near ? str_printf(a, ": did you mean \"%s\"?", near).ptr : "";
}

/* The rules of the kind that no table can say. */
static int check_rules(const struct object_document *doc, struct validate_item *at,
                       struct err *err)
{
    if (strcmp(doc->kind->kind, "EventSource") == 0)
        return validate_event_source(&doc->value, at, err);
    if (strcmp(doc->kind->kind, "Sensor") == 0)
        return validate_sensor(&doc->value, VALIDATE_BUS_EMBEDDED, clock_wall(), at, err);
    if (strcmp(doc->kind->kind, "EventBus") == 0)
        return validate_event_bus(&doc->value, at, err);
    return 0;
}

static void add_broken_rule(struct arena *a, const struct object_document *doc,
                            struct field_faults *faults)
{
    const struct json *spec = json_get(&doc->value, STR("spec"));
    struct validate_item at = {0};
    struct str path = STR("spec");
    struct err err = {0};

    if (check_rules(doc, &at, &err) == 0)
        return;
    if (at.value && !str_is_none(at.name))
        path = str_printf(a, "spec.%s." STR_FMT, at.list, STR_ARG(at.name));
    else if (at.value && at.index == UINT32_MAX)
        path = str_printf(a, "spec.%s", at.list);
    else if (at.value)
        path = str_printf(a, "spec.%s[%u]", at.list, at.index);
    add_fault(a, faults, ERR_INVALID, path,
              err.text[0] ? str_copy(a, str_from(err.text))
                          : STR("a source that is called over HTTP needs \"webhook\""),
              at.value ? at.value->pos
              : spec   ? spec->pos
                       : doc->value.pos);
}

/* The rules of workflows and templates, as far as the object alone tells. */
static void check_templates(struct arena *a, const struct object_document *doc,
                            struct field_faults *faults)
{
    const struct validate_request request = {.doc = &doc->value, .purpose = VALIDATE_LINT};
    const struct json *spec = json_get(&doc->value, STR("spec"));
    struct err err = {0};
    uint32_t pos;

    if (validate_workflow(a, &request, &pos, &err) == 0)
        return;
    add_fault(a, faults, err.kind, STR(""), str_copy(a, str_from(err.text)),
              pos == JSON_NO_POS && spec ? spec->pos : pos);
}

/* Names of roles and bindings are a part of a path: "system:reader". */
static void check_part(struct arena *a, const struct json *name, struct str path,
                       struct field_faults *faults)
{
    struct str text = json_str(name);
    bool is_beginning = str_is(path, "metadata.generateName");
    const char *why = NULL;

    if (!is_beginning && (str_is(text, ".") || str_is(text, "..")))
        why = "may not be '.' or '..'";
    else if (str_find_char(text, '/') != SIZE_MAX)
        why = "may not contain '/'";
    else if (str_find_char(text, '%') != SIZE_MAX)
        why = "may not contain '%'";
    else if (text.len == 0)
        why = "must not be empty";
    if (why)
        add_fault(a, faults, ERR_INVALID, path,
                  str_printf(a, "Invalid value: \"" STR_FMT "\": %s", STR_ARG(text), why),
                  name->pos);
}

/* A namespace is one label. */
static void check_label(struct arena *a, const struct json *name, struct str path,
                        struct field_faults *faults)
{
    struct str text = json_str(name);
    const char *why = text.len > NAMESPACE_MAX_BYTES         ? "must be no more than 63 bytes"
                      : str_find_char(text, '.') != SIZE_MAX ? "must not contain dots"
                                                             : NULL;

    if (why)
        add_fault(a, faults, ERR_INVALID, path,
                  str_printf(a, "Invalid value: \"" STR_FMT "\": %s", STR_ARG(text), why),
                  name->pos);
    else
        check_name(a, name, path, faults);
}

static void check_name_of(struct arena *a, const struct object_kind *kind,
                          const struct json *name, struct str path, struct field_faults *faults)
{
    if (strcmp(kind->group, "rbac.authorization.k8s.io") == 0)
        check_part(a, name, path, faults);
    else if (strcmp(kind->kind, "Namespace") == 0)
        check_label(a, name, path, faults);
    else
        check_name(a, name, path, faults);
}

/* What no table says of metadata: the rules of its name. */
static void check_metadata(struct arena *a, const struct object_document *doc,
                           struct field_faults *faults)
{
    const struct json *meta = json_get(&doc->value, STR("metadata"));
    const struct json *name = json_get(meta, STR("name"));
    const struct json *generate = json_get(meta, STR("generateName"));
    bool is_given = name && name->type != JSON_NULL;

    if (!json_is(meta, JSON_OBJECT))
        return;
    object_check_labels(a, STR("metadata"), meta, faults);
    if (json_is(generate, JSON_STRING) && generate->count > 0)
        check_name_of(a, doc->kind, generate, STR("metadata.generateName"), faults);
    if (json_is(name, JSON_STRING))
        check_name_of(a, doc->kind, name, STR("metadata.name"), faults);
    else if (!is_given && str_is_empty(json_get_str(meta, STR("generateName"))))
        add_fault(a, faults, ERR_INVALID, STR("metadata.name"),
                  STR("Required value: name or generateName is required"), meta->pos);
}

static bool has_templates(const struct object_kind *kind)
{
    static const char *const kinds[] = {"Workflow", "WorkflowTemplate",
                                        "ClusterWorkflowTemplate", "CronWorkflow"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kind->kind, kinds[i]) == 0)
            return true;
    return false;
}

bool object_check_fields(struct arena *a, const struct object_document *doc,
                         struct field_faults *faults)
{
    size_t before = faults->len;

    if (!doc->kind) {
        add_fault(a, faults, ERR_INVALID, STR("kind"),
                  str_printf(a, "no kind " STR_FMT " in " STR_FMT "%s",
                             STR_ARG(json_get_str(&doc->value, STR("kind"))),
                             STR_ARG(json_get_str(&doc->value, STR("apiVersion"))),
                             near_kind(a, &doc->value)),
                  kind_pos(&doc->value));
        return false;
    }
    if (doc->kind->is_unbuilt)
        add_fault(a, faults, ERR_UNSUPPORTED, STR("kind"),
                  str_printf(a, "%s is not supported yet", doc->kind->kind),
                  kind_pos(&doc->value));
    check_metadata(a, doc, faults);
    field_check(a, doc->kind->shape, &doc->value, STR(""), faults);
    if (has_templates(doc->kind))
        object_legacy_check(a, &doc->value, faults);
    return faults->len == before;
}

bool object_check(struct arena *a, const struct object_document *doc,
                  struct field_faults *faults)
{
    size_t before = faults->len;

    if (!object_check_fields(a, doc, faults))
        return false;
    add_broken_rule(a, doc, faults);
    if (faults->len == before)
        object_job_check(a, doc, faults);
    if (faults->len == before)
        object_plain_check(a, doc, faults);
    if (faults->len == before)
        check_templates(a, doc, faults);
    return faults->len == before;
}

/* "n" is false in YAML: who wrote it sees no false. */
static struct str boolean_note(struct arena *a, const struct object_document *doc,
                               const struct field_fault *fault)
{
    struct str rest, word;
    size_t len = 0;

    if (fault->what != FIELD_WRONG_TYPE || fault->pos >= doc->text.len)
        return STR("");
    rest = str_skip(doc->text, fault->pos);
    while (len < rest.len && isalpha((unsigned char) rest.ptr[len]))
        len++;
    word = str_head(rest, len);
    for (int i = 0; len > 0 && i < 2; i++) {
        const char *value = i ? "true" : "false";
        struct str found = str_printf(a, "found %s", value);

        if (str_find(fault->text, found) != SIZE_MAX && !str_eq_nocase(word, str_from(value)))
            return str_printf(a, " (YAML reads " STR_FMT " as %s)", STR_ARG(word), value);
    }
    return STR("");
}

struct str object_fault_text(struct arena *a, const struct object_document *doc,
                             const struct field_fault *fault)
{
    struct str text = fault->path.len ? str_printf(a, STR_FMT ": " STR_FMT,
                                                   STR_ARG(fault->path), STR_ARG(fault->text))
                                      : fault->text;
    unsigned line, column;

    if (fault->pos == JSON_NO_POS || doc->text.len == 0)
        return text;
    json_position(doc->text, fault->pos, &line, &column);
    return str_printf(a, STR_FMT ":%u:%u: " STR_FMT STR_FMT, STR_ARG(doc->source), line, column,
                      STR_ARG(text), STR_ARG(boolean_note(a, doc, fault)));
}

int object_faults_err(struct arena *a, const struct object_document *doc,
                      const struct field_faults *faults, struct err *err)
{
    enum { REST_MAX_BYTES = 32 }; /* for "; and 99 more" */
    struct str joined = STR(""), more = STR("");
    size_t told = 0;

    for (; told < faults->len; told++) {
        struct str text = object_fault_text(a, doc, &faults->at[told]);

        if (told > 0 && joined.len + text.len + REST_MAX_BYTES > ERR_TEXT_MAX_BYTES)
            break;
        joined = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(joined), told ? "; " : "",
                            STR_ARG(text));
    }
    if (told < faults->len)
        more = str_printf(a, "; and %zu more", faults->len - told);
    joined = str_head(joined, ERR_TEXT_MAX_BYTES - REST_MAX_BYTES);
    return err_set(err, faults->len ? faults->at[0].kind : ERR_INVALID, STR_FMT STR_FMT,
                   STR_ARG(joined), STR_ARG(more));
}

/* ---- creation ---- */

static struct str print_uuid(struct arena *a, const uint8_t r[16])
{
    return str_printf(a,
                      "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                      r[0], r[1], r[2], r[3], r[4], r[5], r[6] & 15, r[7], (r[8] & 0x3f) | 0x80,
                      r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static struct str print_suffix(struct arena *a, const uint8_t r[16])
{
    static const char letters[] =
        "bcdfghjklmnpqrstvwxz2456789"; /* Kubernetes': no vowels, no 0 1 3 */
    char *text = arena_alloc(a, OBJECT_GENERATED_SUFFIX_BYTES + 1);

    for (size_t i = 0; i < OBJECT_GENERATED_SUFFIX_BYTES; i++)
        text[i] = letters[r[i] % (sizeof(letters) - 1)];
    return str_of(text, OBJECT_GENERATED_SUFFIX_BYTES);
}

struct str object_time_text(struct arena *a, int64_t now_ms)
{
    time_t seconds = (time_t) (now_ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return str_printf(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static int prepare_name(struct arena *a, const uint8_t random[16], struct json *meta,
                        struct err *err)
{
    struct str generate = json_get_str(meta, STR("generateName"));

    if (!str_is_empty(json_get_str(meta, STR("name"))))
        return 0;
    if (str_is_empty(generate))
        return err_set(err, ERR_INVALID, "metadata: name or generateName is required");
    *meta = json_set(a, meta, STR("name"),
                     json_string(str_concat(a, str_head(generate, GENERATE_BASE_MAX_BYTES),
                                            print_suffix(a, random))));
    return 0;
}

static int prepare_namespace(struct arena *a, const struct object_kind *kind, struct str ns,
                             struct json *meta, struct err *err)
{
    struct str own = json_get_str(meta, STR("namespace"));

    if (!kind->is_namespaced) {
        *meta = json_without(a, meta, STR("namespace"));
        return 0;
    }
    if (!str_is_empty(own) && !str_is_empty(ns) && !str_eq(own, ns))
        return err_set(err, ERR_INVALID,
                       "the namespace of the provided object does not match the namespace sent "
                       "on the request");
    if (str_is_empty(own))
        own = str_is_empty(ns) ? STR("default") : ns;
    if (!object_is_label(own) || own.len > NAMESPACE_MAX_BYTES)
        return err_set(
            err, ERR_INVALID,
            "metadata.namespace: Invalid value: \"" STR_FMT
            "\": a lowercase RFC 1123 label must consist of lower case alphanumeric "
            "characters or '-', and must start and end with an alphanumeric character",
            STR_ARG(own));
    *meta = json_set(a, meta, STR("namespace"), json_string(own));
    return 0;
}

/* Kubernetes' plain kinds have no wanted state whose versions would count. */
static bool counts_generations(const struct object_kind *kind)
{
    return strcmp(kind->group, "argoproj.io") == 0 || strcmp(kind->group, "batch") == 0 ||
           strcmp(kind->kind, "Pod") == 0;
}

int object_prepare(struct arena *a, const struct object_kind *kind, const struct json *doc,
                   struct str ns, int64_t now_ms, const uint8_t random[16], struct json *ret,
                   struct err *err)
{
    struct json meta = json_set(a, json_get(doc, STR("metadata")), STR("uid"),
                                json_string(print_uuid(a, random)));
    struct json made;

    if (prepare_name(a, random, &meta, err) < 0 ||
        prepare_namespace(a, kind, ns, &meta, err) < 0)
        return -1;
    meta =
        json_set(a, &meta, STR("creationTimestamp"), json_string(object_time_text(a, now_ms)));
    meta = counts_generations(kind) ? json_set(a, &meta, STR("generation"), json_int(a, 1))
                                    : json_without(a, &meta, STR("generation"));
    meta = json_without(a, &meta, STR("selfLink"));
    meta = json_without(a, &meta, STR("resourceVersion"));
    meta = json_without(a, &meta, STR("deletionTimestamp"));
    meta = json_without(a, &meta, STR("deletionGracePeriodSeconds"));
    made = object_in(a, kind, doc);
    made = json_set(a, &made, STR("metadata"), meta);
    made = json_without(a, &made, STR("status"));
    made = object_set_defaults(a, kind, &made);
    *ret = object_without_empty(a, kind, &made);
    return 0;
}
