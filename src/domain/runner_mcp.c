/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/clock.h"
#include "core/jdoc.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/text.h"
#include "domain/mcp_token.h"
#include "domain/runner_inner.h"
#include "domain/timeline.h"
#include "store/store_connection.h"
#include "wire/wire_challenge.h"

/* The catalogue holds the worker as it was; what changes it begins with what is stored. */
static struct err current(struct ctx *cx, struct run *r)
{
	struct err e = store_worker_get(cx, r->en->store, r->ask->project_id, r->t->worker_id, &r->worker);

	return e.code == E_NOT_FOUND
		   ? refuse(cx, E_NOT_FOUND, "the worker of tool %.*s is gone", SV_FMT(r->t->qualified))
		   : e;
}

/* ---- a catalogue that is old ---- */
static struct err reload(struct ctx *cx, struct run *r, const struct mcp_worker_done *done, bool *again)
{
	struct toolname name = { .text = r->t->qualified, .version = r->t->version };
	const struct tool *t;

	*again = false;
	if (r->fresh != NULL)
		return OK;
	TRY(current(cx, r));
	TRY(workers_reload(cx, r->en, &r->worker));
	r->fresh = toolbox_hold(r->en);
	t = toolbox_find(r->fresh, r->ask->project_id, &name);
	*again = done->header_mismatch && t != NULL && sv_eq(t->worker_row, r->t->worker_row);
	r->t = *again ? t : r->t;
	return OK;
}

/* ---- a token that is not taken ---- */
static struct err wanted(struct ctx *cx, const struct run *r, const char *why)
{
	return refuse(cx, E_TOOL_CONSENT, "authorization required for tool %.*s: %s", SV_FMT(r->t->qualified), why);
}
static struct err being_changed(struct ctx *cx, const struct run *r)
{
	return refuse(cx, E_BUSY, "the worker of tool %.*s is being changed; try again", SV_FMT(r->t->qualified));
}
/* No consent would help: the tool's own failure. */
static struct err refused(struct ctx *cx, struct mcp_worker_done *done, int status, const char *why)
{
	CLEANUP(buf_free) struct buf b = BUF(4096);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_bool(&w, "success", false);
	jout_open(&w, "output");
	jout_open(&w, "error");
	jout_strz(&w, "message", why);
	jout_strz(&w, "kind", "UPSTREAM_RUNTIME_AUTH_ERROR");
	jout_bool(&w, "can_retry", false);
	jout_i64(&w, "status_code", status);
	jout_close(&w);
	jout_close(&w);
	jout_close(&w);
	TRY(jout_done(cx, &w));
	done->answer = (struct wire_worker_answer){ .fate = WORKER_ANSWERED, .status = status };
	return jdoc_parse(cx, buf_view(&b), "an answer", &done->answer.json);
}
/* The server wants a token, and it was not known to.  A user is asked for his consent only where somebody gives out
 * tokens: without that no link could be made. */
static struct err new_to_us(struct ctx *cx, struct run *r, struct mcp_worker_done *done)
{
	const struct mcp_auth_find in = { &r->worker, done->last.challenge, &timeline_system };
	char why[240] = "", say[300];
	bool same;

	TRY(current(cx, r));
	const struct worker_as as = store_worker_as(&r->worker);
	TRY(mcp_auth_find(cx, r->en, &in, why));
	if (why[0] != '\0') {
		TRY(store_worker_is(cx, r->en->store, &as, &same));
		if (!same)
			return being_changed(cx, r);
		(void)snprintf(say, sizeof say, "the server refuses the call with status 401: %s", why);
		return refused(cx, done, 401, say);
	}
	TRY(toolbox_load(cx, r->en));
	return wanted(cx, r, "its server wants a user's authorization now");
}
/* Once with a fresh one; then there has to be a new consent. */
static struct err no_token(struct ctx *cx, struct run *r, struct mcp_worker_done *done, bool *again)
{
	if (r->access.token == NULL)
		return new_to_us(cx, r, done);
	if (r->renewed) {
		TRY(mcp_token_refused(cx, r->en, &r->access, r->ask->project_id));
		return wanted(cx, r, "its server does not take the user's token any more");
	}
	r->renewed = true;
	struct err e = store_connection_force(cx, r->en->store, r->ask->project_id, sv_of(r->access.connection_id));
	if (e.code != E_NOT_FOUND)
		TRY(e);
	(void)forgive(cx);
	access_clear(&r->access);
	TRY(runner_consent(cx, r));
	*again = true;
	return OK;
}
/* The token may not do this.  What is missing is asked for once; a server that still refuses has the last word. */
static struct err no_scope(struct ctx *cx, struct run *r, struct mcp_worker_done *done)
{
	struct wire_challenge c;
	bool grew = false;

