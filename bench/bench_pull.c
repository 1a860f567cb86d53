/*
 * An image of two layers from a registry of this machine: got and taken apart into a store
 * (pods/images), beside `skopeo copy` and `tar` of the same layers, in turns, by the clock and
 * by the processor's time; of each the best turn counts. Needs root, skopeo, docker-registry,
 * python3 and jq; says so and is over without them.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "bench/served.h"
#include "pods/images/images.h"

enum { TURNS = 3 };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_pull: %s: %s\n", what, why);
    exit(1);
}

/* A shell's commands with $1 and $2. */
static void shell(const char *commands, const char *first, const char *second)
{
    const char *const args[] = {"sh", "-ec", commands, "sh", first, second, NULL};

    served_run("sh", (char *const *) (uintptr_t) args);
}

/* Like a distribution below a program: 4,000 small files and eight of 9 MB. */
static const char make_image[] =
    "mkdir -p base/lib app/opt; for d in $(seq 100); do mkdir base/lib/$d; "
    "seq $d 1500 | split -l 35 -a 3 - base/lib/$d/; done; "
    "for f in $(seq 8); do head -c 3000000 /dev/urandom >app/opt/$f; "
    "seq $f 900000 >>app/opt/$f; done; python3 \"$1\" layout big '{}' base app";

static pid_t start_registry(int port)
{
    char *const args[] = {(char[]){"docker-registry"}, (char[]){"serve"},
                          (char[]){"registry.yml"}, NULL};
    FILE *f = fopen("registry.yml", "w");
    pid_t pid;

    if (!f)
        die("registry.yml", "cannot be written");
    fprintf(f,
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: "
            "{filesystem: {rootdirectory: registry}}\nhttp: {addr: '127.0.0.1:%d'}\n",
            port);
    fclose(f);
    pid = served_spawn(args[0], args);
    served_wait(port);
    return pid;
}

static void get(const char *name, const char *folder)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct image_wanted wanted = {.name = str_from(name)};
    struct image image;
    struct images *images;
    struct err err;

    images = images_open(&(struct images_options){.path = folder}, &err);
    if (!images || images_get(images, &wanted, a, &image, &err) < 0)
        die(name, err.text);
    images_close(images);
}

static const char theirs[] =
    "mkdir -p $2/root; skopeo --insecure-policy copy --quiet --src-tls-verify=false "
    "docker://$1 oci:$2/layout:image; for layer in $(cat layers); do "
    "tar -C $2/root -xzf $2/layout/blobs/sha256/$layer; done";

static void measure(const char *name)
{
    struct bench_took ours = {0}, bare = {0}, from;
    char folder[64];

    for (int i = 0; i < TURNS; i++) {
        snprintf(folder, sizeof(folder), "theirs-%d", i);
        from = bench_used();
        shell(theirs, name, folder);
        bench_take(&bare, from);
        snprintf(folder, sizeof(folder), "ours-%d", i);
        from = bench_used();
        get(name, folder);
        bench_take(&ours, from);
    }
    bench_print_took("image_pull", 60, "/min", &ours, &bare, 0.9);
}

static bool has_programs(void)
{
    const char *const args[] = {"sh", "-c",
                                "for p in skopeo docker-registry python3 jq; do command -v $p "
                                "|| exit 1; done",
                                NULL};
    int status = -1;

    return waitpid(served_spawn("sh", (char *const *) (uintptr_t) args), &status, 0) > 0 &&
           status == 0;
}

int main(void)
{
    char path[BENCH_PATH_BYTES], name[64];
    char *script = realpath("tests/support/oci-image.py", NULL);
    int port = served_free_port();
    pid_t registry;

    if (geteuid() != 0 || !has_programs()) {
        fprintf(stderr, "bench_pull: not root, or no skopeo, docker-registry, python3 or jq\n");
        return 0;
    }
    bench_folder(path);
    if (!script || chdir(path) < 0)
        die("tests/support/oci-image.py or a folder", "is not there");
    shell(make_image, script, "");
    registry = start_registry(port);
    snprintf(name, sizeof(name), "127.0.0.1:%d/bench/big:1", port);
    shell("skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:layout:big "
          "docker://$1; skopeo inspect --tls-verify=false --raw docker://$1 | jq -r "
          "'.layers[].digest[7:]' >layers",
          name, "");
    measure(name);
    kill(registry, SIGTERM);
    waitpid(registry, NULL, 0);
    free(script);
    return 0;
}
