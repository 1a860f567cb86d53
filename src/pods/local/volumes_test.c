/*
 * Tests of volumes, mounts and plans: what files a pod finds, with which modes, and that
 * nothing of a manifest leads out of the pod's folder or root. Plans are run by the real shim
 * (TIPHYS_SHIM) where the machine has namespaces.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/tree.h"
#include "pods/local/local_internal.h"

struct world {
    char path[64]; /* state folder */
    struct arena *arena;
    struct local runner;
    struct local_pod pod;
    char *dir; /* the pod's folder */
    int dirfd;
    struct json template, meta;
    struct strbuf plan;
};

static int get_claim(struct arena *a, struct str name, struct json *doc, struct err *err)
{
    if (str_is(name, "gone"))
        return err_set(err, ERR_NOT_FOUND, "persistentvolumeclaims \"gone\" not found");
    return json_parse(
        a,
        str_is(name, "once-pod") ? STR("{\"metadata\":{\"uid\":\"u-1\"},\"spec\":{"
                                       "\"accessModes\":[\"ReadWriteOncePod\"]}}")
        : str_is(name, "read")   ? STR("{\"metadata\":{\"uid\":\"u-2\"},\"spec\":{"
                                         "\"accessModes\":[\"ReadOnlyMany\"]}}")
        : str_is(name, "no-uid") ? STR("{\"metadata\":{\"uid\":\"..\"},\"spec\":{}}")
                                 : STR("{\"metadata\":{\"uid\":\"u-3\"},\"spec\":{"
                                       "\"accessModes\":[\"ReadOnlyMany\","
                                       "\"ReadWriteMany\"]}}"),
        doc, err);
}

static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    (void) ns;
    *ret = doc;
    if (str_is(kind, "PersistentVolumeClaim"))
        return get_claim(a, name, doc, err);
    if (str_is(name, "gone"))
        return err_set(err, ERR_NOT_FOUND, "configmaps \"gone\" not found");
    if (str_is(name, "hostile"))
        return json_parse(a, STR("{\"data\":{\"../escape\":\"x\"}}"), doc, err);
    if (str_is(name, "torn"))
        return json_parse(a, STR("{\"data\":{\"k\":\"!\"},\"binaryData\":{\"k\":\"!\"}}"), doc,
                          err);
    return json_parse(a,
                      str_is(kind, "Secret")
                          ? STR("{\"data\":{\"password\":\"aHVudGVyMg==\"}}")
                          : STR("{\"data\":{\"color\":\"blue\",\"size\":\"\"},"
                                "\"binaryData\":{\"raw\":\"AAH/\"}}"),
                      doc, err);
}

static int get_token(void *ctx, struct arena *a, const struct pod_request *req,
                     struct str audience, struct str *ret, struct err *err)
{
    (void) ctx;
    if (str_is(audience, "later"))
        return err_set(err, ERR_TRANSIENT, "the store is busy");
    *ret = str_printf(a, STR_FMT ":" STR_FMT, STR_ARG(req->name), STR_ARG(audience));
    return 0;
}

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct world *w = ARENA_NEW(a, struct world);

    w->arena = a;
    w->meta = json_set_path(a, NULL, json_string(STR("bl\"ue")), "labels", "color", NULL);
    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-volumes-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->runner = (struct local){.objects = {.get = get_object},
                               .access = {.token = get_token},
                               .root = str_cz(a, str_printf(a, "%s/pods", w->path)),
                               .state_dir = w->path,
                               .node_name = str_cz(a, STR("node"))};
    w->pod = (struct local_pod){.runner = &w->runner,
                                .isolation = LOCAL_ISOLATION_HOST,
                                .dir = STR("argo/p"),
                                .req = {.uid = STR("u"),
                                        .ns = STR("argo"),
                                        .name = STR("p"),
                                        .workflow = STR("wf"),
                                        .node_id = STR("n"),
                                        .service_account = STR(""),
                                        .node_name = STR("n"),
                                        .pod_meta = &w->meta,
                                        .wants_result = true,
                                        .grace_ms = 1000,
                                        .template = &w->template}};
    w->dir = str_cz(a, str_printf(a, "%s/pods/argo/p", w->path));
    w->plan = (struct strbuf) STRBUF_INIT(POD_PLAN_MAX_BYTES);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    tree_remove(AT_FDCWD, w->path);
    strbuf_done(&w->plan);
    arena_free(w->arena);
    return 0;
}

/* An empty folder for the pod, as staging makes it. */
static void begin(struct world *w)
{
    char part[128];

    tree_remove(AT_FDCWD, w->dir);
    snprintf(part, sizeof(part), "%s/pods", w->path);
    mkdir(part, 0700);
    snprintf(part, sizeof(part), "%s/pods/argo", w->path);
    mkdir(part, 0700);
    assert_int_equal(mkdir(w->dir, 0700), 0);
    w->dirfd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    strbuf_done(&w->plan);
    w->plan = (struct strbuf) STRBUF_INIT(POD_PLAN_MAX_BYTES);
}

