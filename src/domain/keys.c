/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/keys.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/digest.h"
#include "core/ip.h"
#include "core/jout.h"
#include "core/logf.h"
#include "core/metric.h"
#include "core/rnd.h"
#include "core/text.h"
#include "domain/key_index.h"
#include "domain/throttle.h"
#include "store/store_api_key.h"
#include "store/store_project.h"

/* "arc_", 32 random characters, 6 of checksum. */
enum { PREFIX = 4, RANDOM_BYTES = 24, RANDOM = 32, SUM = 6, BODY = PREFIX + RANDOM };
_Static_assert(BODY + SUM == KEY_TEXT, "parts of a key");

/* The beginning of the hash as base64url; no memory is asked for, since a key that is good must not look bad. */
static void sum_of(struct sv body, char out[static SUM])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct sha256 h = sha256_of(body);
	uint64_t v = 0;

	for (int i = 0; i < 5; i++)
		v = v << 8 | h.b[i];
	for (int i = 0; i < SUM; i++)
		out[i] = digits[v >> (34 - 6 * i) & 63];
}
static bool shape_ok(struct sv key)
{
	char sum[SUM];

	if (key.n != KEY_TEXT || !sv_starts(key, SV("arc_")))
		return false;
	sum_of(sv_upto(key, BODY), sum);
	return memcmp(sum, key.p + BODY, SUM) == 0; /* the sum is no secret */
}
static const char *over(const struct api_key *k, int64_t now)
{
	return k->revoked_at != 0 ? "revoked" : k->expires_at != 0 && k->expires_at <= now ? "expired" : NULL;
}
static struct err invalid(struct ctx *cx, const char *why, struct sv client_ip)
{
	log_event(cx, LOG_INFO, "key.refused", LOG_STR("why", why), LOG_SV("client_ip", client_ip));
	return fail(cx, E_UNAUTHENTICATED, "Invalid API key", "%s", why);
}
static struct err refused(struct ctx *cx, struct engine *en, const char *why, struct sv client_ip)
{
	char net[IP_NET];

	metric_add(M_CREDENTIALS_REFUSED, METRIC_AT(METRIC_API_KEY), 1);
	TRY(throttle_take(cx, en->throttle, THROTTLE_KEY_IP, ip_net(client_ip, net)));
	return invalid(cx, why, client_ip);
}
struct err key_check(struct ctx *cx, struct engine *en, struct sv credential, struct sv client_ip, struct api_key *out)
{
	*out = (struct api_key){ .id = "" };
	if (credential.n != KEY_TEXT)
		return refused(cx, en, "malformed", client_ip);
	struct sha256 mac = store_mac(en->store, MAC_API_KEY, credential);
	if (!key_index_find(en->keys, &mac, cx->now, out)) /* its checksum is looked at only to say why */
		return refused(cx, en, shape_ok(credential) ? "unknown" : "malformed", client_ip);
	const char *why = over(out, cx->now);
	if (why == NULL)
		return OK;
	*out = (struct api_key){ .id = "" };
	return refused(cx, en, why, client_ip);
}
struct err key_still(struct ctx *cx, struct engine *en, struct sv id, struct sv client_ip)
{
	struct api_key k;
	const char *why = key_index_get(en->keys, id, &k) ? over(&k, cx->now) : "unknown";

	return why == NULL ? OK : invalid(cx, why, client_ip);
}

static struct err check_new(struct ctx *cx, struct engine *en, const struct key_new *in)
{
	struct project project;
	struct err e = OK;

	if (!store_project_find(en->store, in->project_id, &project))
		return refuse(cx, E_NOT_FOUND, "project %.*s not found", SV_FMT(sv_upto(in->project_id, 100)));
	if (in->name.n == 0)
		e = bad_field(cx, "name", "required", "is required");
	else if (in->name.n >= NAME_MAX_)
		e = bad_field(cx, "name", "max", "must be at most %d bytes", NAME_MAX_ - 1);
	else if (!text_is_utf8(in->name) || text_has_control(in->name))
		e = bad_field(cx, "name", "text", "must be UTF-8 text without control characters");
	if (in->expires_at != 0 && in->expires_at <= cx->now)
		e = bad_field(cx, "expires_at", "future", "must be in the future");
	return e;
}
static struct err new_text(struct ctx *cx, struct secret **out)
{
	CLEANUP(buf_free) struct buf b = BUF(KEY_TEXT);
	uint8_t raw[RANDOM_BYTES];
	char sum[SUM];

