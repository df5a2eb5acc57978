/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORY_H
#define STORY_H
/* story.h: the steps of an authorization or connection as a person reads them: when, what, how it went; below, what was
 * asked and answered, and of a failure its cause and its fix. */
#include "app/cli.h"
#include "core/node.h"
struct err story_show(struct cli *cli, const struct node *events) MUST_USE NONNULL(1);
#endif
