/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHORTAGE_H
#define SHORTAGE_H
/* shortage.h: for the few places that can neither go on without memory nor say that there is none: wait, and try again.
 */
#include "core/base.h"
/* True: try again (a millisecond has passed).  False: it has been tried for some seconds.  *tries begins at 0. */
bool shortage_again(int *tries) MUST_USE NONNULL(1);
#endif
