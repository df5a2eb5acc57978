/* SPDX-License-Identifier: Apache-2.0 */
#include "api/repeats.h"
#include "core/text.h"
#include "tt.h"

static struct repeats_key key(uint64_t name, const char *body)
{
	return (struct repeats_key){ name, sha256_of(sv_of(body)) };
}
static enum repeats_is find(struct repeats *r, const struct repeats_key *k, bool take, struct buf *out)
{
	buf_clear(out);
	return repeats_find(r, k, take, out);
}

TEST(a_key_is_held_by_one_and_its_answer_is_everybodys)
{
	struct repeats *r = repeats_new();
	CLEANUP(buf_free) struct buf out = BUF(1 << 20);
	const struct repeats_key k = key(7, "a"), other = key(7, "b");

	CHECK(r != NULL && find(r, &k, false, &out) == REPEATS_NEW && find(r, &k, true, &out) == REPEATS_NEW);
	CHECK(find(r, &k, true, &out) == REPEATS_RUNS && find(r, &other, true, &out) == REPEATS_OTHER);
	repeats_end(r, &k, false, SV_NONE); /* refused: as if it had never been asked */
	CHECK(find(r, &other, true, &out) == REPEATS_NEW);
	repeats_end(r, &other, true, SV("done"));
	CHECK(find(r, &other, true, &out) == REPEATS_DONE && sv_eqz(buf_view(&out), "done"));
	repeats_end(r, &other, true, SV("twice")); /* of nobody who holds it */
	CHECK(find(r, &other, false, &out) == REPEATS_DONE && sv_eqz(buf_view(&out), "done"));
	CHECK(find(r, &k, false, &out) == REPEATS_OTHER && out.n == 0);
	repeats_free(r);
}

TEST(the_oldest_answers_go_first_and_are_remembered_as_given)
{
	enum { N = 3 * REPEATS_BYTES / REPEATS_ANSWER };
	struct repeats *r = repeats_new();
	CLEANUP(buf_free) struct buf out = BUF(2 << 20);
	CLEANUP(buf_free) struct buf large = BUF(REPEATS_ANSWER + 1);
	size_t kept = 0;

	for (size_t i = 0; i < REPEATS_ANSWER; i++)
		buf_char(&large, 'x');
	for (uint64_t i = 1; i <= N; i++) {
		const struct repeats_key k = key(i, "a");

		CHECK(find(r, &k, true, &out) == REPEATS_NEW);
		repeats_end(r, &k, true, buf_view(&large));
	}
	for (uint64_t i = 1; i <= N; i++) {
		const struct repeats_key k = key(i, "a");
		enum repeats_is is = find(r, &k, true, &out);

		CHECK(is == (i <= N - REPEATS_BYTES / REPEATS_ANSWER ? REPEATS_GONE : REPEATS_DONE));
		kept += is == REPEATS_DONE;
	}
	CHECK(kept == REPEATS_BYTES / REPEATS_ANSWER);
	buf_char(&large, 'x');
	const struct repeats_key too_large = key(N + 1, "a"), first = key(1, "a"), last = key(N, "a");
	CHECK(find(r, &too_large, true, &out) == REPEATS_NEW);
	repeats_end(r, &too_large, true, buf_view(&large));
	CHECK(find(r, &too_large, true, &out) == REPEATS_GONE && find(r, &last, true, &out) == REPEATS_DONE);
	for (uint64_t i = N + 2; i <= REPEATS_ENTRIES + 1; i++) {
		const struct repeats_key k = key(i, "a");

		CHECK(find(r, &k, true, &out) == REPEATS_NEW);
		repeats_end(r, &k, true, SV("small"));
	}
	CHECK(find(r, &first, true, &out) == REPEATS_NEW && find(r, &last, true, &out) == REPEATS_DONE);
	repeats_free(r);
}
