/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/text.h"
#include "tt.h"

static const struct node *json(struct ctx *cx, const char *z)
{
	const struct node *n = NULL;

	if (IS_ERR(jdoc_parse(cx, sv_of(z), "t", &n)))
		tt_fail(__FILE__, __LINE__, z);
	return n;
}

TEST(nodes_are_found_by_key_and_path)
{
	struct ctx *cx = tt_ctx();
	const struct node *n = json(cx, "{\"a\":{\"b\":{\"c\":\"deep\"}},\"l\":[1],\"e.f\":1}");

	CHECK(node_get(n, "a") != NULL && node_get(n, "x") == NULL && node_get(NULL, "a") == NULL);
	CHECK(node_get(node_get(n, "l"), "0") == NULL);
	CHECK(sv_eqz(node_text(node_path(n, SV("a.b.c"))), "deep"));
	CHECK(node_path(n, SV("a.b.x")) == NULL && node_path(n, SV("a..b")) == NULL && node_path(n, SV("e.f")) == NULL);
	CHECK(node_path(n, SV("a.b.c.d")) == NULL && node_path(n, SV("")) == NULL && node_path(NULL, SV("a")) == NULL);
	CHECK(node_text(node_get(n, "l")).p == NULL && node_text(NULL).p == NULL && node_text_at(n, "a").p == NULL);
}

TEST(merge_patch_as_rfc_7396_appendix_a)
{
	static const struct {
		const char *base, *patch, *want;
	} t[] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		const struct node *base = json(cx, t[i].base), *patch = json(cx, t[i].patch);
		CLEANUP(buf_free) struct buf b = BUF(1000);
		struct jout w = JOUT(&b);

		struct node *got = node_merge(cx->arena, base, patch);
		jout_node(&w, NULL, got);
		CHECK_ROW(t[i].patch, got != NULL && sv_eqz(buf_view(&b), t[i].want));
		CHECK_ROW(t[i].base, node_equal(base, json(cx, t[i].base))); /* the old tree is as it was */
	}
}

