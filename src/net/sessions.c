/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sessions.h"
#include <pthread.h>
#include <stdlib.h>

struct sessions {
	CURLSH *share;
	pthread_mutex_t lock[CURL_LOCK_DATA_LAST];
};

static void take(CURL *h, curl_lock_data what, curl_lock_access how, void *arg)
{
	struct sessions *s = arg;

	(void)h;
	(void)how;
	(void)pthread_mutex_lock(&s->lock[what]);
}

static void give(CURL *h, curl_lock_data what, void *arg)
{
	struct sessions *s = arg;

	(void)h;
	(void)pthread_mutex_unlock(&s->lock[what]);
}

static void end(struct sessions *s)
{
	(void)curl_share_cleanup(s->share);
	for (size_t i = 0; i < ARRAY_LEN(s->lock); i++)
		(void)pthread_mutex_destroy(&s->lock[i]);
	free(s);
}

void sessions_free(struct sessions *s)
{
	if (s != NULL)
		end(s);
}

struct sessions *sessions_new(void)
{
	struct sessions *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(s->lock); i++)
		(void)pthread_mutex_init(&s->lock[i], NULL);
	s->share = curl_share_init();
	if (s->share != NULL && curl_share_setopt(s->share, CURLSHOPT_LOCKFUNC, take) == CURLSHE_OK &&
	    curl_share_setopt(s->share, CURLSHOPT_UNLOCKFUNC, give) == CURLSHE_OK &&
	    curl_share_setopt(s->share, CURLSHOPT_USERDATA, s) == CURLSHE_OK &&
	    curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
		return s;
	end(s);
	return NULL;
}

CURL *sessions_handle(struct sessions *s)
{
	CURL *h = curl_easy_init();

	if (h != NULL && curl_easy_setopt(h, CURLOPT_SHARE, s->share) == CURLE_OK)
		return h;
	curl_easy_cleanup(h);
	return NULL;
}
