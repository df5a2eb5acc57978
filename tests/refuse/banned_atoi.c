/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "atoi" */
void use(char *d, const char *s);
void use(char *d, const char *s) { *d = (char)atoi(s); }
