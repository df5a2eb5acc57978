/* SPDX-License-Identifier: Apache-2.0 */
#include "seed_world.h"
#include "core/codec.h"
#include "core/jout.h"
#include "core/rnd.h"
#include "domain/tokens.h"
#include "store/store.h"
#include "store/store_connection.h"

enum { ARENA_BYTES = 64 << 20, A_BATCH = 1000, TOKEN_BYTES = 30 };

struct err seed_world_up(struct seed_world *w, const char *dir)
{
	w->cx = (struct ctx){ .now = clock_now(), .request_id = "seed", .arena = arena_new(ARENA_BYTES) };
	w->how = (struct life_how){ .conf = { .data = dir, .log_level = "warn" }, .may_create = true };
	if (w->cx.arena == NULL)
		return (struct err){ E_INTERNAL };
	return life_up(&w->cx, &w->life, &w->how);
}

void seed_world_down(struct seed_world *w)
{
	life_down(&w->life);
	arena_drop(&w->cx.arena);
}

static struct err provider(struct ctx *cx, struct life *l, const struct provider **out)
{
	static const struct actor by = { .type = "operator", .id = "operator", .source = "CLI" };
	CLEANUP(secret_drop) struct secret *secret = secret_copy(SV("seeded-client-secret"));
	const struct provider_write in = { .id = SV("discord"),
					   .provider_id = SV("discord"),
					   .description = SV("Made for measuring"),
					   .client_id = SV("100000000000000001"),
					   .client_secret = secret,
					   .by = &by };
	struct sv project = sv_of(store_default_project(l->en.store));

	*out = providers_by_id(&l->en, project, SV("discord"));
	return *out != NULL ? OK : providers_create(cx, &l->en, project, &in, out);
}

/* ---- one token set a user ---- */
struct seed_pair {
	struct secret *access, *refresh;
};
struct batch {
	struct life *l;
	const struct provider *p;
	const struct seed_how *how;
	int64_t from, to; /* numbers of users, from < to */
	struct seed_pair pair[A_BATCH];
};
static void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < A_BATCH; i++) {
		secret_drop(&b->pair[i].access);
		secret_drop(&b->pair[i].refresh);
	}
}
static int64_t life_of(const struct seed_how *how, int64_t user)
{
	return how->expires_in + how->within / how->n * (user - 1);
}
static struct sv name_of(char *name, size_t room, int64_t user)
{
	int n = snprintf(name, room, "user-%lld@example.com", (long long)user);

	return (struct sv){ name, (size_t)n };
}

static struct secret *random_token(void)
{
	CLEANUP(buf_free) struct buf b = BUF(128);
	uint8_t raw[TOKEN_BYTES];

	rnd_bytes(raw, sizeof raw);
	enc_b64url(&b, (struct sv){ (const char *)raw, sizeof raw });
	return buf_ok(&b) ? secret_copy(buf_view(&b)) : NULL;
}

static struct err token_set(struct ctx *cx, const struct seed_pair *p, struct secret **access, struct secret **refresh)
{
	struct token_set set = { .access = p->access, .refresh = p->refresh, .token_type = "Bearer" };

	return tokens_pack(cx, &set, access, refresh);
}

static struct err adopt(struct ctx *cx, struct tx *tx, const struct batch *b, int64_t user)
{
	static struct sv scopes[] = { SV_INIT("identify"), SV_INIT("email"), SV_INIT("guilds") };
	CLEANUP(secret_drop) struct secret *access = NULL;
	CLEANUP(secret_drop) struct secret *refresh = NULL;
	struct connection_adopted done;
	char name[64];

