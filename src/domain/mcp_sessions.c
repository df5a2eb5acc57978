/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mcp_sessions.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/hub.h"
#include "core/rnd.h"
#include "core/secret.h"
#include "core/text.h"
#include "core/workq.h"
#include "domain/job_time.h"
#include "domain/mcp_token.h"
#include "domain/mcp_worker.h"
#include "wire/wire_mcp.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SALT = 32, EACH_MOST = 8, KEY_MOST = 256 << 10, CLOSE_ARENA = 16 << 20, USER_MOST = 257, NAME_MOST = 101 };
enum { ENDING_THREADS = 4, ENDING_MOST = 256 };
#define CLOSE_MOST SEC(3) /* for all of them together, when the engine ends */
#define END_MOST   SEC(5)
#define PART_MOST  SEC(2) /* of a session whose call went wrong: its server may hang still */

struct session {
	struct session *next; /* used less lately */
	struct sha256 key;
	uint64_t address;
	char project_id[40], worker[NAME_MOST], user_id[USER_MOST];
	char version[WIRE_MCP_VERSION], id[WIRE_MCP_SESSION];
	int64_t ids, since; /* clock_mono() of its last use */
	int64_t given_up;   /* a call that nobody waits for; 0: none */
	struct engine *en;  /* of who ends it */
};
struct mcp_sessions {
	pthread_mutex_t lock;
	char salt[SALT];
	struct session *latest;
	size_t n;
	struct workq *ending;
	atomic_bool stopping;
};

struct err mcp_sessions_open(struct ctx *cx, struct engine *en)
{
	struct mcp_sessions *all = calloc(1, sizeof *all);

	if (all == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "sessions at MCP servers");
	all->ending =
	    workq_new(&(struct workq_how){ .name = "farewells", .threads = ENDING_THREADS, .depth = ENDING_MOST });
	if (all->ending == NULL) {
		free(all);
		return fail(cx, E_INTERNAL, "out of memory", "sessions at MCP servers");
	}
	atomic_init(&all->stopping, false);
	(void)pthread_mutex_init(&all->lock, NULL);
	rnd_bytes(all->salt, sizeof all->salt);
	en->mcp_sessions = all;
	return OK;
}

/* Whoever knows an id speaks in its session. */
static void session_free(struct session *s)
{
	if (s == NULL)
		return;
	wipe(s, sizeof *s);
	free(s);
}

/* ---- whose it is ---- */
static void part(struct buf *b, struct sv s)
{
	uint64_t n = s.n;

	buf_add(b, &n, sizeof n);
	buf_sv(b, s);
}
struct err mcp_sessions_key(struct ctx *cx, const struct engine *en, const struct wire_mcp *p,
			    struct mcp_sessions_of *of)
{
	CLEANUP(buf_free) struct buf b = BUF(KEY_MOST);

	if (en->mcp_sessions == NULL)
		return OK;
	part(&b, of->w->id);
	part(&b, of->user_id);
	part(&b, p->uri);
	part(&b, p->token == NULL ? SV("") : secret_view(p->token));
	for (size_t i = 0; i < p->n_headers; i++) {
		part(&b, p->headers[i].name);
		part(&b, p->headers[i].value);
	}
	TRY(buf_done(cx, &b, "the headers of an MCP server"));
	of->key = hmac_sha256((struct sv){ en->mcp_sessions->salt, SALT }, buf_view(&b));
	return OK;
}
static uint64_t address_of(const struct worker_row *w) { return hub_topic("mcp.address", w->uri); }
static bool is(const struct session *s, const struct mcp_sessions_of *of)
{
	return same_bytes(sha256_view(&s->key), sha256_view(&of->key));
}

