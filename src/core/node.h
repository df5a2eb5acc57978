/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_H
#define NODE_H
/* node.h: a tree of values, read from JSON or YAML, and its decoding by table.
 *
 * Owns:     nothing: nodes live in the arena they were read into and die with it (wiped).
 * Promises: keys of a map are unique (duplicates are refused when read); strings are UTF-8 without NUL.
 *           Decoding names the field by its full path ("oauth2.pkce.enabled") and tells absent, null, wrong type
 *           and out of range apart; every bad field is reported (up to CAUSE_FIELDS), not just the first.
 *           Where text is due, a plain YAML scalar of any kind counts as the text that was written.
 * Needs:    arena.h.  jdoc.h and ydoc.h make trees; jout.h writes them.
 */
#include "core/base.h"
#include "core/secret.h"
enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_TEXT, NODE_LIST, NODE_MAP };
struct node {
	enum node_kind kind;
	int line; /* where it was read; 0 when made by hand */
	bool b;
	int64_t i;
	double r;
	struct sv text;   /* TEXT; for scalars of YAML, and numbers of jdoc.h that keep it, the text as written */
	const char *file; /* borrowed name for messages; may be NULL */
	struct sv key;    /* inside a map */
	struct node *first, *next; /* children in order; next sibling */
	struct node *last;         /* newest child, so that appending costs the same at any length */
	size_t n;                  /* number of children */
};
const struct node *node_get(const struct node *map, const char *key) NONNULL(2); /* NULL: absent, or not a map */
const struct node *node_get_sv(const struct node *map, struct sv key);
const struct node *node_path(const struct node *n, struct sv dotted);       /* "guild.id"; NULL: absent */
struct sv node_text(const struct node *n);                                  /* p NULL unless TEXT */
struct sv node_text_at(const struct node *map, const char *key) NONNULL(2); /* as node_text(node_get()) */
/* Makers; NULL when out of memory. */
struct node *node_new(struct arena *a, enum node_kind kind) MUST_USE NONNULL(1);
struct node *node_new_text(struct arena *a, struct sv s) MUST_USE NONNULL(1);
bool node_add(struct node *list, struct node *child) MUST_USE; /* append; child must be new */
bool node_set(struct arena *a, struct node *map, struct sv key, struct node *value) MUST_USE
    NONNULL(1, 2); /* insert or replace */
struct node *node_copy(struct arena *a, const struct node *n) MUST_USE NONNULL(1, 2);
/* RFC 7396 merge patch: maps are merged key by key, null removes, everything else replaces.  Result is new. */
struct node *node_merge(struct arena *a, const struct node *base, const struct node *patch) MUST_USE NONNULL(1);
bool node_equal(const struct node *a, const struct node *b);

/* ---- decoding by table ---- */
enum nfield_kind { NF_SV, NF_SECRET, NF_BOOL, NF_I64, NF_NODE, NF_ENUM, NF_LIST_SV, NF_SUB };
struct sv_list {
	struct sv *v;
	size_t n;
};
struct nfield {
	const char *name;
	enum nfield_kind kind;
	bool required;
	size_t at;
	int64_t lo, hi;           /* bytes of a text, value of an int, items of a list */
	const char *const *words; /* NF_ENUM: NULL-terminated; index goes to the int field */
	const struct nfield *sub;
	size_t n_sub; /* NF_SUB: decoded into the embedded struct at `at` */
};
/* clang-format off */
#define NF_AT_(T, f, ty) (offsetof(T, f) + \
	0 * sizeof(struct { _Static_assert(SAME_TYPE(((T *)0)->f, ty), #f " has another type"); int x_; }))
enum { NREQ = true, NOPT = false };
/* Absent or null optional fields leave the struct as it was (fill defaults first); NF_SV absent stays SV_NONE. */
#define NSV(T, f, req, l, h)        { .name = #f, .kind = NF_SV, .required = (req), .at = NF_AT_(T, f, struct sv), .lo = (l), .hi = (h) }
#define NSECRET(T, f, req, l, h)    { .name = #f, .kind = NF_SECRET, .required = (req), .at = NF_AT_(T, f, struct secret *), .lo = (l), .hi = (h) }
#define NBOOL(T, f, req)            { .name = #f, .kind = NF_BOOL, .required = (req), .at = NF_AT_(T, f, bool) }
#define NI64(T, f, req, l, h)       { .name = #f, .kind = NF_I64, .required = (req), .at = NF_AT_(T, f, int64_t), .lo = (l), .hi = (h) }
#define NNODE(T, f, req)            { .name = #f, .kind = NF_NODE, .required = (req), .at = NF_AT_(T, f, const struct node *) }
#define NENUM(T, f, req, w)         { .name = #f, .kind = NF_ENUM, .required = (req), .at = NF_AT_(T, f, int), .words = (w) }
#define NLIST(T, f, req, h)         { .name = #f, .kind = NF_LIST_SV, .required = (req), .at = NF_AT_(T, f, struct sv_list), .hi = (h) }
#define NSUB(T, f, req, table)      { .name = #f, .kind = NF_SUB, .required = (req), .at = offsetof(T, f), .sub = (table), .n_sub = ARRAY_LEN(table) }
/* clang-format on */
enum node_unknown { NODE_IGNORE_UNKNOWN, NODE_REFUSE_UNKNOWN };
/* node_decode: `prefix` is put before field names ("" at the top).  E_BAD_INPUT with field errors; for a tree that
 * has a file the message starts with "file:line: ". */
struct node_decode {
	const struct nfield *fields;
	size_t n;
	const char *prefix;
	enum node_unknown unknown;
};
struct err node_decode(struct ctx *cx, const struct node *n, const struct node_decode *how, void *out) MUST_USE
    NONNULL(1, 3, 4);
#endif
