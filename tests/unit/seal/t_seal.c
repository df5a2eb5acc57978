/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "seal/keyring.h"
#include "seal/seal.h"
#include "tt.h"
#include <pthread.h>
#include <stdlib.h>

static const char raw_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", raw_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
static struct data_key *key(struct ctx *cx, const char *name, const char *raw)
{
	struct data_key *k = NULL;

	CHECK(!IS_ERR(data_key_new(cx, name, sv_of(raw), &k)));
	return k;
}

TEST(a_box_opens_again_with_the_same_key_and_place)
{
	static char big[100000];
	const struct sv plains[] = { SV_INIT(""), SV_INIT("t"), SV_INIT("a\0b"), { big, sizeof big } };
	struct ctx *cx = tt_ctx();
	CLEANUP(data_key_drop) struct data_key *k = key(cx, "p1", raw_a);

	for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
		CLEANUP(box_free) struct box b = { .n = 0 };
		CLEANUP(secret_drop) struct secret *s = NULL;

		CHECK(!IS_ERR(seal_close(cx, k, SV("t.c:p:1"), plains[i], &b)));
		CHECK(b.n == plains[i].n + 2 + 2 + 12 + 16);
		CHECK(b.p[0] == 1 && b.p[1] == 2 && memcmp(b.p + 2, "p1", 2) == 0);
		CHECK(!IS_ERR(seal_open(cx, k, SV("t.c:p:1"), box_view(&b), &s)));
		CHECK(sv_eq(secret_view(s), plains[i]));
	}
}

TEST(a_box_never_looks_the_same_and_shows_nothing)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(data_key_drop) struct data_key *k = key(cx, "p1", raw_a);
	CLEANUP(box_free) struct box a = { .n = 0 };
	CLEANUP(box_free) struct box b = { .n = 0 };
	size_t at = 0;

	CHECK(!IS_ERR(seal_close(cx, k, SV("w"), SV("very-secret-token"), &a)));
	CHECK(!IS_ERR(seal_close(cx, k, SV("w"), SV("very-secret-token"), &b)));
	CHECK(!sv_eq(box_view(&a), box_view(&b)));
	CHECK(!sv_find(box_view(&a), SV("secret"), &at));
}

TEST(a_box_of_another_place_or_key_does_not_open)
{
	static const struct {
		const char *name, *raw, *where;
	} t[] = {
		{ "p1", raw_a, "connections.access_box:p:2" },  { "p1", raw_a, "connections.access_box:q:1" },
		{ "p1", raw_a, "connections.refresh_box:p:1" }, { "p1", raw_a, "connections.access_box:p:1 " },
		{ "p1", raw_a, "connections.access_box:p:" },   { "p1", raw_a, "" },
		{ "p1", raw_b, "connections.access_box:p:1" },  { "p2", raw_a, "connections.access_box:p:1" },
		{ "p12", raw_a, "connections.access_box:p:1" },
	};
	struct ctx *cx = tt_ctx();
	CLEANUP(data_key_drop) struct data_key *k = key(cx, "p1", raw_a);
	CLEANUP(box_free) struct box b = { .n = 0 };

	CHECK(!IS_ERR(seal_close(cx, k, SV("connections.access_box:p:1"), SV("very-secret-token"), &b)));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(data_key_drop) struct data_key *other = key(cx, t[i].name, t[i].raw);
		CLEANUP(secret_drop) struct secret *s = NULL;
		struct err e = seal_open(cx, other, sv_of(t[i].where), box_view(&b), &s);

		CHECK_ROW(t[i].where, e.code == E_INTERNAL && s == NULL);
		CHECK_ROW(t[i].where, strcmp(cx->cause.say, "box does not open") == 0);
		CHECK(strstr(cx->cause.detail, "secret") == NULL);
		(void)forgive(cx);
	}
}

