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

/** yaml_parse_lax() - yaml_parse(), but of keys that are given twice the last counts, as where
 * the original does not decode strictly */
int yaml_parse_lax(struct arena *a, struct str text, struct json *ret, struct err *err);

/** yaml_parse_all() - read a stream of documents separated by "---" (JSON texts are YAML, too)
 */
int yaml_parse_all(struct arena *a, struct str text, struct yaml_documents *ret,
                   struct err *err);

struct yaml_texts {
    struct str *at;
    size_t len;
};

/**
 * yaml_split() - the documents of a stream as kubectl tells them apart: by lines "---",
 * whatever stands around them
 * @a:    where the texts live
 * @text: stream
 * @ret:  the texts, each line with a line feed
 * @err:  ERR_INVALID when something but a comment follows "---"
 */
int yaml_split(struct arena *a, struct str text, struct yaml_texts *ret, struct err *err);

/**
 * yaml_decode_stream() - the documents of a stream of JSON or YAML as Kubernetes' decoder takes
 * them
 * @a:    where the texts live
 * @text: JSON values one behind the other, perhaps with "---" between them, or YAML
 * @ret:  JSON texts: as they stood, or made of the YAML; empty for a document without a value
 * @err:  ERR_INVALID, ERR_LIMIT
 */
int yaml_decode_stream(struct arena *a, struct str text, struct yaml_texts *ret,
                       struct err *err);

/** yaml_print() - append a value as sigs.k8s.io/yaml's Marshal prints it (sorted keys, two
 * blanks, its quoting) */
void yaml_print(struct strbuf *b, const struct json *v);
