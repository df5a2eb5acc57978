/* SPDX-License-Identifier: Apache-2.0 */
/* root.key: only the one line that was written is a key; nothing of a damaged one gets into the message.  Then a
 * wrapped key as it stands in a store that somebody else may have written to: none unwraps but one that was wrapped
 * here. */
#include "core/rnd.h"
#include "core/text.h"
#include "fuzz.h"
#include "seal/keyfile.h"
#include "seal/keyring.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct keyring *ring;
static char damaged[512]; /* what is said of any damaged file, whatever stands in it */
static char folder[] = "/tmp/tokenbooth-fuzz-XXXXXX", path[64];
static void let_go(void)
{
	keyring_drop(&ring);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void put(struct sv text)
{
	FILE *f = fopen(path, "wb");

	MUST(f != NULL && fchmod(fileno(f), 0600) == 0 && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}
static void start(struct ctx *cx)
{
	struct secret *value = secret_copy(SV("0123456789abcdefghijklmnopqrstuvwxyz"));
	const struct root_key keys[] = { { "one", true, value } };

	MUST(mkdtemp(folder) != NULL && snprintf(path, sizeof path, "%s/root.key", folder) > 0);
	MUST(atexit(let_go) == 0 && value != NULL);
	MUST(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .keys = keys, .n = 1 }, &ring)));
	secret_free(value);
	put(SV("?"));
	MUST(keyfile_read(cx, path, &value).code == E_CONFIG && value == NULL);
	MUST(sv_copy(sv_of(cx->cause.say), damaged, sizeof damaged));
	(void)forgive(cx);
}

static bool plain_key(const uint8_t *s, size_t n, struct sv *key)
{
	struct sv line = sv_trim(fuzz_sv(s, n));

	*key = line;
	if (n > TOKEN_TEXT + 3 || line.n != TOKEN_TEXT - 1)
		return false;
	for (size_t i = 0; i < line.n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", line.p[i]) == NULL ||
		    line.p[i] == '\0')
			return false;
	return true;
}

static void unwrap(struct ctx *cx, struct sv box)
{
	const struct wrapped w = { "one", SV("keys.box:p:k"), box }, other = { "two", SV("keys.box:p:k"), box };
	struct secret *got = NULL;

	MUST(IS_ERR(keyring_unwrap(cx, ring, &w, &got)) && got == NULL);
	(void)forgive(cx);
	MUST(keyring_unwrap(cx, ring, &other, &got).code == E_CONFIG && got == NULL);
	(void)forgive(cx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct secret *got = NULL;
	struct sv key;

	if (ring == NULL)
		start(cx);
	put(fuzz_sv(data, size));
	struct err e = keyfile_read(cx, path, &got);
	fuzz_outcome(cx, e);
	bool fits = plain_key(data, size, &key);
	/* a longer file that begins with a whole key and a line end is read no further than its first bytes */
	MUST(!fits || !IS_ERR(e));
	MUST(IS_ERR(e) == (got == NULL) && (got == NULL || size > TOKEN_TEXT + 3 || sv_eq(secret_view(got), key)));
	MUST(!IS_ERR(e) || strcmp(cx->cause.say, damaged) == 0);
	secret_free(got);
	(void)forgive(cx);
	unwrap(cx, fuzz_sv(data, size));
	return 0;
}
