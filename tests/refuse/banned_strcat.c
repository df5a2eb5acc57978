/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "strcat" */
void use(char *d, const char *s);
void use(char *d, const char *s) { strcat(d, s); }
