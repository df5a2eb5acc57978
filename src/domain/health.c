/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/health.h"
#include "core/clock.h"
#include "core/logf.h"
#include "core/metric.h"
#include "domain/providers.h"
#include "store/store.h"
#include <stdatomic.h>
#include <stdlib.h>

/* A write that has not come back for so long waits for a disk that hangs; SQLite itself waits 5 s for a lock. */
#define HANGS       SEC(15)
#define LITTLE_ROOM (INT64_C(128) << 20) /* twice what the write-ahead log may grow to before it is written back */

struct job_turn {
	const char *_Atomic name;    /* NULL: no such job */
	_Atomic int64_t latest, ran; /* how long it may stay away; when it last had its turn, monotonic */
};
struct health {
	struct job_turn job[HEALTH_JOBS];
	_Atomic bool root_key_gone;
};

struct health *health_new(void) { return calloc(1, sizeof(struct health)); }
void health_free(struct health *h) { free(h); }

/* ---- told ---- */
void health_job_is(struct health *h, size_t slot, const char *name, int64_t latest)
{
	if (h == NULL || slot >= HEALTH_JOBS)
		return;
	atomic_store(&h->job[slot].latest, latest);
	atomic_store(&h->job[slot].ran, clock_mono());
	atomic_store(&h->job[slot].name, name);
}
void health_job_ran(struct health *h, size_t slot)
{
	if (h != NULL && slot < HEALTH_JOBS)
		atomic_store(&h->job[slot].ran, clock_mono());
}
struct err health_root_key(struct ctx *cx, struct engine *en, const struct job_time *until)
{
	struct err e = store_root_key(cx, en->store);
	bool gone = e.code == E_CONFIG || e.code == E_NOT_FOUND;

	(void)until;
	if (!gone)
		TRY(e);
	if (en->health == NULL || atomic_exchange(&en->health->root_key_gone, gone) == gone)
		return gone ? forgive(cx) : OK;
	if (gone)
		log_cause(cx, LOG_ERROR, "health.root_key_gone");
	else
		log_event(cx, LOG_INFO, "health.root_key_back", LOG_STR("say", "it is in its place again"));
	return forgive(cx);
}

/* ---- asked ---- */
static void store(const struct engine *en, struct health_check *c)
{
	int64_t since = store_writing_since(en->store);
	const char *trouble = store_trouble(en->store);

	c->name = "store";
	if (trouble == NULL && (since == 0 || clock_mono() - since < HANGS))
		return;
	c->status = HEALTH_FAIL;
	c->cause = trouble != NULL ? trouble : "a write of the store has been waiting for its disk for more than 15 s";
	c->fix =
	    trouble != NULL
		? "Tokens are read and handed out as before; see the table in docs/OPERATIONS.md for this fault."
		: "See whether the disk of the data folder answers (dmesg, iostat); the engine goes on when it does.";
}
static void root_key(const struct engine *en, struct health_check *c)
{
	c->name = "root_key";
	if (en->health == NULL || !atomic_load(&en->health->root_key_gone))
		return;
	c->status = HEALTH_WARN;
	c->cause = "the file root.key is gone, may be touched by others, or is another key than the one in use";
	c->fix = "Put it back before the engine stops: without it the next start is refused and nothing in the store "
		 "can be opened. The log line health.root_key_gone says what is wrong with it.";
}
static void jobs(const struct engine *en, struct health_check *c)
{
	int64_t now = clock_mono();

	c->name = "jobs";
	for (size_t i = 0; en->health != NULL && i < HEALTH_JOBS; i++) {
		const struct job_turn *j = &en->health->job[i];
		const char *name = atomic_load(&j->name);

		if (name == NULL || now - atomic_load(&j->ran) <= atomic_load(&j->latest))
			continue;
		c->status = HEALTH_WARN;
		c->about = name;
		c->cause = "a timed job has not ended well for three of its turns";
		c->fix = "Look for job.failed in the log; when it says nothing, the job hangs: restart the engine.";
		return;
	}
}
static void disk(const struct engine *en, struct health_check *c)
{
	int64_t free_bytes = 0, all = 0;

	(void)en;
	c->name = "disk";
	if (!metric_read(M_DISK_FREE, METRIC_HERE, &free_bytes) || !metric_read(M_DISK_SIZE, METRIC_HERE, &all))
		return;
	if (free_bytes >= LITTLE_ROOM || free_bytes >= all / 2)
		return;
	c->status = HEALTH_WARN;
	c->cause = "less than 128 MB are free on the disk of the data folder";
	c->fix = "Make room: when it is full, nothing can be stored and no token is renewed.";
}
static void providers(const struct engine *en, struct health_check *c)
{
	c->name = "providers";
	if (en->registry != NULL && providers_out_of_use(en) > 0) {
		c->status = HEALTH_WARN;
		c->cause = "what is stored of a provider cannot be used under today's settings: it is out of use";
		c->fix = "tokenbooth provider list says which, provider show ID why and what mends it. All others are "
			 "served.";
		return;
	}
	for (int i = 0; i < metric_values(ML_PROVIDER); i++) {
		int64_t open = 0;

		if (!metric_read(M_CIRCUIT, METRIC_AT(i), &open) || open == 0)
			continue;
		c->status = HEALTH_WARN;
		c->cause = "a provider is not reached, so its calls are held back and tried one at a time";
		c->fix =
		    "No grant is lost. tokenbooth_provider_circuit_open in /metrics says which one; see whether this "
		    "machine reaches it (tokenbooth doctor).";
		return;
	}
}

void health_look(const struct engine *en, struct health_check out[static HEALTH_CHECKS])
{
	static void (*const checks[HEALTH_CHECKS])(const struct engine *en,
						   struct health_check *c) = { store, root_key, jobs, disk, providers };

	for (size_t i = 0; i < HEALTH_CHECKS; i++) {
		out[i] = (struct health_check){ .status = HEALTH_OK };
		checks[i](en, &out[i]);
	}
}
