/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: directive output truncated */
#include <stdio.h>
void use(char *c);
void use(char *c)
{
	char z[4];

	snprintf(z, sizeof z, "%s-%d", "long", 1);
	*c = z[0];
}
