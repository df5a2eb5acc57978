/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture.c: on the path of every request each allocation fails once: ours, SQLite's and OpenSSL's, on whatever
 * thread. The answer is right or an error of ours, the store holds together, and the next call works. */
#include "domain/people.h"
#include "tt_torture.h"
#include <argon2.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

/* ---- the libraries' allocators are the tests' ---- */
static void *ssl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return tt_malloc(n);
}
static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return tt_realloc(p, n);
}
static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}
/* SQLite asks for the size of what it has: it is kept before it. */
enum { HEAD = 16 };
static void *lite_malloc(int n)
{
	char *p = tt_malloc((size_t)n + HEAD);

	if (p == NULL)
		return NULL;
	memcpy(p, &n, sizeof n);
	return p + HEAD;
}
static int lite_size(void *p)
{
	int n = 0;

	if (p != NULL)
		memcpy(&n, (char *)p - HEAD, sizeof n);
	return n;
}
static void lite_free(void *p) { free(p == NULL ? NULL : (char *)p - HEAD); }
static void *lite_realloc(void *was, int n)
{
	char *p = tt_realloc((char *)was - HEAD, (size_t)n + HEAD);

	if (p == NULL)
		return NULL;
	memcpy(p, &n, sizeof n);
	return p + HEAD;
}
static int lite_round(int n) { return (n + 7) & ~7; }
static int lite_begin(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}
static void lite_end(void *arg) { (void)arg; }

/* ---- Argon2 at a small cost: it is what stands around it that is looked at; its own memory may fail, too ---- */
enum { TIME_COST = 1, MEMORY_KIB = 64 };
int __real_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t lanes, const void *pwd, size_t pwd_n,
				 const void *salt, size_t salt_n, size_t hash_n, char *out, size_t out_n);
int __wrap_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t lanes, const void *pwd, size_t pwd_n,
				 const void *salt, size_t salt_n, size_t hash_n, char *out, size_t out_n);
int __real_argon2id_verify(const char *encoded, const void *pwd, size_t pwd_n);
int __wrap_argon2id_verify(const char *encoded, const void *pwd, size_t pwd_n);
static bool no_memory(void)
{
	void *p = tt_malloc(1);

	if (p == NULL)
		return true;
	free(p);
	return false;
}
int __wrap_argon2id_hash_encoded(uint32_t t, uint32_t m, uint32_t lanes, const void *pwd, size_t pwd_n,
				 const void *salt, size_t salt_n, size_t hash_n, char *out, size_t out_n)
{
	(void)t;
	(void)m;
	return no_memory() ? ARGON2_MEMORY_ALLOCATION_ERROR
			   : __real_argon2id_hash_encoded(TIME_COST, MEMORY_KIB, lanes, pwd, pwd_n, salt, salt_n,
							  hash_n, out, out_n);
}
int __wrap_argon2id_verify(const char *encoded, const void *pwd, size_t pwd_n)
{
	return no_memory() ? ARGON2_MEMORY_ALLOCATION_ERROR : __real_argon2id_verify(encoded, pwd, pwd_n);
}

/* The parser of URLs is curl's. */
static void *curl_calloc(size_t n, size_t size)
{
	void *p = tt_malloc(n * size);

	return p == NULL ? NULL : memset(p, 0, n * size);
}
static char *curl_strdup(const char *z)
{
	size_t n = strlen(z) + 1;
	char *p = tt_malloc(n);

	return p == NULL ? NULL : memcpy(p, z, n);
}

__attribute__((constructor(101))) static void take_over(void)
{
	static const sqlite3_mem_methods lite = { lite_malloc, lite_free,  lite_realloc, lite_size,
						  lite_round,  lite_begin, lite_end,     NULL };

	/* Thousands of commits: that they last is proved elsewhere. */
	if (access("/dev/shm", W_OK) == 0 && setenv("TT_FOLDER", "/dev/shm", 0) != 0)
		abort();
	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1 ||
	    sqlite3_config(SQLITE_CONFIG_MALLOC, &lite) != SQLITE_OK ||
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, tt_malloc, free, tt_realloc, curl_strdup, curl_calloc) !=
		CURLE_OK)
		abort();
}

