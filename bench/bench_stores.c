/*
 * Artifacts that go to servers and come from them: an object of S3, beside `aws s3 cp` on the
 * same server; a clone, beside git's own; and what memory the daemon takes to pass on a file of
 * 1 GiB.
 *
 * BENCH_S3 is the host:port of an S3 server of this machine, BENCH_AWS the program aws: without
 * the first there are no rows of S3, without the second they have no yardstick. The two sides
 * take turns, by the clock and by the processor's time, and of each the best turn counts.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "artifacts/artifact.h"
#include "bench/served.h"

enum {
    TURNS = 3,
    OBJECT_MIB = 96,
    COMMITS = 20,
    REPOSITORY_FILES = 2000,
    REPOSITORY_LINES = 60,
    MEMORY_BOUND_MB = 40,
};

struct stores {
    char path[BENCH_PATH_BYTES];
    int dir;
    const char *s3, *aws;
    struct artifact_house house;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_stores: %s: %s\n", what, why);
    exit(1);
}

/* ---- ours ---- */

static void parse(struct arena *a, const char *text, struct json *ret)
{
    struct err err;

    if (json_parse(a, str_from(text), ret, &err) < 0)
        die("an artifact", err.text);
}

/* An artifact, fetched as @name. */
static void load(const struct stores *s, const char *artifact, const char *name)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc;
    const struct artifact_call call = {
        .house = &s->house, .a = a, .ns = STR("bench"), .artifact = &doc};
    enum artifact_found found;
    struct err err;

    parse(a, artifact, &doc);
    if (artifact_load(&call, s->dir, name, &found, &err) < 0)
        die(name, err.text);
}

static void save(const struct stores *s, const char *artifact, const char *name)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc, stored;
    const struct artifact_call call = {
        .house = &s->house, .a = a, .ns = STR("bench"), .artifact = &doc};
    struct err err;

    parse(a, artifact, &doc);
    if (artifact_save(&call, s->dir, name, &stored, &err) < 0)
        die(name, err.text);
}

static void run(const char *program, const char *const args[])
{
    served_run(program, (char *const *) (uintptr_t) args);
}

/* ---- S3 ---- */

static void make_object(const struct stores *s)
{
    static char bytes[1 << 20];
    int from = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    int to = openat(s->dir, "object", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    for (int i = 0; i < OBJECT_MIB; i++)
        if (read(from, bytes, sizeof(bytes)) != sizeof(bytes) ||
            write(to, bytes, sizeof(bytes)) != sizeof(bytes))
            die("object", "cannot be made");
    close(from);
    close(to);
}

static const char *s3_artifact(const struct stores *s, struct arena *a, const char *key)
{
    return str_printf(a,
                      "{\"name\":\"x\",\"archive\":{\"none\":{}},\"s3\":{\"endpoint\":\"%s\","
                      "\"bucket\":\"bench\",\"region\":\"us-east-1\",\"insecure\":true,"
                      "\"createBucketIfNotPresent\":{},\"key\":\"%s\"}}",
                      s->s3, key)
        .ptr;
}

static void aws_copy(const struct stores *s, const char *from, const char *to,
                     struct bench_took *best)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *url = str_printf(a, "http://%s", s->s3).ptr;
    const char *const args[] = {
        "aws", "--endpoint-url", url, "--region", "us-east-1", "s3", "cp", from,
        to,    "--no-progress",  NULL};
    struct bench_took start = bench_used();

    if (!s->aws)
        return;
    run(s->aws, args);
    bench_take(best, start);
}

static void of_s3(const struct stores *s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *artifact = s3_artifact(s, a, "ours");
    const char *file = str_printf(a, "%s/object", s->path).ptr;
    const char *fetched = str_printf(a, "%s/theirs", s->path).ptr;
    struct bench_took put = {0}, get = {0}, their_put = {0}, their_get = {0}, start;

    make_object(s);
    for (int i = 0; i < TURNS; i++) {
        start = bench_used();
        save(s, artifact, "object");
        bench_take(&put, start);
        aws_copy(s, file, "s3://bench/theirs", &their_put);
        start = bench_used();
        load(s, artifact, "ours");
        bench_take(&get, start);
        aws_copy(s, "s3://bench/theirs", fetched, &their_get);
        unlinkat(s->dir, "ours", 0);
        unlinkat(s->dir, "theirs", 0);
    }
    bench_print_took("artifact_s3_put", OBJECT_MIB, "MiB/s", &put, &their_put, 0.8);
    bench_print_took("artifact_s3_get", OBJECT_MIB, "MiB/s", &get, &their_get, 0.8);
}

/* ---- the daemon's memory ---- */

#define GIBIBYTE                                                                           \
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: big}\nspec:\n"     \
    "  entrypoint: main\n  templates:\n  - name: main\n    steps:\n"                       \
    "    - - {name: make, template: make}\n    - - name: use\n        template: use\n"     \
    "        arguments: {artifacts: [{name: plain, from: "                                 \
    "'{{steps.make.outputs.artifacts.plain}}'}, {name: packed, from: "                     \
    "'{{steps.make.outputs.artifacts.packed}}'}]}\n"                                       \
    "  - name: make\n    outputs:\n      artifacts:\n"                                     \
    "      - {name: packed, path: /tmp/big, archive: {tar: {compressionLevel: 1}}}\n"      \
    "      - {name: plain, path: /tmp/big, archive: {none: {}}%s}\n"                       \
    "    container: {image: none, command: [sh, -c, 'seq 200000000 | head -c 1073741824 >" \
    "/tmp/big']}\n"                                                                        \
    "  - name: use\n    inputs: {artifacts: [{name: plain, path: /in/plain}, {name: "      \
    "packed, path: /in/packed}]}\n"                                                        \
    "    container: {image: none, command: [sh, -c, 'test $(stat -c %%s /in/plain) = 1073" \
    "741824 && cmp /in/plain /in/packed']}\n"

