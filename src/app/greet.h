/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GREET_H
#define GREET_H
/* greet.h: the one start message on stdout (design 15): a text for a person, or one JSON line.
 *
 * Promises: the API key and the set-up address are in it on the first run only, and never when stdout is the journal.
 */
#include "app/cli.h"
#include "app/life.h"
struct err greet_started(struct cli *cli, const struct life *l, bool serving) MUST_USE NONNULL(1, 2);
#endif
