/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ROW_H
#define STORE_ROW_H
/* store_row.h: columns into structs, for the decoders of store_*.c. */
#include "core/base.h"
#include "db/db.h"
/* NUL-terminated copy; E_INTERNAL when it does not fit (only a damaged store holds such a row). */
struct err store_row_text(struct ctx *cx, struct db_stmt *q, int col, char *dst, size_t cap) MUST_USE NONNULL(1, 2, 4);
struct err store_row_sv(struct ctx *cx, struct db_stmt *q, int col, struct sv *out) MUST_USE
    NONNULL(1, 2, 4); /* copy in cx->arena */
struct err store_row_blob(struct ctx *cx, struct db_stmt *q, int col, struct sv *out) MUST_USE
    NONNULL(1, 2, 4); /* copy in cx->arena; p NULL for NULL */
/* One number of one row ("SELECT count(*) …", no parameters but `at` 1, when p is not NULL). */
struct err store_row_count(struct ctx *cx, struct db *db, const char *sql, struct sv param, int64_t *out) MUST_USE
    NONNULL(1, 2, 3, 5);
/* The same for a list that is searched: $1 the project, $2 the text to find. */
struct row_count {
	struct sv project, q;
};
struct err store_row_count_of(struct ctx *cx, struct db *db, const char *sql, const struct row_count *in,
			      int64_t *out) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* A condition of a list: `text` holds parameter `at` without case (of ASCII), or that is empty. */
#define STORE_ROW_HAS(text, at) "(" at " = '' OR instr(lower(" text "), lower(" at ")) > 0)"
/* Room for more rows of a list that is full: the old ones copied, *room doubled; NULL: out of memory. */
void *store_row_room(struct ctx *cx, const void *rows, size_t *room, size_t size) MUST_USE NONNULL(1, 3);
#endif
