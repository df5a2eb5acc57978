/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "net/transfer.h"
#include <string.h>

static void keep_header(struct buf *to, const char *name, const char *value)
{
	buf_str(to, name);
	buf_str(to, ": ");
	buf_str(to, value);
	buf_char(to, '\n');
}
static void read_wanted(struct transfer *t, const char *name)
{
	struct curl_header *h = NULL;
	char *z = NULL;

	if (strcmp(name, "Location") == 0) {
		(void)curl_easy_getinfo(t->h, CURLINFO_REDIRECT_URL, &z);
		if (z != NULL)
			keep_header(&t->reply->headers, name, z);
		return;
	}
	for (size_t i = 0; curl_easy_header(t->h, name, i, CURLH_HEADER, -1, &h) == CURLHE_OK; i++)
		keep_header(&t->reply->headers, name, h->value);
}

void transfer_read(struct transfer *t)
{
	struct net_reply *r = t->reply;
	struct curl_header *date = NULL, *wanted = NULL;
	long status = 0;
	char *type = NULL;
	curl_off_t wait = 0;

	(void)curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->h, CURLINFO_CONTENT_TYPE, &type);
	(void)curl_easy_getinfo(t->h, CURLINFO_RETRY_AFTER, &wait);
	r->status = (int)status;
	r->retry_after_s = wait > 0 ? wait : 0;
	if (type != NULL && sv_copy(sv_of(type), r->ct_, sizeof r->ct_))
		r->content_type = sv_of(r->ct_);
	if (t->call->want_header != NULL &&
	    curl_easy_header(t->h, t->call->want_header, 0, CURLH_HEADER, -1, &wanted) == CURLHE_OK &&
	    !sv_copy(sv_of(wanted->value), r->header, sizeof r->header))
		r->header[0] = '\0';
	for (const char *const *name = t->call->want_headers; name != NULL && *name != NULL; name++)
		read_wanted(t, *name);
	if (curl_easy_header(t->h, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
		time_t at = curl_getdate(date->value, NULL);

		r->server_date = at > 0 ? SEC(at) : 0;
	}
}
