/* Heap memory that aborts instead of failing; see mem.h for the reason. */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static _noreturn_ void out_of_memory(size_t size)
{
    fprintf(stderr, "tiphys: out of memory (%zu bytes)\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *ptr = calloc(1, size ? size : 1);

    if (!ptr)
        out_of_memory(size);
    return ptr;
}

void *mem_array(size_t count, size_t size)
{
    size_t total = 0;

    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(count);
    return mem_alloc(total);
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
    size_t total = 0;
    void *grown = NULL;

    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(count);
    grown = realloc(ptr, total ? total : 1);
    if (!grown)
        out_of_memory(total);
    return grown;
}

void *mem_dup(const void *ptr, size_t len)
{
    char *copy = malloc(len + 1);

    if (!copy)
        out_of_memory(len);
    if (len)
        memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}
