/* SPDX-License-Identifier: Apache-2.0 */
/* X-Forwarded-For and the list of trusted proxies: a line of CIDRs, a line with the peer, the rest is the header. */
#include "core/text.h"
#include "fuzz.h"
#include "http/proxies.h"
#include <arpa/inet.h>
#include <string.h>

enum { MOST = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(proxies_drop) struct proxies *p = NULL;
	struct ctx *cx = fuzz_ctx();
	struct sv rest = fuzz_sv(data, size), line = sv_cut(&rest, '\n'), v[MOST];
	struct sv_list cidrs = { v, 0 };
	char peer[IP_TEXT], out[IP_TEXT], again[IP_TEXT];
	uint8_t ip[16];

	if (!text_is_utf8(line))
		return 0; /* configuration is UTF-8 */
	while (line.p != NULL && line.n > 0 && cidrs.n < MOST)
		v[cidrs.n++] = sv_cut(&line, ' ');
	struct err e = proxies_new(cx, &cidrs, &p);
	fuzz_outcome(cx, e);
	if (IS_ERR(e) || !sv_copy(sv_cut(&rest, '\n'), peer, sizeof peer))
		return 0;
	proxies_client(p, peer, rest, out);
	MUST(strnlen(out, sizeof out) < sizeof out);
	MUST(strcmp(out, peer) == 0 || inet_pton(AF_INET, out, ip) == 1 || inet_pton(AF_INET6, out, ip) == 1);
	proxies_client(NULL, peer, rest, again);
	MUST(strcmp(again, peer) == 0);
	return 0;
}
