/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "sprintf" */
void use(char *d, const char *s);
void use(char *d, const char *s) { sprintf(d, "%s", s); }
