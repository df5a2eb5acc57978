/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLNAME_H
#define TOOLNAME_H
/* toolname.h: names of tools as callers spell them, and versions (contract 3.6).
 *
 * "Github.CreateIssue", "Github_CreateIssue", "github.createissue@1.2.0".  Letter case counts nowhere.  MCP tools have
 * underscores in their own names, so with "_" every split is possible: the catalogue decides.
 */
#include "core/base.h"
enum { TOOLNAME_MOST = 256 };
struct toolname {
	struct sv text;    /* without the version */
	struct sv version; /* p NULL: none was given */
	bool alike;        /* any '.' and any '_' may be the separator, which a dotted name is not read with at first */
	size_t split;      /* where the separator of the newest toolname_next stands; 0: before the first */
};
/* What follows '@' and `version` must agree.  E_BAD_INPUT "failed to parse tool name X". */
struct err toolname_parse(struct ctx *cx, struct sv name, struct sv version, struct toolname *out) MUST_USE
    NONNULL(1, 4);
/* One way to read it after the other: toolkit and tool; false: there is no further one. */
bool toolname_next(struct toolname *n, struct sv *toolkit, struct sv *tool) MUST_USE NONNULL(1, 2, 3);
/* Semantic versioning 2.0.0 section 11, for any text: numbers as numbers, a pre-release before its release, build
 * metadata ignored.  <0, 0, >0. */
int toolname_version_order(struct sv a, struct sv b);
#endif
