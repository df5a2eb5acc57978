/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_asset.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/embed.h"
#include "core/text.h"

extern const struct embedded pages_assets[];
static const struct {
	const char *ending, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
};

static const struct embedded *find(struct sv name)
{
	for (const struct embedded *e = pages_assets; e->name != NULL; e++)
		if (sv_eqz(name, e->name))
			return e;
	return NULL;
}

void p_asset_tag(struct sv name, char out[static P_ASSET_TAG])
{
	CLEANUP(buf_free) struct buf b = BUF(64);
	const struct embedded *e = find(name);
	struct sha256 h;

	out[0] = '\0';
	if (e == NULL)
		return;
	h = sha256_of(embedded_view(e));
	enc_hex(&b, sv_upto(sha256_view(&h), (P_ASSET_TAG - 1) / 2));
	if (!sv_copy(buf_view(&b), out, P_ASSET_TAG))
		out[0] = '\0';
}

struct err p_asset_show(struct request *rq)
{
	const struct embedded *e = find(rq->params[0]);
	CLEANUP(buf_free) struct buf quoted = BUF(64);
	char tag[P_ASSET_TAG];

	if (e == NULL)
		return refuse(rq->cx, E_NOT_FOUND, "There is no such file.");
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (sv_ends(rq->params[0], sv_of(types[i].ending)))
			rq->content_type = types[i].type;
	p_asset_tag(rq->params[0], tag);
	buf_printf(&quoted, "\"%s\"", tag);
	TRY(buf_done(rq->cx, &quoted, "entity tag"));
	http_header(rq, "ETag", buf_view(&quoted));
	http_header(rq, "Cache-Control",
		    rq->query.n > 0 ? SV("public, max-age=31536000, immutable") : SV("public, max-age=3600"));
	http_header(rq, "X-Content-Type-Options", SV("nosniff"));
	http_header(rq, "Content-Security-Policy", SV("default-src 'none'; style-src 'unsafe-inline'"));
	if (sv_eq(http_header_in(rq, "If-None-Match"), buf_view(&quoted))) {
		rq->status = 304;
		return OK;
	}
	buf_sv(rq->out, embedded_view(e));
	return buf_done(rq->cx, rq->out, "asset");
}
