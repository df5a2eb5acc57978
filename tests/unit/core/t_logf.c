/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "core/logf.h"
#include "core/text.h"
#include "tt.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Standard error goes into a file while `fn` runs; what was written comes back in the arena. */
static struct sv capture(struct ctx *cx, void (*fn)(struct ctx *cx))
{
	enum { MOST = 1 << 20 };
	FILE *f = tmpfile();
	int old = dup(STDERR_FILENO);
	char *p = arena_alloc(cx->arena, MOST);

	if (f == NULL || old < 0 || p == NULL || dup2(fileno(f), STDERR_FILENO) < 0)
		abort();
	fn(cx);
	if (dup2(old, STDERR_FILENO) < 0)
		abort();
	(void)close(old);
	rewind(f);
	size_t n = fread(p, 1, MOST, f);
	(void)fclose(f);
	log_setup(LOG_INFO, LOG_CONSOLE);
	return (struct sv){ p, n };
}

static void typed(struct ctx *cx)
{
	log_event(cx, LOG_WARN, "job.failed", LOG_STR("job", "sweep"), LOG_INT("n", -3), LOG_SV("id", SV("a\0b")));
	log_note(cx, LOG_INFO, "noted");
	log_event(NULL, LOG_DEBUG, "unseen", LOG_INT("n", 1));
}

TEST(console_lines_are_for_people)
{
	struct ctx *cx = tt_ctx();

	log_setup(LOG_INFO, LOG_CONSOLE);
	struct sv both = capture(cx, typed), s = sv_cut(&both, '\n');
	CHECK(sv_ends(both, SV("Z info noted request_id=\"t\"\n")));
	CHECK(s.n > 21 && s.p[19] == 'Z');
	CHECK_ROW(s.p, sv_eqz(sv_from(s, 20), " warn job.failed request_id=\"t\" job=\"sweep\" n=-3 id=\"a\\u0000b\""));
}

TEST(json_lines_are_json)
{
	struct ctx *cx = tt_ctx();
	const struct node *n;

	log_setup(LOG_INFO, LOG_JSON);
	struct sv both = capture(cx, typed), s = sv_cut(&both, '\n');
	CHECK(sv_ends(s, SV("}")) && sv_ends(both, SV("}\n")));
	/* The escape of NUL is right in JSON, yet our own reader refuses it: show it another way first. */
	size_t at;
	CHECK(sv_find(s, SV("\\u0000"), &at));
	char *z = arena_text(cx->arena, s);
	z[at + 5] = '1';
	CHECK(!IS_ERR(jdoc_parse(cx, sv_of(z), "line", &n)));
	CHECK(sv_eqz(node_text_at(n, "level"), "warn") && sv_eqz(node_text_at(n, "event"), "job.failed"));
	CHECK(sv_eqz(node_text_at(n, "request_id"), "t") && node_get(n, "n")->i == -3);
}

static void hostile(struct ctx *cx)
{
	log_event(cx, LOG_ERROR, "x", LOG_SV("v", SV("a\nb\r\x1B[2J\"\\\x7F\xC2\x85\xFF\xE2\x80\xA8\xC3\xA9")),
		  LOG_STR("none", (char *)0));
}

TEST(values_cannot_start_lines_or_move_the_cursor)
{
	static const enum log_format formats[] = { LOG_CONSOLE, LOG_JSON };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct ctx *cx = tt_ctx();
		size_t at;

		log_setup(LOG_INFO, formats[i]);
		struct sv s = capture(cx, hostile);
		CHECK(sv_find(s, SV("\n"), &at) && at == s.n - 1);
		CHECK(!text_has_control(sv_upto(s, s.n - 1)) && text_is_utf8(s));
		CHECK_ROW(s.p, sv_find(s, SV("a\\u000ab\\u000d\\u001b[2J\\\"\\\\\\u007f"), &at) &&
				   sv_find(s, SV("\xC3\xA9"), &at));
		CHECK(sv_find(s, SV("null"), &at));
	}
}

static void huge(struct ctx *cx)
{
	static char z[5000];

	memset(z, 'z', sizeof z - 1);
	log_event(cx, LOG_ERROR, "x", LOG_STR("a", &z[0]), LOG_STR("b", &z[0]), LOG_STR("c", &z[0]),
		  LOG_STR("d", &z[0]), LOG_INT("e", 1));
}

TEST(lines_are_bounded_and_still_whole)
{
	struct ctx *cx = tt_ctx();
	const struct node *n;

	log_setup(LOG_INFO, LOG_JSON);
	struct sv s = capture(cx, huge);
	CHECK(s.n <= 4096);
	CHECK(!IS_ERR(jdoc_parse(cx, s, "line", &n)));
	CHECK(node_text_at(n, "a").n == 1003 && node_get(n, "cut")->i == 1 && node_get(n, "e") == NULL);
}

static void cause(struct ctx *cx)
{
	if (IS_ERR(fail(cx, E_UPSTREAM, "the provider failed", "status %d", 500)))
		log_cause(cx, LOG_ERROR, "call.failed");
}

TEST(a_cause_is_logged_with_its_place)
{
	struct ctx *cx = tt_ctx();
	size_t at;
	struct sv s = capture(cx, cause);

	CHECK(sv_find(s, SV("code=\"E_UPSTREAM\" say=\"the provider failed\" detail=\"status 500\" where=\""), &at));
	CHECK(sv_find(s, SV("t_logf.c:"), &at));
}

static void *many(void *arg)
{
	for (int i = 0; i < 200; i++)
		log_event(NULL, LOG_INFO, "tick", LOG_STR("who", ((struct ctx *)arg)->request_id), LOG_INT("i", i));
	return NULL;
}

static void crowd(struct ctx *cx)
{
	pthread_t t[4];

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (pthread_create(&t[i], NULL, many, cx) != 0)
			abort();
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		(void)pthread_join(t[i], NULL);
}

TEST(lines_of_many_threads_stay_whole)
{
	struct ctx *cx = tt_ctx();
	struct sv s = capture(cx, crowd);
	size_t lines = 0;

	while (s.n > 0) {
		struct sv line = sv_cut(&s, '\n');
		size_t at;

		CHECK_ROW(line.p, sv_find(line, SV(" info tick who=\"t\" i="), &at) && at == 20);
		lines++;
	}
	CHECK(lines == 800);
}
