/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PROXY_H
#define SIM_PROXY_H
/* sim_proxy.h: a CONNECT proxy for the simulated hosts only, so that unmodified apps and tool workers reach them by
 * HTTPS_PROXY (design 10).  Any other host, port or method is refused: 403, 405.  At most 256 tunnels; one thread each,
 * which ends when either side closes, after 5 idle minutes, or at sim_proxy_stop. */
#include "core/node.h"
struct sim_proxy;
struct sim_proxy_how {
	struct sv_list hosts;
	const char *to_host;
	int to_port;
}; /* hosts live as long as the proxy */
/* How a head, with its empty line, is answered: 200 for CONNECT to port 443 of one of `hosts`, else 400, 403 or 405. */
int sim_proxy_read(struct sv head, struct sv_list hosts);
void sim_proxy_stop(struct sim_proxy *p);
struct err sim_proxy_start(struct ctx *cx, const struct sim_proxy_how *how, struct sim_proxy **out, int *port) MUST_USE
    NONNULL(1, 2, 3, 4);
#endif
