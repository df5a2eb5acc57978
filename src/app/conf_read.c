/* SPDX-License-Identifier: Apache-2.0 */
/* conf_read.c: the table put to work: defaults, values, unknown keys. */
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- saying what is wrong ---- */
struct err conf_bad(struct ctx *cx, const struct node *n, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *what = arena_vprintf(cx->arena, fmt, ap);
	va_end(ap);
	if (what == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "%s", key);
	if (n == NULL || n->file == NULL)
		return refuse(cx, E_CONFIG, "%s: %s", key, what);
	return refuse(cx, E_CONFIG, "%s:%d: %s: %s", n->file, n->line, key, what);
}

void conf_warn(struct ctx *cx, struct conf_raw *raw, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *what = arena_vprintf(cx->arena, fmt, ap);
	va_end(ap);
	if (what == NULL)
		return;
	if (raw->warnings.n == raw->warnings_cap) {
		size_t cap = raw->warnings_cap * 2 + 16;
		struct sv *v = arena_array(cx->arena, cap, sizeof *v);

		if (v == NULL)
			return;
		if (raw->warnings.n > 0)
			memcpy(v, raw->warnings.v, raw->warnings.n * sizeof *v);
		raw->warnings.v = v;
		raw->warnings_cap = cap;
	}
	raw->warnings.v[raw->warnings.n++] = sv_of(what);
}

static struct err no_memory(struct ctx *cx) { return fail(cx, E_INTERNAL, "out of memory", "configuration"); }

/* ---- one value ---- */
struct spot { /* where a value goes and what to call it */
	const struct conf_row *row;
	const struct node *n;
	void *at;
};

static struct err put_text(struct ctx *cx, struct conf_raw *raw, const struct spot *s, struct sv v)
{
	bool relative = s->row->kind == CONF_FILE && v.n > 0 && v.p[0] != '/' && raw->folder != NULL;
	const char **at = s->at;

	if (v.n < (size_t)s->row->lo)
		return conf_bad(cx, s->n, s->row->key, "must not be empty");
	if (v.n > (size_t)s->row->hi || text_has_control(v))
		return conf_bad(cx, s->n, s->row->key, "is too long or holds control characters");
	if (v.n == 0) {
		*at = NULL;
		return OK;
	}
	*at = relative ? arena_printf(cx->arena, "%s/%.*s", raw->folder, SV_FMT(v)) : arena_text(cx->arena, v);
	return *at == NULL ? no_memory(cx) : OK;
}

static struct err put_secret(struct ctx *cx, const struct spot *s, struct sv v)
{
	struct secret **at = s->at;

	if (v.n < (size_t)s->row->lo || v.n > (size_t)s->row->hi || text_has_control(v))
		return conf_bad(cx, s->n, s->row->key, "must be %lld to %lld bytes without control characters",
				(long long)s->row->lo, (long long)s->row->hi);
	secret_drop(at);
	*at = secret_copy(v);
	return *at == NULL ? no_memory(cx) : OK;
}

static struct err put_number(struct ctx *cx, const struct spot *s, struct sv v)
{
	int64_t n;

	if (!sv_i64(v, s->row->lo, s->row->hi, &n))
		return conf_bad(cx, s->n, s->row->key, "must be a whole number from %lld to %lld",
				(long long)s->row->lo, (long long)s->row->hi);
	if (s->row->kind == CONF_INT)
		*(int *)s->at = (int)n;
	else
		*(size_t *)s->at = (size_t)n;
	return OK;
}

static struct err put_bool(struct ctx *cx, const struct spot *s, struct sv v)
{
	bool yes = sv_eq(v, SV("true"));

	if (!yes && !sv_eq(v, SV("false")))
		return conf_bad(cx, s->n, s->row->key, "must be true or false");
	*(bool *)s->at = yes;
	return OK;
}

