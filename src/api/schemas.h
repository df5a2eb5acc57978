/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMAS_H
#define SCHEMAS_H
/* schemas.h: the shapes of bodies and answers, one line of text each, for OpenAPI and docs/API.md.
 *
 *   field := name ['*'] ':' type        '*' required          fields are separated by spaces
 *   type  := (str | text) ['<=' N] | int | bool | num | any | time | map<type> | [type] | (word|word|…) | Schema
 *            text: a str that is not empty
 *
 * Promises: schemas_next refuses what does not fit the grammar; a test walks every line and finds every Schema named.
 */
#include "core/base.h"
struct schema {
	const char *name, *fields;
};
struct schema_list {
	const struct schema *v;
	size_t n;
};
struct schema_list schemas_all(void);
const struct schema *schemas_find(struct sv name); /* NULL: unknown */
enum schema_kind {
	SCHEMA_STR,
	SCHEMA_INT,
	SCHEMA_NUM,
	SCHEMA_BOOL,
	SCHEMA_ANY,
	SCHEMA_TIME,
	SCHEMA_MAP,
	SCHEMA_LIST,
	SCHEMA_WORDS,
	SCHEMA_REF
};
struct schema_type {
	enum schema_kind kind;
	int64_t least, most; /* characters of a str; most 0: not limited */
	struct sv of;        /* MAP, LIST: the inner type's text; WORDS: a|b|c; REF: the schema's name */
};
struct schema_field {
	struct sv name;
	bool required;
	struct sv type;
};
/* The next field of *rest.  false: the end, or *bad. */
bool schemas_next(struct sv *rest, struct schema_field *out, bool *bad) MUST_USE NONNULL(1, 2, 3);
bool schemas_type(struct sv text, struct schema_type *out) MUST_USE NONNULL(2);
#endif
