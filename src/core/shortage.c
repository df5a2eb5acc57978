/* SPDX-License-Identifier: Apache-2.0 */
#include "core/shortage.h"
#include <time.h>

enum { TRIES = 5000 };

bool shortage_again(int *tries)
{
	const struct timespec pause = { 0, 1000 * 1000 };

	if (++*tries > TRIES)
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}
