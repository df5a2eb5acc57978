/* SPDX-License-Identifier: Apache-2.0 */
#include "api/view_run.h"
#include "core/text.h"

/* What the worker said, without what it left out but for what every error has; the stack trace is for who asked. */
static void put_error(struct jout *w, const struct node *error, bool stacktrace)
{
	jout_open(w, "error");
	for (const struct node *n = error->first; n != NULL; n = n->next) {
		if (n->kind == NODE_NULL || (sv_eqz(n->key, "stacktrace") && !stacktrace))
			continue;
		jout_key(w, n->key);
		jout_node(w, NULL, n);
	}
	if (node_text_at(error, "message").p == NULL)
		jout_str(w, "message", SV("the tool failed and did not say why"));
	if (node_text_at(error, "kind").p == NULL)
		jout_strz(w, "kind", "UNKNOWN");
	if (node_get(error, "can_retry") == NULL || node_get(error, "can_retry")->kind == NODE_NULL)
		jout_bool(w, "can_retry", false);
	jout_close(w);
}
static void put_own_error(struct jout *w, const struct run_done *r)
{
	jout_open(w, "error");
	jout_strz(w, "message", r->error_message);
	jout_strz(w, "kind", r->error_kind);
	jout_bool(w, "can_retry", r->can_retry);
	jout_close(w);
}
/* requires_authorization of old workers (contract 4.5). */
static void put_authorization(struct jout *w, const struct node *a)
{
	struct sv id = node_text_at(a, "authorization_id"), url = node_text_at(a, "authorization_url");

	if (a == NULL || a->kind != NODE_MAP)
		return;
	jout_open(w, "authorization");
	jout_str(w, "id", id.p == NULL ? node_text_at(a, "id") : id);
	jout_str(w, "url", url.p == NULL ? node_text_at(a, "url") : url);
	jout_node(w, "scopes", node_get(a, "scopes"));
	jout_str(w, "status", node_text_at(a, "status"));
	jout_close(w);
}
void view_run_output(struct jout *w, const struct run_done *r, bool stacktrace)
{
	const struct node *value = node_get(r->output, "value"), *error = node_get(r->output, "error");
	const struct node *logs = node_get(r->output, "logs");

	if (value == NULL || value->kind == NODE_NULL)
		value = node_get(r->output, "artifact"); /* of old workers (contract 4.5) */
	jout_open(w, "output");
	if (value != NULL && value->kind != NODE_NULL)
		jout_node(w, "value", value);
	if (r->error_kind != NULL)
		put_own_error(w, r);
	else if (error != NULL && error->kind == NODE_MAP)
		put_error(w, error, stacktrace);
	if (logs != NULL && logs->kind == NODE_LIST)
		jout_node(w, "logs", logs);
	put_authorization(w, node_get(r->output, "requires_authorization"));
	jout_close(w);
}
