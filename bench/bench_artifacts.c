/*
 * Artifacts of many small files: packed as tar.gz and taken apart again (artifacts/pack.h),
 * beside `tar` on the same folder, in turns, by the clock and by the processor's time; of each
 * the best turn counts.
 */
#include <fcntl.h>

#include "artifacts/pack.h"
#include "bench/served.h"

enum { FILES = 10000, FOLDERS = 100, LINES = 40, TURNS = 3 };

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
    for (int i = 0; i < FOLDERS; i++) {
        snprintf(name, sizeof(name), "tree/%d", i);
        mkdirat(dir, name, 0755);
    }
    for (int i = 0; i < FILES; i++)
        make_file(dir, i);
}

static void run_tar(const char *const args[], struct bench_took *best)
{
    struct bench_took start = bench_used();

    served_run("tar", (char *const *) (uintptr_t) args);
    bench_take(best, start);
}

static void pack(int dir, struct bench_took *best)
{
    const struct archive_how how = {.level = ARCHIVE_LEVEL_DEFAULT, .shown = STR("tree")};
    struct bench_took start = bench_used();
    int to = openat(dir, "ours.tgz", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct err err;

    if (to < 0 || archive_pack(dir, "tree", &how, to, &err) < 0)
        die("cannot be packed");
    close(to);
    bench_take(best, start);
}

static void unpack(int dir, const char *folder, struct bench_took *best)
{
    struct bench_took start = bench_used();
    int from = openat(dir, "ours.tgz", O_RDONLY | O_CLOEXEC);
    int to = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err err;

    if (from < 0 || to < 0 || archive_unpack(from, ARCHIVE_TAR_GZ, to, &err) < 0)
        die("cannot be unpacked");
    close(from);
    close(to);
    bench_take(best, start);
}

static void make_and_unpack(int dir, int turn, struct bench_took *ours, struct bench_took *bare)
{
    char name[2][16];
    const char *const args[] = {"tar", "-C", name[1], "-xzf", "theirs.tgz", NULL};

    snprintf(name[0], sizeof(name[0]), "ours-%d", turn);
    snprintf(name[1], sizeof(name[1]), "theirs-%d", turn);
    if (mkdirat(dir, name[0], 0755) < 0 || mkdirat(dir, name[1], 0755) < 0)
        die("a folder cannot be made");
    run_tar(args, bare);
    unpack(dir, name[0], ours);
}

int main(void)
{
    char path[BENCH_PATH_BYTES];
    const char *const args[] = {"tar", "-C", path, "-czf", "theirs.tgz", "tree", NULL};
    struct bench_took packed = {0}, their_packed = {0}, taken = {0}, their_taken = {0};
    int dir;

    bench_folder(path);
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || chdir(path) < 0)
        die("no folder");
    make_tree(dir);
    for (int i = 0; i < TURNS; i++) {
        run_tar(args, &their_packed);
        pack(dir, &packed);
    }
    for (int i = 0; i < TURNS; i++)
        make_and_unpack(dir, i, &taken, &their_taken);
    bench_print_took("artifact_small_files_pack", FILES, "files/s", &packed, &their_packed,
                     0.9);
    bench_print_took("artifact_small_files_unpack", FILES, "files/s", &taken, &their_taken,
                     0.9);
    close(dir);
    return 0;
}