/* ---- one request, again and again ---- */
enum { SHORT = 150 };
static const struct tt_call paths[] = {
	{ "hit", "POST", "/v1/auth/authorize",
	  "{\"user_id\":\"hit\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{\"scopes\":[\"identify\"]"
	  "}}}",
	  200, 0, "\"token\":\"tok\"" },
	{ "miss", "POST", "/v1/auth/authorize",
	  "{\"user_id\":\"m%ld\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{\"scopes\":["
	  "\"identify\"]}}}",
	  200, 0, "\"pending\"" },
	{ "validate verifier", "POST", "/v1/auth/validate_custom_verifier",
	  "{\"user_id\":\"u\",\"verifier_url\":\"https://app.example/v\"}", 200, 0, NULL },
	{ "confirm nothing", "POST", "/v1/auth/confirm_user", "{\"flow_id\":\"x%ld\",\"user_id\":\"u\"}", 404, 0,
	  NULL },
	{ "providers", "GET", "/v1/admin/auth_providers", NULL, 200, 0, NULL },
	{ "provider", "GET", "/v1/admin/auth_providers/mine", NULL, 200, 0, NULL },
	{ "provider add", "POST", "/v1/admin/auth_providers",
	  "{\"id\":\"p%ld\",\"type\":\"oauth2\",\"provider_id\":\"github\",\"oauth2\":{\"client_id\":\"c\",\"client_"
	  "secret\":\"s\"}}",
	  201, 409, NULL },
	{ "provider change", "PATCH", "/v1/admin/auth_providers/mine", "{\"description\":\"n%ld\"}", 200, 0, NULL },
	{ "provider remove", "DELETE", "/v1/admin/auth_providers/absent", NULL, 404, 0, NULL },
	{ "connections", "GET", "/v1/admin/user_connections", NULL, 200, 0, NULL },
	{ "connection remove", "DELETE", "/v1/admin/user_connections/absent", NULL, 404, 0, NULL },
	{ "setting", "GET", "/v1/admin/settings/session_verification", NULL, 200, 0, NULL },
	{ "setting put", "PUT", "/v1/admin/settings/session_verification",
	  "{\"verifier_url\":\"https://app.example/verify?x=1\"}", 200, 0, NULL },
	{ "health", "GET", "/v1/health", NULL, 200, 0, NULL },
	{ "config", "GET", "/v1/config", NULL, 200, 0, NULL },
	{ "keys", "GET", "/tb/v1/api_keys", NULL, 200, 0, NULL },
	{ "key add", "POST", "/tb/v1/api_keys", "{\"name\":\"k%ld\"}", 201, 409, NULL },
	{ "authorizations", "GET", "/tb/v1/authorizations", NULL, 200, 0, NULL },
	{ "events", "GET", "/tb/v1/events", NULL, 200, 0, NULL },
	{ "projects", "GET", "/tb/v1/projects", NULL, 200, 0, NULL },
};
static void begin(struct tt_api *w)
{
	struct tt_scopes scopes = { .v = { SV("identify") }, .n = 1 };
	CLEANUP(secret_drop) struct secret *none = NULL;

	tt_api_begin(tt_ctx(), w);
	(void)tt_consent(w->cx, w->f.en, tt_ask(w->f.en, "hit", &scopes), TT_TOKENS("tok", "identify"));
	struct tt_answer a =
	    tt_send(w, "POST", "/v1/admin/auth_providers",
		    "{\"id\":\"mine\",\"type\":\"oauth2\",\"provider_id\":\"github\",\"oauth2\":{\"client_id\":"
		    "\"c\",\"client_secret\":\"s\"}}");
	CHECK_ROW(a.body, a.status == 201);
}
TEST(requests_of_a_key_without_each_allocation)
{
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

		begin(&w);
		tt_torture(&w, &paths[i], SHORT);
		struct tt_answer a = tt_send_call(&w, &paths[0], 0, 0);
		CHECK_ROW(tt_said(&w, &paths[i], 0, &a), a.status == 200 && tt_has(a.body, "\"token\":\"tok\""));
		tt_whole(&w);
	}
}