static void set_template(struct world *w, const char *volume, const char *mount,
                         const char *command)
{
    struct err err;

    if (json_parse(
            w->arena,
            str_printf(w->arena,
                       "{\"volumes\":[{\"name\":\"v\"%s%s}],\"container\":{\"command\":[\"sh\","
                       "\"-c\",\"%s\"],\"volumeMounts\":[{\"name\":\"v\"%s%s}]}}",
                       *volume ? "," : "", volume, command, *mount ? "," : "", mount),
            &w->template, &err) < 0)
        fail_msg("%s %s: %s", volume, mount, err.text);
}

static int stage(struct world *w, const char *volume, const char *mount, struct err *err)
{
    int result;

    begin(w);
    set_template(w, volume, mount, "true");
    result = volumes_stage(&w->pod, w->dirfd, &w->plan, err);
    close(w->dirfd);
    return result;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *volume, *mount;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"\"nfs\":{\"path\":\"/etc\"}", "\"mountPath\":\"/m\"", ERR_UNSUPPORTED,
         "volume v: its source is not supported yet"},
        {"", "\"mountPath\":\"/m\"", ERR_UNSUPPORTED,
         "volume v: its source is not supported yet"},
        {"\"hostPath\":{\"path\":\"/etc\"}", "\"mountPath\":\"/m\"", ERR_DENIED,
         "volume v: hostPath \"/etc\" is not allowed: the server's --host-path names neither "
         "it "
         "nor a folder above it"},
        {"\"hostPath\":{\"path\":\"etc\"}", "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: hostPath \"etc\" of type \"\": must be an absolute path of a known type"},
        {"\"hostPath\":{\"path\":\"/etc\",\"type\":\"Dir\"}", "\"mountPath\":\"/m\"",
         ERR_INVALID,
         "volume v: hostPath \"/etc\" of type \"Dir\": must be an absolute path of a known "
         "type"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"gone\"}", "\"mountPath\":\"/m\"",
         ERR_NOT_FOUND, "volume v: persistentvolumeclaim \"gone\" not found"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"once-pod\"}", "\"mountPath\":\"/m\"",
         ERR_UNSUPPORTED,
         "volume v: claim once-pod: access mode ReadWriteOncePod is not supported yet"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"no-uid\"}", "\"mountPath\":\"/m\"",
         ERR_INVALID, "volume v: \"..\" is no name of a claim"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"../x\"}", "\"mountPath\":\"/m\"",
         ERR_INVALID, "volume v: \"../x\" is no name of a claim"},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"f\",\"fieldRef\":{\"fieldPath\":"
         "\"spec.nodeName\"}}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: field label not supported: \"spec.nodeName\""},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"../f\",\"fieldRef\":{\"fieldPath\":"
         "\"metadata.name\"}}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"../f\" must be relative and without .."},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"f\"}]}", "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: downwardAPI item \"f\": one of fieldRef and resourceFieldRef must be "
         "given"},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"f\",\"resourceFieldRef\":{\"resource\":"
         "\"limits.cpu\"}}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID, "volume v: container  not found"},
        {"\"projected\":{\"sources\":[{\"podCertificate\":{}}]}", "\"mountPath\":\"/m\"",
         ERR_UNSUPPORTED,
         "volume v: sources[0]: only configMap, secret, downwardAPI and serviceAccountToken can "
         "be projected"},
        {"\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"../t\"}}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"../t\" must be relative and without .."},
        {"\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"t\",\"audience\":"
         "\"later\"}}]}",
         "\"mountPath\":\"/m\"", ERR_TRANSIENT, "volume v: the store is busy"},
        {"\"projected\":{\"defaultMode\":512,\"sources\":[]}", "\"mountPath\":\"/m\"",
         ERR_INVALID,
         "volume v: defaultMode must be a number between 0 and 0777 (octal), both inclusive"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPathExpr\":\"a/$(NOPE)\"", ERR_INVALID,
         "subPathExpr \"a/$(NOPE)\": not all variables are known"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPath\":\"a\",\"subPathExpr\":\"b\"",
         ERR_INVALID, "subPathExpr and subPath are mutually exclusive: give one of them"},
        {"\"configMap\":{\"name\":\"gone\"}", "\"mountPath\":\"/m\"", ERR_NOT_FOUND,
         "volume v: configmaps \"gone\" not found"},
        {"\"configMap\":{\"name\":\"hostile\"}", "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"../escape\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"nope\",\"path\":\"x\"}]}",
         "\"mountPath\":\"/m\"", ERR_NOT_FOUND,
         "volume v: references non-existent config key: nope"},
        {"\"secret\":{\"secretName\":\"s\",\"items\":[{\"key\":\"nope\",\"path\":\"x\"}]}",
         "\"mountPath\":\"/m\"", ERR_NOT_FOUND,
         "volume v: references non-existent secret key: nope"},
        {"\"secret\":{\"secretName\":\"torn\"}", "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: secret key k: illegal base64 data at input byte 0"},
        {"\"configMap\":{\"name\":\"torn\"}", "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: config key k: illegal base64 data at input byte 0"},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"../x\"}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"../x\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"a/../../"
         "x\"}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"a/../../x\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"/x\"}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"/x\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"\"}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\".\"}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \".\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"a\\u0000b\"}]"
         "}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: volume path \"a\" must be relative and without .."},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"a\"},"
         "{\"key\":\"size\",\"path\":\"a/b\"}]}",
         "\"mountPath\":\"/m\"", ERR_NOT_FOUND,
         "volume v: write volume file a/b: Not a directory"},
        {"\"configMap\":{\"name\":\"c\",\"defaultMode\":512}", "\"mountPath\":\"/m\"",
         ERR_INVALID,
         "volume v: defaultMode must be a number between 0 and 0777 (octal), both inclusive"},
        {"\"configMap\":{\"name\":\"c\",\"defaultMode\":-1}", "\"mountPath\":\"/m\"",
         ERR_INVALID,
         "volume v: defaultMode must be a number between 0 and 0777 (octal), both inclusive"},
        {"\"secret\":{\"secretName\":\"s\",\"items\":[{\"key\":\"password\",\"path\":\"p\","
         "\"mode\":2048}]}",
         "\"mountPath\":\"/m\"", ERR_INVALID,
         "volume v: mode must be a number between 0 and 0777 (octal), both inclusive"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPath\":\"../x\"", ERR_INVALID,
         "subPath \"../x\" must be relative and without .."},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPath\":\"a/..\"", ERR_INVALID,
         "subPath \"a/..\" must be relative and without .."},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPath\":\"/etc\"", ERR_INVALID,
         "subPath \"/etc\" must be relative and without .."},
        {"\"emptyDir\":{}", "\"mountPath\":\"\"", ERR_INVALID,
         "mountPath \"\" must be a path below / without ':'"},
        {"\"emptyDir\":{}", "", ERR_INVALID,
         "mountPath \"\" must be a path below / without ':'"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/\"", ERR_INVALID,
         "mountPath \"/\" must be a path below / without ':'"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/a:/b\"", ERR_INVALID,
         "mountPath \"/a:/b\" must be a path below / without ':'"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};

        if (stage(w, cases[i].volume, cases[i].mount, &err) == 0)
            fail_msg("%s %s: taken", cases[i].volume, cases[i].mount);
        if (err.kind != cases[i].kind || strcmp(err.text, cases[i].text) != 0)
            fail_msg("%s %s: %d %s", cases[i].volume, cases[i].mount, (int) err.kind, err.text);
    }
}

