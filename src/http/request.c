/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/logf.h"
#include "core/text.h"

const char *method_name(enum method m)
{
	switch (m) {
	case M_GET: return "GET";
	case M_HEAD: return "HEAD";
	case M_POST: return "POST";
	case M_PUT: return "PUT";
	case M_PATCH: return "PATCH";
	case M_DELETE: return "DELETE";
	case M_OPTIONS: return "OPTIONS";
	case M_OTHER:
	default: return "OTHER";
	}
}

struct sv http_header_in(const struct request *rq, const char *name)
{
	struct sv want = sv_of(name);

	for (size_t i = 0; i < rq->n_headers; i++)
		if (rq->headers[i].name.n == want.n && sv_ieq(rq->headers[i].name, want))
			return rq->headers[i].value;
	return SV_NONE;
}

/* RFC 6265 section 5.4; several Cookie lines count as one. */
struct sv http_cookie_in(const struct request *rq, const char *name)
{
	struct sv found = SV_NONE;

	for (size_t i = 0; i < rq->n_headers; i++) {
		struct sv rest = rq->headers[i].value;
		if (!sv_ieq(rq->headers[i].name, SV("Cookie")))
			continue;
		while (rest.p != NULL) {
			struct sv value = sv_cut(&rest, ';'), key = sv_cut(&value, '=');
			if (value.p == NULL || !sv_eqz(sv_trim(key), name))
				continue;
			if (found.p != NULL)
				return SV_NONE;
			found = sv_trim(value);
		}
	}
	return found;
}

struct err http_query(struct request *rq, const char *name, struct sv *out)
{
	struct sv rest = rq->query, found = SV_NONE;
	struct pair p;
	bool bad = false;

	*out = SV_NONE;
	while (form_next(rq->cx->arena, &rest, &p, &bad)) {
		if (!sv_eqz(p.name, name))
			continue;
		if (found.p != NULL)
			return bad_query(rq->cx, name, "once", "must be given once");
		found = p.value;
	}
	if (bad && arena_starved(rq->cx->arena))
		return fail(rq->cx, E_INTERNAL, "out of memory", "query");
	if (bad)
		return refuse(rq->cx, E_BAD_INPUT, "the query of the address is malformed");
	*out = found;
	return OK;
}

void http_header(struct request *rq, const char *name, struct sv value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0') {
			log_event(rq->cx, LOG_ERROR, "http.header_dropped", LOG_STR("header", name));
			return;
		}
	}
	buf_str(rq->head, name);
	buf_add(rq->head, ": ", 2);
	buf_sv(rq->head, value);
	buf_add(rq->head, "\r\n", 2);
}

void http_redirect(struct request *rq, struct sv url)
{
	rq->status = 303;
	buf_clear(rq->out);
	http_header(rq, "Location", url);
	http_header(rq, "Cache-Control", SV("no-store"));
}
