/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_VERIFY_H
#define P_VERIFY_H
/* p_verify.h: the built-in verifier: sign in, confirm that it is oneself (contract 2.6, design 8). */
#include "http/route.h"
handler_fn p_verify_show, p_verify_confirm;
#endif
