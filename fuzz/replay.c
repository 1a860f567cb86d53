/* Runs a fuzz target over the files of a corpus folder and over a few hostile built-in texts,
 * as one TAP test a text. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CORPUS_FILE_MAX_BYTES = 4 << 20 };

static int ran;

static void run_bytes(const char *name, const uint8_t *bytes, size_t len)
{
    LLVMFuzzerTestOneInput(bytes, len);
    printf("ok %d - %s\n", ++ran, name);
}

static void run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *bytes = malloc(CORPUS_FILE_MAX_BYTES);
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file || !bytes) {
        printf("not ok %d - %s cannot be read\n", ++ran, path);
        exit(1);
    }
    len = fread(bytes, 1, CORPUS_FILE_MAX_BYTES, file);
    fclose(file);
    run_bytes(name, bytes, len);
    free(bytes);
}

static void run_built_in(void)
{
    static const char *const texts[] = {"",           "{",   "[[[[", "\"\\u",  "\xff\xfe",
                                        "a: &a [*a]", "{{=", "-",    "\n\n\t", "%"};
    uint8_t *deep = malloc(100000);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        run_bytes("built-in", (const uint8_t *) texts[i], strlen(texts[i]));
    if (!deep)
        exit(1);
    memset(deep, '[', 100000);
    run_bytes("deep", deep, 100000);
    memset(deep, '(', 100000);
    run_bytes("deep parentheses", deep, 100000);
    free(deep);
}

int main(int argc, char **argv)
{
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    struct dirent *entry;

    run_built_in();
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            run_file(argv[1], entry->d_name);
    if (folder)
        closedir(folder);
    printf("1..%d\n", ran);
    return 0;
}
