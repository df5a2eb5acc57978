/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_TORTURE_H
#define TT_TORTURE_H
/* tt_torture.h: a call sent again and again, each time with another allocation that fails: ours, SQLite's, OpenSSL's,
 * on whatever thread.  The answer is right or an error of ours, no answer but a right one holds a secret, and the next
 * call works.  A call that was answered well marks the row that served it: t_torture_routes.c names the rows left out.
 */
#include "api/api_inside.h"
#include "tt_api.h"
enum {
	TT_SHORT = 60, /* how many allocations of a path fail in the short run, spread over it */
	TT_COSTLY = 12 /* the same where a password is hashed, or the store copied, at each run */
};
struct tt_call {
	const char *name, *method, *target, *body; /* %ld in target or body: the number of the run */
	int good, also;   /* also: what it is when a run before had its effect without saying so */
	const char *says; /* in every answer that is good; NULL: anything */
};
/* A call whose effect is there or is not. */
struct tt_exact {
	struct tt_call call;
	/* Makes what the call needs, and may put an address or a body into *c; NULL: nothing. */
	void (*before)(struct tt_api *w, struct tt_call *c, long run);
	const char *state; /* SQL of a number that the effect changes, by the same each time */
};
void tt_tortured(const struct route *r) NONNULL(1);

static inline const char *tt_numbered(struct tt_api *w, const char *text, long run)
{
	const char *at = text == NULL ? NULL : strstr(text, "%ld");

	return at == NULL ? text : arena_printf(w->cx->arena, "%.*s%ld%s", (int)(at - text), text, run, at + 3);
}
/* k: the allocation that fails; 0: none.  Answers are kept until the test ends: no arena holds thousands. */
static inline struct tt_answer tt_send_call(struct tt_api *w, const struct tt_call *c, long run, long k)
{
	if (run % 4 == 0)
		w->cx = tt_ctx();
	w->fail_any = k;
	struct tt_answer a = tt_send(w, c->method, tt_numbered(w, c->target, run), tt_numbered(w, c->body, run));
	w->fail_any = 0;
	return a;
}
static inline bool tt_tells_a_secret(const struct tt_api *w, const char *text)
{
	return tt_has(text, "s3cret") || tt_has(text, "long sentence") || tt_has(text, "long+sentence") ||
	       tt_has(text, w->made);
}
static inline bool tt_allowed(const struct tt_api *w, const struct tt_call *c, const struct tt_answer *a)
{
	if (a->status == c->good)
		return c->says == NULL || tt_has(a->body, c->says);
	return (a->status == c->also || a->status >= 500) && !tt_tells_a_secret(w, a->body);
}
static inline const char *tt_said(struct tt_api *w, const struct tt_call *c, long k, const struct tt_answer *a)
{
	return arena_printf(w->cx->arena, "%s: allocation %ld: %d %.400s", c->name, k, a->status, a->body);
}
static inline long tt_stride(long n, long most) { return getenv("TB_LONG") != NULL ? 1 : 1 + n / most; }
/* Answers well while nothing fails; how many allocations that takes. */
static inline long tt_good(struct tt_api *w, const struct tt_call *c, long run)
{
	struct tt_answer a = tt_send_call(w, c, run, 100000000);

	CHECK_ROW(tt_said(w, c, 0, &a), a.status == c->good && tt_allowed(w, c, &a) && a.route != NULL);
	if (a.status < 400)
		tt_tortured(a.route);
	return w->any_allocs;
}
static inline void tt_torture(struct tt_api *w, const struct tt_call *c, long most)
{
	long run = 1, n = tt_good(w, c, run), stride = tt_stride(n, most), i = 0;

	for (long k = 1; k <= n + stride; k += stride) {
		struct tt_answer a = tt_send_call(w, c, ++run, k);
		CHECK_ROW(tt_said(w, c, k, &a), tt_allowed(w, c, &a));
		if (i++ % 8 != 0 && k + stride <= n + stride)
			continue;
		a = tt_send_call(w, c, ++run, 0);
		CHECK_ROW(tt_said(w, c, -k, &a), tt_allowed(w, c, &a) && a.status < 500);
	}
}
/* The effect is there or is not, and it is there when the answer says so. */
static inline void tt_torture_exact(struct tt_api *w, const struct tt_exact *e, long most)
{
	struct tt_call c = e->call;
	long run = 1, n = 0, stride = 1, k = 0;
	int64_t by = 0;

	for (; k <= n + stride; k += k == 0 ? 1 : stride) {
		if (e->before != NULL)
			e->before(w, &c, run);
		int64_t was = tt_count(w->cx, w->f.en, e->state), d;
		struct tt_answer a = { .status = c.good };
		if (k == 0)
			n = tt_good(w, &c, run++);
		else
			a = tt_send_call(w, &c, run++, k);
		d = tt_count(w->cx, w->f.en, e->state) - was;
		if (k == 0) {
			by = d;
			stride = tt_stride(n, most);
			CHECK_ROW(c.name, by != 0);
		}
		CHECK_ROW(tt_said(w, &c, k, &a),
			  k == 0 || (tt_allowed(w, &c, &a) && (d == by || (d == 0 && a.status != c.good))));
	}
}
/* SQL for tt_exact.state: three counts in one number; a part that changes alone shows. */
#define TT_THREE(a, b, c) "SELECT (" a ") * 10000 + (" b ") * 100 + (" c ")"
#define TT_ROWS(of)       "SELECT count(*) FROM " of
#define TT_EVENTS(kind)   TT_ROWS("events WHERE kind = '" kind "'")

