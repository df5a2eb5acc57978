/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/device.h"
#include "core/codec.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/people.h"
#include <stdio.h>

enum { TOKEN = TOKEN_TEXT - 1 };

static void finish(const struct engine *en, struct sv email, char value[static DEVICE_TEXT])
{
	char text[TOKEN_TEXT + EMAIL_MAX];
	int n = snprintf(text, sizeof text, "%.*s %.*s", TOKEN, value, SV_FMT(sv_upto(email, EMAIL_MAX - 2)));
	struct sha256 mac = people_mac(en, 'D', (struct sv){ text, (size_t)n });

	value[TOKEN] = '.';
	enc_b64url_text(sha256_view(&mac), value + TOKEN + 1, DEVICE_TEXT - TOKEN - 1);
}
void device_make(const struct engine *en, struct sv email, char out[static DEVICE_TEXT])
{
	id_token(out);
	finish(en, email, out);
}
bool device_is(const struct engine *en, struct sv email, struct sv cookie)
{
	char want[DEVICE_TEXT];

	if (email.n == 0 || cookie.n != DEVICE_TEXT - 1)
		return false;
	memcpy(want, cookie.p, TOKEN);
	finish(en, email, want);
	return same_bytes(sv_of(want), cookie);
}
