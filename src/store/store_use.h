/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_USE_H
#define STORE_USE_H
/* store_use.h: when a row was used last.  Uses are marked in memory and written many at once (design 5). */
#include "model/person.h"
#include "store/store.h"
struct use_mark {
	char id[ID_MAX];
	int64_t at; /* microseconds */
};
struct use_marks {
	const struct use_mark *v;
	size_t n;
};
struct use_write {
	const char *sql; /* static: sets $1, never lower than it was, where id = $2 */
	const struct use_marks *marks;
};
struct err store_use_write(struct ctx *cx, struct store *st, const struct use_write *in) MUST_USE NONNULL(1, 2, 3);
#endif
