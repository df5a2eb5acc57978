/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TT_ENGINE_H
#define TT_ENGINE_H
/* tt_engine.h: an engine around a new store, with API keys and throttle; the rest is empty until a test sets it.
 *	CLEANUP(tt_engine_end) struct tt_engine w = tt_engine_begin(cx);
 * The returned struct may be moved: en.config is set by tt_engine_of(), which gives the engine to work with.
 */
#include "domain/keys.h"
#include "domain/throttle.h"
#include "tt_store.h"
struct tt_engine {
	struct tt_store s;
	struct config config;
	struct engine en;
};
static inline struct tt_engine tt_engine_begin(struct ctx *cx)
{
	struct tt_engine w = { .s = tt_store_begin(cx) };

	w.config.public_url = "http://localhost:9099";
	w.config.kept = (struct retention_conf){ 90, 90, 90 };
	w.en.version = "test";
	w.en.store = w.s.st;
	w.en.throttle = throttle_new();
	CHECK(w.en.throttle != NULL);
	CHECK(!IS_ERR(key_index_load(cx, w.en.store, &w.en.keys)));
	return w;
}
static inline struct engine *tt_engine_of(struct tt_engine *w)
{
	w->en.config = &w->config;
	return &w->en;
}
/* As a restart does: what is in memory only is gone. */
static inline void tt_engine_restart(struct ctx *cx, struct tt_engine *w)
{
	key_index_drop(&w->en.keys);
	tt_store_reopen(cx, &w->s);
	w->en.store = w->s.st;
	CHECK(!IS_ERR(key_index_load(cx, w->en.store, &w->en.keys)));
}
static inline void tt_engine_end(struct tt_engine *w)
{
	key_index_free(w->en.keys);
	throttle_free(w->en.throttle);
	tt_store_end(&w->s);
}
#endif
