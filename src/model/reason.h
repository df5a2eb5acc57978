/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REASON_H
#define REASON_H
/* reason.h: why an authorization, a flow or a connection ended.  A closed list; each with a cause and a fix in words
 * (design 8, last paragraph).  The texts are in reason.c and reach people: pages, GET /tb/v1/authorizations/{id}, the
 * 410. */
#include "core/base.h"
#define REASONS(X)                                                                                                     \
	/* enum                     wire name                 ends            */                                       \
	X(REASON_DENIED, "denied")                        /* the user said no at the provider: authorization */        \
	X(REASON_USER_MISMATCH, "user_mismatch")          /* another person confirmed: authorization, for good */      \
	X(REASON_EXPIRED, "expired")                      /* nobody finished in time: authorization */                 \
	X(REASON_MISCONFIGURED, "provider_misconfigured") /* no click can mend it: authorization */                    \
	X(REASON_WRONG_BROWSER,                                                                                        \
	  "wrong_browser") /* callback without the flow's cookie: nothing ends; the timeline says so */                \
	X(REASON_ISSUER_MISMATCH, "issuer_mismatch")       /* iss is another server's (RFC 9207): flow */              \
	X(REASON_PROVIDER_CHANGED, "provider_changed")     /* provider edited meanwhile: flow */                       \
	X(REASON_CONNECTION_CHANGED, "connection_changed") /* more was granted meanwhile: flow */                      \
	X(REASON_INTERRUPTED, "exchange_interrupted")      /* redeeming past its time: flow */                         \
	X(REASON_EXCHANGE_REFUSED, "exchange_refused")     /* the provider refused the code: flow */                   \
	X(REASON_PROVIDER_DOWN, "provider_unavailable")    /* unreachable, timeout, 5xx: flow */                       \
	X(REASON_ACCOUNT, "account_action_needed")      /* the account or its administrator first: flow, connection */ \
	X(REASON_RATE_LIMITED, "rate_limited")          /* 429: flow */                                                \
	X(REASON_BAD_ANSWER, "bad_answer")              /* an answer that cannot be used: flow */                      \
	X(REASON_NO_REFRESH_TOKEN, "no_refresh_token")  /* notice: nothing ends */                                     \
	X(REASON_FEWER_SCOPES, "fewer_scopes")          /* notice */                                                   \
	X(REASON_CLOCK_SKEW, "clock_skew")              /* notice */                                                   \
	X(REASON_ACCOUNT_CHANGED, "account_changed")    /* notice */                                                   \
	X(REASON_UNVERIFIED, "verification_expired")    /* tokens came, nobody confirmed in 10 minutes: flow */        \
	X(REASON_SUPERSEDED, "superseded")              /* the authorization ended by another flow: flow */            \
	X(REASON_REVOKED, "revoked_or_expired")         /* refresh said invalid_grant: connection */                   \
	X(REASON_ANSWER_LOST, "refresh_answer_lost")    /* invalid_grant after an uncertain send: connection */        \
	X(REASON_NO_REFRESH, "expired_without_refresh") /* token over, no refresh token ever came: connection */       \
	X(REASON_NO_REFRESH_REQUEST, "refresh_not_configured") /* the definition lacks what a refresh token is sent    \
								  with: notice, authorization */                       \
	X(REASON_CLIENT_CHANGED, "client_changed")             /* provider's client_id changed: connection */          \
	X(REASON_DISCONNECTED, "disconnected")                 /* deleted by API or admin: connection */               \
	X(REASON_REPLACED, "replaced")                         /* a newer consent took its place: connection */        \
	X(REASON_PROVIDER_DELETED, "provider_deleted")         /* authorization, flow, connection */
enum reason {
	REASON_NONE,
#define X(e, w) e,
	REASONS(X)
#undef X
	    REASON__COUNT
};
const char *reason_code(enum reason r) RETURNS_NONNULL;  /* wire name; "" for REASON_NONE */
const char *reason_cause(enum reason r) RETURNS_NONNULL; /* what happened, one sentence for a person */
const char *reason_fix(enum reason r) RETURNS_NONNULL;   /* what to do now, one sentence */
/* The same when it was a refresh: its link is over, and the engine tries again by itself. */
const char *reason_fix_refresh(enum reason r) RETURNS_NONNULL;
enum reason reason_of(struct sv code); /* REASON_NONE when unknown */
#endif