#define TT_PASSWORD "a long sentence"
#define TT_ORIGIN   "http://localhost:9099"
/* The answer to an app that asks for `user`'s token of discord. */
static inline const char *tt_ask_for(struct tt_api *w, const char *user)
{
	struct tt_answer a =
	    tt_send(w, "POST", "/v1/auth/authorize",
		    arena_printf(w->cx->arena,
				 "{\"user_id\":\"%s\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{"
				 "\"scopes\":[\"identify\"]}}}",
				 user));

	CHECK_ROW(a.body, a.status == 200);
	return a.body;
}
/* What others try from this address is not what is looked at. */
static inline void tt_unthrottle(struct tt_api *w)
{
	throttle_free(w->f.en->throttle);
	w->f.en->throttle = throttle_new();
	CHECK(w->f.en->throttle != NULL);
}
/* By the operator; its id. */
static inline const char *tt_account(struct tt_api *w, const char *email, const char *role)
{
	const struct tt_api was = *w;

	w->key = w->cookie = w->origin = w->csrf = w->accept = NULL;
	w->control = true;
	struct tt_answer a =
	    tt_send(w, "POST", "/tb/v1/accounts",
		    arena_printf(w->cx->arena, "{\"email\":\"%s\",\"password\":\"" TT_PASSWORD "\",\"role\":\"%s\"}",
				 email, role));
	CHECK_ROW(a.body, a.status == 201);
	*w = was;
	return tt_value(w, a.body, "id");
}
/* w sends the session from then on. */
static inline void tt_sign_in(struct tt_api *w, const char *email)
{
	w->key = w->cookie = w->csrf = w->accept = NULL;
	w->control = false;
	w->origin = TT_ORIGIN;
	struct tt_answer a =
	    tt_send(w, "POST", "/tb/v1/sessions",
		    arena_printf(w->cx->arena, "{\"email\":\"%s\",\"password\":\"" TT_PASSWORD "\"}", email));

	CHECK_ROW(a.body, a.status == 201);
	w->cookie = tt_set_cookie(w, &a, "tb_session_9099");
	a = tt_send(w, "GET", "/tb/v1/sessions/current", NULL);
	CHECK_ROW(a.body, a.status == 200);
	w->csrf = tt_value(w, a.body, "csrf");
}
/* The store holds together. */
static inline void tt_whole(struct tt_api *w)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(store_read_done) struct reader rd = { .st = NULL };

	CHECK(!IS_ERR(store_read(cx, w->f.en->store, &rd)) && !IS_ERR(db_check(cx, rd.db)));
}
#endif
