/* SPDX-License-Identifier: Apache-2.0 */
/* The head sent to the simulator's proxy: a tunnel is opened for exactly "CONNECT host:443 HTTP/1.x" with a simulated
 * host, spelt out here in full. */
#include "core/text.h"
#include "fuzz.h"
#include "sim/sim_proxy.h"
#include <string.h>
#include <strings.h>

static struct sv hosts[] = { SV_INIT("discord.com"), SV_INIT("cdn.discordapp.com") };
/* before the host, the host (in any case), behind it */
static const struct {
	const char *host, *tail;
} good[] = {
	{ "discord.com", ":443 HTTP/1.1\r\n" },
	{ "discord.com", ":443 HTTP/1.0\r\n" },
	{ "cdn.discordapp.com", ":443 HTTP/1.1\r\n" },
	{ "cdn.discordapp.com", ":443 HTTP/1.0\r\n" },
};

static bool plainly(const char *head, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		size_t host = strlen(good[i].host), tail = strlen(good[i].tail);

		if (n >= 8 + host + tail && memcmp(head, "CONNECT ", 8) == 0 &&
		    strncasecmp(head + 8, good[i].host, host) == 0 && memcmp(head + 8 + host, good[i].tail, tail) == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int status = sim_proxy_read(fuzz_sv(data, size), (struct sv_list){ hosts, ARRAY_LEN(hosts) });

	MUST(status == 200 || status == 400 || status == 403 || status == 405);
	MUST((status == 200) == plainly((const char *)data, size));
	MUST(sim_proxy_read(fuzz_sv(data, size), (struct sv_list){ NULL, 0 }) != 200);
	return 0;
}
