/*
 * artifacts/plugin.c - artifacts behind a driver of somebody else's: a gRPC server on a unix
 * socket, upstream's artifact.ArtifactService. It loads and saves files at paths of ours, so it
 * runs on this machine and may read and write what the daemon may; downloads come as a stream.
 *
 * What it says went wrong is an error of the artifact: "plugin NAME load failed: ...".
 * Source: ../shared/spec/workflows.md 5.9; pkg/apiclient/artifact/artifact.proto of upstream.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "artifacts/driver.h"
#include "artifacts/plugins.h"
#include "base/limits.h"
#include "formats/protowire.h"
#include "io/grpc_client.h"

/* Numbers of members. */
enum {
    PLUGIN_NAME = 1,
    PLUGIN_CONFIGURATION,
    PLUGIN_TIMEOUT_SECONDS,
    PLUGIN_KEY,

    ARTIFACT_NAME = 1,
    ARTIFACT_PATH,
    ARTIFACT_MODE,
    ARTIFACT_FROM,
    ARTIFACT_PLUGIN,
    ARTIFACT_OPTIONAL,
    ARTIFACT_SUB_PATH,
    ARTIFACT_RECURSE_MODE,
    ARTIFACT_FROM_EXPRESSION,
    ARTIFACT_DELETED,
};

/* An open plugin. */
struct session {
    const struct artifact_call *c;
    const struct json *place;
    struct str name;
    const char *socket;
    struct http_client *client;
};

/* ---- which one ---- */

static uint64_t connect_ms(const struct json *place, const struct json *driver)
{
    const struct json *const holders[] = {place, driver};

    for (size_t i = 0; i < COUNT_OF(holders); i++) {
        int64_t seconds;

        if (json_i64(json_get(holders[i], STR("connectionTimeoutSeconds")), &seconds) &&
            seconds > 0)
            return (uint64_t) seconds * 1000;
    }
    return ARTIFACT_PLUGIN_CONNECT_MS;
}

static int open_session(const struct artifact_call *c, const struct json *place,
                        struct session *ret, struct err *err)
{
    struct str name = json_get_str(place, STR("name"));
    const struct json *driver;

    if (str_is_empty(name))
        return err_set(err, ERR_INVALID,
                       "plugin.name must name a driver of the controller's artifactDrivers");
    if (!c->house->plugins || !c->house->plugin)
        return err_set(err, ERR_UNSUPPORTED, "artifact driver " STR_FMT ": there are none here",
                       STR_ARG(name));
    if (c->house->plugin(c->house->plugin_ctx, c->a, name, &driver, err) < 0)
        return -1;
    *ret = (struct session){.c = c, .place = place, .name = name};
    if (artifact_plugin_socket(c->house->plugins, c->a, driver, connect_ms(place, driver),
                               &ret->socket, err) < 0)
        return -1;
    ret->client = http_client_new();
    return 0;
}

/* ---- messages ---- */

static void put_text(struct strbuf *b, uint32_t number, const struct json *holder,
                     const char *member)
{
    struct str text = json_get_str(holder, str_from(member));

    if (!str_is_empty(text))
        protowire_put_bytes(b, number, text);
}

static void put_flag(struct strbuf *b, uint32_t number, const struct json *holder,
                     const char *member)
{
    if (json_get_bool(holder, str_from(member)))
        protowire_put_whole(b, number, 1);
}

static void put_whole(struct strbuf *b, uint32_t number, const struct json *holder,
                      const char *member)
{
    int64_t whole;

    if (json_i64(json_get(holder, str_from(member)), &whole) && whole != 0)
        protowire_put_whole(b, number, (uint64_t) whole);
}

static void put_artifact(struct strbuf *b, uint32_t number, const struct session *s)
{
    const struct json *artifact = s->c->artifact;
    size_t whole = protowire_begin(b, number), part;

    put_text(b, ARTIFACT_NAME, artifact, "name");
    put_text(b, ARTIFACT_PATH, artifact, "path");
    put_whole(b, ARTIFACT_MODE, artifact, "mode");
    put_text(b, ARTIFACT_FROM, artifact, "from");
    part = protowire_begin(b, ARTIFACT_PLUGIN);
    put_text(b, PLUGIN_NAME, s->place, "name");
    put_text(b, PLUGIN_CONFIGURATION, s->place, "configuration");
    put_whole(b, PLUGIN_TIMEOUT_SECONDS, s->place, "connectionTimeoutSeconds");
    put_text(b, PLUGIN_KEY, s->place, "key");
    protowire_end(b, part);
    put_flag(b, ARTIFACT_OPTIONAL, artifact, "optional");
    put_text(b, ARTIFACT_SUB_PATH, artifact, "subPath");
    put_flag(b, ARTIFACT_RECURSE_MODE, artifact, "recurseMode");
    put_text(b, ARTIFACT_FROM_EXPRESSION, artifact, "fromExpression");
    put_flag(b, ARTIFACT_DELETED, artifact, "deleted");
    protowire_end(b, whole);
}