/* ---- kept between calls ---- */
bool mcp_sessions_take(struct engine *en, const struct mcp_sessions_of *of, struct wire_mcp *p)
{
	struct mcp_sessions *all = en->mcp_sessions;

	if (all == NULL)
		return false;
	(void)pthread_mutex_lock(&all->lock);
	struct session **at = &all->latest, *s;
	while (*at != NULL && !is(*at, of))
		at = &(*at)->next;
	s = *at;
	if (s != NULL) {
		*at = s->next;
		all->n--;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (s == NULL)
		return false;
	memcpy(p->version, s->version, sizeof p->version);
	memcpy(p->session, s->id, sizeof p->session);
	p->ids = s->ids;
	session_free(s);
	return true;
}
static struct session *session_of(const struct mcp_sessions_of *of, const struct wire_mcp *p)
{
	struct session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->key = of->key;
	s->address = address_of(of->w);
	s->ids = p->ids;
	s->given_up = p->given_up;
	s->since = clock_mono();
	memcpy(s->version, p->version, sizeof s->version);
	memcpy(s->id, p->session, sizeof s->id);
	if (sv_copy(of->w->project_id, s->project_id, sizeof s->project_id) &&
	    sv_copy(of->w->unique_id, s->worker, sizeof s->worker) &&
	    sv_copy(of->user_id.p == NULL ? SV("") : of->user_id, s->user_id, sizeof s->user_id))
		return s;
	session_free(s);
	return NULL;
}
bool mcp_sessions_give(struct engine *en, const struct mcp_sessions_of *of, const struct wire_mcp *p)
{
	struct mcp_sessions *all = en->mcp_sessions;
	struct session *s = all == NULL || en->config->limits.mcp_sessions == 0 ? NULL : session_of(of, p);
	size_t same = 0;

	if (s == NULL)
		return false;
	(void)pthread_mutex_lock(&all->lock);
	for (const struct session *o = all->latest; o != NULL; o = o->next)
		same += is(o, of);
	bool kept = same < EACH_MOST && all->n < en->config->limits.mcp_sessions;
	if (kept) {
		s->next = all->latest;
		all->latest = s;
		all->n++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (!kept)
		session_free(s);
	return kept;
}

/* ---- their end ---- */
/* The one that was used longest ago, if that was before `before`. */
static struct session *oldest(struct mcp_sessions *all, int64_t before)
{
	struct session **at = &all->latest, *s = NULL;

	(void)pthread_mutex_lock(&all->lock);
	while (*at != NULL && (*at)->next != NULL)
		at = &(*at)->next;
	if (*at != NULL && (*at)->since <= before) {
		s = *at;
		*at = NULL;
		all->n--;
	}
	(void)pthread_mutex_unlock(&all->lock);
	return s;
}
/* Its server is told with the user's token as it is now.  A worker that is gone or elsewhere is told nothing: its
 * sessions end by themselves. */
static struct err end(struct ctx *cx, struct engine *en, const struct session *s, int64_t most)
{
	CLEANUP(access_clear) struct access access = { .state = ACCESS_NONE };
	struct worker_row w;

	if (s->id[0] == '\0' && s->given_up == 0)
		return OK;
	TRY(store_worker_get(cx, en->store, sv_of(s->project_id), sv_of(s->worker), &w));
	if (address_of(&w) != s->address)
		return OK;
	if (w.auth.n > 0)
		TRY(mcp_token_get(cx, en, &w, sv_of(s->user_id), &access));
	const struct mcp_worker_ask at = { &w, access.token, most };
	const struct mcp_worker_end how = { sv_of(s->version), sv_of(s->id), s->given_up };
	return mcp_worker_leave(cx, en, &at, &how);
}
/* Whatever comes of it, the session is not ours any more. */
static void end_one(struct ctx *cx, struct engine *en, struct session *s, int64_t most)
{
	if (IS_ERR(end(cx, en, s, most)))
		(void)forgive(cx);
	session_free(s);
}
static void end_now(void *session)
{
	struct session *s = session;
	struct engine *en = s->en;
	CLEANUP(arena_drop) struct arena *a = atomic_load(&en->mcp_sessions->stopping) ? NULL : arena_new(CLOSE_ARENA);
	struct ctx cx = { .request_id = "farewell", .arena = a, .now = clock_now() };

	if (a != NULL)
		end_one(&cx, en, s, PART_MOST);
	else
		session_free(s);
}
bool mcp_sessions_end(struct engine *en, const struct mcp_sessions_of *of, const struct wire_mcp *p)
{
	struct session *s = en->mcp_sessions == NULL ? NULL : session_of(of, p);

	if (s == NULL)
		return false;
	s->en = en;
	if (workq_push(en->mcp_sessions->ending, end_now, s))
		return true;
	session_free(s);
	return false;
}
struct err mcp_sessions_expire(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct session *s = NULL;

	while (en->mcp_sessions != NULL && job_goes_on(until) &&
	       (s = oldest(en->mcp_sessions, clock_mono() - en->config->limits.mcp_session_idle)) != NULL)
		end_one(cx, en, s, END_MOST);
	return OK;
}
void mcp_sessions_close(struct engine *en)
{
	struct mcp_sessions *all = en->mcp_sessions;
	struct arena *a = all == NULL ? NULL : arena_new(CLOSE_ARENA);
	struct ctx cx = { .request_id = "stop", .arena = a, .now = clock_now() };
	int64_t until = clock_mono() + CLOSE_MOST;

	if (all != NULL) {
		atomic_store(&all->stopping, true);
		workq_drop(&all->ending);
	}
	for (struct session *s = NULL; all != NULL && (s = oldest(all, INT64_MAX)) != NULL;) {
		int64_t left = until - clock_mono();

		if (a != NULL && left > 0)
			end_one(&cx, en, s, left);
		else
			session_free(s);
	}
	arena_free(a);
	if (all != NULL)
		(void)pthread_mutex_destroy(&all->lock);
	free(all);
	en->mcp_sessions = NULL;
}
