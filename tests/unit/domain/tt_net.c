/* SPDX-License-Identifier: Apache-2.0 */
#include "tt_net.h"
#include "core/text.h"
#include "tt.h"
#include <pthread.h>

enum { PURPOSES = 12, BODY = 8192 };
struct rule {
	char purpose[32];
	enum net_fate fate;
	bool sent;
	int status, calls;
	char answer[BODY], asked[BODY];
	void (*during)(void *arg);
	void *arg;
};
static struct rule rules[PURPOSES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct rule *rule_of(const char *purpose)
{
	for (size_t i = 0; i < PURPOSES; i++) {
		struct rule *r = &rules[i];

		if (strcmp(r->purpose, purpose) == 0)
			return r;
		if (r->purpose[0] != '\0')
			continue;
		(void)snprintf(r->purpose, sizeof r->purpose, "%s", purpose);
		r->fate = NET_NO_CONNECT;
		return r;
	}
	tt_fail(__FILE__, __LINE__, "too many purposes");
}

void tt_net_reset(void)
{
	(void)pthread_mutex_lock(&lock);
	memset(rules, 0, sizeof rules);
	(void)pthread_mutex_unlock(&lock);
}

void tt_net_answer(const char *purpose, int status, const char *body)
{
	(void)pthread_mutex_lock(&lock);
	struct rule *r = rule_of(purpose);
	r->fate = NET_DONE;
	r->sent = true;
	r->status = status;
	(void)snprintf(r->answer, sizeof r->answer, "%s", body);
	(void)pthread_mutex_unlock(&lock);
}

void tt_net_fails(const char *purpose, enum net_fate fate, bool sent)
{
	(void)pthread_mutex_lock(&lock);
	struct rule *r = rule_of(purpose);
	r->fate = fate;
	r->sent = sent;
	(void)pthread_mutex_unlock(&lock);
}

void tt_net_during(const char *purpose, void (*fn)(void *arg), void *arg)
{
	(void)pthread_mutex_lock(&lock);
	struct rule *r = rule_of(purpose);
	r->during = fn;
	r->arg = arg;
	(void)pthread_mutex_unlock(&lock);
}

int tt_net_calls(const char *purpose)
{
	(void)pthread_mutex_lock(&lock);
	int n = rule_of(purpose)->calls;
	(void)pthread_mutex_unlock(&lock);
	return n;
}

const char *tt_net_sent(const char *purpose) { return rule_of(purpose)->asked; }

struct err __wrap_net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out);
struct err __wrap_net_call(struct ctx *cx, struct net *n, const struct net_call *call, struct net_reply *out)
{
	void (*during)(void *arg) = NULL;
	void *arg = NULL;
	struct rule r;

	(void)n;
	(void)pthread_mutex_lock(&lock);
	struct rule *at = rule_of(call->purpose);
	at->calls++;
	CHECK(sv_copy(call->body, at->asked, sizeof at->asked));
	during = at->during;
	arg = at->arg;
	at->during = NULL;
	(void)pthread_mutex_unlock(&lock);
	if (during != NULL)
		during(arg);
	(void)pthread_mutex_lock(&lock);
	r = *at; /* the hook may have changed the answer */
	(void)pthread_mutex_unlock(&lock);
	*out = (struct net_reply){ .fate = r.fate, .sent = r.sent, .took = MSEC(5), .body = BUF(call->max_reply) };
	if (r.sent && call->may_send != NULL && !call->may_send(call->may_send_arg)) {
		out->fate = NET_NOT_SENT;
		out->sent = false;
		return OK;
	}
	if (r.fate != NET_DONE)
		return OK;
	out->status = r.status;
	(void)snprintf(out->ct_, sizeof out->ct_, "application/json");
	out->content_type = sv_of(out->ct_);
	buf_str(&out->body, r.answer);
	return buf_done(cx, &out->body, "answer");
}
