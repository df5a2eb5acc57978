/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_PROJECT_H
#define STORE_PROJECT_H
/* store_project.h: table projects.  All of them, with their data keys, are in memory while the store is open. */
#include "model/person.h"
#include "store/store.h"
bool store_project_find(const struct store *st, struct sv id, struct project *out) NONNULL(1, 3); /* memory only */
size_t store_project_count(const struct store *st) NONNULL(1);
void store_project_at(const struct store *st, size_t i, struct project *out)
    NONNULL(1, 3); /* i < count; oldest first */
#endif