bool conf_duration(struct sv text, int64_t *usec)
{
	static const struct {
		struct sv unit;
		int64_t usec;
	} units[] = { { SV_INIT("us"), USEC },
		      { SV_INIT("ms"), MSEC(1) },
		      { SV_INIT("s"), SEC(1) },
		      { SV_INIT("m"), MIN(1) },
		      { SV_INIT("h"), HOUR(1) } };
	int64_t sum = 0;

	while (text.n > 0) {
		size_t d = 0, u = 0, i = 0;
		int64_t n, part;

		while (d < text.n && text.p[d] >= '0' && text.p[d] <= '9')
			d++;
		while (d + u < text.n && text.p[d + u] >= 'a' && text.p[d + u] <= 'z')
			u++;
		while (i < ARRAY_LEN(units) && !sv_eq(units[i].unit, sv_upto(sv_from(text, d), u)))
			i++;
		if (i == ARRAY_LEN(units) || !sv_i64(sv_upto(text, d), 0, INT32_MAX, &n) ||
		    __builtin_mul_overflow(n, units[i].usec, &part) || __builtin_add_overflow(sum, part, &sum))
			return false;
		text = sv_from(text, d + u);
		if (text.n == 0) {
			*usec = sum;
			return true;
		}
	}
	return false;
}

static struct err put_time(struct ctx *cx, const struct spot *s, struct sv v)
{
	int64_t usec;

	if (!conf_duration(v, &usec) || usec < s->row->lo || usec > s->row->hi)
		return conf_bad(cx, s->n, s->row->key, "must be a time from 1s to 1h, written like 30s or 1m30s");
	*(int64_t *)s->at = usec;
	return OK;
}

static struct err put_word(struct ctx *cx, const struct spot *s, struct sv v)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	static const char *const formats[] = { "console", "json" };
	bool level = s->row->kind == CONF_LEVEL;
	const char *const *words = level ? levels : formats;

	for (unsigned i = 0; i < (level ? ARRAY_LEN(levels) : ARRAY_LEN(formats)); i++) {
		if (!sv_eqz(v, words[i]))
			continue;
		if (level)
			*(enum log_level *)s->at = (enum log_level)i;
		else
			*(enum log_format *)s->at = (enum log_format)i;
		return OK;
	}
	return conf_bad(cx, s->n, s->row->key,
			level ? "must be debug, info, warn or error" : "must be console or json");
}

static struct err put_scalar(struct ctx *cx, struct conf_raw *raw, const struct spot *s, struct sv v)
{
	switch (s->row->kind) {
	case CONF_TEXT:
	case CONF_FILE: return put_text(cx, raw, s, v);
	case CONF_SECRET: return put_secret(cx, s, v);
	case CONF_BOOL: return put_bool(cx, s, v);
	case CONF_INT:
	case CONF_SIZE: return put_number(cx, s, v);
	case CONF_TIME: return put_time(cx, s, v);
	case CONF_LEVEL:
	case CONF_FORMAT: return put_word(cx, s, v);
	case CONF_LIST:
	case CONF_MAP:
	case CONF_PROVIDERS:
	case CONF_OIDC:
	case CONF_ROOT_KEYS:
	case CONF_WORKERS:
	case CONF_UNUSED:
	case CONF_REFUSED:
	default: return OK;
	}
}

static struct err put_list(struct ctx *cx, const struct spot *s)
{
	struct sv_list *at = s->at;

	if (s->n->kind != NODE_LIST || s->n->n > (size_t)s->row->hi)
		return conf_bad(cx, s->n, s->row->key, "must be a list of strings");
	*at = (struct sv_list){ .v = arena_array(cx->arena, s->n->n + 1, sizeof *at->v) };
	if (at->v == NULL)
		return no_memory(cx);
	for (const struct node *i = s->n->first; i != NULL; i = i->next) {
		if (i->kind == NODE_LIST || i->kind == NODE_MAP || i->kind == NODE_NULL || i->text.n == 0)
			return conf_bad(cx, i, s->row->key, "must be a list of strings");
		at->v[at->n++] = i->text;
	}
	return OK;
}

static struct err put_node(struct ctx *cx, struct conf_raw *raw, const struct conf_row *row, const struct node *n)
{
	struct spot s = { row, n, (char *)raw + row->at };

