/*
 * formats/labels.h - Kubernetes labels: which keys and values are allowed, and labels as text.
 *
 * The rules are those of apimachinery's validation: a key is an optional DNS subdomain, a slash
 * and a name of at most 63 bytes; a value is empty or such a name. Messages are Kubernetes'
 * own, because users see them. Pure functions, any thread. Does not touch annotations, whose
 * values are free text.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

/**
 * label_key_problem() - what is wrong with a label key
 * @a:    where the message lives
 * @key:  key, with or without a prefix
 * @path: how the message names the place of the key, "<nil>" when there is none
 *
 * Return: the message, or the absent view when the key is allowed.
 */
struct str label_key_problem(struct arena *a, struct str key, const char *path);

/**
 * label_value_problem() - what is wrong with a label value
 * @a:     where the message lives
 * @key:   its key, for the message
 * @value: value
 * @path:  how the message names the place, before "[key]"
 *
 * Return: the message, or the absent view when the value is allowed.
 */
struct str label_value_problem(struct arena *a, struct str key, struct str value,
                               const char *path);

/**
 * dns_subdomain_problem() - what is wrong with an RFC 1123 subdomain, the form of most object
 * names
 * @a:    where the message lives
 * @name: name
 *
 * Return: all messages, joined by "; ", or the absent view when the name is allowed.
 */
struct str dns_subdomain_problem(struct arena *a, struct str name);

/**
 * labels_parse() - read labels given as text: "a=1,b=2"
 * @a:    where the object lives; texts are copied into it
 * @text: at most SELECTOR_MAX_BYTES; white space around keys and values is dropped
 * @ret:  an object of strings; a later value of a key replaces an earlier one
 * @err:  ERR_INVALID with Kubernetes' text, ERR_LIMIT when too long
 *
 * Return: 0 or -1.
 */
int labels_parse(struct arena *a, struct str text, struct json *ret, struct err *err);

/**
 * labels_print() - labels as text, sorted as "key=value": "a=1,b=2"
 * @a:      where the text lives
 * @labels: an object of strings; NULL prints as the empty text
 */
struct str labels_print(struct arena *a, const struct json *labels);
