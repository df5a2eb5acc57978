/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/tool_filter.h"
#include "core/jdoc.h"
#include "core/text.h"

enum kind { LIST, FLAG, EXTRAS };
static const struct rule {
	const char *name, *within;
	enum kind kind;
} rules[] = {
	{ "service_domains", "classification", LIST },
	{ "operations", "behavior", LIST },
	{ "read_only", "behavior", FLAG },
	{ "destructive", "behavior", FLAG },
	{ "idempotent", "behavior", FLAG },
	{ "open_world", "behavior", FLAG },
	{ "extras", NULL, EXTRAS },
};
static const char *const quantifiers[] = { "any_of", "all_of", "none_of" };

/* Flat, or inside its group. */
static const struct node *wanted(const struct node *spec, const struct rule *r)
{
	const struct node *flat = node_get(spec, r->name);

	return flat != NULL || r->within == NULL ? flat : node_get(node_get(spec, r->within), r->name);
}

/* ---- reading ---- */
static bool all_text(const struct node *list)
{
	for (const struct node *n = list->first; n != NULL; n = n->next)
		if (n->kind != NODE_TEXT)
			return false;
	return true;
}
static struct err check_list(struct ctx *cx, const struct rule *r, const struct node *n)
{
	bool good = (n->kind == NODE_LIST && all_text(n)) || n->kind == NODE_MAP;

	for (const struct node *q = n->kind == NODE_MAP ? n->first : NULL; q != NULL; q = q->next) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(quantifiers); i++)
			known = known || sv_eqz(q->key, quantifiers[i]);
		good = good && known && q->kind == NODE_LIST && all_text(q);
	}
	return good ? OK
		    : bad_query(cx, "filter", "filter",
				"%s must be a list of texts, or an object with any_of, all_of, none_of", r->name);
}
static struct err check(struct ctx *cx, const struct rule *r, const struct node *n)
{
	switch (r->kind) {
	case LIST: return check_list(cx, r, n);
	case FLAG:
		return n->kind == NODE_BOOL ? OK
					    : bad_query(cx, "filter", "filter", "%s must be true or false", r->name);
	case EXTRAS:
	default: return n->kind == NODE_MAP ? OK : bad_query(cx, "filter", "filter", "extras must be an object");
	}
}
static bool is_group(struct sv key) { return sv_eqz(key, "classification") || sv_eqz(key, "behavior"); }
static bool known_name(struct sv key, const char *within)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (sv_eqz(key, rules[i].name) &&
		    (within == NULL || (rules[i].within != NULL && strcmp(rules[i].within, within) == 0)))
			return true;
	return false;
}
static struct err check_names(struct ctx *cx, const struct node *map, const char *within)
{
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		bool group = within == NULL && is_group(n->key) && n->kind == NODE_MAP;

		if (group)
			TRY(check_names(cx, n, sv_eqz(n->key, "behavior") ? "behavior" : "classification"));
		else if (!known_name(n->key, within))
			return bad_query(cx, "filter", "filter", "knows no %.*s", SV_FMT(sv_upto(n->key, 60)));
	}
	return OK;
}
struct err tool_filter_read(struct ctx *cx, struct sv json, struct tool_filter *out)
{
	*out = (struct tool_filter){ .spec = NULL };
	if (json.n == 0)
		return OK;
	struct err e = jdoc_parse(cx, json, "filter", &out->spec);
	if (e.code == E_BAD_INPUT) {
		(void)forgive(cx);
		return bad_query(cx, "filter", "json", "must be a JSON object");
	}
	TRY(e);
	if (out->spec->kind != NODE_MAP)
		return bad_query(cx, "filter", "json", "must be a JSON object");
	TRY(check_names(cx, out->spec, NULL));
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct node *n = wanted(out->spec, &rules[i]);

		if (n != NULL)
			TRY(check(cx, &rules[i], n));
	}
	return OK;
}

/* ---- passing ---- */
static bool holds(const struct node *have, struct sv what)
{
	for (const struct node *n = have == NULL ? NULL : have->first; n != NULL; n = n->next)
		if (sv_ieq(node_text(n), what))
			return true;
	return false;
}
static size_t hits(const struct node *have, const struct node *want)
{
	size_t k = 0;

	for (const struct node *n = want->first; n != NULL; n = n->next)
		k += holds(have, n->text);
	return k;
}
static bool list_passes(const struct node *have, const struct node *want)
{
	const struct node *any = want->kind == NODE_LIST ? want : node_get(want, "any_of");
	const struct node *all = node_get(want, "all_of"), *none = node_get(want, "none_of");

	return (any == NULL || hits(have, any) > 0) && (all == NULL || hits(have, all) == all->n) &&
	       (none == NULL || hits(have, none) == 0);
}
static bool extras_pass(const struct node *have, const struct node *want)
{
	for (const struct node *n = want->first; n != NULL; n = n->next) {
		const struct node *h = node_get_sv(have, n->key);

		if (h == NULL || !node_equal(h, n))
			return false;
	}
	return true;
}
static bool passes(const struct node *metadata, const struct rule *r, const struct node *want)
{
	const struct node *have = node_get(r->within == NULL ? metadata : node_get(metadata, r->within), r->name);

	switch (r->kind) {
	case LIST: return list_passes(have, want);
	case FLAG: return have != NULL && have->kind == NODE_BOOL && have->b == want->b;
	case EXTRAS:
	default: return extras_pass(have, want);
	}
}
struct err tool_filter_passes(struct ctx *cx, const struct tool_filter *f, const struct tool *t, bool *out)
{
	const struct node *metadata = NULL;

	*out = true;
	if (f->spec == NULL)
		return OK;
	if (t->about.n > 0)
		TRY(jdoc_parse_lenient(cx, t->about, "a tool's metadata", &metadata));
	for (size_t i = 0; i < ARRAY_LEN(rules) && *out; i++) {
		const struct node *n = wanted(f->spec, &rules[i]);

		*out = n == NULL || passes(metadata, &rules[i], n);
	}
	return OK;
}
