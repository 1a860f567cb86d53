/*
 * formats/yaml_emit.h - YAML text in go-yaml's layout: indents, line breaks, quotes.
 *
 * The caller walks its values and says what comes; mappings and lists are in block style, empty
 * ones in flow style. A text's style is the one asked for where it can hold the text, else one
 * that can. One emitter writes one document; plain values, any thread. Doesn't do: deciding
 * which texts would be read as something else (yaml_print.c).
 * ../shared/golden/formats/yaml-out.jsonl decides.
 */
#pragma once

#include "base/strbuf.h"

enum yaml_style {
    YAML_PLAIN,
    YAML_SINGLE_QUOTED,
    YAML_DOUBLE_QUOTED,
    YAML_LITERAL,
};

/* Where a value stands. */
enum yaml_place {
    YAML_AT_ROOT,
    YAML_IN_LIST,
    YAML_IN_MAPPING,
};

struct yaml_emitter {
    struct strbuf *b;
    int column, indent;    /* indent is -1 outside of all blocks */
    bool is_after_space;   /* no blank is needed before what comes */
    bool is_at_indent;     /* nothing but indents and indicators on this line */
    bool is_simple_key;    /* of the mapping entry that is being written */
    enum yaml_place place; /* of the value that comes */
};

/** yaml_emit_start() - begin a document
 * @b: where its text goes; borrowed */
struct yaml_emitter yaml_emit_start(struct strbuf *b);

/** yaml_emit_end() - end it: the last line gets its break */
void yaml_emit_end(struct yaml_emitter *e);

/** yaml_emit_text() - a value that is a text */
void yaml_emit_text(struct yaml_emitter *e, struct str s, enum yaml_style style);

/** yaml_emit_key() - a mapping's next key; its value comes next */
void yaml_emit_key(struct yaml_emitter *e, struct str key, enum yaml_style style);

/** yaml_emit_item() - a list's next item comes next */
void yaml_emit_item(struct yaml_emitter *e);

/** yaml_emit_empty() - a value that is an empty list, "[]", or mapping, "{}" */
void yaml_emit_empty(struct yaml_emitter *e, const char *brackets);

/**
 * yaml_emit_open() - begin a list or a mapping that is not empty
 * @e:       emitter
 * @is_list: a list; one that is a mapping's value is not indented
 *
 * Return: what yaml_emit_close() wants.
 */
int yaml_emit_open(struct yaml_emitter *e, bool is_list);

/** yaml_emit_close() - end it */
void yaml_emit_close(struct yaml_emitter *e, int opened);
