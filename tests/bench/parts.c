/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c: what the parts of one granted `POST /v1/auth/authorize` cost, each alone and the whole without a socket.
 * Medians of rounds; nothing is asserted.  ./bench parts */
#include "core/hub.h"
#include "core/jdoc.h"
#include "domain/access.h"
#include "domain/keys.h"
#include "http/parse.h"
#include "seal/keyring.h"
#include "seed_world.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 1000, ROUNDS = 7, BODY_BYTES = 256 };

struct bench {
	struct seed_world w;
	struct sv key, project;
	char bearer[64];
	const struct provider *p;
	struct data_key *data_key;
	struct box box;
	int64_t n;
};
static struct ctx *cx_of(struct bench *b) { return &b->w.cx; }

static struct sv body(struct bench *b, char out[static BODY_BYTES])
{
	int n = snprintf(out, BODY_BYTES,
			 "{\"user_id\":\"user-%lld@example.com\",\"auth_requirement\":{\"provider_id\":\"discord\","
			 "\"provider_type\":\"oauth2\",\"oauth2\":{\"scopes\":[\"identify\"]}}}",
			 (long long)(b->n++ % USERS + 1));
	return (struct sv){ out, (size_t)n };
}

/* ---- the parts: false when it did not do what it should ---- */
static bool head(struct bench *b)
{
	static const char text[] =
	    "POST /v1/auth/authorize HTTP/1.1\r\nHost: 127.0.0.1:9099\r\nAccept: application/json\r\n"
	    "Authorization: Bearer arc_0123456789012345678901234567890123456789\r\n"
	    "Content-Type: application/json\r\nContent-Length: 154\r\n\r\n";
	static const struct scan_limits limits = { 16384, 4 << 20 };
	struct header headers[MAX_HEADERS_IN];
	struct parse p = { .headers = headers, .most = MAX_HEADERS_IN };
	struct request rq = { .cx = cx_of(b) };
	struct scan s = { 0 };
	struct refusal why;
	struct sv all = { text, sizeof text - 1 };

	return scan_head(&s, all, &limits, &why) && parse_head(&rq, sv_upto(all, s.head_n), &s, &p, &why);
}

static bool json(struct bench *b)
{
	char text[BODY_BYTES];
	const struct node *n;

	return !IS_ERR(jdoc_parse(cx_of(b), body(b, text), "request body", &n));
}

static bool key(struct bench *b)
{
	struct api_key row;

	return !IS_ERR(key_check(cx_of(b), &b->w.life.en, b->key, SV("127.0.0.1"), &row));
}

static bool resolve(struct bench *b)
{
	const struct provider_ask ask = { .project_id = b->project, .provider_id = SV("discord") };
	const struct provider *p;
	struct sv asked_as;

	return !IS_ERR(providers_resolve(cx_of(b), &b->w.life.en, &ask, &p, &asked_as));
}

static bool open_box(struct bench *b)
{
	CLEANUP(secret_drop) struct secret *s = NULL;

	return !IS_ERR(seal_open(cx_of(b), b->data_key, SV("connections.access_box:p:uc_1"), box_view(&b->box), &s));
}

static bool granted(struct bench *b)
{
	struct sv scopes[] = { SV("identify") };
	char user[64];
	struct access a = { .state = ACCESS_NONE };

	(void)snprintf(user, sizeof user, "user-%lld@example.com", (long long)(b->n++ % USERS + 1));
	const struct access_ask ask = { .project_id = b->project,
					.user_id = sv_of(user),
					.provider = b->p,
					.scopes = { scopes, 1 },
					.lane = ACCESS_INLINE };
	struct err e = access_get(cx_of(b), &b->w.life.en, &ask, &a);
	bool ok = !IS_ERR(e) && a.state == ACCESS_OK;

	access_clear(&a);
	return ok;
}

