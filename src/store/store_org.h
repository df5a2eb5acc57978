/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_ORG_H
#define STORE_ORG_H
/* store_org.h: table orgs. */
#include "store/store.h"
struct db;
struct err store_org_insert(struct ctx *cx, struct db *db, struct sv id, struct sv name, int64_t now) MUST_USE
    NONNULL(1, 2);
#endif
