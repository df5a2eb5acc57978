/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "net/net.h"

const char *net_fate_text(enum net_fate f)
{
	switch (f) {
	case NET_DONE: return "answered";
	case NET_REFUSED: return "refused by the egress guard";
	case NET_NO_NAME: return "the name could not be resolved";
	case NET_NO_CONNECT: return "no connection could be made";
	case NET_NO_TLS: return "no trusted TLS connection could be made";
	case NET_TIMEOUT: return "no whole answer came in time";
	case NET_CUT: return "the connection ended before the answer was whole";
	case NET_TOO_LARGE: return "the answer is too large";
	case NET_NOT_SENT: return "it was too late to send it";
	case NET_FAILED:
	default: return "the call failed inside this process";
	}
}

const char *net_fate_name(enum net_fate f)
{
	static const char *const names[] = {
		[NET_DONE] = "answered",     [NET_REFUSED] = "refused",
		[NET_NO_NAME] = "no_name",   [NET_NO_CONNECT] = "no_connect",
		[NET_NO_TLS] = "no_tls",     [NET_TIMEOUT] = "timeout",
		[NET_CUT] = "cut",           [NET_TOO_LARGE] = "too_large",
		[NET_NOT_SENT] = "not_sent", [NET_FAILED] = "failed",
	};

	return names[(size_t)f < ARRAY_LEN(names) ? f : NET_FAILED];
}

struct sv net_header_of(const struct net_reply *r, const char *name, size_t nth)
{
	struct sv rest = buf_view(&r->headers);

	while (rest.n > 0) {
		struct sv line = sv_cut(&rest, '\n'), key = sv_cut(&line, ':');

		if (sv_ieq(key, sv_of(name)) && nth-- == 0)
			return sv_trim(line);
	}
	return SV_NONE;
}
