/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIPPED_H
#define SHIPPED_H
/* shipped.h: the built-in definitions, loaded once, for targets that read what a provider sends. */
#include "fuzz.h"
#include "wire/wire.h"
/* One of them for each number. */
const struct pdef *shipped(uint8_t which) RETURNS_NONNULL;
/* A client of it, without a network. */
struct wire_client shipped_client(const struct pdef *d, const struct secret *client_secret) NONNULL(1);
#endif
