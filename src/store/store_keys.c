/* SPDX-License-Identifier: Apache-2.0 */
#include "core/arena.h"
#include "core/clock.h"
#include "core/rnd.h"
#include "core/text.h"
#include "store/store_inner.h"
#include "store/store_row.h"

/* Table keys: random keys of the engine, wrapped by the root key, so that a new root key changes none of them (design
 * 6). */
#define KEY_COLS "purpose, wrapped, root_key_id, created_at"
enum { C_PURPOSE, C_WRAPPED, C_ROOT };
enum { KEY = 32 };
static const char own_purpose[] = "data"; /* the data key of rows that belong to no project */
static const char *const mac_purposes[MAC_KEY__COUNT] = {
	[MAC_API_KEY] = "api_key", [MAC_COOKIE] = "cookie",   [MAC_CONNECT] = "connect", [MAC_FLOW] = "flow",
	[MAC_STATE] = "state",     [MAC_SESSION] = "session", [MAC_ACCOUNT] = "account",
};
static struct err where(struct ctx *cx, const char *purpose, struct sv *out)
{
	char *text = arena_printf(cx->arena, "keys.wrapped::%s", purpose);

	*out = sv_of(text);
	return text != NULL ? OK : fail(cx, E_INTERNAL, "out of memory", "keys");
}
static struct err make_one(struct ctx *cx, struct store *st, struct db *db, const char *purpose)
{
	static const char sql[] = "INSERT INTO keys(" KEY_COLS ") VALUES($1, $2, $3, $4)";
	CLEANUP(box_free) struct box box = { .p = NULL };
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	uint8_t raw[KEY];
	struct sv at;

	TRY(where(cx, purpose, &at));
	rnd_bytes(raw, sizeof raw);
	struct err e = keyring_wrap(cx, st->keys, at, (struct sv){ (const char *)raw, sizeof raw }, &box);
	wipe(raw, sizeof raw);
	TRY(e);
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, sv_of(purpose));
	db_bind_blob(q, 2, box_view(&box));
	db_bind_sv(q, 3, sv_of(keyring_default_id(st->keys)));
	db_bind_i64(q, 4, clock_now());
	return db_run(cx, q);
}
struct err store_keys_make(struct ctx *cx, struct store *st, struct db *db)
{
	TRY(make_one(cx, st, db, own_purpose));
	for (size_t i = 0; i < MAC_KEY__COUNT; i++)
		TRY(make_one(cx, st, db, mac_purposes[i]));
	return OK;
}
static struct err load_one(struct ctx *cx, struct store *st, struct db *db, const char *purpose, struct secret **out)
{
	static const char sql[] = "SELECT " KEY_COLS " FROM keys WHERE purpose = $1";
	CLEANUP(db_stmt_drop) struct db_stmt *q = NULL;
	char root[ID_MAX + 1];
	struct sv at;

	TRY(where(cx, purpose, &at));
	TRY(db_prepare(cx, db, sql, &q));
	db_bind_sv(q, 1, sv_of(purpose));
	struct err e = db_one(cx, q);
	if (e.code == E_NOT_FOUND)
		return refuse(cx, E_CONFIG, "the store is damaged: its key \"%s\" is gone; restore it from a backup",
			      purpose);
	TRY(e);
	TRY(store_row_text(cx, q, C_ROOT, root, sizeof root));
	return keyring_unwrap(cx, st->keys, &(struct wrapped){ root, at, db_col_blob(q, C_WRAPPED) }, out);
}
static struct err damaged(struct ctx *cx, const char *purpose)
{
	return fail(cx, E_CONFIG, "a key of the store is damaged; restore it from a backup", "key %s", purpose);
}
struct err store_keys_load(struct ctx *cx, struct store *st, struct db *db)
{
	CLEANUP(secret_drop) struct secret *own = NULL;

	TRY(load_one(cx, st, db, own_purpose, &own));
	if (own == NULL || secret_view(own).n != KEY)
		return damaged(cx, own_purpose);
	TRY(data_key_new(cx, own_purpose, secret_view(own), &st->own));
	for (size_t i = 0; i < MAC_KEY__COUNT; i++) {
		TRY(load_one(cx, st, db, mac_purposes[i], &st->mac[i]));
		if (st->mac[i] == NULL || secret_view(st->mac[i]).n != KEY)
			return damaged(cx, mac_purposes[i]);
	}
	return OK;
}
