/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding by table: every kind of field, from YAML (which is the wider language) and from JSON. */
#include "core/jdoc.h"
#include "core/jtake.h"
#include "core/node.h"
#include "core/text.h"
#include "core/ydoc.h"
#include "fuzz.h"
#include <string.h>

struct inner {
	bool on;
	int64_t port;
	struct sv name;
};
struct outer {
	struct sv id;
	struct secret *client_secret;
	bool enabled;
	int64_t count;
	const struct node *rest;
	int color;
	struct sv_list scopes;
	struct inner inner;
};
static const char *const colors[] = { "red", "green", "blue", NULL };
static const struct nfield inner_fields[] = {
	NBOOL(struct inner, on, NOPT),
	NI64(struct inner, port, NREQ, 1, 65535),
	NSV(struct inner, name, NOPT, 0, 8),
};
static const struct nfield fields[] = {
	NSV(struct outer, id, NREQ, 1, 16),   NSECRET(struct outer, client_secret, NOPT, 1, 64),
	NBOOL(struct outer, enabled, NOPT),   NI64(struct outer, count, NOPT, -5, 5),
	NNODE(struct outer, rest, NOPT),      NENUM(struct outer, color, NOPT, colors),
	NLIST(struct outer, scopes, NOPT, 3), NSUB(struct outer, inner, NOPT, inner_fields),
};

static void decode(struct ctx *cx, const struct node *top, enum node_unknown unknown)
{
	struct outer out = { .inner = { .port = 1 } };
	struct err e = node_decode(
	    cx, top,
	    &(struct node_decode){ .fields = fields, .n = ARRAY_LEN(fields), .prefix = "", .unknown = unknown }, &out);

	fuzz_outcome(cx, e);
	if (!IS_ERR(e)) {
		MUST(out.id.p != NULL && out.id.n >= 1 && out.id.n <= 16 && text_is_utf8(out.id));
		MUST(memchr(out.id.p, '\0', out.id.n) == NULL);
		MUST(out.count >= -5 && out.count <= 5 && out.color >= 0 && out.color <= 2 && out.scopes.n <= 3);
		MUST(out.inner.port >= 1 && out.inner.port <= 65535 && out.inner.name.n <= 8);
	} else {
		MUST(cx->cause.n_fields <= CAUSE_FIELDS);
	}
	secret_free(out.client_secret);
	(void)forgive(cx);
}

static bool same(struct sv a, struct sv b) { return sv_eq(a, b) && (a.p == NULL) == (b.p == NULL); }

/* The short way takes a text only where the long way does, and takes the same out of it. */
static void short_way(struct ctx *cx, struct sv text)
{
	static const struct node_decode how = { fields, ARRAY_LEN(fields), "", NODE_IGNORE_UNKNOWN };
	struct outer a = { .inner = { .port = 1 } }, b = a;
	const struct node *tree = NULL;

	if (!jtake_fields(cx->arena, text, fields, ARRAY_LEN(fields), &a))
		return;
	MUST(!IS_ERR(jdoc_parse(cx, text, "request body", &tree)) && !IS_ERR(node_decode(cx, tree, &how, &b)));
	MUST(same(a.id, b.id) && a.enabled == b.enabled && a.count == b.count && a.color == b.color &&
	     a.rest == b.rest);
	MUST(a.client_secret == NULL && b.client_secret == NULL && a.scopes.n == b.scopes.n);
	for (size_t i = 0; i < a.scopes.n; i++)
		MUST(same(a.scopes.v[i], b.scopes.v[i]));
	MUST(a.inner.on == b.inner.on && a.inner.port == b.inner.port && same(a.inner.name, b.inner.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	const struct node *json;
	struct node *yaml;

	if (!IS_ERR(ydoc_parse(cx, fuzz_sv(data, size), "fuzz.yaml", &yaml)))
		decode(cx, yaml, NODE_REFUSE_UNKNOWN);
	(void)forgive(cx);
	if (!IS_ERR(jdoc_parse(cx, fuzz_sv(data, size), "request body", &json)))
		decode(cx, json, NODE_IGNORE_UNKNOWN);
	short_way(cx, fuzz_sv(data, size));
	return 0;
}
