/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IP_H
#define IP_H
/* ip.h: addresses of the internet protocol as text. */
#include "core/base.h"
/* Whom an address stands for: itself, or of IPv6 its /64, since whoever has one address of it has them all (RFC 6177).
 * The view is of out, or of ip where that is no IPv6 address. */
enum { IP_NET = 46 };
struct sv ip_net(struct sv ip, char out[static IP_NET]) NONNULL(2);
#endif