	rnd_bytes(raw, sizeof raw);
	buf_str(&b, "arc_");
	enc_b64url(&b, (struct sv){ (const char *)raw, sizeof raw });
	wipe(raw, sizeof raw);
	sum_of(buf_view(&b), sum);
	buf_add(&b, sum, SUM);
	TRY(buf_done(cx, &b, "key"));
	*out = secret_copy(buf_view(&b));
	return *out != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "key");
}
static struct err describe(struct ctx *cx, const struct api_key *k, struct buf *out)
{
	struct jout w = JOUT(out);

	jout_open(&w, NULL);
	jout_strz(&w, "name", k->name);
	jout_strz(&w, "last4", k->last4);
	jout_time(&w, "expires_at", k->expires_at);
	jout_close(&w);
	return jout_done(cx, &w);
}
static struct event event_of(const char *kind, const struct api_key *k, const struct actor *by)
{
	return (struct event){ .project_id = sv_of(k->project_id),
			       .kind = kind,
			       .by = *by,
			       .resource_type = "api_key",
			       .resource_id = sv_of(k->id),
			       .outcome = "ok" };
}
struct err key_create(struct ctx *cx, struct engine *en, const struct key_new *in, struct api_key *out,
		      struct secret **key)
{
	CLEANUP(secret_drop) struct secret *text = NULL;
	CLEANUP(buf_free) struct buf data = BUF(4096);
	CLEANUP(key_entry_drop) struct key_entry *entry = NULL;
	struct api_key_row row = { .key = { .expires_at = in->expires_at } };
	struct api_key *k = &row.key;

	*out = (struct api_key){ .id = "" };
	*key = NULL;
	TRY(check_new(cx, en, in));
	TRY(new_text(cx, &text));
	id_ksuid("key_", cx->now, k->id);
	if (text == NULL || !sv_copy(in->project_id, k->project_id, sizeof k->project_id) ||
	    !sv_copy(in->name, k->name, sizeof k->name) ||
	    !sv_copy(sv_from(secret_view(text), KEY_TEXT - 4), k->last4, sizeof k->last4))
		return fail(cx, E_INTERNAL, "a text does not fit", "key");
	row.mac = store_mac(en->store, MAC_API_KEY, secret_view(text));
	TRY(describe(cx, k, &data));
	entry = key_entry_new(&row);
	if (entry == NULL)
		return fail(cx, E_INTERNAL, "out of memory", "key");
	struct event ev = event_of("api_key.created", k, in->by);
	ev.data = buf_view(&data);
	TRY(store_api_key_add(cx, en->store, &(struct api_key_new){ .row = &row, .event = &ev }, &k->created_at));
	key_index_add(en->keys, TAKE(entry), k->created_at);
	*out = *k;
	*key = TAKE(text);
	return OK;
}
struct err key_list(struct ctx *cx, struct engine *en, struct sv project_id, const struct page *page,
		    struct key_list *out)
{
	struct api_key_page rows;

	*out = (struct key_list){ .v = NULL };
	TRY(store_api_key_list(cx, en->store, project_id, page, &rows));
	*out = (struct key_list){ rows.v, rows.n, rows.total };
	return OK;
}
struct err key_revoke(struct ctx *cx, struct engine *en, struct sv project_id, struct sv id, const struct actor *by)
{
	struct api_key k = { .id = "" };
	struct event ev = { .project_id = project_id,
			    .kind = "api_key.revoked",
			    .by = *by,
			    .resource_type = "api_key",
			    .resource_id = id,
			    .outcome = "ok" };
	struct err e = store_api_key_revoke(cx, en->store,
					    &(struct api_key_end){ .project = project_id, .id = id, .event = &ev }, &k);

	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_NOT_FOUND, "api key %.*s not found", SV_FMT(sv_upto(id, 100)));
	TRY(e);
	key_index_revoke(en->keys, k.id, k.revoked_at);
	return OK;
}
struct err keys_flush(struct ctx *cx, struct engine *en)
{
	struct use_marks uses = { .v = NULL };

	TRY(key_index_uses(cx, en->keys, &uses));
	TRY(store_api_key_used(cx, en->store, &uses));
	key_index_flushed(en->keys);
	return OK;
}
