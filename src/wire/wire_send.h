/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SEND_H
#define WIRE_SEND_H
/* wire_send.h: one call as the definition says: address, parameters, authentication, headers; then over net.
 *
 * Promises: standard parameters are sent unless the definition omits them, under the name it gives; its own parameters
 * replace the standard ones of the same name; an empty one is left out; bodies are wiped.  how->fate is WIRE_OK when an
 * HTTP answer came (whatever its status), else final: not sent, or uncertain.
 */
#include "net/net.h"
#include "wire/wire_env.h"
struct wire_param {
	const char *name;
	struct sv value;
};
struct wire_send {
	const char *purpose;
	unsigned at; /* enum pdef_at: which kind of call, for the error table */
	const struct pdef_call *call;
	const struct wire_param *params;
	size_t n_params;
	const struct wire_gate *gate; /* NULL: no gate, 20 s */
	bool may_repeat;              /* harmless when run twice */
};
struct err wire_send(struct ctx *cx, struct wire_env *e, const struct wire_send *in, struct net_reply *reply,
		     struct wire_outcome *how) MUST_USE NONNULL(1, 2, 3, 4, 5);
#endif
