/*
 * formats/multipart.h - one part of a form that was sent as multipart/form-data. Pure; texts
 * point into what was given. Source: RFC 7578, RFC 2046 5.1, RFC 2183.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { MULTIPART_BOUNDARY_MAX_BYTES = 70, MULTIPART_HEAD_MAX_BYTES = 16384 };

struct multipart_part {
    struct str name, file_name; /* file_name: absent when there is none */
    struct str bytes;
};

/** multipart_boundary() - of a Content-Type, in @a; ERR_INVALID when it is another type, or
 * says none */
int multipart_boundary(struct arena *a, struct str type, struct str *ret, struct err *err);

/**
 * multipart_find() - the first part of a name that is a file
 * @a:        where names live
 * @body:     of any size: read once, not copied
 * @boundary: see multipart_boundary()
 * @name:     of the form's field
 * @ret:      the part
 * @err:      ERR_INVALID: no such part, or no form; a form that is cut off is none
 *
 * Return: 0 or -1.
 */
int multipart_find(struct arena *a, struct str body, struct str boundary, struct str name,
                   struct multipart_part *ret, struct err *err);
