/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "strncpy" */
void use(char *d, const char *s);
void use(char *d, const char *s) { strncpy(d, s, 3); }