#define IN_S3                                                                             \
    ", s3: {endpoint: '%s', bucket: bench, region: us-east-1, insecure: true, key: big, " \
    "createBucketIfNotPresent: {}}"

/* A file of 1 GiB, packed into the local repository and as it is into S3, and back. */
static void of_daemon(const struct stores *s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const char *place = s->s3 ? str_printf(a, IN_S3, s->s3).ptr : "";
    struct str manifest = str_printf(a, GIBIBYTE, place);
    char *file = str_cz(a, str_printf(a, "%s/big.yaml", s->path));
    char *const args[] = {(char[]){"tiphys"}, (char[]){"submit"}, file, (char[]){"--wait"},
                          NULL};
    struct served served;
    FILE *f = fopen(file, "w");

    if (!f || fwrite(manifest.ptr, 1, manifest.len, f) != manifest.len || fclose(f) != 0)
        die(file, "cannot be written");
    served_start(&served, str_cz(a, str_printf(a, "%s/data", s->path)));
    served_run(served.program, args);
    bench_print_less("artifact_1gib_daemon_memory", served_peak_mb(&served), "MB",
                     MEMORY_BOUND_MB);
    served_stop(&served);
}

/* ---- git ---- */

static const char history[] =
    "set -e; mkdir -p repositories/one; cd repositories/one; git init -q; "
    "git config user.name bench; git config user.email bench@example.com; n=0; "
    "while [ $n -lt $0 ]; do for f in $(seq $n $0 $1); do mkdir -p d$((f % 100)); "
    "seq $f $((f + $2)) >d$((f % 100))/f$f; done; git add -A; git commit -qm \"commit $n\"; "
    "n=$((n + 1)); done";

static void make_repository(void)
{
    char commits[16], files[16], lines[16];
    const char *const args[] = {"sh", "-c", history, commits, files, lines, NULL};

    snprintf(commits, sizeof(commits), "%d", COMMITS);
    snprintf(files, sizeof(files), "%d", REPOSITORY_FILES - 1);
    snprintf(lines, sizeof(lines), "%d", REPOSITORY_LINES);
    run("sh", args);
}

static pid_t serve_git(const struct stores *s, struct arena *a, int port)
{
    const char *const args[] = {"git",
                                "daemon",
                                "--listen=127.0.0.1",
                                "--export-all",
                                "--reuseaddr",
                                str_printf(a, "--port=%d", port).ptr,
                                str_printf(a, "--base-path=%s/repositories", s->path).ptr,
                                NULL};
    pid_t pid = served_spawn("git", (char *const *) (uintptr_t) args);

    served_wait(port);
    return pid;
}

static void of_git(const struct stores *s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    int port = served_free_port();
    const char *url = str_printf(a, "git://127.0.0.1:%d/one", port).ptr;
    const char *artifact = str_printf(a, "{\"name\":\"x\",\"git\":{\"repo\":\"%s\"}}", url).ptr;
    struct bench_took ours = {0}, theirs = {0}, start;
    pid_t pid;

    make_repository();
    pid = serve_git(s, a, port);
    for (int i = 0; i < TURNS; i++) {
        const char *name = str_printf(a, "theirs-git-%d", i).ptr;
        const char *const args[] = {"git", "clone", "--quiet", url, name, NULL};

        start = bench_used();
        run("git", args);
        bench_take(&theirs, start);
        start = bench_used();
        load(s, artifact, str_printf(a, "ours-git-%d", i).ptr);
        bench_take(&ours, start);
    }
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    bench_print_took("artifact_git_clone", REPOSITORY_FILES, "files/s", &ours, &theirs, 0.9);
}

/* Paths of programs as they are from everywhere. */
static void make_absolute(const char *variable, const char *otherwise)
{
    const char *given = getenv(variable);
    char *path = realpath(given ? given : otherwise, NULL);

    if (!path)
        die(variable, "names no program");
    setenv(variable, path, 1);
    free(path);
}

int main(void)
{
    struct stores s = {.s3 = getenv("BENCH_S3"), .aws = getenv("BENCH_AWS")};
    char repository[BENCH_PATH_BYTES + 16];

    make_absolute("TIPHYS", "build/tiphys");
    make_absolute("TIPHYS_SHIM", "build/tiphys-shim");
    bench_folder(s.path);
    s.dir = open(s.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s.dir < 0 || chdir(s.path) < 0)
        die("a folder", "is not there");
    setenv("AWS_ACCESS_KEY_ID", "bench", 0);
    setenv("AWS_SECRET_ACCESS_KEY", "benchbench", 0);
    snprintf(repository, sizeof(repository), "%s/repository", s.path);
    s.house.repository = str_from(repository);
    of_git(&s);
    if (s.s3 && *s.s3)
        of_s3(&s);
    else
        fprintf(stderr, "bench_stores: no BENCH_S3: no rows of S3\n");
    of_daemon(&s);
    close(s.dir);
    return 0;
}
