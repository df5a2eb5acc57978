/* SPDX-License-Identifier: Apache-2.0 */
/* t_guess.c: guessing learns nothing from time.  A time is no test; so what is compared and what is worked is counted:
 * the linker leads CRYPTO_memcmp and Argon2 through here. */
#include "domain/keys.h"
#include "domain/people.h"
#include "tt_engine.h"
#include <argon2.h>
#include <stdio.h>

/* Atomic: threads of other tests come through here as well. */
static struct {
	_Atomic size_t compares, odd; /* odd: of another length than a keyed hash */
	_Atomic size_t hashes, encodes;
	_Atomic unsigned time, memory, lanes; /* what the last one cost */
} seen;

int __real_CRYPTO_memcmp(const void *a, const void *b, size_t n);
int __wrap_CRYPTO_memcmp(const void *a, const void *b, size_t n);
int __wrap_CRYPTO_memcmp(const void *a, const void *b, size_t n)
{
	seen.compares++;
	seen.odd += n != 32;
	return __real_CRYPTO_memcmp(a, b, n);
}

int __real_argon2id_hash_raw(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
			     size_t salt_n, void *hash, size_t hash_n);
int __wrap_argon2id_hash_raw(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
			     size_t salt_n, void *hash, size_t hash_n);
int __wrap_argon2id_hash_raw(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
			     size_t salt_n, void *hash, size_t hash_n)
{
	seen.hashes++;
	seen.time = t;
	seen.memory = m;
	seen.lanes = p;
	return __real_argon2id_hash_raw(t, m, p, pwd, pwd_n, salt, salt_n, hash, hash_n);
}

int __real_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
				 size_t salt_n, size_t hash_n, char *out, size_t out_n);
int __wrap_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
				 size_t salt_n, size_t hash_n, char *out, size_t out_n);
int __wrap_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t p, const void *pwd, size_t pwd_n, const void *salt,
				 size_t salt_n, size_t hash_n, char *out, size_t out_n)
{
	seen.encodes++;
	return __real_argon2id_hash_encoded(t, m, p, pwd, pwd_n, salt, salt_n, hash_n, out, out_n);
}

int __real_argon2id_verify(const char *encoded, const void *pwd, size_t n);
int __wrap_argon2id_verify(const char *encoded, const void *pwd, size_t n);
int __wrap_argon2id_verify(const char *encoded, const void *pwd, size_t n)
{
	seen.hashes++;
	unsigned memory = 0, time = 0, lanes = 0;
	bool read = sscanf(encoded, "$argon2id$v=19$m=%u,t=%u,p=%u$", &memory, &time, &lanes) == 3;
	seen.memory = memory;
	seen.lanes = lanes;
	seen.time = read ? time : 0;
	return __real_argon2id_verify(encoded, pwd, n);
}

static void reset(void) { memset(&seen, 0, sizeof seen); }

/* A key is looked up by its keyed hash: whatever part of it is right, the hash is another, and hashes are compared
 * whole. */
TEST(a_key_is_compared_only_as_a_keyed_hash_and_in_constant_time)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	CLEANUP(secret_drop) struct secret *key = NULL;
	struct actor by = { "operator", "operator", "CLI", SV("") };
	struct key_new in = { .project_id = sv_of(store_default_project(en->store)), .name = SV("app"), .by = &by };
	struct api_key k;

	CHECK(!IS_ERR(key_create(cx, en, &in, &k, &key)));
	reset();
	CHECK(!IS_ERR(key_check(cx, en, secret_view(key), SV("10.0.0.1"), &k)));
	CHECK(seen.compares >= 1 && seen.odd == 0);
	reset();
	CHECK(key_check(cx, en, SV("arc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAhlVVpi"), SV("10.0.0.1"), &k).code ==
	      E_UNAUTHENTICATED);
	CHECK(seen.odd == 0);
	(void)forgive(cx);
}

TEST(two_keys_that_differ_in_their_last_character_have_nothing_else_in_common)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct sha256 a = store_mac(en->store, MAC_API_KEY, SV("arc_0123456789abcdefghijklmnopqrstuvwxyzAB"));
	struct sha256 b = store_mac(en->store, MAC_API_KEY, SV("arc_0123456789abcdefghijklmnopqrstuvwxyzAC"));
	size_t same = 0;

	for (size_t i = 0; i < sizeof a.b; i++)
		same += a.b[i] == b.b[i];
	CHECK(same < 6); /* of 32 bytes, by chance */
}

TEST(a_guessed_set_up_link_costs_no_work)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	CLEANUP(secret_drop) struct secret *token = NULL;
	struct people_try in = { .token = SV("0123456789012345678901234567890123456789012"),
				 .email = SV("ada@example.com"),
				 .password = SV("correct horse battery"),
				 .client_ip = SV("10.0.0.1") };
	struct account a;

	CHECK(!IS_ERR(people_setup_begin(cx, en, &token)));
	reset();
	CHECK(people_setup(cx, en, &in, &a).code == E_FORBIDDEN);
	(void)forgive(cx);
	CHECK(seen.hashes == 0 && seen.encodes == 0);
	in.token = secret_view(token);
	CHECK(!IS_ERR(people_setup(cx, en, &in, &a)));
	CHECK(seen.encodes == 1);
}

TEST(an_account_that_nobody_has_costs_the_same_work)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
	struct engine *en = tt_engine_of(&w);
	struct account a;
	struct actor by = { "operator", "operator", "CLI", SV("") };
	struct account_new in = { .email = SV("ada@example.com"),
				  .password = SV("correct horse battery"),
				  .project_id = sv_of(store_default_project(en->store)),
				  .role = ROLE_VERIFY,
				  .by = &by,
				  .by_role = ROLE_OWNER };
	static const struct {
		const char *email;
	} t[] = { { "ada@example.com" }, { "nobody@example.com" }, { "no address" }, { "" } };
	unsigned time = 0, memory = 0, lanes = 0;

	CHECK(!IS_ERR(people_account_add(cx, en, &in, &a)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(signed_in_clear) struct signed_in s = { .token = NULL };
		struct people_try bad = { .email = sv_of(t[i].email),
					  .password = SV("wrong password"),
					  .client_ip = SV("10.0.0.1") };

		reset();
		CHECK_ROW(t[i].email, people_sign_in(cx, en, &bad, &s).code == E_UNAUTHENTICATED);
		(void)forgive(cx);
		CHECK_ROW(t[i].email, seen.hashes == 1 && seen.time > 0);
		if (i == 0) {
			time = seen.time;
			memory = seen.memory;
			lanes = seen.lanes;
		}
		CHECK_ROW(t[i].email, seen.time == time && seen.memory == memory && seen.lanes == lanes);
	}
}
