/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/oidc_issuer.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "store/store.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define FRESH     HOUR(1)
#define ANEW      MIN(1)  /* between looks for a key that is not there */
#define HANDS_OFF SEC(10) /* after a failure */

enum { ANEW_BURST = 5, USED = 4096, BOXES = 1 << 20 };

/* A public document, as it was told; NULL: none yet. */
struct told {
	char *text;
	int64_t at, failed_at; /* clock_mono(); 0: never */
	char why[240];
};
struct oidc_issuer {
	const struct oidc_conf *conf;
	struct sv box; /* the client secret, sealed, in oidc's arena; n 0: none */
	pthread_mutex_t lock;
	struct told meta, keys;
	int64_t anew_whole_at; /* when all looks for unknown keys may be had again */
};
struct oidc {
	struct arena *arena;
	struct oidc_issuer *v;
	size_t n;
	pthread_mutex_t lock;
	uint64_t used[USED]; /* states that were answered, the newest in place of the oldest */
	size_t at;
};

static struct seal_at box_of(const struct oidc_conf *c)
{
	return (struct seal_at){ "engine_yaml.sign_in_oidc", SV(""), sv_of(c->id) };
}
static struct err keep_secret(struct ctx *cx, struct engine *en, struct arena *arena, struct oidc_issuer *i)
{
	const struct seal_at at = box_of(i->conf);
	struct sv box;

	if (i->conf->client_secret == NULL)
		return OK;
	TRY(store_seal(cx, en->store, &at, secret_view(i->conf->client_secret), &box));
	i->box = arena_sv(arena, box);
	return i->box.p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "issuers");
}
static void oidc_drop(struct oidc **o) { oidc_free(*o); }
struct err oidc_open(struct ctx *cx, struct engine *en, struct oidc **out)
{
	const struct config *c = en->config;
	CLEANUP(oidc_drop) struct oidc *o = calloc(1, sizeof *o);

	*out = NULL;
	if (o == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "issuers");
	(void)pthread_mutex_init(&o->lock, NULL);
	o->v = calloc(c->n_oidc + 1, sizeof *o->v);
	o->arena = arena_new(BOXES);
	if (o->v == NULL || o->arena == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "issuers");
	for (; o->n < c->n_oidc; o->n++) {
		struct oidc_issuer *i = &o->v[o->n];

		i->conf = &c->oidc[o->n];
		(void)pthread_mutex_init(&i->lock, NULL);
		TRY(keep_secret(cx, en, o->arena, i));
	}
	*out = TAKE(o);
	return OK;
}
void oidc_free(struct oidc *o)
{
	if (o == NULL)
		return;
	for (size_t k = 0; k < o->n; k++) {
		(void)pthread_mutex_destroy(&o->v[k].lock);
		free(o->v[k].meta.text);
		free(o->v[k].keys.text);
	}
	(void)pthread_mutex_destroy(&o->lock);
	arena_free(o->arena);
	free(o->v);
	free(o);
}
bool oidc_issuer_once(const struct engine *en, struct sv state)
{
	struct oidc *o = en->oidc;
	struct sha256 h = sha256_of(state);
	uint64_t mark = 0;
	bool seen = false;

	memcpy(&mark, h.b, sizeof mark);
	mark |= 1; /* 0 is an empty place */
	(void)pthread_mutex_lock(&o->lock);
	for (size_t k = 0; k < USED && !seen; k++)
		seen = o->used[k] == mark;
	if (!seen)
		o->used[o->at++ % USED] = mark;
	(void)pthread_mutex_unlock(&o->lock);
	return !seen;
}
struct err oidc_issuer_find(struct ctx *cx, const struct engine *en, struct sv id, const struct oidc_conf **conf,
			    struct oidc_issuer **out)
{
	const struct oidc *o = en->oidc;

	for (size_t k = 0; o != NULL && k < o->n; k++) {
		if (!sv_eqz(id, o->v[k].conf->id))
			continue;
		*conf = o->v[k].conf;
		*out = &o->v[k];
		return OK;
	}
	return refuse(cx, E_NOT_FOUND, "There is no such way to sign in.");
}
struct err oidc_issuer_secret(struct ctx *cx, struct engine *en, const struct oidc_issuer *i, struct secret **out)
{
	const struct seal_at at = box_of(i->conf);

	*out = NULL;
	return i->box.n == 0 ? OK : store_unseal(cx, en->store, &at, i->box, out);
}

