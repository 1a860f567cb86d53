/*
 * The shim's malloc() in place of the C library's: a shim lives as long as its pod and frees
 * next to nothing, so a block is the next piece of one static area. A pod then needs no system
 * call for memory and touches few pages, which a fork makes dear. What is freed in the reverse
 * order of its taking (directory streams) is taken again; the rest goes with the process. What
 * the area cannot hold gets a mapping of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAP_BYTES = 1 << 20, HEAP_ALIGN = 16 };

struct block {
    size_t size;   /* of what the caller has */
    size_t before; /* where the area ended before it; SIZE_MAX: a mapping */
};

static _Alignas(HEAP_ALIGN) char area[HEAP_BYTES];
static size_t used, touched; /* beyond touched all is zero */

static struct block *block_of(void *ptr)
{
    return (struct block *) ptr - 1;
}

static size_t total(size_t size)
{
    return (sizeof(struct block) + size + HEAP_ALIGN - 1) / HEAP_ALIGN * HEAP_ALIGN;
}

static void *map_block(size_t size)
{
    struct block *block =
        mmap(NULL, total(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return NULL;
    *block = (struct block){.size = size, .before = SIZE_MAX};
    return block + 1;
}

void *malloc(size_t size)
{
    struct block *block = (struct block *) (area + used);

    if (size > PTRDIFF_MAX - 4096) {
        errno = ENOMEM;
        return NULL;
    }
    if (total(size) > HEAP_BYTES - used)
        return map_block(size);
    *block = (struct block){.size = size, .before = used};
    used += total(size);
    return block + 1;
}

void free(void *ptr)
{
    struct block *block = ptr ? block_of(ptr) : NULL;

    if (!block)
        return;
    if (block->before == SIZE_MAX) {
        munmap(block, total(block->size));
    } else if (block->before + total(block->size) == used) {
        touched = used > touched ? used : touched;
        used = block->before;
    }
}

void *calloc(size_t count, size_t size)
{
    size_t bytes, from = used;
    char *ret;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    ret = malloc(bytes);
    if (ret && used != from && from < touched)
        memset(ret, 0, bytes);
    return ret;
}

void *realloc(void *ptr, size_t size)
{
    void *ret = malloc(size);

    if (!ptr || !ret)
        return ret;
    memcpy(ret, ptr, block_of(ptr)->size < size ? block_of(ptr)->size : size);
    free(ptr);
    return ret;
}
