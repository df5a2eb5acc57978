/* SPDX-License-Identifier: Apache-2.0 */
#include "model/person.h"
#include "core/text.h"

static const char *const names[] = {
	[ROLE_NONE] = "none",     [ROLE_VERIFY] = "verify", [ROLE_VIEWER] = "viewer",
	[ROLE_MEMBER] = "member", [ROLE_ADMIN] = "admin",   [ROLE_OWNER] = "owner",
};
const char *role_name(enum role r) { return (size_t)r < ARRAY_LEN(names) ? names[r] : names[ROLE_NONE]; }
enum role role_of(struct sv name)
{
	for (size_t i = ROLE_VERIFY; i < ARRAY_LEN(names); i++)
		if (sv_eqz(name, names[i]))
			return (enum role)i;
	return ROLE_NONE;
}
