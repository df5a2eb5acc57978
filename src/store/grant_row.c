/* SPDX-License-Identifier: Apache-2.0 */
#include "store/grant_row.h"
#include "core/arena.h"
#include "core/text.h"
#include <stdlib.h>
#include <string.h>

void grant_row_free(struct grant_row *r) { free(r); }

/* The texts of a grant, for measuring, packing and moving alike. */
enum { TEXTS = 5 };
static void texts(struct grant *g, struct sv *v[static TEXTS])
{
	v[0] = &g->id;
	v[1] = &g->client_id;
	v[2] = &g->authorization_id;
	v[3] = &g->access_box;
	v[4] = &g->user_info_box;
}
static size_t size_of(struct sv_list l)
{
	size_t n = l.n * sizeof *l.v;

	for (size_t i = 0; i < l.n; i++)
		n += l.v[i].n;
	return n;
}
static struct sv pack(char **to, struct sv s)
{
	if (s.p == NULL)
		return s;
	struct sv at = { *to, s.n };
	memcpy(*to, s.p, s.n);
	*to += s.n;
	return at;
}
static struct sv_list pack_list(struct sv **items, char **to, struct sv_list l)
{
	struct sv_list at = { .v = *items, .n = l.n };

	for (size_t i = 0; i < l.n; i++)
		*(*items)++ = pack(to, l.v[i]);
	return at;
}
static size_t size_of_grant(struct grant g)
{
	struct sv *v[TEXTS];
	size_t n = size_of(g.requested) + size_of(g.granted);

	texts(&g, v);
	for (size_t i = 0; i < TEXTS; i++)
		n += v[i]->n;
	return n;
}

struct grant_row *grant_row_new(const struct grant_key *key, const struct grant *row)
{
	size_t n = key->project_id.n + key->user_id.n + key->provider_id.n + (row == NULL ? 0 : size_of_grant(*row));
	struct grant_row *r = calloc(1, sizeof *r + n);

	if (r == NULL)
		return NULL;
	struct sv *items = r->data;
	char *to = (char *)(r->data + (row == NULL ? 0 : row->requested.n + row->granted.n));
	r->bytes = sizeof *r + n;
	r->n_data = n;
	r->live = row != NULL;
	if (row != NULL) {
		struct sv *v[TEXTS];

		r->g = *row;
		r->g.requested = pack_list(&items, &to, row->requested);
		r->g.granted = pack_list(&items, &to, row->granted);
		texts(&r->g, v);
		for (size_t i = 0; i < TEXTS; i++)
			*v[i] = pack(&to, *v[i]);
	}
	r->key.project_id = pack(&to, key->project_id);
	r->key.user_id = pack(&to, key->user_id);
	r->key.provider_id = pack(&to, key->provider_id);
	return r;
}

bool grant_row_is(const struct grant_row *r, const struct grant_key *key)
{
	return sv_eq(r->key.user_id, key->user_id) && sv_eq(r->key.provider_id, key->provider_id) &&
	       sv_eq(r->key.project_id, key->project_id);
}

bool grant_row_newer(const struct grant_row *a, const struct grant_row *b)
{
	return a->live && b->live && a->g.generation > b->g.generation && sv_eq(a->g.id, b->g.id);
}

static void move(struct sv *s, const char *from, char *to)
{
	if (s->p != NULL)
		s->p = to + (s->p - from);
}
bool grant_row_copy(struct arena *a, const struct grant_row *r, struct grant *out)
{
	struct sv *items = arena_alloc(a, r->n_data);
	size_t n = r->g.requested.n + r->g.granted.n;
	struct sv *v[TEXTS];

	*out = (struct grant){ .generation = 0 };
	if (items == NULL)
		return false;
	memcpy(items, r->data, r->n_data);
	const char *from = (const char *)r->data;
	char *to = (char *)items;
	for (size_t i = 0; i < n; i++)
		move(&items[i], from, to);
	*out = r->g;
	out->requested.v = items;
	out->granted.v = items + r->g.requested.n;
	texts(out, v);
	for (size_t i = 0; i < TEXTS; i++)
		move(v[i], from, to);
	return true;
}
