/*
 * Files of HDFS by WebHDFS, of a name node or of HttpFS before it. See hdfs_way.h. Who one is,
 * is told by user.name alone. Source: Hadoop's "WebHDFS REST API".
 */
#include <poll.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "clients/hdfs/hdfs_rpc.h"
#include "clients/hdfs/hdfs_way.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "io/http_client.h"

enum { REDIRECTS_MAX = 5 };

struct web {
    const struct hdfs_options *options;
    struct http_client *http;
    size_t current; /* which address is asked first */
};

/* One operation. */
struct operation {
    const char *method, *name;
    struct str path;
    struct str more; /* further parameters: "&a=b", or "" */
    /* OPEN: where the bytes go */
    hdfs_take_fn take;
    void *ctx;
    uint64_t taken;
    struct err err; /* of @take */
    bool is_refused;
    /* CREATE: which file */
    int from;
    uint64_t bytes;
};

static void *open_web(const struct hdfs_options *options, struct err *err)
{
    struct web *w;

    if (options->login) {
        err_set(err, ERR_UNSUPPORTED,
                "hdfs: Kerberos by WebHDFS is not supported: give the name node's RPC address, "
                "HOST:PORT");
        return NULL;
    }
    w = NEW(struct web);
    w->options = options;
    w->http = http_client_new();
    return w;
}

static void close_web(void *way)
{
    struct web *w = way;

    if (!w)
        return;
    http_client_free(w->http);
    free(w);
}

/* ---- requests ---- */

static struct str url_of(const struct web *w, struct arena *a, const struct operation *o)
{
    struct str base = w->options->addresses[w->current], rest = o->path, part;
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);

    while (str_ends(base, STR("/")))
        base.len--;
    strbuf_add(&b, base);
    if (!str_ends(base, STR("/webhdfs/v1")))
        strbuf_addz(&b, "/webhdfs/v1");
    while (str_cut(&rest, '/', &part))
        if (part.len > 0) {
            strbuf_addc(&b, '/');
            strbuf_add(&b, uri_escape(a, part));
        }
    if (str_is(o->path, "/"))
        strbuf_addc(&b, '/');
    strbuf_addf(&b, "?op=%s", o->name);
    if (!str_is_empty(w->options->user)) {
        strbuf_addz(&b, "&user.name=");
        strbuf_add(&b, uri_escape(a, w->options->user));
    }
    strbuf_add(&b, o->more);
    return str_copy(a, strbuf_str(&b));
}

static int on_chunk(void *ctx, struct str chunk)
{
    struct operation *o = ctx;

    if (o->take(o->ctx, chunk, &o->err) != 0) {
        o->is_refused = true;
        return -1;
    }
    o->taken += chunk.len;
    return 0;
}

/* What an answer that is no success says. */
static enum hdfs_failure explain(struct arena *a, const struct http_answer *answer,
                                 struct err *err)
{
    struct err ignored;
    struct json doc;
    const struct json *remote = NULL;
    struct str name, message;

    if (json_parse(a, answer->body, &doc, &ignored) == 0)
        remote = json_get(&doc, STR("RemoteException"));
    name = json_get_str(remote, STR("exception"));
    message = json_get_str(remote, STR("message"));
    if (!str_is_empty(name))
        return hdfs_exception(name, str_is_none(message) ? STR("") : message, err);
    err_set(err, http_status_kind(answer->status), "status %u", answer->status);
    return err_is_retryable(err) ? HDFS_STANDBY : HDFS_FAILED;
}

/* One request to the current address. */
static int call_current(struct web *w, struct arena *a, struct operation *o,
                        struct http_answer *ret, enum hdfs_failure *failure, struct err *err)
{
    const struct http_call call = {.method = str_from(o->method),
                                   .url = url_of(w, a, o),
                                   .stall_ms = w->options->stall_ms,
                                   .timeout_ms = o->take ? 0 : w->options->stall_ms,
                                   .cancel_fd = w->options->cancel_fd,
                                   .redirect_max = o->take ? REDIRECTS_MAX : 0,
                                   .refuses_link_local = true,
                                   .on_chunk = o->take ? on_chunk : NULL,
                                   .ctx = o};

    *failure = HDFS_HOPELESS;
    if (http_client_do(w->http, a, &call, ret, err) < 0) {
        if (o->is_refused)
            *err = o->err;
        else if (err_is_retryable(err))
            *failure = HDFS_BROKEN;
        return -1;
    }
    if (ret->status < 400)
        return 0;
    *failure = explain(a, ret, err);
    return err_wrap(err, "%s " STR_FMT ": name node " STR_FMT, o->name, STR_ARG(o->path),
                    STR_ARG(http_url_shown(a, w->options->addresses[w->current])));
}

