/* SPDX-License-Identifier: Apache-2.0 */
#include "app/conf.h"
#include "app/conf_raw.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/text.h"
#include "core/url.h"
#include "core/ydoc.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 16 << 20, FILE_BYTES = (1 << 20) + 1, WORKER_TIMEOUT_S = 300 };
struct conf {
	struct arena *arena;
	struct conf_raw raw;
	const char *file;
};

void conf_forget(struct conf *c)
{
	conf_drop_secrets(&c->raw.c);
	conf_env_forget(c->raw.env);
}

void conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	conf_drop_secrets(&c->raw.c);
	secret_free(c->raw.c.metrics_token);
	arena_free(c->arena);
	free(c);
}

const struct config *conf_get(const struct conf *c) { return &c->raw.c; }
const char *conf_file(const struct conf *c) { return c->file; }
const struct sv_list *conf_warnings(const struct conf *c) { return &c->raw.warnings; }

/* ---- which file ---- */
static const char *join(struct ctx *cx, const char *folder, const char *rest)
{
	return folder == NULL || folder[0] == '\0' ? NULL : arena_printf(cx->arena, "%s%s", folder, rest);
}

/* Contract 5.1; none is fine. */
static const char *find_file(struct ctx *cx)
{
	const char *places[] = { join(cx, getenv("HOME"), "/.arcade/engine.yaml"),
				 join(cx, getenv("HOMEBREW_REPOSITORY"), "/etc/arcade-engine/engine.yaml"),
				 "/etc/arcade-ai/engine.yaml" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i] != NULL && access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

static const char *folder_of(struct ctx *cx, const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? "." : arena_printf(cx->arena, "%.*s", slash == file ? 1 : (int)(slash - file), file);
}

static void file_drop(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

static struct err read_file(struct ctx *cx, const char *path, struct buf *out)
{
	CLEANUP(file_drop) FILE *f = fopen(path, "r");

	if (f == NULL)
		return refuse(cx, E_CONFIG, "cannot read the configuration %s: %s", path, strerror(errno));
	(void)setvbuf(f, NULL, _IONBF, 0); /* else a copy stays behind */
	if (!buf_reserve(out, FILE_BYTES))
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	out->n = fread(out->p, 1, FILE_BYTES, f);
	if (ferror(f) != 0)
		return refuse(cx, E_CONFIG, "cannot read the configuration %s: it is not a readable file", path);
	return OK;
}

/* ydoc and the tables speak of bad input; a file of the operator's is configuration. */
static struct err as_config(struct ctx *cx, struct err e)
{
	char say[sizeof cx->cause.say];

	if (e.code != E_BAD_INPUT && e.code != E_TOO_LARGE)
		return e;
	memcpy(say, cx->cause.say, sizeof say);
	(void)forgive(cx);
	return refuse(cx, E_CONFIG, "%s", say);
}

/* Contract 5.1: real environment > --env file > .env in the working directory > engine.env beside the file. */
static struct err read_env(struct ctx *cx, struct conf *c, const char *env_file)
{
	if (env_file != NULL)
		TRY(conf_env_read(cx, c->raw.env, env_file, true));
	TRY(conf_env_read(cx, c->raw.env, ".env", false));
	const char *beside = c->raw.folder == NULL ? NULL : join(cx, c->raw.folder, "/engine.env");
	return beside == NULL ? OK : conf_env_read(cx, c->raw.env, beside, false);
}

static struct err read_tree(struct ctx *cx, struct conf *c, const char *env_file)
{
	CLEANUP(buf_free) struct buf text = BUF(FILE_BYTES);
	struct node *top;

	if (c->file == NULL)
		return read_env(cx, c, env_file);
	c->raw.folder = folder_of(cx, c->file);
	TRY(read_env(cx, c, env_file));
	TRY(read_file(cx, c->file, &text));
	TRY(as_config(cx, ydoc_parse(cx, buf_view(&text), c->file, &top)));
	TRY(conf_env_put_in(cx, c->raw.env, top, c->raw.folder));
	return as_config(cx, conf_apply_tree(cx, &c->raw, top));
}

/* ---- the command line ---- */
static struct err set_row(struct ctx *cx, struct conf_raw *raw, const char *key, const char *option, const char *value)
{
	struct node n = { .kind = NODE_TEXT, .text = sv_of(value) };
	struct node top = { .kind = NODE_MAP };
	struct err e = OK;
	struct sv rest = sv_of(key);
	struct node *at = &top;
	struct node levels[3];

	if (value == NULL)
		return OK;
	for (size_t i = 0; i < ARRAY_LEN(levels) && rest.p != NULL; i++) {
		levels[i] = (struct node){ .kind = NODE_MAP, .key = sv_cut(&rest, '.') };
		if (rest.p == NULL) {
			levels[i] = n;
			levels[i].key = sv_of(strrchr(key, '.') + 1);
		}
		at->first = &levels[i];
		at->n = 1;
		at = &levels[i];
	}
	e = conf_apply_tree(cx, raw, &top);
	if (IS_ERR(e) && e.code == E_CONFIG) {
		const char *what = strstr(cx->cause.say, ": ");
		const char *kept = arena_printf(cx->arena, "%s%s", option, what == NULL ? ": is not valid" : what);

		(void)forgive(cx);
		return kept == NULL ? fail(cx, E_INTERNAL, "out of memory", "configuration")
				    : refuse(cx, E_CONFIG, "%s", kept);
	}
	return e;
}

/* ---- what must hold together ---- */
static struct err check_whole(struct ctx *cx, struct conf_raw *raw)
{
	struct url u;

	if ((raw->c.tls_cert_file == NULL) != (raw->c.tls_key_file == NULL))
		return refuse(cx, E_CONFIG, "tls: cert_file and key_file belong together; %s is missing",
			      raw->c.tls_cert_file == NULL ? "cert_file" : "key_file");
	if (raw->c.verifier_url == NULL)
		return OK;
	if (!IS_ERR(url_parse(cx, sv_of(raw->c.verifier_url), "verifier.url", &u)))
		return OK;
	(void)forgive(cx);
	return refuse(cx, E_CONFIG, "verifier.url: must be an absolute http(s) URL, like https://app.example/verify");
}

struct err conf_data_dir(struct ctx *cx, const char *given, const char **out)
{
	const char *state = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_DATA_HOME"), *own = getenv("TOKENBOOTH_DATA");

	*out = given != NULL ? given : own != NULL && own[0] != '\0' ? own : NULL;
	if (*out == NULL && state != NULL && state[0] != '\0') /* systemd gives a list */
		*out = arena_printf(cx->arena, "%.*s", (int)strcspn(state, ":"), state);
	if (*out == NULL)
		*out = join(cx, xdg, "/tokenbooth");
	if (*out == NULL)
		*out = join(cx, getenv("HOME"), "/.local/share/tokenbooth");
	if (*out == NULL || (*out)[0] == '\0')
		return refuse(cx, E_CONFIG, "no data folder is known: give --data DIR or set TOKENBOOTH_DATA");
	return OK;
}

static struct err load(struct ctx *cx, struct conf *c, const struct conf_how *how)
{
	c->raw.env = conf_env_new(cx->arena);
	if (c->raw.env == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	c->raw.c.max_worker_timeout_s = WORKER_TIMEOUT_S;
	TRY(conf_apply_defaults(cx, &c->raw));
	const char *file = how->file != NULL ? how->file : find_file(cx);
	c->file = file == NULL ? NULL : arena_text(cx->arena, sv_of(file));
	TRY(read_tree(cx, c, how->env_file));
	TRY(set_row(cx, &c->raw, "telemetry.logging.level", "--log-level", how->log_level));
	TRY(set_row(cx, &c->raw, "telemetry.logging.encoding", "--log-format", how->log_format));
	if (how->listen != NULL)
		TRY(conf_listen(cx, &c->raw, how->listen));
	TRY(check_whole(cx, &c->raw));
	const char *data;
	TRY(conf_data_dir(cx, how->data, &data));
	c->raw.c.data_dir = arena_text(cx->arena, sv_of(data));
	if (c->raw.c.data_dir == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	return conf_addresses(cx, &c->raw, how->public_url);
}

struct err conf_load(struct ctx *cx, const struct conf_how *how, struct conf **out)
{
	CLEANUP(conf_drop) struct conf *c = calloc(1, sizeof *c);

	*out = NULL;
	if (c == NULL || (c->arena = arena_new(ARENA_BYTES)) == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "configuration");
	/* What is read must live as long as the configuration, not as long as the caller's work. */
	struct ctx own = { .now = clock_now(), .request_id = cx->request_id, .arena = c->arena };
	struct err e = load(&own, c, how);
	if (IS_ERR(e)) {
		cx->cause = own.cause;
		return e;
	}
	*out = TAKE(c);
	return OK;
}