/* ---- calls ---- */

/* One method: what it is called, which member is the artifact and which a path. */
struct method {
    const char *name, *words;
    uint32_t artifact, path;
};

static const struct method load_method = {"Load", "load", 1, 2},
                           save_method = {"Save", "save", 2, 1},
                           delete_method = {"Delete", "delete", 1, 0},
                           list_method = {"ListObjects", "list objects", 1, 0},
                           folder_method = {"IsDirectory", "is directory check", 1, 0},
                           stream_method = {"OpenStream", "open stream", 1, 0};

static int fail(const struct session *s, const struct method *m, struct err *err)
{
    return err_wrap(err, "plugin " STR_FMT " %s failed", STR_ARG(s->name), m->words);
}

static int make_call(const struct session *s, const struct method *m, struct str path,
                     struct grpc_call *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(GRPC_MESSAGE_MAX_BYTES);
    struct str message;

    if (m->path == 1)
        protowire_put_bytes(&b, m->path, path);
    put_artifact(&b, m->artifact, s);
    if (m->path > 1)
        protowire_put_bytes(&b, m->path, path);
    if (strbuf_finish(&b, &message, err) < 0)
        return -1;
    *ret = (struct grpc_call){.socket = s->socket,
                              .method =
                                  str_printf(s->c->a, "artifact.ArtifactService/%s", m->name),
                              .request = str_copy(s->c->a, message),
                              .timeout_ms = ARTIFACT_PLUGIN_CALL_MS,
                              .cancel_fd = -1};
    return 0;
}

static int ask(const struct session *s, const struct method *m, struct str path,
               struct str *ret, struct err *err)
{
    struct grpc_call call;

    return make_call(s, m, path, &call, err) < 0 ||
                   grpc_client_unary(s->client, s->c->a, &call, ret, err) < 0
               ? fail(s, m, err)
               : 0;
}

static int is_no_message(struct err *err)
{
    return err_set(err, ERR_INVALID, "the answer is no message of artifact.ArtifactService");
}

/* What the answers of Load, Save and Delete say: done, or why not. */
static int judge(const struct session *s, const struct method *m, struct str answer,
                 struct err *err)
{
    struct str why = STR("");
    struct protowire_field f;
    bool is_done = false;
    int more;

    while ((more = protowire_next(&answer, &f)) > 0) {
        if (f.number == 1)
            is_done = f.whole != 0;
        else if (f.number == 2)
            why = f.bytes;
    }
    if (more < 0)
        is_no_message(err);
    else if (is_done)
        return 0;
    else
        err_set(err, ERR_INVALID, STR_FMT,
                STR_ARG(str_is_empty(why) ? STR("it does not say why") : why));
    return fail(s, m, err);
}

/* A call that is done or not. */
static int carry_out(const struct artifact_call *c, const struct json *place,
                     const struct method *m, struct str path, struct err *err)
{
    struct session s;
    struct str answer;
    int result;

    if (open_session(c, place, &s, err) < 0)
        return -1;
    result = ask(&s, m, path, &answer, err);
    if (result == 0)
        result = judge(&s, m, answer, err);
    http_client_free(s.client);
    return result;
}

/* The path of a file in an open folder, as others find it. */
static int path_of(struct arena *a, int dir, const char *name, struct str *ret, struct err *err)
{
    char link[64], path[PATH_MAX];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
    len = readlink(link, path, sizeof(path));
    if (len <= 0 || len == (ssize_t) sizeof(path))
        return err_sys(err, len < 0 ? errno : ENAMETOOLONG, "find the folder of an artifact");
    *ret = str_printf(a, STR_FMT "/%s", STR_ARG(str_of(path, (size_t) len)), name);
    return 0;
}

/* ---- the driver ---- */

static int load(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct str path;
    struct stat st;

    if (path_of(c->a, dir, name, &path, err) < 0 ||
        carry_out(c, place, &load_method, path, err) < 0)
        return -1;
    return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
               ? 0
               : err_set(err, ERR_INVALID,
                         "plugin " STR_FMT " load failed: it says that it is done, and made "
                         "nothing at the path that it was given",
                         STR_ARG(json_get_str(place, STR("name"))));
}

