/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHOW_H
#define SHOW_H
/* show.h: answers for people: a table of a list, or "name: value" lines; with --json the API's answer as it came. */
#include "app/client.h"
struct show_column {
	const char *title, *path; /* dotted path inside an item; of "a|b" the first that is there */
};
struct show_table {
	const struct show_column *columns;
	size_t n;
	const char *none; /* said when the list is empty */
};
struct err show_list(struct cli *cli, const struct client_answer *a, const struct show_table *t) MUST_USE
    NONNULL(1, 2, 3);
struct err show_one(struct cli *cli, const struct client_answer *a, const struct show_table *t) MUST_USE
    NONNULL(1, 2, 3);
struct err show_json(struct cli *cli, const struct client_answer *a) MUST_USE NONNULL(1, 2);
/* A value as a person reads it; lists are joined by commas. */
void show_value(struct buf *b, const struct node *n) NONNULL(1);
#endif