static bool whole(struct bench *b)
{
	CLEANUP(buf_free) struct buf out = BUF(1 << 16), head_lines = BUF(4096);
	char text[BODY_BYTES];
	const struct header headers[] = { { SV("Host"), SV("127.0.0.1:9099") },
					  { SV("Authorization"), sv_of(b->bearer) },
					  { SV("Content-Type"), SV("application/json") } };
	struct request rq = { .cx = cx_of(b),
			      .en = &b->w.life.en,
			      .app = b->w.life.app.app,
			      .method = M_POST,
			      .target = SV("/v1/auth/authorize"),
			      .path = SV("/v1/auth/authorize"),
			      .route_path = SV("/v1/auth/authorize"),
			      .query = SV(""),
			      .host = SV("127.0.0.1:9099"),
			      .headers = headers,
			      .n_headers = ARRAY_LEN(headers),
			      .body = body(b, text),
			      .client_ip = SV("127.0.0.1"),
			      .out = &out,
			      .head = &head_lines };
	size_t at;

	server_run_here(&rq, &b->w.life.app, b->w.life.en.hub);
	return (rq.status == 0 || rq.status == 200) && sv_find(buf_view(&out), SV("\"completed\""), &at);
}

static const struct {
	const char *name;
	bool (*run)(struct bench *b);
	int times;
} parts[] = {
	{ "read and check the head", head, 20000 },
	{ "JSON of the body", json, 20000 },
	{ "API key", key, 20000 },
	{ "which provider", resolve, 20000 },
	{ "open one sealed token", open_box, 20000 },
	{ "grant: look-up, scopes, token", granted, 10000 },
	{ "the whole request, no socket", whole, 5000 },
};

static int by_size(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static bool measure(struct bench *b, size_t i)
{
	int64_t took[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		int64_t began = clock_mono();

		for (int k = 0; k < parts[i].times; k++) {
			arena_reset(cx_of(b)->arena);
			if (!parts[i].run(b)) {
				(void)fprintf(stderr, "%s: failed: %s\n", parts[i].name, cx_of(b)->cause.say);
				return false;
			}
		}
		took[r] = clock_mono() - began;
	}
	qsort(took, ROUNDS, sizeof took[0], by_size);
	(void)printf("%-32s %8.2f us   (fastest round %.2f)\n", parts[i].name,
		     (double)took[ROUNDS / 2] / parts[i].times, (double)took[0] / parts[i].times);
	return true;
}

static struct err ready(struct bench *b, const char *dir)
{
	static const char raw[32] = "0123456789abcdef0123456789abcde";

	TRY(seed_world_up(&b->w, dir));
	if (b->w.life.first_key == NULL)
		return fail(cx_of(b), E_CONFLICT, "the folder is not new", "parts");
	TRY(seed_world_grants(cx_of(b), &b->w.life, USERS));
	b->key = secret_view(b->w.life.first_key);
	memcpy(b->bearer, "Bearer ", 7);
	if (!sv_copy(b->key, b->bearer + 7, sizeof b->bearer - 7))
		return fail(cx_of(b), E_INTERNAL, "the key is too long", "parts");
	b->project = sv_of(store_default_project(b->w.life.en.store));
	b->p = providers_by_id(&b->w.life.en, b->project, SV("discord"));
	TRY(data_key_new(cx_of(b), "dk_1", (struct sv){ raw, sizeof raw }, &b->data_key));
	return seal_close(cx_of(b), b->data_key, SV("connections.access_box:p:uc_1"),
			  SV("{\"token\":\"0123456789012345678901234567890123456789\",\"type\":\"Bearer\"}"), &b->box);
}

int main(int argc, char **argv)
{
	struct bench b = { .n = 0 };

	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s NEW_FOLDER\n", argv[0]);
		return 2;
	}
	struct err e = ready(&b, argv[1]);
	bool ok = !IS_ERR(e);
	if (!ok)
		(void)fprintf(stderr, "%s\n", cx_of(&b)->cause.say);
	for (size_t i = 0; ok && i < ARRAY_LEN(parts); i++)
		ok = measure(&b, i);
	box_free(&b.box);
	data_key_drop(&b.data_key);
	seed_world_down(&b.w);
	return ok ? 0 : 1;
}