static void test_names_that_lead_out(void **state)
{
    static const char *const names[] = {"../v", "a/b", "..", ".", "/v", "a\\u0000b", ""};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct err err = {0};

        begin(w);
        assert_int_equal(
            json_parse(w->arena,
                       str_printf(w->arena,
                                  "{\"volumes\":[{\"name\":\"%s\",\"emptyDir\":{}}],"
                                  "\"container\":{\"volumeMounts\":[{\"name\":\"%s\","
                                  "\"mountPath\":\"/m\"}]}}",
                                  names[i], names[i]),
                       &w->template, &err),
            0);
        assert_int_equal(volumes_stage(&w->pod, w->dirfd, &w->plan, &err), -1);
        close(w->dirfd);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_true(str_ends(str_from(err.text), STR("\" is not a DNS label")));
    }
}

static void test_unknown_volume(void **state)
{
    struct world *w = *state;
    struct err err = {0};

    begin(w);
    assert_int_equal(json_parse(w->arena,
                                STR("{\"volumes\":[{\"name\":\"V\",\"emptyDir\":{}}],"
                                    "\"container\":{\"volumeMounts\":[{\"name\":\"v\","
                                    "\"mountPath\":\"/m\"}]}}"),
                                &w->template, &err),
                     0);
    assert_int_equal(volumes_stage(&w->pod, w->dirfd, &w->plan, &err), -1);
    close(w->dirfd);
    assert_string_equal(err.text, "volume 'v' not found in workflow spec");
}

