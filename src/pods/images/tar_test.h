/* pods/images/tar_test.h - for tests: a tar put together entry by entry. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"

enum { TAR_BLOCK = 512, TAR_TEST_MAX_BYTES = 8 << 20 };

struct tar_entry {
    const char *name;
    char type;          /* '0' file, '1' hard link, '2' link, '3' char, '4' block, '5' folder,
                           '6' pipe */
    const char *text;   /* of a file */
    const char *target; /* of a link */
    unsigned mode, uid, gid;
};

static inline void tar_number(char *at, size_t size, unsigned long long value)
{
    at[size - 1] = '\0';
    for (size_t i = size - 1; i > 0; i--, value >>= 3)
        at[i - 1] = (char) ('0' + (value & 7));
}

static inline void tar_add(struct strbuf *tar, const struct tar_entry *e)
{
    static const char zeros[TAR_BLOCK];
    char header[TAR_BLOCK] = "";
    size_t len = e->text ? strlen(e->text) : 0;
    unsigned sum = 0;

    assert_true(strlen(e->name) < 100);
    memcpy(header, e->name, strlen(e->name));
    tar_number(header + 100, 8, e->mode ? e->mode : e->type == '5' ? 0755 : 0644);
    tar_number(header + 108, 8, e->uid);
    tar_number(header + 116, 8, e->gid);
    tar_number(header + 124, 12, len);
    tar_number(header + 136, 12, 1000000000);
    memset(header + 148, ' ', 8);
    header[156] = e->type;
    if (e->target)
        memcpy(header + 157, e->target, strlen(e->target));
    memcpy(header + 257, "ustar\00000", 8);
    tar_number(header + 329, 8, 1);
    tar_number(header + 337, 8, 3);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char) header[i];
    tar_number(header + 148, 7, sum);
    strbuf_add(tar, str_of(header, TAR_BLOCK));
    strbuf_add(tar, str_of(e->text ? e->text : "", len));
    strbuf_add(tar, str_of(zeros, (TAR_BLOCK - len % TAR_BLOCK) % TAR_BLOCK));
}

static inline void tar_end(struct strbuf *tar)
{
    static const char zeros[2 * TAR_BLOCK];

    strbuf_add(tar, str_of(zeros, sizeof(zeros)));
}