	TRY(wire_challenge_read(cx, done->last.challenge, &c));
	const struct mcp_auth_step in = { &r->worker, r->t->name, c.scope };
	TRY(current(cx, r));
	if (sv_eqz(c.error, "insufficient_scope") && c.scope.n > 0)
		TRY(mcp_auth_step(cx, r->en, &in, &grew));
	if (grew) {
		TRY(toolbox_load(cx, r->en));
		return wanted(cx, r, "its server wants more scopes than the user has granted");
	}
	return refused(cx, done, 403, "the server refuses this tool to the user, with all the scopes it asks for");
}

/* ---- the call ---- */
/* The user's token is for the server where it is now; the catalogue may hold where it was. */
static struct err at_home(struct ctx *cx, const struct run *r)
{
	const struct worker_as as = store_worker_as(&r->worker);
	bool same = r->access.token == NULL;

	if (!same)
		TRY(store_worker_is(cx, r->en->store, &as, &same));
	return same ? OK : being_changed(cx, r);
}
static struct err tries(struct ctx *cx, struct run *r, struct mcp_worker_done *done)
{
	struct mcp_worker_call call = { .at = { &r->worker, r->access.token, 0 },
					.tool = r->t->name,
					.user_id = r->ask->user_id,
					.input = r->ask->input,
					.mirror = r->t->mirror };

	TRY(at_home(cx, r));
	do {
		runner_pause(cx, r);
		call.at.timeout = runner_left(r);
		TRY(runner_lost(cx, mcp_worker_call(cx, r->en, &call, done), &done->answer));
		if (done->answer.fate == WORKER_LOST) { /* nothing that the server said counts */
			done->last.fate = MCP_CUT;
			done->stale = done->header_mismatch = false;
		}
	} while (runner_again(r, &done->answer));
	return OK;
}
/* Of many calls that find the same out at once, one changes the catalogue.  The tool has run: its answer counts even
 * when this cannot be kept. */
static struct err speaks(struct ctx *cx, const struct run *r, struct sv era)
{
	CLEANUP(toolbox_let_go) const struct tool_set *now = toolbox_hold(r->en);
	const struct toolname name = { .text = r->t->qualified, .version = r->t->version };
	const struct tool *t = toolbox_find(now, r->ask->project_id, &name);

	if (era.n == 0 || t == NULL || sv_eq(era, t->worker->era))
		return OK;
	struct err e = store_worker_speaks(cx, r->en->store,
					   &(struct worker_told){ .as = store_worker_as(&r->worker), .era = era });
	if (!IS_ERR(e))
		e = toolbox_load(cx, r->en);
	if (IS_ERR(e))
		log_cause(cx, LOG_ERROR, "worker.revision_not_kept");
	return IS_ERR(e) ? forgive(cx) : OK;
}
struct err runner_mcp(struct ctx *cx, struct run *r, struct wire_worker_answer *a)
{
	struct mcp_worker_done done = { .stale = false };
	bool once_more = true;

	while (once_more) {
		once_more = false;
		TRY(tries(cx, r, &done));
		if (done.last.fate == MCP_NO_TOKEN)
			TRY(no_token(cx, r, &done, &once_more));
		else if (done.last.fate == MCP_NO_SCOPE)
			TRY(no_scope(cx, r, &done));
		else if (done.stale)
			TRY(reload(cx, r, &done, &once_more));
	}
	*a = done.answer;
	return speaks(cx, r, done.era);
}
