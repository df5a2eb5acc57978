/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXIES_H
#define PROXIES_H
/* proxies.h: which peers may say for whom they ask (X-Forwarded-For), and the text of addresses.
 *
 * Promises: without a trusted peer the header is not looked at; with one, the rightmost address that is not itself a
 *           trusted proxy counts, and an unreadable entry ends the search at the last good one.
 */
#include "core/node.h"
struct sockaddr;
enum { IP_TEXT = 46 };
struct proxies;
void proxies_free(struct proxies *p);
/* E_CONFIG names the entry that is no address or CIDR.  No entries: *out stays NULL. */
struct err proxies_new(struct ctx *cx, const struct sv_list *cidrs, struct proxies **out) MUST_USE NONNULL(1, 2, 3);
void proxies_text(const struct sockaddr *sa, char out[static IP_TEXT])
    NONNULL(1); /* v4-mapped addresses as IPv4; "" unknown */
/* p may be NULL.  forwarded: one header's value; the result is canonical text in out.  True: all of it was written by
 * trusted proxies, so that a header line above this one may be believed too. */
bool proxies_client(const struct proxies *p, const char *peer, struct sv forwarded, char out[static IP_TEXT])
    NONNULL(2);
static inline void proxies_drop(struct proxies **p)
{
	proxies_free(*p);
	*p = NULL;
}
#endif
