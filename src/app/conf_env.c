/* SPDX-License-Identifier: Apache-2.0 */
#include "app/conf_env.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 64 << 10, ENV_BYTES = 256 << 10 };
struct pair_of {
	struct sv name, value;
	struct pair_of *next;
};
struct undefined {
	const struct node *n;
	struct sv name; /* "variable X is not set", "file X: No such file" */
	struct undefined *next;
};
struct text_of {
	struct sv text;
	struct text_of *next;
};
struct conf_env {
	struct arena *arena;
	struct text_of *secrets; /* texts of the tree and of the environment */
	struct pair_of *first, **last;
	struct undefined *undefined;
};

struct conf_env *conf_env_new(struct arena *a)
{
	struct conf_env *env = arena_alloc(a, sizeof *env);

	if (env != NULL) {
		env->arena = a;
		env->last = &env->first;
	}
	return env;
}

struct sv conf_env_get(const struct conf_env *env, struct sv name)
{
	char z[256];
	const char *real = sv_copy(name, z, sizeof z) ? getenv(z) : NULL;

	if (real != NULL)
		return sv_of(real);
	for (const struct pair_of *p = env->first; p != NULL; p = p->next)
		if (sv_eq(p->name, name))
			return p->value;
	return SV_NONE;
}

/* ---- dotenv files ---- */
static void file_drop(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

static bool read_all(FILE *f, struct buf *b)
{
	char part[4096];
	size_t n;

	(void)setvbuf(f, NULL, _IONBF, 0); /* else a copy stays behind */
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(b, part, n);
	bool ok = ferror(f) == 0 && buf_ok(b);
	explicit_bzero(part, sizeof part);
	return ok;
}

static bool is_name(struct sv s) { return text_is_id(s, 200, "_") && (s.p[0] < '0' || s.p[0] > '9'); }

/* 'as it is', "with \n \" \\ \$", or bare up to " #". */
static bool value_of(struct sv raw, struct buf *out)
{
	struct sv v = sv_trim(raw);
	size_t at;

	if (v.n > 0 && (v.p[0] == '\'' || v.p[0] == '"')) {
		char q = v.p[0];
		size_t i = 1;

		for (; i < v.n && v.p[i] != q; i++) {
			bool esc = q == '"' && v.p[i] == '\\' && i + 1 < v.n;

			i += esc ? 1 : 0;
			buf_char(out, esc && v.p[i] == 'n' ? '\n' : v.p[i]);
		}
		struct sv rest = sv_trim(sv_from(v, i + 1));
		return i < v.n && (rest.n == 0 || rest.p[0] == '#');
	}
	if (sv_starts(v, SV("#")))
		v = SV("");
	else if (sv_find(v, SV(" #"), &at))
		v = sv_trim(sv_upto(v, at));
	buf_sv(out, v);
	return true;
}

static struct err add_line(struct ctx *cx, struct conf_env *env, struct sv line, const char *where)
{
	CLEANUP(buf_free) struct buf v = BUF(FILE_BYTES);
	struct sv rest = sv_trim(line);

	if (rest.n == 0 || rest.p[0] == '#')
		return OK;
	if (sv_starts(rest, SV("export ")))
		rest = sv_trim(sv_from(rest, 7));
	struct sv name = sv_trim(sv_cut(&rest, '='));
	if (rest.p == NULL || !is_name(name) || !value_of(rest, &v))
		return refuse(cx, E_CONFIG, "%s: must be NAME=VALUE", where);
	struct pair_of *p = arena_alloc(env->arena, sizeof *p);
	if (p == NULL || !buf_ok(&v))
		return fail(cx, E_INTERNAL, "out of memory", "environment file");
	*p = (struct pair_of){ .name = arena_sv(env->arena, name), .value = arena_sv(env->arena, buf_view(&v)) };
	if (p->name.p == NULL || p->value.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "environment file");
	*env->last = p;
	env->last = &p->next;
	return OK;
}

struct err conf_env_read(struct ctx *cx, struct conf_env *env, const char *path, bool must_exist)
{
	CLEANUP(buf_free) struct buf b = BUF(ENV_BYTES);
	CLEANUP(file_drop) FILE *f = fopen(path, "r");
	char where[512];

	if (f == NULL && errno == ENOENT && !must_exist)
		return OK;
	if (f == NULL)
		return refuse(cx, E_CONFIG, "cannot read the environment file %s: %s", path, strerror(errno));
	if (!read_all(f, &b))
		return refuse(cx, E_CONFIG, "cannot read the environment file %s: it is too large or unreadable", path);
	struct sv rest = buf_view(&b);
	for (int line = 1; rest.p != NULL; line++) {
		struct sv one = sv_cut(&rest, '\n');

		if (snprintf(where, sizeof where, "%s:%d", path, line) < 0)
			where[0] = '\0';
		TRY(add_line(cx, env, one, where));
	}
	return OK;
}

/* ---- ${...} ---- */
static struct err lack(struct ctx *cx, struct conf_env *env, struct node *n, const char *text)
{
	struct undefined *u = arena_alloc(env->arena, sizeof *u);

	if (u == NULL || text == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	*u = (struct undefined){ .n = n, .name = sv_of(text), .next = env->undefined };
	env->undefined = u;
	n->kind = NODE_NULL;
	n->text = SV_NONE;
	return OK;
}

struct putting { /* one ${...} */
	const char *folder;
	struct buf *out;
	const char *lacks; /* what is missing, in words; NULL: nothing */
	bool secret;       /* what it makes is one */
};

/* One trailing newline is the editor's, not the secret's. */
static struct err put_file(struct ctx *cx, struct conf_env *env, struct sv path, struct putting *p)
{
	CLEANUP(buf_free) struct buf b = BUF(FILE_BYTES);
	bool relative = path.n > 0 && path.p[0] != '/' && p->folder != NULL;
	char *z =
	    relative ? arena_printf(env->arena, "%s/%.*s", p->folder, SV_FMT(path)) : arena_text(env->arena, path);
	CLEANUP(file_drop) FILE *f = z == NULL ? NULL : fopen(z, "r");

	if (z == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	if (f == NULL || !read_all(f, &b)) {
		p->lacks = arena_printf(env->arena, "file %s cannot be read: %s", z,
					f == NULL ? strerror(errno) : "too large or unreadable");
		return OK;
	}
	struct sv v = buf_view(&b);
	buf_sv(p->out, sv_ends(v, SV("\n")) ? sv_upto(v, v.n - 1) : v);
	return OK;
}

/* What comes from the environment for one of these need not stay there. */
static bool is_secret(const struct node *n) { return sv_eqz(n->key, "client_secret") || sv_eqz(n->key, "value"); }

struct err conf_env_secret(struct ctx *cx, struct conf_env *env, struct sv text)
{
	struct text_of *t = text.p == NULL ? NULL : arena_alloc(env->arena, sizeof *t);

	if (text.p == NULL)
		return OK;
	if (t == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	*t = (struct text_of){ text, env->secrets };
	env->secrets = t;
	return OK;
}

static struct err put_one(struct ctx *cx, struct conf_env *env, struct sv name, struct putting *p)
{
	if (sv_starts(name, SV("file:")))
		return put_file(cx, env, sv_from(name, 5), p);
	struct sv v = conf_env_get(env, sv_from(name, 4));
	if (v.p == NULL)
		p->lacks = arena_printf(env->arena, "variable %.*s is not set", SV_FMT(sv_from(name, 4)));
	else
		buf_sv(p->out, v);
	return v.p != NULL && p->secret ? conf_env_secret(cx, env, v) : OK;
}

/* What it would have been, written there plainly: contract 5.1 coerces by the field's type, and text fields read
 * `text`. */
static void resolve(struct node *n)
{
	n->kind = NODE_TEXT;
	if (sv_eq(n->text, SV("true")) || sv_eq(n->text, SV("false"))) {
		n->kind = NODE_BOOL;
		n->b = n->text.n == 4;
	} else if (n->text.n > 0 && (n->text.p[0] != '0' || n->text.n == 1) &&
		   sv_i64(n->text, INT64_MIN, INT64_MAX, &n->i)) {
		n->kind = NODE_INT;
	}
}

static struct err put_in_text(struct ctx *cx, struct conf_env *env, struct node *n, const char *folder)
{
	CLEANUP(buf_free) struct buf b = BUF(FILE_BYTES);
	struct sv rest = n->text;
	size_t at, end;
	bool any = false;

	while (sv_find(rest, SV("${"), &at)) {
		struct sv inner = sv_from(rest, at + 2);
		struct putting p = { folder, &b, NULL, is_secret(n) };

		if ((!sv_starts(inner, SV("env:")) && !sv_starts(inner, SV("file:"))) ||
		    !sv_find(inner, SV("}"), &end)) {
			buf_sv(&b, sv_upto(rest, at + 2));
			rest = inner;
			continue;
		}
		buf_sv(&b, sv_upto(rest, at));
		TRY(put_one(cx, env, sv_upto(inner, end), &p));
		if (p.lacks != NULL)
			return lack(cx, env, n, p.lacks);
		rest = sv_from(inner, end + 1);
		any = true;
	}
	if (!any)
		return OK;
	buf_sv(&b, rest);
	n->text = arena_sv(env->arena, buf_view(&b));
	if (!buf_ok(&b) || n->text.p == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	if (!text_is_utf8(n->text) || memchr(n->text.p, '\0', n->text.n) != NULL)
		return refuse(cx, E_CONFIG, "%s:%d: what was put in is not UTF-8 text", n->file, n->line);
	resolve(n);
	return OK;
}

struct err conf_env_put_in(struct ctx *cx, struct conf_env *env, struct node *tree, const char *folder)
{
	if (tree->kind == NODE_TEXT)
		return put_in_text(cx, env, tree, folder);
	for (struct node *n = tree->first; n != NULL; n = n->next)
		TRY(conf_env_put_in(cx, env, n, folder));
	return OK;
}

struct sv conf_env_undefined(const struct conf_env *env, const struct node *tree)
{
	if (tree == NULL)
		return SV_NONE;
	for (const struct undefined *u = env->undefined; u != NULL; u = u->next)
		if (u->n == tree)
			return u->name;
	for (const struct node *n = tree->first; n != NULL; n = n->next) {
		struct sv got = conf_env_undefined(env, n);

		if (got.p != NULL)
			return got;
	}
	return SV_NONE;
}

static void wipe_text(struct sv s) { wipe((void *)(uintptr_t)s.p, s.n); } /* of the arena or the environment: ours */

void conf_env_forget(struct conf_env *env)
{
	for (struct text_of *t = env->secrets; t != NULL; t = t->next) {
		wipe_text(t->text);
		t->text = SV_NONE;
	}
	for (struct pair_of *p = env->first; p != NULL; p = p->next) {
		wipe_text(p->value);
		p->value = SV("");
	}
	env->secrets = NULL;
}
