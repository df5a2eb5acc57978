/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PERSON_H
#define PERSON_H
/* person.h: accounts, members and their roles, sessions, API keys.  No behaviour. */
#include "core/base.h"
/* A member's role in a project; the table role x action is domain/policy.c.  VERIFY: may only confirm that it is
 * himself (made by `tokenbooth user add`). */
enum role { ROLE_NONE, ROLE_VERIFY, ROLE_VIEWER, ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };
const char *role_name(enum role r) RETURNS_NONNULL;
enum role role_of(struct sv name); /* ROLE_NONE when unknown */
enum { ID_MAX = 40, EMAIL_MAX = 256, USER_ID_MAX = 256, NAME_MAX_ = 256, PROVIDER_ID_MAX = 100 };
/* A page of a list: limit 1..100, offset >= 0 (contract 1.6; api has clamped them). */
struct page {
	int64_t limit, offset;
};
struct account {
	char id[ID_MAX];
	char email[EMAIL_MAX];
	int64_t created_at, last_sign_in_at;
};
struct member {
	struct account account;
	enum role role;
};
struct project {
	char id[ID_MAX], org_id[ID_MAX];
	char name[NAME_MAX_];
	int64_t created_at;
};
struct api_key {
	char id[ID_MAX], project_id[ID_MAX];
	char name[NAME_MAX_];
	char last4[8];
	int64_t created_at, expires_at, revoked_at, last_used_at;
}; /* 0: never */
#endif