TEST(nodes_are_equal_by_value)
{
	static const struct {
		const char *a, *b;
		bool same;
	} t[] = {
		{ "{\"a\":1,\"b\":[true,null]}", "{\"b\":[true,null],\"a\":1}", true },
		{ "1.5", "1.5", true },
		{ "\"x\"", "\"x\"", true },
		{ "{\"a\":1}", "{\"a\":2}", false },
		{ "{\"a\":1}", "{\"b\":1}", false },
		{ "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
		{ "[1,2]", "[2,1]", false },
		{ "[1]", "[1,1]", false },
		{ "1", "1.0", false },
		{ "null", "false", false },
		{ "\"x\"", "\"y\"", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();

		CHECK_ROW(t[i].a, node_equal(json(cx, t[i].a), json(cx, t[i].b)) == t[i].same);
	}
	CHECK(node_equal(NULL, NULL) && !node_equal(json(tt_ctx(), "null"), NULL));
}

TEST(nodes_are_made_and_set)
{
	struct ctx *cx = tt_ctx();
	struct arena *a = cx->arena;
	struct node *m = node_new(a, NODE_MAP);
	CLEANUP(buf_free) struct buf b = BUF(1000);
	struct jout w = JOUT(&b);

	CHECK(m != NULL);
	CHECK(node_set(a, m, SV("a"), node_new_text(a, SV("1"))) && node_set(a, m, SV("b"), node_new(a, NODE_LIST)));
	CHECK(node_set(a, m, SV("c"), node_new(a, NODE_NULL)));
	CHECK(node_set(a, m, SV("a"), node_new_text(a, SV("2"))) && node_set(a, m, SV("c"), node_new_text(a, SV("3"))));
	CHECK(node_set(a, m, SV("d"), node_new(a, NODE_BOOL)) && m->n == 4);
	struct node *list = node_new(a, NODE_LIST);
	CHECK(node_add(list, node_new_text(a, SV("x"))) && node_set(a, m, SV("b"), list));
	CHECK(!node_set(a, m, SV("e"), NULL) && !node_add(list, NULL) && !node_add(NULL, list));
	jout_node(&w, NULL, m);
	CHECK(sv_eqz(buf_view(&b), "{\"a\":\"2\",\"b\":[\"x\"],\"c\":\"3\",\"d\":false}"));
}

TEST(copying_without_memory_is_null)
{
	struct ctx *cx = tt_ctx();
	const struct node *n = json(cx, "{\"a\":{\"b\":[1,2,\"three\"]}}");

	for (size_t cap = 0;; cap += 16) {
		CLEANUP(arena_drop) struct arena *small = arena_new(cap);

		CHECK(small != NULL);
		struct node *c = node_copy(small, n), *m = node_merge(small, n, n);
		CHECK(c == NULL || node_equal(c, n));
		if (m != NULL) {
			CHECK(node_equal(m, n));
			break;
		}
	}
}

/* ---- decoding by table ---- */
enum { RED, GREEN };
struct sub {
	struct sv id;
	bool on;
};
struct thing {
	struct sv name, note;
	struct secret *key;
	bool flag;
	int64_t count;
	const struct node *extra;
	int colour;
	struct sv_list scopes;
	struct sub sub;
};
static const char *const colours[] = { "red", "green", NULL };
static const struct nfield sub_fields[] = { NSV(struct sub, id, NREQ, 1, 8), NBOOL(struct sub, on, NOPT) };
static const struct nfield fields[] = {
	NSV(struct thing, name, NREQ, 1, 5),        NSV(struct thing, note, NOPT, 2, 9),
	NSECRET(struct thing, key, NOPT, 1, 9000),  NBOOL(struct thing, flag, NOPT),
	NI64(struct thing, count, NOPT, -2, 10),    NNODE(struct thing, extra, NOPT),
	NENUM(struct thing, colour, NOPT, colours), NLIST(struct thing, scopes, NOPT, 2),
	NSUB(struct thing, sub, NOPT, sub_fields),
};
static const struct node_decode strict = { fields, ARRAY_LEN(fields), "", NODE_REFUSE_UNKNOWN };

static void thing_clear(struct thing *t) { secret_drop(&t->key); }

TEST(a_full_thing_is_decoded)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(thing_clear) struct thing t = { .colour = RED };
	const struct node *n =
	    json(cx, "{\"name\":\"ada\",\"note\":\"ab\",\"key\":\"k\",\"flag\":true,\"count\":-2,\"extra\":[1],"
		     "\"colour\":\"green\",\"scopes\":[\"a\",\"b\"],\"sub\":{\"id\":\"x\",\"on\":true}}");

	CHECK(!IS_ERR(node_decode(cx, n, &strict, &t)) && cx->cause.code == E_OK);
	CHECK(sv_eqz(t.name, "ada") && sv_eqz(t.note, "ab") && t.flag && t.count == -2 && t.colour == GREEN);
	CHECK(secret_equal(t.key, SV("k")) && t.extra->kind == NODE_LIST);
	CHECK(t.scopes.n == 2 && sv_eqz(t.scopes.v[1], "b") && sv_eqz(t.sub.id, "x") && t.sub.on);
}

TEST(absent_and_null_leave_defaults)
{
	static const char *const t[] = { "{\"name\":\"a\"}", "{\"name\":\"a\",\"note\":null,\"key\":null,\"flag\":null,"
							     "\"count\":null,\"extra\":null,\"colour\":null,"
							     "\"scopes\":null,\"sub\":null}" };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(thing_clear) struct thing x = { .flag = true, .count = 7, .colour = GREEN, .sub.on = true };

		CHECK_ROW(t[i], !IS_ERR(node_decode(cx, json(cx, t[i]), &strict, &x)));
		CHECK(x.flag && x.count == 7 && x.colour == GREEN && x.sub.on && x.note.p == NULL && x.key == NULL);
		CHECK(x.extra == NULL && x.scopes.v == NULL);
	}
}

