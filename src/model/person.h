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
/* A page of a list: limit 1..100, offset >= 0 (contract 1.6; api has clamped them).  q: text to find in it, without
 * case; n 0: everything. */
struct page {
	int64_t limit, offset;
	struct sv q;
};
struct account {
	char id[ID_MAX];
	char email[EMAIL_MAX];
	int64_t created_at, last_sign_in_at;
	bool has_password; /* false: signs in by way of another issuer */
};
struct member {
	struct account account;
	enum role role;
	int64_t version; /* when it last changed */
};
enum { COLOR_TEXT = 8, LOGO_TAG = 17 };
struct project {
	char id[ID_MAX], org_id[ID_MAX];
	char name[NAME_MAX_];
	char color[COLOR_TEXT];  /* "#rrggbb"; "": none */
	char logo_tag[LOGO_TAG]; /* of the logo's content; "": none */
	int64_t created_at, version;
}; /* version: when it last changed */
struct api_key {
	char id[ID_MAX], project_id[ID_MAX];
	char name[NAME_MAX_];
	char last4[8];
	int64_t created_at, expires_at, revoked_at, last_used_at;
}; /* 0: never */
#endif
