/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: attempt to use poisoned "strtok" */
void use(char *d, const char *s);
void use(char *d, const char *s) { strtok(d, s); }
