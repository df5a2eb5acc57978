/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H
/* sim_world.h: what the simulated provider remembers: apps, users, codes, grants, tokens, faults, calls.  In memory
 * only.
 *
 * Owns:     everything it hands out; pointers stay valid until sim_world_free (nothing is freed before, the simulator
 * is short-lived), but are read and changed only between sim_world_lock and sim_world_unlock.
 */
#include "core/node.h"
#include "sim/sim_def.h"
#include <pthread.h>
struct sim_client {
	const struct sim_def *def;
	struct sv id, secret;
	struct sv_list redirects;
	struct sim_client *next;
};
struct sim_user {
	const struct sim_def *def;
	struct sv name;
	const struct node *data;
	struct sim_user *next;
};
/* A consent: one per user and app.  Ending it kills all its tokens. */
struct sim_grant {
	const struct sim_client *client;
	const struct sim_user *user;
	struct sv_list scopes;
	bool ended;
	struct sim_token *consents;        /* the codes redeemed for it, newest first */
	int64_t live_access, live_refresh; /* counted by sim_record_grants */
	struct sim_grant *next;
};
enum sim_token_kind { SIM_CODE, SIM_ACCESS, SIM_REFRESH, SIM_CONSENT };
struct sim_token { /* also codes and open consent pages */
	enum sim_token_kind kind;
	struct sv text;
	struct sim_grant *grant;
	struct sim_token *root; /* the code all came from */
	struct sv_list scopes;
	int64_t expires_at;
	bool dead;
	const struct sim_client *client;
	struct sv redirect_uri, challenge, state, response_mode;
	bool offline; /* codes, consents */
	int64_t nth;  /* access and refresh tokens: of which pair of their consent, from 1 */
	/* codes that were redeemed: what came of them */
	int64_t pairs, reused; /* given; refusals of a refresh token that had been good */
	int64_t newest_ends;   /* when the newest access token ends; 0: never */
	int64_t least_left;    /* of an access token's life when it was renewed; INT64_MAX: none was */
	int64_t live_access, live_refresh;
	struct sim_token *next_consent;
	struct sim_token *next;
};
enum sim_twist { /* what a true answer is given wrongly */
		 SIM_TWIST_NONE,
		 SIM_TWIST_DENIED,
		 SIM_TWIST_ADMIN,
		 SIM_TWIST_SCOPE,
		 SIM_TWIST_FEWER,
		 SIM_TWIST_OTHER,
		 SIM_TWIST_ISS,
		 SIM_TWIST_NO_REFRESH,
		 SIM_TWIST_SKEW,
		 SIM_TWIST_CUT
};
struct sim_fault {      /* "on" a kind of call, the next `times` (0: all) */
	struct sv name; /* of sim_fault.h; p NULL: made by hand */
	struct sv on;
	int64_t times, status, delay_ms, hold_ms, retry_after_s;
	struct sv body, content_type;
	bool after;
	enum sim_twist twist;
	struct sim_fault *next;
};
struct sim_noted {
	int64_t at;
	const char *method;
	struct sv provider, kind, host, path, client_id, grant_type, user;
	int status;
	struct sim_noted *next;
};
enum { SIM_BUCKETS = 4096 };
struct sim_world {
	pthread_mutex_t lock;
	struct arena *arena;
	struct sim_def *defs;
	size_t n_defs;
	int64_t clock_ahead; /* microseconds added to the clock */
	struct sim_client *clients;
	struct sim_user *users;
	struct sim_grant *grants;
	struct sim_fault *faults;
	struct sim_noted *calls, **calls_end;
	int64_t n_calls;
	int64_t lifetime_override_s; /* -1: the definition's */
	int64_t rate_limit_override; /* -1: the definition's; 0: none */
	bool reuse_ends_family; /* a refresh token used twice ends all that came of its consent (RFC 9700 4.14.2) */
	int64_t refreshing, most_refreshing; /* at once */
	uint64_t waits;                      /* requests that were kept waiting: each is its own peer */
	int64_t window_started;
	int64_t window_used;
	struct sim_token *tokens[SIM_BUCKETS];
};
struct err sim_world_new(struct ctx *cx, const char *const *providers, size_t n, struct sim_world **out) MUST_USE
    NONNULL(1, 2, 4);
void sim_world_free(struct sim_world *w);
void sim_world_lock(struct sim_world *w) NONNULL(1);
void sim_world_unlock(struct sim_world *w) NONNULL(1);
int64_t sim_world_now(const struct sim_world *w) NONNULL(1);
const struct sim_def *sim_world_def(const struct sim_world *w, struct sv host)
    NONNULL(1); /* by host name without port; the first when unknown */
const struct sim_def *sim_world_provider(const struct sim_world *w, struct sv id)
    NONNULL(1); /* by id; p NULL: the first; NULL: none */
struct sim_client *sim_world_client(const struct sim_world *w, const struct sim_def *d, struct sv id) NONNULL(1, 2);
struct sim_user *sim_world_user(const struct sim_world *w, const struct sim_def *d, struct sv name) NONNULL(1, 2);
struct err sim_world_add_app(struct ctx *cx, struct sim_world *w, const struct sim_def *d,
			     const struct sv app[static 3]) MUST_USE NONNULL(1, 2, 3);
struct err sim_world_add_user(struct ctx *cx, struct sim_world *w, const struct sim_def *d,
			      const struct node *data) MUST_USE NONNULL(1, 2, 3, 4);
struct sim_grant *sim_world_grant(struct sim_world *w, const struct sim_client *c, const struct sim_user *u) MUST_USE
    NONNULL(1, 2, 3); /* found or made */
/* A new token, code or consent with random text; NULL: out of memory. */
struct sim_token *sim_world_mint(struct sim_world *w, enum sim_token_kind kind, struct sv prefix,
				 int64_t lifetime_s) MUST_USE NONNULL(1);
/* The same with a text that is known already. */
struct sim_token *sim_world_put(struct sim_world *w, enum sim_token_kind kind, struct sv text,
				int64_t lifetime_s) MUST_USE NONNULL(1);
struct sim_token *sim_world_token(const struct sim_world *w, enum sim_token_kind kind, struct sv text)
    NONNULL(1); /* dead ones too */
bool sim_world_token_good(const struct sim_world *w, const struct sim_token *t)
    NONNULL(1); /* not dead, not expired, grant not ended */
void sim_world_end_family(struct sim_world *w, const struct sim_token *root)
    NONNULL(1, 2); /* every token that came of this code */
void sim_world_end_grant(struct sim_world *w, struct sim_grant *g) NONNULL(1, 2);
void sim_world_note(struct sim_world *w, const struct sim_noted *call) NONNULL(1, 2);
struct sv_list sim_world_list(struct sim_world *w, struct sv_list in) NONNULL(1); /* copies into the world */
#endif
