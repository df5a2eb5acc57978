/* SPDX-License-Identifier: Apache-2.0 */
#include "api/etag.h"
#include "core/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 16 };

static void text_of(int64_t version, char out[static ETAG_TEXT])
{
	(void)snprintf(out, ETAG_TEXT, "\"%016" PRIx64 "\"", (uint64_t)version);
}
static int64_t version_of(struct sv tag)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t v = 0;

	if (tag.n != DIGITS + 2 || tag.p[0] != '"' || tag.p[DIGITS + 1] != '"')
		return -1;
	for (size_t i = 1; i <= DIGITS; i++) {
		const char *at = memchr(hex, tag.p[i], DIGITS);

		if (at == NULL)
			return -1;
		v = v << 4 | (uint64_t)(at - hex);
	}
	return v <= INT64_MAX ? (int64_t)v : -1;
}

void etag_write(struct request *rq, int64_t version)
{
	char z[ETAG_TEXT];

	text_of(version, z);
	http_header(rq, "ETag", sv_of(z));
}

void etag_field(struct jout *w, int64_t version)
{
	char z[ETAG_TEXT];

	text_of(version, z);
	jout_strz(w, "etag", z);
}

/* ---- what a caller says of it ---- */
/* One member of the list: W/"…" or "…", where … holds no quote but may hold commas; p NULL: that is none. */
static struct sv take_tag(struct sv *rest, bool *weak)
{
	size_t end;

	*weak = sv_starts(*rest, SV("W/"));
	struct sv tag = sv_from(*rest, *weak ? 2 : 0);
	if (tag.n < 2 || tag.p[0] != '"' || !sv_find(sv_from(tag, 1), SV("\""), &end))
		return SV_NONE;
	*rest = sv_from(tag, end + 2);
	return sv_upto(tag, end + 2);
}

/* The tags of one line into `want`.  weak: those count too (section 8.8.3.2). */
static struct err take_list(struct request *rq, const struct header *h, bool weak_too, struct precondition *want)
{
	struct sv rest = sv_trim(h->value);

	for (; rest.n > 0; rest = sv_trim(sv_from(rest, 1))) { /* past the comma; members may be empty */
		bool weak;
		if (rest.p[0] == ',')
			continue;
		struct sv tag = take_tag(&rest, &weak);
		int64_t version = version_of(tag);

		rest = sv_trim(rest);
		if (tag.p == NULL || (rest.n > 0 && rest.p[0] != ','))
			return OK; /* whatever it is, it names no version of ours */
		if (version < 0 || (weak && !weak_too))
			continue;
		if (want->n == WANT_VERSIONS)
			return refuse(rq->cx, E_BAD_INPUT, "the header %.*s must name at most %d versions",
				      SV_FMT(h->name), WANT_VERSIONS);
		want->version[want->n++] = version;
	}
	return OK;
}

/* A header that comes in several lines is one list (section 5.3). */
static struct err ask(struct request *rq, const char *name, bool weak_too, struct precondition *want)
{
	for (size_t i = 0; i < rq->n_headers; i++)
		if (sv_ieq(rq->headers[i].name, sv_of(name)))
			TRY(take_list(rq, &rq->headers[i], weak_too, want));
	return OK;
}

struct err etag_ask(struct request *rq)
{
	struct sv match = http_header_in(rq, "If-Match"), none = http_header_in(rq, "If-None-Match");
	bool changes = rq->method != M_GET && rq->method != M_HEAD;
	struct precondition *want = &rq->cx->want;

	*want = (struct precondition){ .kind = WANT_ANY };
	if (match.p != NULL) {
		want->kind = sv_eqz(sv_trim(match), "*") ? WANT_THERE : WANT_VERSION;
		return want->kind == WANT_VERSION ? ask(rq, "If-Match", false, want) : OK;
	}
	if (none.p == NULL || !changes) /* no answer of the API is kept anywhere, so none is "not modified" */
		return OK;
	want->kind = sv_eqz(sv_trim(none), "*") ? WANT_ABSENT : WANT_OTHER;
	return want->kind == WANT_OTHER ? ask(rq, "If-None-Match", true, want) : OK;
}
