/* SPDX-License-Identifier: Apache-2.0 */
#include "core/logf.h"
#include "core/clock.h"
#include "core/metric.h"
#include "core/text.h"
#include "core/trace.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A pipe takes up to PIPE_BUF (4096) bytes in one piece: lines stay whole beside those of other processes. */
enum { LINE_BYTES = 4000, VALUE_BYTES = 1000, TAIL = 16 };
struct line {
	size_t n;
	bool json, full;
	char b[LINE_BYTES];
};
static struct {
	enum log_level least;
	enum log_format format;
} conf = { LOG_INFO, LOG_CONSOLE };

void log_setup(enum log_level least, enum log_format format)
{
	conf.least = least;
	conf.format = format;
}

bool log_wants(enum log_level level) { return level >= conf.least; }

static void put(struct line *l, const char *p, size_t n)
{
	if (l->full || n > sizeof l->b - TAIL - l->n) {
		l->full = true;
		return;
	}
	memcpy(l->b + l->n, p, n);
	l->n += n;
}

static void put_z(struct line *l, const char *z) { put(l, z, strlen(z)); }

/* Bytes that are neither printable ASCII nor part of a well-formed character are shown as escapes, so no value can
 * start a line of its own or move the cursor of whoever reads it. */
static void put_escaped(struct line *l, struct sv v)
{
	for (size_t i = 0; i < v.n && i < VALUE_BYTES;) {
		unsigned char c = (unsigned char)v.p[i];
		size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
		struct sv one = sv_upto(sv_from(v, i), n);
		char esc[8];

		if (one.n == n && text_is_utf8(one) && !text_has_control(one) && c != '"' && c != '\\') {
			put(l, one.p, n);
			i += n;
			continue;
		}
		int k = c == '"' || c == '\\' ? snprintf(esc, sizeof esc, "\\%c", c)
					      : snprintf(esc, sizeof esc, "\\u%04x", c);
		put(l, esc, (size_t)k);
		i++;
	}
	if (v.n > VALUE_BYTES)
		put_z(l, "...");
}

static void put_key(struct line *l, const char *key)
{
	if (!l->json) {
		put_z(l, " ");
		put_z(l, key);
		put_z(l, "=");
		return;
	}
	put_z(l, l->n == 1 ? "\"" : ",\"");
	put_z(l, key);
	put_z(l, "\":");
}

static void put_text(struct line *l, const char *key, struct sv v)
{
	size_t before = l->n;

	put_key(l, key);
	if (v.p == NULL) {
		put_z(l, "null");
	} else {
		put_z(l, "\"");
		put_escaped(l, v);
		put_z(l, "\"");
	}
	if (l->full) /* whole fields only */
		l->n = before;
}

static void put_field(struct line *l, const struct log_field *f)
{
	char z[24];
	size_t before = l->n;

	switch (f->kind) {
	case LOG_K_INT:
		(void)snprintf(z, sizeof z, "%" PRId64, f->v.i);
		put_key(l, f->key);
		put_z(l, z);
		if (l->full)
			l->n = before;
		return;
	case LOG_K_STR: put_text(l, f->key, sv_of(f->v.s)); return;
	case LOG_K_SV: put_text(l, f->key, f->v.v); return;
	case LOG_K_OBJECT:
		if (!l->json) {
			put_text(l, f->key, f->v.v);
			return;
		}
		put_key(l, f->key);
		put(l, f->v.v.p, f->v.v.n);
		if (l->full)
			l->n = before;
		return;
	default: return;
	}
}

static void start(struct line *l, const struct ctx *cx, enum log_level level, const char *name)
{
	static const char *const words[] = { "debug", "info", "warn", "error" };
	const char *word = (size_t)level < ARRAY_LEN(words) ? words[level] : "?";
	char at[TIME_TEXT];

	time_text(clock_now(), at);
	l->json = conf.format == LOG_JSON;
	if (l->json) {
		put_z(l, "{");
		put_text(l, "time", sv_of(at));
		put_text(l, "level", sv_of(word));
		put_text(l, "event", sv_of(name));
	} else {
		put_z(l, at);
		put_z(l, " ");
		put_z(l, word);
		put_z(l, " ");
		put_z(l, name);
	}
	if (cx != NULL && cx->request_id != NULL && cx->request_id[0] != '\0')
		put_text(l, "request_id", sv_of(cx->request_id));
	if (cx != NULL && cx->trace != NULL) {
		char id[TRACE_ID_TEXT];

		trace_id_text(cx->trace, id);
		put_text(l, "trace_id", sv_of(id));
	}
}

static void finish(struct line *l)
{
	static const char *const ends[2][2] = { { "\n", " cut=1\n" }, { "}\n", ",\"cut\":1}\n" } };
	const char *end = ends[l->json ? 1 : 0][l->full ? 1 : 0];
	ssize_t w;

	memcpy(l->b + l->n, end, strlen(end));
	l->n += strlen(end);
	/* A log that cannot be written has nowhere to say so; only an interrupted call is worth another try. */
	do
		w = write(STDERR_FILENO, l->b, l->n);
	while (w < 0 && errno == EINTR);
}

void log_event_(const struct ctx *cx, enum log_level level, const char *name, const struct log_field *f, size_t n)
{
	struct line l;

	if (!log_wants(level))
		return;
	metric_add(M_LOG_LINES, METRIC_AT((int)level), 1);
	l.n = 0;
	l.full = false;
	start(&l, cx, level, name);
	for (size_t i = 0; i < n; i++)
		put_field(&l, &f[i]);
	finish(&l);
}

void log_cause(const struct ctx *cx, enum log_level level, const char *name)
{
	const struct cause *c = &cx->cause;

	log_event(cx, level, name, LOG_STR("code", err_name(c->code)), LOG_STR("say", &c->say[0]),
		  LOG_STR("detail", &c->detail[0]), LOG_STR("where", c->where));
}