static int save(const struct artifact_call *c, const struct json *place, int dir,
                const char *name, struct err *err)
{
    struct str path;

    return path_of(c->a, dir, name, &path, err) < 0
               ? -1
               : carry_out(c, place, &save_method, path, err);
}

static int remove_stored(const struct artifact_call *c, const struct json *place,
                         struct err *err)
{
    if (carry_out(c, place, &delete_method, STR(""), err) == 0 || err->kind == ERR_NOT_FOUND)
        return 0;
    return -1;
}

/* Of ListObjects: each object is a member 1, the error 2. */
static int take_keys(const struct session *s, struct str answer, struct artifact_keys *keys,
                     struct err *err)
{
    struct protowire_field f;
    int more;

    while ((more = protowire_next(&answer, &f)) > 0) {
        if (f.number == 1 && artifact_key_add(s->c, keys, f.bytes, err) < 0)
            return -1;
        if (f.number == 2 && !str_is_empty(f.bytes)) {
            err_set(err, ERR_INVALID, STR_FMT, STR_ARG(f.bytes));
            return fail(s, &list_method, err);
        }
    }
    return more < 0 ? is_no_message(err) : 0;
}

static int list(const struct artifact_call *c, const struct json *place,
                struct artifact_keys *keys, struct err *err)
{
    struct session s;
    struct str answer;
    int result;

    if (open_session(c, place, &s, err) < 0)
        return -1;
    result = ask(&s, &list_method, STR(""), &answer, err);
    if (result == 0)
        result = take_keys(&s, answer, keys, err);
    http_client_free(s.client);
    return result;
}

static int is_folder(const struct artifact_call *c, const struct json *place, bool *ret,
                     struct err *err)
{
    struct protowire_field f;
    struct str answer, why = STR("");
    struct session s;
    bool is_one = false;
    int more = 0, result;

    if (open_session(c, place, &s, err) < 0)
        return -1;
    result = ask(&s, &folder_method, STR(""), &answer, err);
    while (result == 0 && (more = protowire_next(&answer, &f)) > 0) {
        if (f.number == 1)
            is_one = f.whole != 0;
        else if (f.number == 2)
            why = f.bytes;
    }
    if (more < 0)
        result = is_no_message(err);
    else if (result == 0 && !str_is_empty(why)) {
        err_set(err, ERR_INVALID, STR_FMT, STR_ARG(why));
        result = fail(&s, &folder_method, err);
    }
    http_client_free(s.client);
    if (result == 0)
        *ret = is_one;
    return result;
}

/* The bytes of a file on their way into another. */
struct stream {
    struct http_sink to;
    struct err *err;
    bool is_failed;
};

/* Members of OpenStreamResponse: data 1, is_end 2, error 3. */
static int take_data(void *ctx, struct str message)
{
    struct stream *t = ctx;
    struct protowire_field f;
    bool is_end = false;
    int more;

    while ((more = protowire_next(&message, &f)) > 0) {
        if (f.number == 1 && http_sink_take(&t->to, f.bytes) != 0) {
            err_sys(t->err, t->to.error, "write an artifact");
            t->is_failed = true;
        } else if (f.number == 2) {
            is_end = f.whole != 0;
        } else if (f.number == 3 && !str_is_empty(f.bytes)) {
            err_set(t->err, ERR_INVALID, STR_FMT, STR_ARG(f.bytes));
            t->is_failed = true;
        }
    }
    if (more < 0)
        is_no_message(t->err);
    return more < 0 || t->is_failed ? -1 : is_end;
}

static int fetch(const struct artifact_call *c, const struct json *place, int to,
                 struct err *err)
{
    struct err said;
    struct stream t = {.to = {.fd = to}, .err = &said};
    struct grpc_call call;
    struct session s;
    int result;

    said.kind = ERR_NONE;
    if (open_session(c, place, &s, err) < 0)
        return -1;
    result = make_call(&s, &stream_method, STR(""), &call, err);
    call.on_message = take_data;
    call.ctx = &t;
    if (result == 0)
        result = grpc_client_call(s.client, c->a, &call, err);
    if (result < 0 && said.kind != ERR_NONE)
        *err = said;
    http_client_free(s.client);
    return result < 0 ? fail(&s, &stream_method, err) : 0;
}

const struct artifact_driver artifact_plugin = {.load = load,
                                                .save = save,
                                                .remove = remove_stored,
                                                .list = list,
                                                .is_folder = is_folder,
                                                .fetch = fetch};