TEST(each_bad_field_is_named_with_its_rule)
{
	static const struct {
		const char *json, *field, *rule, *message;
	} t[] = {
		{ "{}", "name", "required", "name is required" },
		{ "{\"name\":null}", "name", "required", "name must not be null" },
		{ "{\"name\":1}", "name", "type", "name must be a string" },
		{ "{\"name\":[]}", "name", "type", "name must be a string" },
		{ "{\"name\":true}", "name", "type", "name must be a string" },
		{ "{\"name\":\"\"}", "name", "min", "name must not be empty" },
		{ "{\"name\":\"123456\"}", "name", "max", "name must be at most 5 bytes" },
		{ "{\"name\":\"a\",\"note\":\"x\"}", "note", "min", "note must be at least 2 bytes" },
		{ "{\"name\":\"a\",\"note\":\"\"}", "note", "min", "note must be at least 2 bytes" },
		{ "{\"name\":\"a\",\"key\":7}", "key", "type", "key must be a string" },
		{ "{\"name\":\"a\",\"key\":\"\"}", "key", "min", "key must not be empty" },
		{ "{\"name\":\"a\",\"flag\":\"true\"}", "flag", "type", "flag must be true or false" },
		{ "{\"name\":\"a\",\"flag\":0}", "flag", "type", "flag must be true or false" },
		{ "{\"name\":\"a\",\"count\":\"1\"}", "count", "type", "count must be an integer" },
		{ "{\"name\":\"a\",\"count\":1.0}", "count", "type", "count must be an integer" },
		{ "{\"name\":\"a\",\"count\":11}", "count", "max", "count must be at most 10" },
		{ "{\"name\":\"a\",\"count\":-3}", "count", "min", "count must be at least -2" },
		{ "{\"name\":\"a\",\"colour\":\"blue\"}", "colour", "enum", "colour must be one of red, green" },
		{ "{\"name\":\"a\",\"colour\":\"Red\"}", "colour", "enum", "colour must be one of red, green" },
		{ "{\"name\":\"a\",\"colour\":1}", "colour", "type", "colour must be a string" },
		{ "{\"name\":\"a\",\"scopes\":\"a b\"}", "scopes", "type", "scopes must be a list of strings" },
		{ "{\"name\":\"a\",\"scopes\":[\"a\",\"b\",\"c\"]}", "scopes", "max",
		  "scopes must be at most 2 items" },
		{ "{\"name\":\"a\",\"scopes\":[\"a\",1]}", "scopes[1]", "type", "scopes[1] must be a string" },
		{ "{\"name\":\"a\",\"scopes\":[null]}", "scopes[0]", "type", "scopes[0] must be a string" },
		{ "{\"name\":\"a\",\"sub\":[]}", "sub", "type", "sub must be an object" },
		{ "{\"name\":\"a\",\"sub\":{}}", "sub.id", "required", "sub.id is required" },
		{ "{\"name\":\"a\",\"sub\":{\"id\":\"x\",\"on\":1}}", "sub.on", "type",
		  "sub.on must be true or false" },
		{ "{\"name\":\"a\",\"sub\":{\"id\":\"x\",\"of\":1}}", "sub.of", "unknown",
		  "sub.of is not a known field" },
		{ "{\"name\":\"a\",\"Name\":\"b\"}", "Name", "unknown", "Name is not a known field" },
		{ "{\"name\":\"a\",\"\":\"b\"}", "", "unknown", "is not a known field" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(thing_clear) struct thing x = { .colour = RED };
		const struct field_error *f = &cx->cause.fields[0];

		CHECK_ROW(t[i].json, node_decode(cx, json(cx, t[i].json), &strict, &x).code == E_BAD_INPUT);
		CHECK_ROW(t[i].json, cx->cause.code == E_BAD_INPUT && cx->cause.n_fields == 1);
		CHECK_ROW(t[i].json, strcmp(f->field, t[i].field) == 0 && strcmp(f->rule, t[i].rule) == 0);
		CHECK_ROW(f->message, strcmp(f->message, t[i].message) == 0);
		char say[300];
		(void)snprintf(say, sizeof say, "failed to validate request body: %s", t[i].message);
		CHECK_ROW(cx->cause.say, strcmp(cx->cause.say, say) == 0);
	}
}

TEST(all_bad_fields_are_reported_at_once)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(thing_clear) struct thing x = { .colour = RED };
	const struct node *n = json(cx, "{\"flag\":1,\"sub\":{\"id\":\"\",\"y\":1},\"z\":1}");
	struct node_decode how = strict;

	how.prefix = "oauth2";
	CHECK(node_decode(cx, n, &how, &x).code == E_BAD_INPUT);
	CHECK(strcmp(cx->cause.say, "failed to validate request body: oauth2.name is required; "
				    "oauth2.flag must be true or false; oauth2.sub.id must not be empty; "
				    "oauth2.sub.y is not a known field; oauth2.z is not a known field") == 0);
	CHECK(cx->cause.n_fields == 5);
}