static int pause_for(const struct web *w, uint64_t ms, struct err *err)
{
    struct pollfd fd = {.fd = w->options->cancel_fd, .events = POLLIN};

    if (poll(&fd, fd.fd > 0 ? 1 : 0, (int) ms) > 0)
        return err_set(err, ERR_CANCELLED, "asked to stop");
    return 0;
}

/* Of whichever name node is active. Reading that was cut off goes on where it was. */
static int call(struct web *w, struct arena *a, struct operation *o, struct http_answer *ret,
                struct err *err)
{
    uint64_t pause_ms = w->options->pause_ms;
    enum hdfs_failure failure;

    for (unsigned round = 0;; round++) {
        for (size_t i = 0; i < w->options->address_count; i++) {
            if (o->take)
                o->more = str_printf(a, "&offset=%llu", (unsigned long long) o->taken);
            if (call_current(w, a, o, ret, &failure, err) == 0)
                return 0;
            if (failure == HDFS_FAILED || failure == HDFS_HOPELESS)
                return -1;
            w->current = (w->current + 1) % w->options->address_count;
        }
        if (round + 1 >= HDFS_ROUNDS_MAX || pause_for(w, pause_ms, err) < 0)
            return -1;
        pause_ms *= 2;
    }
}

/* An operation whose answer is a document. */
static int ask(struct web *w, struct arena *a, struct operation *o, struct json *ret,
               struct err *err)
{
    struct http_answer answer;
    struct err ignored;

    if (o->more.ptr == NULL)
        o->more = STR("");
    if (call(w, a, o, &answer, err) < 0)
        return -1;
    if (str_is_empty(answer.body)) {
        *ret = json_object(&(struct json_object_builder){0});
        return 0;
    }
    return json_parse(a, answer.body, ret, &ignored) == 0
               ? 0
               : err_set(err, ERR_INVALID, "%s " STR_FMT ": the answer is no JSON", o->name,
                         STR_ARG(o->path));
}

/* ---- names ---- */

static uint64_t number_of(const struct json *status, const char *member)
{
    int64_t n;

    return json_i64(json_get(status, str_from(member)), &n) && n >= 0 ? (uint64_t) n : 0;
}

static struct str text_of(const struct json *status, const char *member)
{
    struct str text = json_get_str(status, str_from(member));

    return str_is_none(text) ? STR("") : text;
}

static void read_status(const struct json *from, struct hdfs_status *ret)
{
    struct str type = text_of(from, "type"), mode = text_of(from, "permission");

    *ret = (struct hdfs_status){.type = str_is(type, "DIRECTORY") ? HDFS_FOLDER
                                        : str_is(type, "FILE")    ? HDFS_FILE
                                                                  : HDFS_LINK,
                                .name = text_of(from, "pathSuffix"),
                                .bytes = number_of(from, "length"),
                                .modified_ms = number_of(from, "modificationTime"),
                                .owner = text_of(from, "owner"),
                                .group = text_of(from, "group"),
                                .file_id = number_of(from, "fileId"),
                                .is_encrypted = json_get_bool(from, STR("encBit")),
                                .is_striped = json_get_bool(from, STR("ecBit"))};
    for (size_t i = 0; i < mode.len && mode.ptr[i] >= '0' && mode.ptr[i] <= '7'; i++)
        ret->mode = (ret->mode << 3 | (uint32_t) (mode.ptr[i] - '0')) & 07777;
}

