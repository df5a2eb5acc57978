/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: enumeration value 'E_NOT_FOUND' not handled in switch */
#include "core/base.h"
int use(enum err_code c);
int use(enum err_code c)
{
	switch (c) {
	case E_OK: return 200;
	case E_BAD_INPUT: return 400;
	default: return 500;
	}
}
