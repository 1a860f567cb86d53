/*
 * objects/shapes_internal.h - short words for the rows of shapes without structs.
 *
 * One row a member: its name in the manifest, a sentence, then what else the row needs
 * (.flags, .fallback, .shape ...). A table is named `<id>_rows`, ends with {0}, and SHAPE(id,
 * ...) makes `shape_<id>` of it.
 */
#pragma once

#include "objects/shapes.h"

#define ROW(name_, type_, doc_, ...)                                                \
    {                                                                               \
        .name = (name_), .type = (type_), .doc = (doc_), .offset = FIELD_NO_OFFSET, \
        __VA_ARGS__                                                                 \
    }

#define TEXT(name_, doc_, ...)   ROW(name_, FIELD_STR, doc_, __VA_ARGS__)
#define FLAG(name_, doc_, ...)   ROW(name_, FIELD_BOOL, doc_, __VA_ARGS__)
#define WHOLE(name_, doc_, ...)  ROW(name_, FIELD_I64, doc_, __VA_ARGS__)
#define TIME(name_, doc_, ...)   ROW(name_, FIELD_TIME, doc_, __VA_ARGS__)
#define ANYSTR(name_, doc_, ...) ROW(name_, FIELD_ANY_STR, doc_, __VA_ARGS__)
#define INTSTR(name_, doc_, ...) ROW(name_, FIELD_INT_OR_STR, doc_, __VA_ARGS__)
#define ANY(name_, doc_, ...)    ROW(name_, FIELD_ANY, doc_, __VA_ARGS__)

/* One of several words: CHOICE("policy", "A|B", "...") */
#define CHOICE(name_, choices_, doc_, ...) \
    ROW(name_, FIELD_ENUM, doc_, .choices = (choices_), __VA_ARGS__)

/* An object, a list of objects, a map of objects: shape without "shape_". */
#define PART(name_, part_, doc_, ...) \
    ROW(name_, FIELD_OBJECT, doc_, .shape = &shape_##part_, __VA_ARGS__)
#define PARTS(name_, part_, doc_, ...) \
    ROW(name_, FIELD_LIST, doc_, .item = FIELD_OBJECT, .shape = &shape_##part_, __VA_ARGS__)
#define PARTS_BY_NAME(name_, part_, doc_, ...) \
    ROW(name_, FIELD_MAP, doc_, .item = FIELD_OBJECT, .shape = &shape_##part_, __VA_ARGS__)

/* Lists and maps of scalars. */
#define LIST_OF(name_, item_, doc_, ...) \
    ROW(name_, FIELD_LIST, doc_, .item = (item_), __VA_ARGS__)
#define TEXTS(name_, doc_, ...) LIST_OF(name_, FIELD_STR, doc_, __VA_ARGS__)
#define MAP_OF(name_, item_, doc_, ...) \
    ROW(name_, FIELD_MAP, doc_, .item = (item_), __VA_ARGS__)
#define TEXT_BY_NAME(name_, doc_, ...) MAP_OF(name_, FIELD_STR, doc_, __VA_ARGS__)

#define SHAPE(id_, name_, doc_, ...)   \
    const struct shape shape_##id_ = { \
        .name = (name_), .doc = (doc_), .fields = id_##_rows, __VA_ARGS__}

/* A shape of one file only. */
#define LOCAL_SHAPE(id_, name_, doc_, ...) static SHAPE(id_, name_, doc_, __VA_ARGS__)

/* The first members of every object. */
#define OBJECT_ROWS(kind_)                                                                 \
    TEXT("apiVersion", "Group and version of the kind.", .flags = FIELD_REQUIRED),         \
        TEXT("kind", "The word " kind_ ".", .flags = FIELD_REQUIRED),                      \
        PART("metadata", object_meta, "Name, namespace, labels and what the system adds.", \
             .flags = FIELD_REQUIRED)