/* ---- a whole consent: link, callback with its exchange, confirmation ---- */
static const char *started(struct tt_api *w, long run)
{
	const char *body =
	    arena_printf(w->cx->arena,
			 "{\"user_id\":\"c%ld\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{"
			 "\"scopes\":[\"identify\"]}}}",
			 run);
	struct tt_answer a = tt_send(w, "POST", "/v1/auth/authorize", body);

	CHECK_ROW(a.body, a.status == 200);
	const char *at = strstr(tt_value(w, a.body, "url"), "/connect/");
	CHECK(at != NULL);
	return at;
}
enum leg { CLICK, CALLBACK, CONFIRM, LEGS };
/* Goes the way of one user; allocation k of one leg fails.  The status of that leg; *done: he is connected. */
static int way(struct tt_api *w, long run, enum leg leg, long k, bool *done)
{
	const char *link = started(w, run), *key = w->key;
	struct tt_answer a;

	*done = false;
	w->key = NULL;
	w->cookie = NULL;
	w->accept = "text/html";
	w->fail_any = leg == CLICK ? k : 0;
	a = tt_send(w, "GET", link, NULL);
	w->fail_any = 0;
	int status = a.status;
	if (status == 303) {
		const char *state = tt_param(w->cx, sv_of(tt_location(w, &a)), "state");
		w->cookie = tt_set_cookie(w, &a, "tb_9099");
		const char *back =
		    arena_printf(w->cx->arena, "/api/v1/oauth/discord/callback?%s", tt_query(w->cx, "c0de", state));
		tt_net_answer("token", 200, TT_TOKENS("fresh", "identify"));
		w->fail_any = leg == CALLBACK ? k : 0;
		a = tt_send(w, "GET", back, NULL);
		w->fail_any = 0;
		status = leg == CLICK ? status : a.status;
	}
	const char *flow = a.status == 303 ? tt_param(w->cx, sv_of(tt_location(w, &a)), "flow_id") : "";
	w->key = key;
	w->cookie = w->accept = NULL;
	if (flow[0] == '\0')
		return status;
	const char *body = arena_printf(w->cx->arena, "{\"flow_id\":\"%s\",\"user_id\":\"c%ld\"}", flow, run);
	w->fail_any = leg == CONFIRM ? k : 0;
	a = tt_send(w, "POST", "/v1/auth/confirm_user", body);
	w->fail_any = 0;
	*done = a.status == 200;
	return leg == CONFIRM ? a.status : status;
}
static long leg_allocs(struct tt_api *w, enum leg leg, long run)
{
	bool done = false;
	long k = 64;

	for (;; k *= 2) { /* the first power of two that is beyond the leg's last allocation */
		(void)way(w, run + k, leg, k, &done);
		if (done)
			return k;
		CHECK(k < 1000000);
	}
}
static void connected(struct tt_api *w, long run)
{
	bool done = false;
	struct tt_answer a;
	const char *body =
	    arena_printf(w->cx->arena,
			 "{\"user_id\":\"c%ld\",\"auth_requirement\":{\"provider_id\":\"discord\",\"oauth2\":{"
			 "\"scopes\":[\"identify\"]}}}",
			 run);

	a = tt_send(w, "POST", "/v1/auth/authorize", body);
	if (tt_has(a.body, "completed")) /* the answer was what could not be made */
		return;
	(void)way(w, run, LEGS, 0, &done); /* the same link again */
	CHECK_ROW(a.body, done);
}
TEST(a_consent_without_each_allocation)
{
	for (enum leg leg = CLICK; leg < LEGS; leg++) {
		CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
		bool done;

		begin(&w);
		long n = leg_allocs(&w, leg, 1000000), stride = tt_stride(n, SHORT);
		for (long k = 1; k <= n; k += stride) {
			int status = way(&w, k, leg, k, &done);
			CHECK_ROW(arena_printf(w.cx->arena, "leg %d, allocation %ld: %d", (int)leg, k, status),
				  status == 303 || status == 200 || status >= 400);
			connected(&w, k);
		}
		tt_whole(&w);
	}
}

static void move(struct tt_api *w, const char *sql)
{
	const struct provider_ask ask = { .project_id = tt_project(w->f.en), .provider_id = SV("discord") };
	const struct provider *p = NULL;
	struct sv as;

	tt_sql(w->cx, w->f.en, sql);
	CHECK(!IS_ERR(providers_resolve(w->cx, w->f.en, &ask, &p, &as)));
	grant_cache_forget_provider(w->f.en->grants, sv_of(p->row_id));
}
/* ---- a refresh: the new pair must not be lost for want of memory ---- */
TEST(a_refresh_without_each_allocation)
{
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };
	bool failed = true;
	long lost = 0;

	begin(&w);
	for (long k = 1; failed; k += getenv("TB_LONG") != NULL ? 1 : 7) {
		char pair[200], want[60];

		(void)snprintf(pair, sizeof pair,
			       "{\"access_token\":\"r%ld\",\"refresh_token\":\"rr%ld\",\"expires_in\":604800,\"token_"
			       "type\":\"Bearer\"}",
			       k, k);
		(void)snprintf(want, sizeof want, "\"token\":\"r%ld\"", k);
		move(&w,
		     "UPDATE connections SET token_expires_at = 1, due_at = 1, next_try_at = 0 WHERE user_id = 'hit'");
		tt_net_answer("refresh", 200, pair);
		int before = tt_net_calls("refresh");
		struct tt_answer a = tt_send_call(&w, &paths[0], 0, k);
		failed = w.any_failed;
		CHECK_ROW(tt_said(&w, &paths[0], k, &a), a.status >= 500 || (a.status == 200 && tt_has(a.body, want)));
		/* whatever failed: the next reader has a token, without a second use of a spent one unless it is told
		 */
		move(&w, "UPDATE connections SET next_try_at = 0 WHERE user_id = 'hit'");
		a = tt_send_call(&w, &paths[0], 0, 0);
		CHECK_ROW(tt_said(&w, &paths[0], -k, &a), a.status == 200 && tt_has(a.body, want));
		lost += tt_net_calls("refresh") - before - 1;
	}
	tt_whole(&w);
	(void)printf("# refreshes whose answer was lost for want of memory: %ld\n", lost);
}
