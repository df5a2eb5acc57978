/* SPDX-License-Identifier: Apache-2.0 */
#include "core/metric.h"
#include "core/text.h"
#include "model/person.h"
#include "store/grant_cache.h"
#include "store/grant_row.h"
#include "store/store_connection_inner.h"
#include <stdlib.h>

/* What an act changed, told to the memory of grants once it is durable. */
struct change {
	struct commit_hook hook;
	struct grant_row *row;
	char provider[ID_MAX]; /* row NULL: all of this provider */
};
static void done(struct store *st, struct commit_hook *h)
{
	struct change *c = (struct change *)h; /* its first member */
	struct grant_cache *g = store_grants(st);

	if (g == NULL)
		return;
	if (c->row != NULL)
		grant_cache_put_row(g, TAKE(c->row));
	else
		grant_cache_forget_provider(g, sv_of(c->provider));
}
static void drop(struct commit_hook *h)
{
	struct change *c = (struct change *)h;

	grant_row_free(c->row);
	free(c);
}
static struct change *change_new(void)
{
	struct change *c = calloc(1, sizeof *c);

	if (c != NULL)
		c->hook = (struct commit_hook){ .done = done, .drop = drop };
	return c;
}

struct err store_connection_changed(struct ctx *cx, struct tx *tx, const struct connection_key *key)
{
	const struct grant_key at = { key->project_id, key->user_id, key->provider_id };
	struct connection row;
	struct grant g = { .generation = 0 };

	if (store_grants(tx_store(tx)) == NULL)
		return OK;
	struct err e = store_connection_live(cx, tx, key, &row);
	bool none = e.code == E_NOT_FOUND;
	if (!none)
		TRY(e);
	if (!none)
		TRY(grant_cache_from(cx, &row, &g));
	struct change *c = change_new();
	if (c == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "change of a connection");
	c->row = grant_row_new(&at, none ? NULL : &g);
	if (c->row == NULL) {
		free(c);
		return fail(cx, E_INTERNAL, "out of memory", "change of a connection");
	}
	store_on_commit(tx, &c->hook);
	return OK;
}

struct err store_connection_changed_all(struct ctx *cx, struct tx *tx, struct sv provider_id)
{
	struct change *c = change_new();

	if (c == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "change of connections");
	if (!sv_copy(provider_id, c->provider, sizeof c->provider)) {
		free(c);
		return fail(cx, E_INTERNAL, "storage error", "id of %zu bytes", provider_id.n);
	}
	store_on_commit(tx, &c->hook);
	return OK;
}

/* ---- counting ---- */
struct ended {
	struct commit_hook hook;
	int reason;
	int64_t n;
};
static void count(struct store *st, struct commit_hook *h)
{
	const struct ended *e = (struct ended *)h; /* its first member */

	(void)st;
	metric_add(M_GRANTS_ENDED, METRIC_AT(e->reason), e->n);
}
static void forget(struct commit_hook *h) { free(h); }
static struct commit_hook *ended_new(const char *reason, int64_t n)
{
	struct ended *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	*e = (struct ended){ .hook = { .done = count, .drop = forget },
			     .reason = metric_label(ML_END, sv_of(reason)),
			     .n = n };
	return (struct commit_hook *)e; /* its first member */
}
void store_connection_ended(struct tx *tx, const char *reason, int64_t n)
{
	struct commit_hook *h = n > 0 ? ended_new(reason, n) : NULL;

	if (h != NULL)
		store_on_commit(tx, h);
}
