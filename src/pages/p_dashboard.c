/* SPDX-License-Identifier: Apache-2.0 */
#include "pages/p_dashboard.h"
#include "core/codec.h"
#include "core/text.h"
#include "domain/engine.h"
#include "pages/html.h"
#include "pages/p_asset.h"
#include "pages/visitor.h"

/* Scripts, styles and calls of our own only, and none inside the page. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

static struct err to_sign_in(struct request *rq)
{
	CLEANUP(buf_free) struct buf here = BUF(8192), to = BUF(32768);

	buf_sv(&here, rq->path);
	if (rq->query.n > 0) {
		buf_char(&here, '?');
		buf_sv(&here, rq->query);
	}
	buf_str(&to, "/sign-in?return=");
	enc_pct(&to, buf_ok(&here) ? buf_view(&here) : SV("/dashboard"));
	TRY(buf_done(rq->cx, &to, "address of the sign-in page"));
	http_redirect(rq, buf_view(&to));
	return OK;
}

struct err p_dashboard_show(struct request *rq)
{
	struct account a;
	bool in;

	if (visitor_moved(rq))
		return OK;
	TRY(visitor_account(rq, &a, &in));
	if (!in)
		return to_sign_in(rq);
	html_headers(rq, sv_of(policy), SV("no-cache"));
	return p_asset_app(rq, SV("index.html"));
}

struct err p_dashboard_root(struct request *rq)
{
	http_redirect(rq, SV("/dashboard"));
	return OK;
}
