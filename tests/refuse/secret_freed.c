/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: 'free' called on pointer returned from a mismatched allocation function */
#include "core/secret.h"
void use(void);
void use(void)
{
	struct secret *s = secret_copy(SV("a"));

	free(s);
}
