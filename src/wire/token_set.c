/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

void token_set_clear(struct token_set *t)
{
	secret_drop(&t->access);
	secret_drop(&t->refresh);
	secret_drop(&t->rest);
	*t = (struct token_set){ .access = NULL };
}
