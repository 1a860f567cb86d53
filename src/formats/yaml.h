/*
 * formats/yaml.h - YAML to JSON values and back, with the resolution of sigs.k8s.io/yaml.
 *
 * Scanning is libyaml's; what a scalar becomes (YAML 1.1 booleans such as yes, n and on;
 * numbers; null; strings) is sigs.k8s.io/yaml v1's. Each value carries its byte offset in the
 * source. Aliases are expanded up to YAML_ALIAS_MAX_NODES. ../shared/golden/formats/yaml.jsonl
 * and yaml-out.jsonl decide. Any thread.
 */
#pragma once

#include "formats/json.h"

struct yaml_documents {
    struct json *at; /* one value a document; empty documents are left out */
    size_t len;
};

/**
 * yaml_parse() - read one document
 * @a:    where the values live
 * @text: source
 * @ret:  root value; JSON null for an empty text
 * @err:  ERR_INVALID with line and column (duplicate keys included); ERR_LIMIT for depth,
 * aliases and size
 */
int yaml_parse(struct arena *a, struct str text, struct json *ret, struct err *err);

/** yaml_parse_all() - read a stream of documents separated by "---" (JSON texts are YAML, too)
 */
int yaml_parse_all(struct arena *a, struct str text, struct yaml_documents *ret,
                   struct err *err);

/** yaml_print() - append a value as sigs.k8s.io/yaml's Marshal prints it (sorted keys, two
 * blanks, its quoting) */
void yaml_print(struct strbuf *b, const struct json *v);
