/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ip.h"
#include "core/text.h"
#include <arpa/inet.h>
#include <string.h>

struct sv ip_net(struct sv ip, char out[static IP_NET])
{
	struct in6_addr a;

	if (!sv_copy(ip, out, IP_NET) || inet_pton(AF_INET6, out, &a) != 1)
		return ip;
	memset(a.s6_addr + 8, 0, 8);
	return inet_ntop(AF_INET6, &a, out, IP_NET) == NULL ? ip : sv_of(out);
}
