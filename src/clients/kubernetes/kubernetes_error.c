/* What a cluster says when it refuses, in kubectl's words. See kubernetes_internal.h. */
#include "base/strbuf.h"
#include "clients/kubernetes/kubernetes_internal.h"

enum { SHOWN_MAX = 400 };

static enum err_kind kind_of(unsigned status, struct str reason)
{
    static const struct {
        const char *reason;
        enum err_kind kind;
    } reasons[] = {
        {"AlreadyExists", ERR_EXISTS},
        {"Conflict", ERR_CONFLICT},
        {"NotFound", ERR_NOT_FOUND},
        {"Forbidden", ERR_DENIED},
        {"Unauthorized", ERR_UNAUTHORIZED},
        {"Invalid", ERR_INVALID},
        {"Expired", ERR_GONE},
        {"Gone", ERR_GONE},
    };

    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (str_is(reason, reasons[i].reason))
            return reasons[i].kind;
    return status == 409 ? ERR_CONFLICT : http_status_kind(status);
}

/* "The Service "x" is invalid: spec.ports: Required value", one cause a line when there are
 * several. */
static struct str invalid_text(struct arena *a, const struct json *details)
{
    const struct json *causes = json_get(details, STR("causes")), *cause;
    bool is_one = !json_item(causes, 1);
    struct str text = str_printf(a, "The " STR_FMT " \"" STR_FMT "\" is invalid: ",
                                 STR_ARG(json_get_str(details, STR("kind"))),
                                 STR_ARG(json_get_str(details, STR("name"))));

    for (size_t i = 0; (cause = json_item(causes, i)) != NULL; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(text),
                          is_one ? "" : "\n* ", STR_ARG(json_get_str(cause, STR("field"))),
                          STR_ARG(json_get_str(cause, STR("message"))));
    return text;
}

int kubernetes_fail(struct arena *a, const struct kubernetes_call *call,
                    const struct http_answer *answer, struct err *err)
{
    struct json status = {0};
    struct err ignored;
    struct str message = STR(""), reason = STR("");
    enum err_kind kind;

    if (json_parse(a, answer->body, &status, &ignored) == 0 &&
        str_is(json_get_str(&status, STR("kind")), "Status")) {
        message = json_get_str(&status, STR("message"));
        reason = json_get_str(&status, STR("reason"));
    } else {
        message = str_printf(a, "status %u: " STR_FMT, answer->status,
                             STR_ARG(str_head(answer->body, SHOWN_MAX)));
    }
    kind = kind_of(answer->status, reason);
    if (kind == ERR_UNAUTHORIZED)
        return err_set(err, kind, "error: You must be logged in to the server (Unauthorized)");
    if (str_is(reason, "Invalid") &&
        json_item(json_path(&status, "details", "causes", NULL), 0))
        return err_set(err, kind, STR_FMT,
                       STR_ARG(invalid_text(a, json_get(&status, STR("details")))));
    return err_set(err, kind, "Error from server%s" STR_FMT "%s: %s%s" STR_FMT,
                   reason.len ? " (" : "", STR_ARG(reason), reason.len ? ")" : "",
                   call->doing ? call->doing : "", call->doing ? ": " : "", STR_ARG(message));
}
