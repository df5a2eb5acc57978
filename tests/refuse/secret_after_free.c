/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: pointer 's' used after 'secret_free' */
#include "core/secret.h"
bool use(struct sv token);
bool use(struct sv token)
{
	struct secret *s = secret_copy(token);

	if (s == NULL)
		return false;
	secret_free(s);
	return secret_equal(s, token);
}
