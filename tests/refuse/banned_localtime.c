/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "localtime" */
void use(char *d, const char *s);
void use(char *d, const char *s)
{
	if (localtime(NULL) == NULL)
		*d = *s;
}