/* ---- documents ---- */
static struct err unusable(struct ctx *cx, const struct oidc_issuer *i, const char *why)
{
	log_event(cx, LOG_WARN, "sign_in.issuer_unusable", LOG_STR("issuer", i->conf->id), LOG_STR("why", why));
	return refuse(cx, E_UPSTREAM, "%s cannot be asked right now: %.180s. Try again soon.", i->conf->name, why);
}
static struct err copy_of(struct ctx *cx, const struct told *t, struct sv *out)
{
	*out = arena_sv(cx->arena, sv_of(t->text));
	return out->p != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "issuers");
}
/* What came, or did not; a document that could not be used is not kept. */
static struct err take(struct ctx *cx, struct oidc_issuer *i, struct told *t, struct sv text, const char *why)
{
	char *kept = text.p == NULL ? NULL : strndup(text.p, text.n);

	if (text.p != NULL && kept == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "issuers");
	if (kept == NULL) {
		t->failed_at = clock_mono();
		(void)snprintf(t->why, sizeof t->why, "%s", why);
		return unusable(cx, i, t->why);
	}
	free(t->text);
	t->text = kept;
	t->at = clock_mono();
	t->failed_at = 0;
	return OK;
}
static bool resting(const struct told *t) { return t->failed_at != 0 && t->failed_at + HANDS_OFF > clock_mono(); }

/* Under the lock. */
static struct err meta_text(struct ctx *cx, struct engine *en, struct oidc_issuer *i, struct sv *out)
{
	struct sv issuer = sv_of(i->conf->issuer), text;
	struct told *t = &i->meta;
	struct wire_oidc_meta m;
	char why[240] = "";

	if (t->text != NULL && t->at + FRESH > clock_mono())
		return copy_of(cx, t, out);
	if (resting(t))
		return unusable(cx, i, t->why);
	TRY(wire_oidc_discover(cx, en->net, issuer, &text, why));
	struct err e = text.p == NULL ? OK : wire_oidc_meta(cx, issuer, text, &m);
	if (e.code == E_UPSTREAM) {
		(void)snprintf(why, sizeof why, "%.200s", cx->cause.say);
		(void)forgive(cx);
		return take(cx, i, t, SV_NONE, why);
	}
	TRY(e);
	TRY(take(cx, i, t, text, why));
	return copy_of(cx, t, out);
}
struct err oidc_issuer_meta(struct ctx *cx, struct engine *en, struct oidc_issuer *i, struct wire_oidc_meta *out)
{
	struct sv text = SV_NONE;

	(void)pthread_mutex_lock(&i->lock);
	struct err e = meta_text(cx, en, i, &text);
	(void)pthread_mutex_unlock(&i->lock);
	TRY(e);
	return wire_oidc_meta(cx, sv_of(i->conf->issuer), text, out);
}
/* Five at once, then one a minute: whoever makes tokens up has the issuer asked no more often than that. */
static bool may_look_anew(struct oidc_issuer *i)
{
	int64_t now = clock_mono(), whole = (i->anew_whole_at < now ? now : i->anew_whole_at) + ANEW;

	if (whole - now > ANEW_BURST * ANEW)
		return false;
	i->anew_whole_at = whole;
	return true;
}
static struct err keys_text(struct ctx *cx, struct engine *en, struct oidc_issuer *i, const struct oidc_keys_ask *ask,
			    struct sv *out)
{
	struct told *t = &i->keys;
	char why[240] = "";
	struct sv text;

	bool have = t->text != NULL && t->at + FRESH > clock_mono();

	if (have && !(ask->anew && may_look_anew(i)))
		return copy_of(cx, t, out);
	if (resting(t))
		return unusable(cx, i, t->why);
	TRY(wire_oidc_keys(cx, en->net, ask->url, &text, why));
	TRY(take(cx, i, t, text, why));
	return copy_of(cx, t, out);
}
struct err oidc_issuer_keys(struct ctx *cx, struct engine *en, struct oidc_issuer *i, const struct oidc_keys_ask *ask,
			    const struct node **out)
{
	struct sv text = SV_NONE;

	(void)pthread_mutex_lock(&i->lock);
	struct err e = keys_text(cx, en, i, ask, &text);
	(void)pthread_mutex_unlock(&i->lock);
	TRY(e);
	return jdoc_parse(cx, text, "the issuer's keys", out);
}
