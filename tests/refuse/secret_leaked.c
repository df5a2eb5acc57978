/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: leak of 's' */
/* flags: -fanalyzer */
#include "core/secret.h"
bool use(struct sv token, bool stop);
bool use(struct sv token, bool stop)
{
	struct secret *s = secret_copy(token);

	if (s == NULL || stop)
		return false;
	secret_free(s);
	return true;
}
