/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLBOX_READ_H
#define TOOLBOX_READ_H
/* toolbox_read.h: one entry of a worker's catalogue (contract 4.3) as a tool (contract 3.6). */
#include "domain/toolbox.h"
/* Text in cx->arena.  E_BAD_INPUT says what is wrong with it; project, worker and newest are left alone. */
struct err toolbox_read(struct ctx *cx, const struct node *entry, struct tool *out) MUST_USE NONNULL(1, 2, 3);
#endif
