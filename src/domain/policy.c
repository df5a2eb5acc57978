/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy.h"

/* A key may what an administrator may, but for accounts, members and other projects.  ROLE_NONE: whoever is signed in.
 */
static const struct {
	const char *action;
	enum role least;
	bool key;
} t[] = {
	{ "auth:self", ROLE_NONE, false },          { "providers:read", ROLE_VIEWER, true },
	{ "connections:read", ROLE_VIEWER, true },  { "settings:read", ROLE_VIEWER, true },
	{ "projects:read", ROLE_VIEWER, true },     { "authorizations:read", ROLE_MEMBER, true },
	{ "events:read", ROLE_MEMBER, true },       { "members:read", ROLE_MEMBER, true },
	{ "auth:use", ROLE_ADMIN, true },           { "providers:write", ROLE_ADMIN, true },
	{ "connections:delete", ROLE_ADMIN, true }, { "settings:write", ROLE_ADMIN, true },
	{ "keys:read", ROLE_ADMIN, true },          { "keys:write", ROLE_ADMIN, true },
	{ "accounts:read", ROLE_ADMIN, false },     { "accounts:write", ROLE_ADMIN, false },
	{ "members:write", ROLE_ADMIN, false },     { "secrets:read", ROLE_MEMBER, true },
	{ "secrets:write", ROLE_ADMIN, true },      { "store:backup", ROLE_OWNER, false },
	{ "metrics:read", ROLE_ADMIN, true },       { "workers:read", ROLE_MEMBER, true },
	{ "workers:write", ROLE_ADMIN, true },      { "tools:read", ROLE_VIEWER, true },
	{ "tools:use", ROLE_ADMIN, true },          { "projects:list", ROLE_NONE, true },
	{ "projects:write", ROLE_ADMIN, true },     { "projects:create", ROLE_OWNER, false },
};
static int row_of(const char *action)
{
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (strcmp(t[i].action, action) == 0)
			return (int)i;
	return -1;
}
const char *policy_action(size_t i) { return i < ARRAY_LEN(t) ? t[i].action : NULL; }
bool policy_knows(const char *action) { return row_of(action) >= 0; }
bool policy_allows(enum policy_who who, enum role role, const char *action)
{
	int i = row_of(action);

	if (i < 0)
		return false;
	switch (who) {
	case POLICY_MEMBER: return role >= t[i].least;
	case POLICY_KEY: return t[i].key;
	case POLICY_OPERATOR: return true;
	case POLICY_SCRAPER: return strcmp(action, "metrics:read") == 0;
	case POLICY_NOBODY:
	default: return false;
	}
}
