/* Argo's jsonpath(): the paths are lang/jsonpath's. Any thread. */
#include "lang/jsonpath/jsonpath.h"
#include "base/limits.h"
#include "lang/expr/expr_internal.h"

int expr_jsonpath(struct value_run *r, struct str doc, struct str path, struct value *ret)
{
    size_t left = r->steps < VALUE_STEPS_MAX ? VALUE_STEPS_MAX - r->steps : 0, before = left;
    struct json root, found;
    int64_t count = 0;
    int rc;

    if (value_parse_json(r, doc, &root) < 0)
        return -1;
    rc = jsonpath_query(r->a, &root, path, &left, &found, r->err);
    if (rc < 0 || value_charge(r, before - left) < 0)
        return -1;
    if (found.pos == JSONPATH_COUNT_POS && json_i64(&found, &count))
        *ret = value_int64(count);
    else
        *ret = value_of_json(r->a, &found);
    return 0;
}
