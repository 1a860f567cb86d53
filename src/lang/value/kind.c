/* lang/value/kind.c - Go's names of types and kinds, and its zero values. Any thread. */
#include "formats/gotime.h"
#include "lang/value/value.h"

static const struct {
    const char *type, *kind;
} go_names[] = {
    [VALUE_GO_USUAL] = {"", ""},
    [VALUE_GO_INT64] = {"int64", "int64"},
    [VALUE_GO_INT32] = {"int32", "int32"},
    [VALUE_GO_UINT8] = {"uint8", "uint8"},
    [VALUE_GO_UINT32] = {"uint32", "uint32"},
    [VALUE_GO_UINT64] = {"uint64", "uint64"},
    [VALUE_GO_MONTH] = {"time.Month", "int"},
    [VALUE_GO_WEEKDAY] = {"time.Weekday", "int"},
    [VALUE_GO_STRINGS] = {"[]string", "slice"},
    [VALUE_GO_INTS] = {"[]int", "slice"},
    [VALUE_GO_FLOATS] = {"[]float64", "slice"},
    [VALUE_GO_PAIR] = {"[2]interface {}", "array"},
    [VALUE_GO_PAIRS] = {"[][2]interface {}", "slice"},
    [VALUE_GO_LISTS] = {"[][]interface {}", "slice"},
    [VALUE_GO_STRING_MAP] = {"map[string]string", "map"},
    [VALUE_GO_ANY_MAP] = {"map[interface {}]interface {}", "map"},
    [VALUE_GO_GROUPS] = {"map[interface {}][]interface {}", "map"},
    [VALUE_GO_CERTIFICATE] = {"sprig.certificate", "struct"},
};

static const struct {
    const char *type, *kind;
} names[] = {
    [VALUE_NIL] = {"<nil>", "invalid"},
    [VALUE_BOOL] = {"bool", "bool"},
    [VALUE_INT] = {"int", "int"},
    [VALUE_FLOAT] = {"float64", "float64"},
    [VALUE_STRING] = {"string", "string"},
    [VALUE_BYTES] = {"[]uint8", "slice"},
    [VALUE_ARRAY] = {"[]interface {}", "slice"},
    [VALUE_MAP] = {"map[string]interface {}", "map"},
    [VALUE_TIME] = {"time.Time", "struct"},
    [VALUE_DURATION] = {"time.Duration", "int64"},
    [VALUE_ZONE] = {"*time.Location", "ptr"},
    [VALUE_FUNCTION] = {"func(interface {}) interface {}", "func"},
    [VALUE_SEMVER] = {"*semver.Version", "ptr"},
};

const char *value_type_name(const struct value *v)
{
    if (v->type == VALUE_MAP && v->has_any_keys && !v->go)
        return "map[interface {}]interface {}";
    return v->go ? go_names[v->go].type : names[v->type].type;
}

const char *value_kind_name(const struct value *v)
{
    return v->go ? go_names[v->go].kind : names[v->type].kind;
}

bool value_is_empty(const struct value *v)
{
    switch (v->type) {
    case VALUE_NIL:
        return true;
    case VALUE_BOOL:
        return !v->is_true;
    case VALUE_INT:
    case VALUE_DURATION:
        return v->number == 0;
    case VALUE_FLOAT:
        return v->real == 0;
    case VALUE_STRING:
    case VALUE_BYTES:
    case VALUE_ARRAY:
        return v->count == 0;
    case VALUE_MAP:
        return v->go != VALUE_GO_CERTIFICATE && value_len(v) == 0;
    case VALUE_TIME:
    case VALUE_ZONE:
    case VALUE_FUNCTION:
    case VALUE_SEMVER:
        return false;
    }
    return false;
}
