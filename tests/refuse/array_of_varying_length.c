/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: forbids variable length array */
#include "core/base.h"
int use(size_t n);
int use(size_t n)
{
	int a[n];

	a[0] = 1;
	return a[0];
}