/* The files of volume v, each "name mode text" on a line, by name. */
static void list_files(const struct world *w, const char *below, char *ret, size_t size)
{
    char command[512];
    char *const args[] = {(char[]){"sh"}, (char[]){"-c"}, command, NULL};
    posix_spawn_file_actions_t actions;
    FILE *out;
    size_t len;
    int pipes[2];
    pid_t pid;

    snprintf(command, sizeof(command),
             "cd %s/volumes/v%s && find . -type f | sort | while read f; do "
             "printf '%%s %%s %%s\\n' \"${f#./}\" \"$(stat -c %%a \"$f\")\" \"$(od -An -c "
             "\"$f\" | tr -d ' \\n')\"; done",
             w->dir, below);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    assert_int_equal(posix_spawn(&pid, "/bin/sh", &actions, NULL, args, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    out = fdopen(pipes[0], "r");
    len = fread(ret, 1, size - 1, out);
    ret[len] = '\0';
    fclose(out);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_files(void **state)
{
    static const struct {
        const char *volume, *files;
    } cases[] = {
        {"\"emptyDir\":{}", ""},
        {"\"configMap\":{\"name\":\"c\"}", "color 644 blue\nraw 644 \\0001377\nsize 644 \n"},
        {"\"configMap\":{\"name\":\"c\",\"items\":[]}",
         "color 644 blue\nraw 644 \\0001377\nsize 644 \n"},
        {"\"configMap\":{\"name\":\"c\",\"defaultMode\":256}",
         "color 400 blue\nraw 400 \\0001377\nsize 400 \n"},
        {"\"configMap\":{\"name\":\"c\",\"defaultMode\":0}",
         "color 0 blue\nraw 0 \\0001377\nsize 0 \n"},
        {"\"configMap\":{\"name\":\"c\",\"defaultMode\":511}",
         "color 777 blue\nraw 777 \\0001377\nsize 777 \n"},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"a/b/c\"}]}",
         "a/b/c 644 blue\n"},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"raw\",\"path\":\"r\",\"mode\":"
         "384},"
         "{\"key\":\"color\",\"path\":\"..color\"}]}",
         "..color 644 blue\nr 600 \\0001377\n"},
        {"\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\",\"path\":\"x\"},"
         "{\"key\":\"size\",\"path\":\"x\"}]}",
         "x 644 \n"},
        {"\"configMap\":{\"name\":\"gone\",\"optional\":true}", ""},
        {"\"configMap\":{\"name\":\"c\",\"optional\":true,\"items\":[{\"key\":\"no\",\"path\":"
         "\"x\"},{\"key\":\"color\",\"path\":\"y\"}]}",
         "y 644 blue\n"},
        {"\"secret\":{\"secretName\":\"s\"}", "password 644 hunter2\n"},
        {"\"secret\":{\"secretName\":\"s\",\"defaultMode\":256}", "password 400 hunter2\n"},
        {"\"secret\":{\"secretName\":\"gone\",\"optional\":true}", ""},
        {"\"ephemeral\":{\"volumeClaimTemplate\":{\"spec\":{}}}", ""},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"n/ame\",\"fieldRef\":{\"fieldPath\":"
         "\"metadata.name\"}},{\"path\":\"labels\",\"mode\":256,\"fieldRef\":{\"fieldPath\":"
         "\"metadata.labels\"}}]}",
         "labels 400 color=\"bl\\\"ue\"\\nworkflows.argoproj.io/completed=\"false\"\\n"
         "workflows.argoproj.io/workflow=\"wf\"\nn/ame 644 p\n"},
        {"\"downwardAPI\":{\"defaultMode\":384,\"items\":[{\"path\":\"a\",\"fieldRef\":{"
         "\"fieldPath\":\"metadata.labels['color']\"}},{\"path\":\"b\",\"fieldRef\":{"
         "\"fieldPath\":\"metadata.annotations['nope']\"}},{\"path\":\"c\","
         "\"resourceFieldRef\":{\"containerName\":\"main\",\"resource\":\"requests.cpu\"}}]}",
         "a 600 bl\"ue\nb 600 \nc 600 0\n"},
        {"\"projected\":{\"defaultMode\":256,\"sources\":[{\"configMap\":{\"name\":\"c\","
         "\"items\":[{\"key\":\"color\",\"path\":\"x\"}]}},{\"secret\":{\"name\":\"s\"}},"
         "{\"secret\":{\"name\":\"gone\",\"optional\":true}},{\"downwardAPI\":{\"items\":[{"
         "\"path\":\"x\",\"mode\":420,\"fieldRef\":{\"fieldPath\":\"metadata.namespace\"}}]}}"
         "]}",
         "password 400 hunter2\nx 644 argo\n"},
        {"\"projected\":{\"defaultMode\":256,\"sources\":[{\"serviceAccountToken\":{\"path\":"
         "\"own\",\"expirationSeconds\":600}},{\"serviceAccountToken\":{\"path\":\"v/ault\","
         "\"audience\":\"vault\"}},{\"configMap\":{\"name\":\"c\",\"items\":[{\"key\":\"color\","
         "\"path\":\"x\"}]}}]}",
         "own 400 p:\nv/ault 400 p:vault\nx 400 blue\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char files[1024];
        struct err err;

        if (stage(w, cases[i].volume, "\"mountPath\":\"/m\"", &err) < 0)
            fail_msg("%s: %s", cases[i].volume, err.text);
        list_files(w, "", files, sizeof(files));
        if (strcmp(files, cases[i].files) != 0)
            fail_msg("%s:\n%s", cases[i].volume, files);
    }
}

/* One volume at two places is filled twice, also when its files may not be written. */
static void test_mounted_twice(void **state)
{
    struct world *w = *state;
    char files[256], plan[1024];
    struct err err;

    begin(w);
    assert_int_equal(
        json_parse(w->arena,
                   STR("{\"volumes\":[{\"name\":\"v\",\"secret\":{\"secretName\":\"s\","
                       "\"defaultMode\":256}}],\"container\":{\"volumeMounts\":["
                       "{\"name\":\"v\",\"mountPath\":\"/a\"},"
                       "{\"name\":\"v\",\"mountPath\":\"b\",\"subPath\":\"password\"}]}}"),
                   &w->template, &err),
        0);
    assert_int_equal(volumes_stage(&w->pod, w->dirfd, &w->plan, &err), 0);
    close(w->dirfd);
    list_files(w, "", files, sizeof(files));
    assert_string_equal(files, "password 400 hunter2\n");
    assert_int_equal(snprintf(plan, sizeof(plan),
                              "bind|%s/volumes/v|at|/a|mode|ro|bind|%s/volumes/v/password|"
                              "at|/b|mode|ro|",
                              w->dir, w->dir),
                     w->plan.len);
    for (size_t i = 0; i < w->plan.len; i++)
        assert_int_equal(plan[i] == '|' ? '\0' : plan[i], w->plan.ptr[i]);
}

static void test_nested_sub_path(void **state)
{
    struct world *w = *state;
    char path[256];
    struct stat st;
    struct err err;

    if (stage(w, "\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPath\":\"a/b/c\"", &err) < 0)
        fail_msg("%s", err.text);
    snprintf(path, sizeof(path), "%s/volumes/v/a/b/c", w->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
}

/* ---- pods in their own root ---- */

static bool has_host(struct world *w)
{
    if (local_isolation_probe(w->path, getenv("TIPHYS_SHIM")) == LOCAL_ISOLATION_HOST)
        return true;
    print_message("no namespaces here: mounts are not shown\n");
    return false;
}

/* Runs the template as the runner would; what the shim left. */
static struct outcome run(struct world *w)
{
    struct pod_record record = {.magic = POD_RECORD_MAGIC};
    char *const args[] = {(char[]){"tiphys-shim"}, w->dir, NULL};
    char *const env[] = {NULL};
    struct outcome outcome;
    struct err err;
    pid_t pid;
    int fd;

    begin(w);
    if (plan_print(&w->pod, w->dirfd, &w->plan, &err) < 0)
        fail_msg("%s", err.text);
    record.plan_bytes = (uint32_t) w->plan.len;
    fd = openat(w->dirfd, POD_RECORD_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, &record, sizeof(record)), sizeof(record));
    assert_int_equal(write(fd, w->plan.ptr, w->plan.len), w->plan.len);
    close(fd);
    close(w->dirfd);
    assert_int_equal(posix_spawn(&pid, getenv("TIPHYS_SHIM"), NULL, NULL, args, env), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    outcome_read(&w->runner, &w->pod, w->arena, &outcome);
    return outcome;
}

static void test_mounts_in_the_pod(void **state)
{
    static const struct {
        const char *volume, *mount, *command;
        const char *result;
    } cases[] = {
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"/m\"", "cat /m/color", "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"m\"", "cat /m/color", "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"/m/\"", "cat /m/color", "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"//m//n\"", "cat /m/n/color",
         "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"/m\"",
         "echo x 2>/dev/null >/m/color || echo refused", "refused"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"readOnly\":true",
         "touch /m/x 2>/dev/null || echo refused", "refused"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\"", "touch /m/x && ls /m", "x"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/deep/er/m\",\"subPath\":\"a/b\"",
         "touch /deep/er/m/x && ls /deep/er/m", "x"},
        {"\"configMap\":{\"name\":\"c\"}",
         "\"mountPath\":\"/etc/app/color.txt\",\"subPath\":\"color\"", "cat /etc/app/color.txt",
         "blue"},
        /* over a file and over a folder that the machine has */
        {"\"configMap\":{\"name\":\"c\"}",
         "\"mountPath\":\"/etc/passwd\",\"subPath\":\"color\"", "cat /etc/passwd", "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"/etc\"", "cat /etc/color", "blue"},
        /* through links of the machine: they lead where they lead in the pod */
        {"\"secret\":{\"secretName\":\"s\"}", "\"mountPath\":\"/var/run/secrets/tiphys-test\"",
         "cat /var/run/secrets/tiphys-test/password", "hunter2"},
        {"\"secret\":{\"secretName\":\"s\"}", "\"mountPath\":\"/tmp/tiphys-test-link/m\"",
         "cat /tmp/tiphys-test-link/m/password", "hunter2"},
        /* no way out of the root */
        {"\"configMap\":{\"name\":\"c\"}",
         "\"mountPath\":\"/../../../../../../tiphys-test-out\"", "cat /tiphys-test-out/color",
         "blue"},
        {"\"configMap\":{\"name\":\"c\"}", "\"mountPath\":\"/m/../../../../tiphys-test-out\"",
         "cat /tiphys-test-out/color", "blue"},
        {"\"downwardAPI\":{\"items\":[{\"path\":\"f\",\"fieldRef\":{\"fieldPath\":"
         "\"metadata.name\"}}]}",
         "\"mountPath\":\"/m\"", "cat /m/f && (touch /m/x 2>/dev/null || echo refused)",
         "prefused"},
        {"\"emptyDir\":{}", "\"mountPath\":\"/m\",\"subPathExpr\":\"of/$(HOSTNAME)\"",
         "touch /m/x && ls /m", "x"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"c\"}", "\"mountPath\":\"/m\"",
         "echo kept >/m/x && cat /m/x", "kept"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"c\"}", "\"mountPath\":\"/m\"", "cat /m/x",
         "kept"}, /* of the pod before */
        {"\"persistentVolumeClaim\":{\"claimName\":\"c\",\"readOnly\":true}",
         "\"mountPath\":\"/m\"", "touch /m/y 2>/dev/null || cat /m/x", "kept"},
        {"\"persistentVolumeClaim\":{\"claimName\":\"read\"}", "\"mountPath\":\"/m\"",
         "touch /m/y 2>/dev/null || echo refused", "refused"},
    };
    static const char *const outside[] = {
        "/tiphys-test-out", "/m",    "/run/secrets/tiphys-test",
        "/etc/app",         "/deep", "/tmp/tiphys-test-link"};
    struct world *w = *state;

    if (!has_host(w))
        return;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outcome outcome;
        struct str result;

        set_template(w, cases[i].volume, cases[i].mount, cases[i].command);
        outcome = run(w);
        result = json_get_str(outcome.outputs, STR("result"));
        if (outcome.phase != POD_SUCCEEDED || !str_is(result, cases[i].result))
            fail_msg("%s: %s: " STR_FMT " " STR_FMT, cases[i].mount, cases[i].command,
                     STR_ARG(outcome.message), STR_ARG(result));
        for (size_t k = 0; k < COUNT_OF(outside); k++)
            if (access(outside[k], F_OK) == 0)
                fail_msg("%s: left %s on the machine", cases[i].mount, outside[k]);
    }
}

