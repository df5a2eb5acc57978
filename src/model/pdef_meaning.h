/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_MEANING_H
#define PDEF_MEANING_H
/* pdef_meaning.h: inside of pdef: does what was decoded make sense: every template, path, address and condition is
 * tried. */
#include "model/pdef_parts.h"
struct err pdef_meaning(struct ctx *cx, const struct pdef *d, bool partial) MUST_USE NONNULL(1, 2);
#endif
