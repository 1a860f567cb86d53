/*
 * Artifacts of many small files: packed as tar.gz and taken apart again (artifacts/pack.h),
 * beside `tar` on the same folder.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "artifacts/pack.h"
#include "bench/bench.h"

enum { FILES = 10000, FOLDERS = 100, LINES = 40 };

static void die(const char *what)
{
    fprintf(stderr, "bench_artifacts: %s\n", what);
    exit(1);
}

static void make_file(int dir, int number)
{
    char name[64];
    FILE *f;
    int fd;

    snprintf(name, sizeof(name), "tree/%d/%d", number % FOLDERS, number);
    fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f)
        die("a file cannot be made");
    for (int i = 0; i < LINES; i++)
        fprintf(f, "line %d of file %d, which says %u\n", i, number,
                (unsigned) (i * number) * 2654435761U);
    fclose(f);
}

static void make_tree(int dir)
{
    char name[64];

    mkdirat(dir, "tree", 0755);
    mkdirat(dir, "ours", 0755);
    mkdirat(dir, "theirs", 0755);
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(name, sizeof(name), "tree/%d", i);
        mkdirat(dir, name, 0755);
    }
    for (int i = 0; i < FILES; i++)
        make_file(dir, i);
}

/* Files a second. */
static double of_tar(const char *const args[])
{
    double start = bench_now();
    pid_t pid;
    int status;

    if (posix_spawnp(&pid, "tar", NULL, NULL, (char *const *) (uintptr_t) args, environ) != 0 ||
        waitpid(pid, &status, 0) < 0 || status != 0)
        die("tar has failed");
    return FILES / (bench_now() - start);
}

static double of_pack(int dir)
{
    const struct archive_how how = {.level = ARCHIVE_LEVEL_DEFAULT, .shown = STR("tree")};
    int to = openat(dir, "ours.tgz", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    double start = bench_now();
    struct err err;

    if (to < 0 || archive_pack(dir, "tree", &how, to, &err) < 0)
        die("cannot be packed");
    close(to);
    return FILES / (bench_now() - start);
}

static double of_unpack(int dir)
{
    int from = openat(dir, "ours.tgz", O_RDONLY | O_CLOEXEC);
    int to = openat(dir, "ours", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    double start = bench_now();
    struct err err;

    if (from < 0 || to < 0 || archive_unpack(from, ARCHIVE_TAR_GZ, to, &err) < 0)
        die("cannot be unpacked");
    close(from);
    close(to);
    return FILES / (bench_now() - start);
}

int main(void)
{
    char path[BENCH_PATH_BYTES];
    const char *const pack[] = {"tar", "-C", path, "-czf", "theirs.tgz", "tree", NULL};
    const char *const unpack[] = {"tar", "-C", "theirs", "-xzf", "theirs.tgz", NULL};
    double bare;
    int dir;

    bench_folder(path);
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || chdir(path) < 0)
        die("no folder");
    make_tree(dir);
    bare = of_tar(pack);
    bench_print("artifact_small_files_pack", of_pack(dir), "files/s", bare, 0.9);
    bare = of_tar(unpack);
    bench_print("artifact_small_files_unpack", of_unpack(dir), "files/s", bare, 0.9);
    close(dir);
    return 0;
}