/* Volumes of a pod with an fsGroup are that group's. */
static void test_group_of_volumes(void **state)
{
    static const struct {
        const char *security, *volume, *path; /* below the state folder */
        bool is_given;
        mode_t mode;
    } rows[] = {
        {"{}", "\"emptyDir\":{}", "pods/argo/p/volumes/v", false, 0777},
        {"{\"fsGroup\":4321}", "\"emptyDir\":{}", "pods/argo/p/volumes/v", true, 02777},
        {"{\"fsGroup\":4321}", "\"secret\":{\"secretName\":\"s\",\"defaultMode\":256}",
         "pods/argo/p/volumes/v/password", true, 0440},
        {"{\"fsGroup\":4321}", "\"persistentVolumeClaim\":{\"claimName\":\"c\"}",
         "claims/argo/c/u-3", true, 02777},
        {"{\"fsGroup\":4321,\"fsGroupChangePolicy\":\"OnRootMismatch\"}",
         "\"persistentVolumeClaim\":{\"claimName\":\"c\"}", "claims/argo/c/u-3", true, 02777},
    };
    struct world *w = *state;

    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json security;
        struct stat st;
        struct err err;

        assert_int_equal(json_parse(w->arena, str_from(rows[i].security), &security, &err), 0);
        w->pod.req.security = &security;
        if (stage(w, rows[i].volume, "\"mountPath\":\"/m\"", &err) < 0)
            fail_msg("%s: %s", rows[i].volume, err.text);
        w->pod.req.security = NULL;
        assert_int_equal(stat(str_printf(w->arena, "%s/%s", w->path, rows[i].path).ptr, &st),
                         0);
        assert_int_equal(st.st_gid == 4321, rows[i].is_given);
        if ((st.st_mode & 07777) != rows[i].mode)
            fail_msg("%s: mode %o", rows[i].path, st.st_mode & 07777);
    }
}

