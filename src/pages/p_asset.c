/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_asset.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/embed.h"
#include "core/text.h"
#include "domain/projects.h"

extern const struct embedded pages_assets[];
extern const struct embedded web_assets[]; /* NAME.br and NAME.gz of every file of the dashboard's app */
static const struct {
	const char *ending, *type;
} types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".woff2", "font/woff2" },
};

static const struct embedded *find(const struct embedded *in, struct sv name, const char *ending)
{
	for (const struct embedded *e = in; e->name != NULL; e++) {
		struct sv have = sv_of(e->name);
		if (sv_starts(have, name) && sv_eqz(sv_from(have, name.n), ending))
			return e;
	}
	return NULL;
}

static void tag_of(const struct embedded *e, char out[static P_ASSET_TAG])
{
	struct sha256 h = sha256_of(embedded_view(e));

	enc_hex_text(sv_upto(sha256_view(&h), (P_ASSET_TAG - 1) / 2), out, P_ASSET_TAG);
}

void p_asset_tag(struct sv name, char out[static P_ASSET_TAG])
{
	const struct embedded *e = find(pages_assets, name, "");

	out[0] = '\0';
	if (e != NULL)
		tag_of(e, out);
}

/* RFC 9110 12.5.3, as far as a browser goes: the coding is named and not weighed with nothing. */
static bool takes(const struct request *rq, const char *coding)
{
	struct sv rest = http_header_in(rq, "Accept-Encoding");

	while (rest.n > 0) {
		struct sv weight = sv_cut(&rest, ','), name = sv_trim(sv_cut(&weight, ';'));
		if (sv_ieq(name, sv_of(coding)))
			return !sv_starts(sv_trim(weight), SV("q=0")) || sv_starts(sv_trim(weight), SV("q=0."));
	}
	return false;
}

static struct err send(struct request *rq, struct sv name, const struct embedded *e)
{
	CLEANUP(buf_free) struct buf quoted = BUF(64);
	char tag[P_ASSET_TAG];

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (sv_ends(name, sv_of(types[i].ending)))
			rq->content_type = types[i].type;
	tag_of(e, tag);
	buf_printf(&quoted, "\"%s\"", tag);
	TRY(buf_done(rq->cx, &quoted, "entity tag"));
	http_header(rq, "ETag", buf_view(&quoted));
	if (sv_eq(http_header_in(rq, "If-None-Match"), buf_view(&quoted))) {
		rq->status = 304;
		return OK;
	}
	buf_sv(rq->out, embedded_view(e));
	return buf_done(rq->cx, rq->out, "asset");
}

struct err p_asset_app(struct request *rq, struct sv name)
{
	const struct embedded *br = find(web_assets, name, ".br"), *gz = find(web_assets, name, ".gz");
	bool brotli = br != NULL && takes(rq, "br");

	if (gz == NULL)
		return refuse(rq->cx, E_NOT_FOUND, "There is no such file.");
	http_header(rq, "Vary", SV("Accept-Encoding"));
	http_header(rq, "Content-Encoding", brotli ? SV("br") : SV("gzip"));
	return send(rq, name, brotli ? br : gz);
}

struct err p_asset_show(struct request *rq)
{
	const struct embedded *e = find(pages_assets, rq->params[0], "");
	bool app = e == NULL &&
		   find(web_assets, rq->params[0], ".gz") != NULL; /* all but its page have a hash in their names */

	if (e == NULL && (!app || sv_ends(rq->params[0], SV(".html"))))
		return refuse(rq->cx, E_NOT_FOUND, "There is no such file.");
	http_header(rq, "Cache-Control",
		    app || rq->query.n > 0 ? SV("public, max-age=31536000, immutable") : SV("public, max-age=3600"));
	http_header(rq, "X-Content-Type-Options", SV("nosniff"));
	http_header(rq, "Content-Security-Policy", SV("default-src 'none'"));
	return app ? p_asset_app(rq, rq->params[0]) : send(rq, rq->params[0], e);
}

/* For everybody who sees a page of the project.  A picture is shown, never run: its type is one of three (projects.h).
 */
struct err p_asset_logo(struct request *rq)
{
	static const char *const kinds[] = { "image/png", "image/jpeg", "image/webp" };
	struct sv bytes, type;

	TRY(project_logo(rq->cx, rq->en, rq->params[0], &bytes, &type));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (sv_eqz(type, kinds[i]))
			rq->content_type = kinds[i];
	if (rq->content_type == NULL)
		return fail(rq->cx, E_INTERNAL, "storage error", "a logo of another type");
	http_header(rq, "Cache-Control", rq->query.n > 0 ? SV("public, max-age=31536000, immutable") : SV("no-cache"));
	http_header(rq, "X-Content-Type-Options", SV("nosniff"));
	http_header(rq, "Content-Security-Policy", SV("default-src 'none'; sandbox"));
	buf_sv(rq->out, bytes);
	return buf_done(rq->cx, rq->out, "picture");
}
