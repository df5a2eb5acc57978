/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARDEN_H
#define HARDEN_H
/* harden.h: what this process must not do, said to the system before anything else.
 *
 * Promises: no core files, no debugger of the same user, no new privileges, as many files as the limit allows; SIGPIPE
 * ignored. Best effort: a system without one of them still runs.
 */
#include "core/base.h"
void harden_process(void);
#endif