/* The state folder (with everybody's Secrets in it) is hidden, also behind a link. */
static void test_state_folder_is_hidden(void **state)
{
    struct world *w = *state;
    char real[80], link[80];

    if (!has_host(w))
        return;
    snprintf(real, sizeof(real), "%s/kept", w->path);
    close(open(real, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    snprintf(link, sizeof(link), "/var/tmp/tiphys-link-%d", (int) getpid());
    snprintf(real, sizeof(real), "/var/tmp/tiphys-state-%d", (int) getpid());
    assert_int_equal(mkdir(real, 0755), 0);
    assert_int_equal(symlink(real, link), 0);
    w->runner.state_dir = link;
    {
        char file[128], command[256];
        struct outcome outcome;

        snprintf(file, sizeof(file), "%s/secret", real);
        close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        snprintf(command, sizeof(command), "ls %s/ %s/ | grep -c secret; true", real, link);
        set_template(w, "\"emptyDir\":{}", "\"mountPath\":\"/m\"", command);
        outcome = run(w);
        unlink(file);
        unlink(link);
        rmdir(real);
        assert_int_equal(outcome.phase, POD_SUCCEEDED);
        assert_true(str_is(json_get_str(outcome.outputs, STR("result")), "0"));
    }
}

/* ---- outcomes ---- */

static void test_output_parameters(void **state)
{
    static const struct {
        const char *command, *path, *fallback;
        enum pod_phase phase;
        const char *message, *value; /* NULL: no value */
    } cases[] = {
        {"echo a >/tmp/o", "/tmp/o", "", POD_SUCCEEDED, "", "a"},
        {"printf 'a\\\\n\\\\n' >/tmp/o", "/tmp/o", "", POD_SUCCEEDED, "", "a\n"},
        {": >/tmp/o", "/tmp/o", ",\"default\":\"d\"", POD_SUCCEEDED, "", ""},
        {"true", "/tmp/o", ",\"default\":\"d\"", POD_SUCCEEDED, "", "d"},
        {"true", "/tmp/o", ",\"default\":\"\"", POD_SUCCEEDED, "", ""},
        {"true", "/tmp/o", "", POD_ERROR,
         "wait: Error (exit code 64): open /tmp/o: no such file or directory", NULL},
        {"mkdir /tmp/o", "/tmp/o", "", POD_ERROR,
         "wait: Error (exit code 64): open /tmp/o: no such file or directory", NULL},
        {"head -c 262144 /dev/zero | tr '\\\\0' x >/tmp/o; exit 1", "/tmp/none", "", POD_FAILED,
         "main: Error (exit code 1)", NULL},
        {"head -c 262145 /dev/zero | tr '\\\\0' x >/tmp/o", "/tmp/o", "", POD_ERROR,
         "wait: Error (exit code 64): output parameter /tmp/o is over 262144 bytes", NULL},
        {"head -c 9000000 /dev/zero | tr '\\\\0' x >/tmp/o", "/tmp/o", ",\"default\":\"d\"",
         POD_ERROR, "wait: Error (exit code 64): output parameter /tmp/o is over 262144 bytes",
         NULL},
        {"ln -s /etc/shadow /tmp/o; exit 3", "/tmp/p", "", POD_FAILED,
         "main: Error (exit code 3)", NULL},
    };
    struct world *w = *state;

    if (!has_host(w))
        return;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct json *list;
        struct outcome outcome;
        struct str value;
        struct err err;

        if (json_parse(w->arena,
                       str_printf(w->arena,
                                  "{\"container\":{\"command\":[\"sh\",\"-c\",\"%s\"]},"
                                  "\"outputs\":{\"parameters\":[{\"name\":\"p\",\"valueFrom\":{"
                                  "\"path\":\"%s\"%s}}]}}",
                                  cases[i].command, cases[i].path, cases[i].fallback),
                       &w->template, &err) < 0)
            fail_msg("%s: %s", cases[i].command, err.text);
        outcome = run(w);
        list = json_get(outcome.outputs, STR("parameters"));
        value = json_get_str(json_item(list, 0), STR("value"));
        if (outcome.phase != cases[i].phase || !str_is(outcome.message, cases[i].message) ||
            (cases[i].value ? !str_is(value, cases[i].value) : !str_is_none(value)))
            fail_msg("%s: phase %d " STR_FMT " value \"" STR_FMT "\"", cases[i].command,
                     (int) outcome.phase, STR_ARG(outcome.message), STR_ARG(value));
    }
}

/* The largest value that is allowed arrives whole. */
static void test_largest_output(void **state)
{
    struct world *w = *state;
    struct outcome outcome;
    struct str value;
    struct err err;

    if (!has_host(w))
        return;
    assert_int_equal(
        json_parse(
            w->arena,
            STR("{\"container\":{\"command\":[\"sh\",\"-c\",\"head -c 262144 /dev/zero | "
                "tr '\\\\0' x >/tmp/o; echo >>/tmp/o\"]},\"outputs\":{\"parameters\":[{"
                "\"name\":\"p\",\"valueFrom\":{\"path\":\"/tmp/o\"}}]}}"),
            &w->template, &err),
        0);
    outcome = run(w);
    assert_int_equal(outcome.phase, POD_SUCCEEDED);
    value =
        json_get_str(json_item(json_get(outcome.outputs, STR("parameters")), 0), STR("value"));
    assert_int_equal(value.len, OUTPUT_PARAMETER_MAX_BYTES);
    for (size_t i = 0; i < value.len; i++)
        assert_int_equal(value.ptr[i], 'x');
}

/* Records that a broken disk gives back: an error of the pod, never a read over the edge. */
static void test_records_that_are_torn(void **state)
{
    struct world *w = *state;

    for (size_t len = 0; len <= sizeof(struct pod_record); len += 1) {
        struct pod_record record;
        struct outcome outcome;
        int fd;

        if (len > 24 && len < sizeof(record) - 2)
            continue;
        begin(w);
        close(w->dirfd);
        memset(&record, 'x', sizeof(record));
        record.state = POD_RECORD_ENDED;
        record.flags = 0;
        record.code = 1;
        fd = open(str_cz(w->arena, str_printf(w->arena, "%s/record", w->dir)),
                  O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(write(fd, &record, len), len);
        close(fd);
        outcome_read(&w->runner, &w->pod, w->arena, &outcome);
        assert_int_equal(outcome.phase, len < sizeof(record) ? POD_ERROR : POD_FAILED);
        if (len < sizeof(record))
            assert_true(str_is(outcome.message, "pod deleted"));
        else /* no end of its texts within it */
            assert_int_equal(outcome.message.len, strlen(": Error (exit code 1): ") +
                                                      sizeof(record.container) - 1 +
                                                      sizeof(record.message) - 1);
    }
}

/* ---- places ---- */

/* A claim whose object is gone, or is another one by now, loses its files; others keep them. */
static void test_claims_are_swept(void **state)
{
    static const struct {
        const char *path;
        bool stays;
    } cases[] = {
        {"claims/argo/c/u-3/x", true},     {"claims/argo/c/u-older/x", false},
        {"claims/argo/gone/u-9/x", false}, {"claims/argo/gone", false},
        {"claims/other/read/u-2/x", true}, {"claims/empty", false},
    };
    struct world *w = *state;
    char path[256], command[512];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(command, sizeof(command), "%s/%s", w->path, cases[i].path);
        for (char *at = command + strlen(w->path) + 1; (at = strchr(at, '/')); at++) {
            *at = '\0';
            mkdir(command, 0700);
            *at = '/';
        }
        if (strcmp(command + strlen(command) - 2, "/x") == 0)
            close(open(command, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        else
            mkdir(command, 0700);
    }
    volumes_sweep(&w->runner);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(path, sizeof(path), "%s/%s", w->path, cases[i].path);
        if ((access(path, F_OK) == 0) != cases[i].stays)
            fail_msg("%s", cases[i].path);
    }
}

/* Links that a pod left in a claim lead nowhere for the next one's subPath. */
static void test_links_in_claims(void **state)
{
    static const char *const paths[] = {"out", "out/tiphys-test", "in/way"};
    struct world *w = *state;
    char path[256];
    struct err err;

    if (stage(w, "\"persistentVolumeClaim\":{\"claimName\":\"c\"}", "\"mountPath\":\"/m\"",
              &err) < 0)
        fail_msg("%s", err.text);
    snprintf(path, sizeof(path), "%s/claims/argo/c/u-3/out", w->path);
    assert_int_equal(symlink("/tmp", path), 0);
    snprintf(path, sizeof(path), "%s/claims/argo/c/u-3/in", w->path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/claims/argo/c/u-3/in/way", w->path);
    assert_int_equal(symlink("../..", path), 0);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct str mount =
            str_printf(w->arena, "\"mountPath\":\"/m\",\"subPath\":\"%s\"", paths[i]);

        if (stage(w, "\"persistentVolumeClaim\":{\"claimName\":\"c\"}", mount.ptr, &err) == 0)
            fail_msg("%s: taken", paths[i]);
        assert_true(str_starts(str_from(err.text), STR("make subPath ")));
    }
    assert_int_equal(access("/tmp/tiphys-test", F_OK), -1);
}

/* What --host-path lets a pod mount, and what not. */
static void test_host_paths(void **state)
{
    static const struct {
        const char *path, *type, *text; /* text NULL: it can be mounted */
    } cases[] = {
        {"", "", NULL},
        {"", "Directory", NULL},
        {"/file", "File", NULL},
        {"/file", "Directory", "hostPath type check failed: "},
        {"/file", "Socket", "hostPath type check failed: "},
        {"", "File", "hostPath type check failed: "},
        {"/none", "Directory", "hostPath type check failed: "},
        {"/none", "File", "hostPath type check failed: "},
        {"/made", "", NULL},
        {"/made/too", "DirectoryOrCreate", NULL},
        {"/written", "FileOrCreate", NULL},
        {"/written", "File", NULL},
        {"/none/deep", "DirectoryOrCreate", "find the folder of hostPath "},
        {"/link", "", "hostPath \""},
        {"/link/etc", "Directory", "hostPath \""},
        {"/link/tiphys-test-made", "DirectoryOrCreate", "hostPath \""},
        {"/../", "", "hostPath \""},
        {"-beside", "", "hostPath \""},
    };
    struct world *w = *state;
    char folder[128], path[256];

    snprintf(folder, sizeof(folder), "%s/allowed", w->path);
    assert_int_equal(mkdir(folder, 0755), 0);
    snprintf(path, sizeof(path), "%s/allowed-beside", w->path);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/allowed/link", w->path);
    assert_int_equal(symlink("/", path), 0);
    snprintf(path, sizeof(path), "%s/allowed/file", w->path);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    w->runner.host_paths = str_cz(w->arena, str_printf(w->arena, "/nope:%s", folder));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str volume =
            str_printf(w->arena, "\"hostPath\":{\"path\":\"%s%s\",\"type\":\"%s\"}", folder,
                       cases[i].path, cases[i].type);
        struct err err = {0};
        int got = stage(w, volume.ptr, "\"mountPath\":\"/m\"", &err);

        if (cases[i].text
                ? got == 0 || str_find(str_from(err.text), str_from(cases[i].text)) == SIZE_MAX
                : got < 0)
            fail_msg("%s %s: %s", cases[i].path, cases[i].type, got == 0 ? "taken" : err.text);
    }
    assert_int_equal(access("/tiphys-test-made", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_that_lead_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_volume, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_claims_are_swept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links_in_claims, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mounted_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nested_sub_path, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mounts_in_the_pod, setup, teardown),
        cmocka_unit_test_setup_teardown(test_group_of_volumes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_state_folder_is_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_largest_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_records_that_are_torn, setup, teardown),
    };

    return cmocka_run_group_tests_name("pods_local_volumes", tests, NULL, NULL);
}
