/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_API_H
#define TT_API_H
/* tt_api.h: requests through the whole pipeline, on a real store, without a socket.
 *	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
 *	tt_api_begin(tt_ctx(), &w);
 *	struct tt_answer a = tt_send(&w, "POST", "/v1/auth/authorize", "{…}");
 * What a test wants besides (headers, cookie, control socket) it sets in w before it sends.
 */
#include "../domain/tt_flow.h"
#include "api/api.h"
#include "core/codec.h"
#include "core/text.h"
struct tt_api {
	struct tt_flow f;
	struct api *api;
	struct http_app app;
	const char *key;                                                     /* Authorization header; NULL: none */
	const char *cookie, *origin, *type, *host, *purpose, *accept, *csrf; /* NULL: none (host: localhost:9099) */
	bool control;
	long fail_any, any_allocs; /* the same over all threads and libraries (t_torture.c) */
	bool any_failed;
	long fail_alloc, allocs; /* this allocation of the run fails (0: none); how many there were */
	struct ctx *cx;
	char made[64];
};
struct tt_answer {
	int status;
	const char *type, *body, *head; /* in the test's arena */
	const struct route *route;      /* that served it; NULL: none did */
};

static inline void tt_api_begin(struct ctx *cx, struct tt_api *w)
{
	CLEANUP(secret_drop) struct secret *key = NULL;
	struct api_key k;

	w->cx = cx;
	(void)tt_flow_begin(cx, &w->f);
	w->f.e.config.public_hostport = "localhost:9099";
	CHECK(!IS_ERR(api_open(cx, w->f.en, &w->api)));
	api_app(w->api, &w->app);
	CHECK(!IS_ERR(key_create(cx, w->f.en,
				 &(struct key_new){ .project_id = tt_project(w->f.en), .name = SV("t"), .by = &tt_by },
				 &k, &key)));
	CHECK(sv_copy(secret_view(key), w->made, sizeof w->made));
	w->key = w->made;
}
static inline void tt_api_end(struct tt_api *w)
{
	api_free(w->api);
	tt_flow_end(&w->f);
}
static inline enum method tt_method(const char *z)
{
	for (int m = M_GET; m <= M_OPTIONS; m++)
		if (strcmp(method_name((enum method)m), z) == 0)
			return (enum method)m;
	return M_OTHER;
}
static inline struct tt_answer tt_send(struct tt_api *w, const char *method, const char *target, const char *body)
{
	CLEANUP(buf_free) struct buf out = BUF(1 << 20);
	CLEANUP(buf_free) struct buf head = BUF(1 << 14);
	CLEANUP(arena_drop) struct arena *arena = arena_new(1 << 22);
	const char *form =
	    body != NULL && body[0] != '{' && body[0] != '[' ? "application/x-www-form-urlencoded" : "application/json";
	struct ctx cx = { .request_id = "t", .arena = arena, .now = clock_now() };
	struct header h[8];
	struct request rq = { .cx = &cx,
			      .en = w->f.en,
			      .app = w->app.app,
			      .method = tt_method(method),
			      .target = sv_of(target),
			      .headers = h,
			      .client_ip = SV("10.0.0.9"),
			      .control = w->control,
			      .out = &out,
			      .head = &head,
			      .host = w->host == NULL ? SV("localhost:9099") : sv_of(w->host) };
	const char *const named[][2] = { { "Authorization", w->key },
					 { "Cookie", w->cookie },
					 { "Origin", w->origin },
					 { "Sec-Purpose", w->purpose },
					 { "Tokenbooth-CSRF", w->csrf },
					 { "Accept", w->accept },
					 { "Content-Type", w->type != NULL ? w->type
							   : body == NULL  ? NULL
									   : form } };

	CHECK(arena != NULL);
	rq.query = rq.target;
	rq.path = sv_cut(&rq.query, '?');
	rq.query = rq.query.p == NULL ? SV("") : rq.query;
	rq.body = body == NULL ? SV("") : sv_of(body);
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		if (named[i][1] != NULL && named[i][1][0] != '\0')
			h[rq.n_headers++] = (struct header){ sv_of(named[i][0]), sv_of(named[i][1]) };
	tt_fail_alloc(w->fail_alloc);
	tt_fail_any_alloc(w->fail_any);
	server_run_here(&rq, &w->app, w->f.en->hub);
	w->allocs = tt_allocs();
	w->any_allocs = tt_any_allocs();
	w->any_failed = tt_any_alloc_failed();
	tt_fail_any_alloc(0);
	tt_fail_alloc(0);
	struct tt_answer a = { rq.status, rq.content_type == NULL ? "application/json" : rq.content_type,
			       arena_text(w->cx->arena, buf_view(&out)), arena_text(w->cx->arena, buf_view(&head)),
			       rq.route };
	CHECK(a.body != NULL && a.head != NULL);
	return a;
}
static inline bool tt_has(const char *text, const char *what) { return strstr(text, what) != NULL; }
/* The string value of a key, first occurrence; "" when absent. */
static inline const char *tt_value(struct tt_api *w, const char *json, const char *key)
{
	const char *want = arena_printf(w->cx->arena, "\"%s\":\"", key), *at = strstr(json, want);

	if (at == NULL)
		return "";
	at += strlen(want);
	return arena_text(w->cx->arena, (struct sv){ at, strcspn(at, "\"") });
}
/* The value of a cookie that the answer sets, as "name=value"; "" when it sets none. */
static inline const char *tt_set_cookie(struct tt_api *w, const struct tt_answer *a, const char *name)
{
	const char *want = arena_printf(w->cx->arena, "Set-Cookie: %s=", name), *at = strstr(a->head, want);

	if (at == NULL)
		return "";
	at += strlen("Set-Cookie: ");
	return arena_text(w->cx->arena, (struct sv){ at, strcspn(at, ";") });
}
static inline const char *tt_location(struct tt_api *w, const struct tt_answer *a)
{
	const char *at = strstr(a->head, "Location: ");

	return at == NULL ? "" : arena_text(w->cx->arena, (struct sv){ at + 10, strcspn(at + 10, "\r") });
}
/* value="…" of a hidden field, with entities as they are. */
static inline const char *tt_hidden(struct tt_api *w, const char *page, const char *name)
{
	const char *want = arena_printf(w->cx->arena, "name=\"%s\" value=\"", name), *at = strstr(page, want);

	if (at == NULL)
		return "";
	at += strlen(want);
	return arena_text(w->cx->arena, (struct sv){ at, strcspn(at, "\"") });
}
#endif
