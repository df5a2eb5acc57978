/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_NET_H
#define TT_NET_H
/* tt_net.h: answers of a provider for tests of the domain: net_call of this executable comes here (linked with
 * --wrap=net_call). A purpose is wire's ("token", "refresh", "userinfo", "revoke", …).  Any thread. */
#include "net/net.h"
void tt_net_reset(void);                                               /* every call fails as "no connection" again */
void tt_net_answer(const char *purpose, int status, const char *body); /* JSON, from now on */
void tt_net_fails(const char *purpose, enum net_fate fate, bool sent); /* from now on */
void tt_net_during(const char *purpose, void (*fn)(void *arg),
		   void *arg); /* runs inside the next call, before its answer */
int tt_net_calls(const char *purpose);
const char *tt_net_sent(const char *purpose); /* the last body; until tt_net_reset */
#endif