TEST(what_is_no_object_is_refused)
{
	static const char *const t[] = { "[]", "null", "1", "\"x\"", "true", "1.5" };
	struct node_decode how = strict;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(thing_clear) struct thing x = { .colour = RED };

		how.prefix = "";
		CHECK_ROW(t[i], node_decode(cx, json(cx, t[i]), &how, &x).code == E_BAD_INPUT);
		CHECK(strcmp(cx->cause.say, "failed to validate request body: must be a JSON object") == 0);
		(void)forgive(cx);
		how.prefix = "oauth2";
		CHECK_ROW(t[i], node_decode(cx, json(cx, t[i]), &how, &x).code == E_BAD_INPUT);
		CHECK(strcmp(cx->cause.fields[0].message, "oauth2 must be an object") == 0);
	}
	struct thing x = { .colour = RED };
	CHECK(node_decode(tt_ctx(), NULL, &strict, &x).code == E_BAD_INPUT);
}

TEST(unknown_fields_may_be_ignored)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(thing_clear) struct thing x = { .colour = RED };
	struct node_decode how = strict;

	how.unknown = NODE_IGNORE_UNKNOWN;
	CHECK(
	    !IS_ERR(node_decode(cx, json(cx, "{\"name\":\"a\",\"new\":1,\"sub\":{\"id\":\"i\",\"q\":2}}"), &how, &x)));
	CHECK(sv_eqz(x.name, "a") && sv_eqz(x.sub.id, "i"));
}

TEST(long_field_names_do_not_overflow)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(thing_clear) struct thing x = { .colour = RED };
	CLEANUP(buf_free) struct buf b = BUF(10000);

	buf_str(&b, "{\"name\":\"a\",\"");
	for (int i = 0; i < 1000; i++)
		buf_str(&b, "\xC3\xA9");
	buf_str(&b, "\":1}");
	buf_char(&b, '\0');
	CHECK(node_decode(cx, json(cx, b.p), &strict, &x).code == E_BAD_INPUT);
	CHECK(text_is_utf8(sv_of(cx->cause.say)) && text_is_utf8(sv_of(cx->cause.fields[0].field)));
	CHECK(strlen(cx->cause.fields[0].field) > 90 && text_is_utf8(sv_of(cx->cause.fields[0].message)));
	CHECK(sv_ends(sv_of(cx->cause.say), SV("is not a known field")));
}

TEST(decoding_survives_every_failed_allocation)
{
	CLEANUP(buf_free) struct buf b = BUF(40000);

	buf_str(&b, "{\"name\":\"ada\",\"scopes\":[\"a\",\"b\"],\"key\":\"");
	for (int i = 0; i < 5000; i++)
		buf_char(&b, 'k');
	buf_str(&b, "\",\"extra\":[");
	for (int i = 0; i < 200; i++)
		buf_str(&b, "{\"x\":[1,2.5,\"y\"]},");
	buf_str(&b, "0]}");
	for (long k = 1;; k++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(thing_clear) struct thing x = { .colour = RED };
		const struct node *n = NULL;

		tt_fail_alloc(k);
		struct err e = jdoc_parse(cx, buf_view(&b), "t", &n);
		if (!IS_ERR(e))
			e = node_decode(cx, n, &strict, &x);
		tt_fail_alloc(0);
		if (!IS_ERR(e)) {
			CHECK(k > 5 && x.scopes.n == 2 && secret_view(x.key).n == 5000);
			break;
		}
		CHECK(e.code == E_INTERNAL && cx->cause.code == E_INTERNAL);
	}
}
