/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "system" */
void use(char *d, const char *s);
void use(char *d, const char *s)
{
	if (system(s) != 0)
		*d = 0;
}
