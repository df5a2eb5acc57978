/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H
/* device.h: a browser that has signed in to an account before, known by a cookie (OWASP, "device cookies").
 *
 * Promises: it has a budget of wrong passwords and codes of its own, so that strangers who spend the account's, or
 * their neighbour's address's, shut out nobody who was here before.  The cookie signs nobody in, and is good for the
 * account it was made for only.
 */
#include "domain/engine.h"
enum { DEVICE_TEXT = 88 }; /* 43 random characters, a dot, 43 of a MAC */
void device_make(const struct engine *en, struct sv email, char out[static DEVICE_TEXT]) NONNULL(1, 3);
bool device_is(const struct engine *en, struct sv email, struct sv cookie) NONNULL(1);
#endif