static int stat_path(void *way, struct arena *a, struct str path, struct hdfs_status *ret,
                     bool *ret_is_there, struct err *err)
{
    struct operation o = {.method = "GET", .name = "GETFILESTATUS", .path = path};
    struct json doc;

    *ret_is_there = false;
    if (ask(way, a, &o, &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    read_status(json_get(&doc, STR("FileStatus")), ret);
    *ret_is_there = true;
    return 0;
}

/* All of it is one page. */
static int list_page(void *way, struct arena *a, struct str path, struct str after,
                     struct hdfs_listing *ret, struct err *err)
{
    struct operation o = {.method = "GET", .name = "LISTSTATUS", .path = path};
    const struct json *item;
    struct hdfs_status entry;
    struct json doc;

    (void) after;
    *ret = (struct hdfs_listing){0};
    if (ask(way, a, &o, &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    ret->is_there = true;
    for (size_t i = 0;
         (item = json_item(json_path(&doc, "FileStatuses", "FileStatus", NULL), i)) != NULL;
         i++) {
        read_status(item, &entry);
        VEC_APUSH(a, &ret->entries, entry);
    }
    return 0;
}

/* An operation that answers whether it did something. */
static int ask_flag(struct web *w, struct arena *a, struct operation *o, bool *ret,
                    struct err *err)
{
    const struct json *flag;
    struct json doc;

    if (ask(w, a, o, &doc, err) < 0)
        return -1;
    flag = json_get(&doc, STR("boolean"));
    *ret = !flag || json_get_bool(&doc, STR("boolean"));
    return 0;
}

static int make_folders(void *way, struct arena *a, struct str path, struct err *err)
{
    struct operation o = {
        .method = "PUT", .name = "MKDIRS", .path = path, .more = STR("&permission=755")};
    bool is_made;

    if (ask_flag(way, a, &o, &is_made, err) < 0)
        return -1;
    return is_made ? 0
                   : err_set(err, ERR_INVALID, "MKDIRS " STR_FMT ": no folder was made",
                             STR_ARG(path));
}

static int remove_path(void *way, struct arena *a, struct str path, struct err *err)
{
    struct operation o = {
        .method = "DELETE", .name = "DELETE", .path = path, .more = STR("&recursive=true")};
    bool was_there;

    if (ask_flag(way, a, &o, &was_there, err) == 0 || err->kind == ERR_NOT_FOUND)
        return 0;
    return -1;
}

/* HttpFS knows no renameoptions, and answers no when something is there. */
static int rename_path(void *way, struct arena *a, struct str from, struct str to,
                       enum hdfs_put_mode mode, struct err *err)
{
    struct operation o = {.method = "PUT", .name = "RENAME", .path = from};
    bool is_done;

    o.more =
        str_printf(a, "&destination=" STR_FMT "&renameoptions=%s", STR_ARG(uri_escape(a, to)),
                   mode == HDFS_REPLACE ? "OVERWRITE" : "NONE");
    if (ask_flag(way, a, &o, &is_done, err) < 0)
        return -1;
    if (!is_done && mode == HDFS_REPLACE &&
        (remove_path(way, a, to, err) < 0 || ask_flag(way, a, &o, &is_done, err) < 0))
        return -1;
    return is_done
               ? 0
               : err_set(err, ERR_EXISTS, "RENAME: " STR_FMT " is there already", STR_ARG(to));
}

/* ---- bytes ---- */

static int read_path(void *way, struct arena *a, struct str path, hdfs_take_fn take, void *ctx,
                     struct err *err)
{
    struct operation o = {
        .method = "GET", .name = "OPEN", .path = path, .take = take, .ctx = ctx};
    struct hdfs_status status;
    struct http_answer answer;
    bool is_there;

    if (stat_path(way, a, path, &status, &is_there, err) < 0)
        return -1;
    if (!is_there || status.type != HDFS_FILE)
        return err_set(err, ERR_NOT_FOUND, "OPEN " STR_FMT ": there is no such file",
                       STR_ARG(path));
    if (call(way, a, &o, &answer, err) < 0)
        return -1;
    return o.taken == status.bytes
               ? 0
               : err_set(err, ERR_TRANSIENT, "OPEN " STR_FMT ": %llu of %llu bytes came",
                         STR_ARG(path), (unsigned long long) o.taken,
                         (unsigned long long) status.bytes);
}

/* The bytes go to the data node that the name node has named. */
static int send_file(struct web *w, struct arena *a, const struct operation *o, struct str url,
                     struct err *err)
{
    const struct http_header type = {STR("Content-Type"), STR("application/octet-stream")};
    const struct http_call call = {.method = STR("PUT"),
                                   .url = url,
                                   .headers = &type,
                                   .header_count = 1,
                                   .body_fd = o->bytes > 0 ? o->from : 0,
                                   .body_len = o->bytes,
                                   .stall_ms = w->options->stall_ms,
                                   .cancel_fd = w->options->cancel_fd,
                                   .refuses_link_local = true};
    struct http_answer answer;

    if (http_client_do(w->http, a, &call, &answer, err) < 0)
        return -1;
    if (answer.status >= 200 && answer.status < 300)
        return 0;
    explain(a, &answer, err);
    return err_wrap(err, "%s " STR_FMT ": data node " STR_FMT, o->name, STR_ARG(o->path),
                    STR_ARG(http_url_shown(a, url)));
}

static int write_path(void *way, struct arena *a, struct str path, int from, uint64_t bytes,
                      struct err *err)
{
    struct operation o = {.method = "PUT",
                          .name = "CREATE",
                          .path = path,
                          .more = STR("&overwrite=true&permission=644"),
                          .from = from,
                          .bytes = bytes};
    struct http_answer answer;
    struct str url;

    if (call(way, a, &o, &answer, err) < 0)
        return -1;
    url = http_answer_header(&answer, STR("Location"));
    if (str_is_empty(url))
        return err_set(err, ERR_INVALID,
                       "CREATE " STR_FMT ": status %u names no data node by Location",
                       STR_ARG(path), answer.status);
    return send_file(way, a, &o, url, err);
}

const struct hdfs_way hdfs_web = {.open = open_web,
                                  .close = close_web,
                                  .stat = stat_path,
                                  .list = list_page,
                                  .read = read_path,
                                  .write = write_path,
                                  .mkdirs = make_folders,
                                  .remove = remove_path,
                                  .rename = rename_path};
