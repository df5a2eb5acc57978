/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VIEW_RUN_H
#define VIEW_RUN_H
/* view_run.h: what a tool answered, as tool.ResponseOutput (contract 3.8). */
#include "core/jout.h"
#include "domain/runner.h"
/* Member "output": without what the worker left out; the stack trace is for who asked for it. */
void view_run_output(struct jout *w, const struct run_done *r, bool stacktrace) NONNULL(1, 2);
#endif