TEST(every_bent_byte_and_every_cut_is_told)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(data_key_drop) struct data_key *k = key(cx, "p1", raw_a);
	CLEANUP(box_free) struct box b = { .n = 0 };
	char copy[64];

	CHECK(!IS_ERR(seal_close(cx, k, SV("w"), SV("token"), &b)));
	CHECK(b.n <= sizeof copy);
	for (size_t i = 0; i < b.n * 2 + 1; i++) {
		CLEANUP(secret_drop) struct secret *s = NULL;
		size_t n = i < b.n ? b.n : i - b.n;

		memcpy(copy, b.p, b.n);
		if (i < b.n)
			copy[i] = (char)(copy[i] ^ 0x10);
		struct err e = seal_open(cx, k, SV("w"), (struct sv){ copy, n }, &s);
		CHECK(IS_ERR(e) == (n != b.n || i < b.n));
		(void)forgive(cx);
	}
	CLEANUP(secret_drop) struct secret *none = NULL;
	CHECK(IS_ERR(seal_open(cx, k, SV("w"), SV_NONE, &none)) && none == NULL);
}

TEST(data_keys_are_32_bytes_with_a_name)
{
	static char long_name[42];
	const struct {
		const char *name;
		struct sv raw;
		bool ok;
	} t[] = {
		{ "k", { raw_a, 32 }, true }, { "k", { raw_a, 31 }, false }, { "k", { raw_a, 33 }, false },
		{ "k", { raw_a, 0 }, false }, { "", { raw_a, 32 }, false },  { long_name, { raw_a, 32 }, false },
	};
	struct ctx *cx = tt_ctx();

	memset(long_name, 'x', 41);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(data_key_drop) struct data_key *k = NULL;

		CHECK_ROW(t[i].name, IS_ERR(data_key_new(cx, t[i].name, t[i].raw, &k)) != t[i].ok);
		CHECK((k != NULL) == t[i].ok);
		(void)forgive(cx);
	}
}

/* Many threads, one key: contexts are lent, never shared. */
static struct data_key *shared;
static void *seal_and_open(void *arg)
{
	bool *ok = arg;
	struct ctx cx = { .request_id = "t" };

	for (int i = 0; i < 2000 && *ok; i++) {
		CLEANUP(box_free) struct box b = { .n = 0 };
		CLEANUP(secret_drop) struct secret *s = NULL;

		*ok = !IS_ERR(seal_close(&cx, shared, SV("w"), SV("token of a thread"), &b)) &&
		      !IS_ERR(seal_open(&cx, shared, SV("w"), box_view(&b), &s)) &&
		      sv_eq(secret_view(s), SV("token of a thread"));
	}
	return NULL;
}
TEST(threads_share_a_key)
{
	enum { THREADS = 24 }; /* more than there are slots */
	pthread_t t[THREADS];
	bool ok[THREADS];
	CLEANUP(data_key_drop) struct data_key *k = key(tt_ctx(), "p1", raw_a);

	shared = k;
	for (size_t i = 0; i < THREADS; i++) {
		ok[i] = true;
		CHECK(pthread_create(&t[i], NULL, seal_and_open, &ok[i]) == 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
	for (size_t i = 0; i < THREADS; i++)
		CHECK(ok[i]);
}

TEST(sealing_survives_each_failed_allocation)
{
	for (long at = 1;; at++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(data_key_drop) struct data_key *k = NULL;
		CLEANUP(box_free) struct box b = { .n = 0 };
		CLEANUP(secret_drop) struct secret *s = NULL;

		tt_fail_alloc(at);
		struct err e = data_key_new(cx, "p1", sv_of(raw_a), &k);
		if (!IS_ERR(e))
			e = seal_close(cx, k, SV("w"), SV("token"), &b);
		if (!IS_ERR(e))
			e = seal_open(cx, k, SV("w"), box_view(&b), &s);
		tt_fail_alloc(0);
		if (!IS_ERR(e))
			break;
		CHECK(s == NULL && cx->cause.code == E_INTERNAL);
	}
}