	TRY(token_set(cx, &b->pair[user - b->from], &access, &refresh));
	struct sv user_id = name_of(name, sizeof name, user);
	const struct sha256 account = store_mac(b->l->en.store, MAC_ACCOUNT, user_id);
	const struct connection_adopt in = { .project_id = sv_of(store_default_project(b->l->en.store)),
					     .user_id = user_id,
					     .provider_id = sv_of(b->p->row_id),
					     .client_id = sv_of(b->p->client_id),
					     .revision_id = sv_of(b->p->revision_id),
					     .authorization_id = SV(""),
					     .stored = SV("{}"),
					     .requested = { scopes, ARRAY_LEN(scopes) },
					     .granted = { scopes, ARRAY_LEN(scopes) },
					     .scope_known = true,
					     .access = access,
					     .refresh_json = refresh,
					     .account_hash = sha256_view(&account),
					     .token_expires_at = tx_now(tx) + life_of(b->how, user) };
	return store_connection_adopt(cx, tx, &in, &done);
}

static struct err act(struct ctx *cx, struct tx *tx, const void *in, void *out)
{
	const struct batch *b = in;

	(void)out;
	for (int64_t user = b->from; user < b->to; user++)
		TRY(adopt(cx, tx, b, user));
	return OK;
}

static struct err mint(struct ctx *cx, struct batch *b)
{
	for (int64_t i = 0; i < b->to - b->from; i++) {
		struct seed_pair *p = &b->pair[i];

		secret_drop(&p->access);
		secret_drop(&p->refresh);
		*p = (struct seed_pair){ random_token(), random_token() };
		if (p->access == NULL || p->refresh == NULL)
			return fail(cx, E_INTERNAL, "out of memory", "token set");
	}
	return OK;
}
static struct err tell(struct ctx *cx, const struct batch *b, int64_t user)
{
	const struct seed_pair *p = &b->pair[user - b->from];
	CLEANUP(buf_free) struct buf line = BUF(4096);
	struct jout w = JOUT(&line);
	char name[64];

	jout_open(&w, NULL);
	jout_str(&w, "user", name_of(name, sizeof name, user));
	jout_str(&w, "access_token", secret_view(p->access));
	jout_str(&w, "refresh_token", secret_view(p->refresh));
	jout_i64(&w, "expires_in_s", life_of(b->how, user) / SEC(1));
	jout_close(&w);
	TRY(jout_done(cx, &w));
	struct sv text = buf_view(&line);
	if (fprintf(b->how->tokens, "%.*s\n", SV_FMT(text)) < 0)
		return fail(cx, E_INTERNAL, "the tokens could not be written", "fprintf");
	return OK;
}

struct err seed_world_told(struct ctx *cx, struct life *l, const struct seed_how *how)
{
	CLEANUP(batch_clear) struct batch b = { .l = l, .how = how };

	TRY(provider(cx, l, &b.p));
	for (b.from = 1; b.from <= how->n; b.from = b.to) {
		b.to = b.from + A_BATCH <= how->n ? b.from + A_BATCH : how->n + 1;
		TRY(mint(cx, &b));
		TRY(store_act(cx, l->en.store, act, &b, NULL));
		for (int64_t user = b.from; how->tokens != NULL && user < b.to; user++)
			TRY(tell(cx, &b, user));
		arena_reset(cx->arena);
	}
	return OK;
}

struct err seed_world_grants(struct ctx *cx, struct life *l, int64_t n)
{
	return seed_world_told(cx, l, &(struct seed_how){ .n = n, .expires_in = DAY(7) });
}

struct err seed_world_one(struct ctx *cx, struct life *l, int64_t user)
{
	const struct seed_how how = { .n = 1, .expires_in = DAY(7) };
	CLEANUP(batch_clear) struct batch b = { .l = l, .how = &how, .from = user, .to = user + 1 };

	b.p = providers_by_id(&l->en, sv_of(store_default_project(l->en.store)), SV("discord"));
	if (b.p == NULL)
		return fail(cx, E_INTERNAL, "there is no provider discord", "seed");
	TRY(mint(cx, &b));
	return store_act(cx, l->en.store, act, &b, NULL);
}