	switch (row->kind) {
	case CONF_LIST: return put_list(cx, &s);
	case CONF_MAP:
		if (n->kind != NODE_MAP)
			return conf_bad(cx, n, row->key, "must be a map");
		*(const struct node **)s.at = n;
		return OK;
	case CONF_PROVIDERS: return conf_providers(cx, raw, n);
	case CONF_OIDC: return conf_sign_in(cx, raw, n);
	case CONF_ROOT_KEYS: return conf_root_keys(cx, raw, n);
	case CONF_WORKERS: return conf_workers(cx, raw, n);
	case CONF_REFUSED:
		return conf_bad(cx, n, row->key,
				"PostgreSQL is not supported by this version; remove it: the store is "
				"SQLite in the data folder (--data)");
	case CONF_UNUSED:
		if (row->fallback != NULL)
			conf_warn(cx, raw, "%s:%d: %s is not used: %s", n->file, n->line, row->key, row->fallback);
		return OK;
	case CONF_TEXT:
	case CONF_FILE:
	case CONF_SECRET:
	case CONF_BOOL:
	case CONF_INT:
	case CONF_SIZE:
	case CONF_TIME:
	case CONF_LEVEL:
	case CONF_FORMAT:
	default: break;
	}
	if (n->kind == NODE_LIST || n->kind == NODE_MAP)
		return conf_bad(cx, n, row->key, "must be a single value");
	return put_scalar(cx, raw, &s, n->text);
}

/* ---- the whole tree ---- */
struct err conf_apply_defaults(struct ctx *cx, struct conf_raw *raw)
{
	for (size_t i = 0; i < conf_n_rows; i++) {
		const struct conf_row *row = &conf_rows[i];
		struct spot s = { row, NULL, (char *)raw + row->at };

		if (row->fallback != NULL)
			TRY(put_scalar(cx, raw, &s, sv_of(row->fallback)));
	}
	return OK;
}

enum known { KNOWN_NO, KNOWN_PREFIX, KNOWN_KEY };

static enum known is_known(const char *path)
{
	enum known got = KNOWN_NO;
	size_t n = strlen(path);

	for (size_t i = 0; i < conf_n_rows; i++) {
		if (strcmp(conf_rows[i].key, path) == 0)
			return KNOWN_KEY;
		if (strncmp(conf_rows[i].key, path, n) == 0 && conf_rows[i].key[n] == '.')
			got = KNOWN_PREFIX;
	}
	return got;
}

/* A section is ours when every key of it is. */
static bool section_is_ours(const char *prefix)
{
	size_t n = strlen(prefix);
	bool any = false;

	for (size_t i = 0; i < conf_n_rows; i++) {
		if (strncmp(conf_rows[i].key, prefix, n) != 0 || conf_rows[i].key[n] != '.')
			continue;
		if (!conf_rows[i].ours)
			return false;
		any = true;
	}
	return any;
}

static struct err check_keys(struct ctx *cx, struct conf_raw *raw, const struct node *map, const char *prefix)
{
	for (const struct node *n = map->first; n != NULL; n = n->next) {
		const char *path =
		    arena_printf(cx->arena, "%s%s%.*s", prefix, prefix[0] == '\0' ? "" : ".", SV_FMT(n->key));

		if (path == NULL)
			return no_memory(cx);
		enum known k = is_known(path);
		if (k == KNOWN_KEY || strcmp(path, "$schema") == 0)
			continue;
		if (k == KNOWN_PREFIX && n->kind == NODE_MAP)
			TRY(check_keys(cx, raw, n, path));
		else if (k == KNOWN_PREFIX && n->kind != NODE_NULL)
			return conf_bad(cx, n, path, "must be a map");
		else if (k == KNOWN_NO && section_is_ours(prefix))
			return conf_bad(cx, n, path, "unknown key; see docs/CONFIG.md");
		else if (k == KNOWN_NO)
			conf_warn(cx, raw, "%s:%d: %s: unknown key, without effect", n->file, n->line, path);
	}
	return OK;
}

struct err conf_apply_tree(struct ctx *cx, struct conf_raw *raw, const struct node *top)
{
	if (top->kind == NODE_NULL)
		return OK;
	if (top->kind != NODE_MAP)
		return conf_bad(cx, top, "the file", "must be a map of sections");
	TRY(check_keys(cx, raw, top, ""));
	for (size_t i = 0; i < conf_n_rows; i++) {
		const struct conf_row *row = &conf_rows[i];
		const struct node *n = node_path(top, sv_of(row->key));

		if (n == NULL)
			continue;
		struct sv lacks = conf_env_undefined(raw->env, n);
		if (lacks.p != NULL && row->ours)
			return conf_bad(cx, n, row->key, "%.*s", SV_FMT(lacks));
		if (lacks.p != NULL && n->kind == NODE_NULL && row->kind != CONF_UNUSED)
			conf_warn(cx, raw, "%s:%d: %s: %.*s; the default is used", n->file, n->line, row->key,
				  SV_FMT(lacks));
		if (n->kind != NODE_NULL)
			TRY(put_node(cx, raw, row, n));
	}
	return OK;
}
