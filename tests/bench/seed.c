/* SPDX-License-Identifier: Apache-2.0 */
/* seed.c: fills a data folder with live grants through the same acts as a running engine: a provider `discord`, and for
 * user-1@example.com … a token set that is sealed and adopted.  ./bench seed N DIR
 * Tests give three more words: the first token set ends in S seconds, the last W seconds later, and all are told in
 * FILE. */
#include "pages/pages.h"
#include "seed_world.h"
#include <stdio.h>
#include <sys/stat.h>

static struct err first_run(struct ctx *cx, const struct life *l)
{
	if (l->first_key == NULL || l->setup_token == NULL)
		return OK;
	struct sv setup = pages_setup_url(cx, &l->en, secret_view(l->setup_token));
	(void)printf("This folder is new.  Its API key and its set-up address are shown only now:\n\n"
		     "    export ARCADE_API_KEY=%.*s\n    %.*s\n\n",
		     SV_FMT(secret_view(l->first_key)), SV_FMT(setup));
	return OK;
}

static struct err seed(struct ctx *cx, struct life *l, const struct seed_how *how)
{
	TRY(first_run(cx, l));
	int64_t began = clock_mono();
	TRY(seed_world_told(cx, l, how));
	(void)printf("%lld live grants at the provider discord in %s, %.1f s\n", (long long)how->n,
		     l->en.config->data_dir, (double)(clock_mono() - began) / 1e6);
	return OK;
}

static bool read_words(int argc, char **argv, struct seed_how *how)
{
	int64_t s = 7 * 24 * 3600, within = 0;

	if ((argc != 3 && argc != 6) || !sv_i64(sv_of(argv[1]), 1, 10000000, &how->n))
		return false;
	if (argc == 6 && (!sv_i64(sv_of(argv[3]), 1, 315360000, &s) || !sv_i64(sv_of(argv[4]), 0, 315360000, &within)))
		return false;
	how->expires_in = SEC(s);
	how->within = SEC(within);
	if (argc == 3)
		return true;
	(void)umask(077);
	how->tokens = fopen(argv[5], "w");
	return how->tokens != NULL;
}

int main(int argc, char **argv)
{
	struct seed_world w = { .n = 0 };
	struct seed_how how = { .tokens = NULL };

	if (!read_words(argc, argv, &how)) {
		(void)fprintf(stderr, "usage: %s N DIR [S W FILE]\n", argv[0]);
		return 2;
	}
	struct err e = seed_world_up(&w, argv[2]);
	if (!IS_ERR(e))
		e = seed(&w.cx, &w.life, &how);
	if (IS_ERR(e))
		(void)fprintf(stderr, "%s\n", w.cx.cause.say);
	seed_world_down(&w);
	if (how.tokens != NULL && fclose(how.tokens) != 0)
		return 1;
	return IS_ERR(e) ? 1 : 0;
}
