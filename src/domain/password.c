/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/password.h"
#include "core/rnd.h"
#include "core/secret.h"
#include "core/text.h"
#include <argon2.h>
#include <pthread.h>

/* Argon2id, RFC 9106 section 4, second recommended option (t=3, 64 MiB), with one lane: a server that hashes seldom has
 * no cores to spare for four.  It is above what OWASP's Password Storage Cheat Sheet asks at least (19 MiB, t=2, p=1).
 */
enum { TIME_COST = 3, MEMORY_KIB = 65536, LANES = 1, SALT = 16, HASH = 32 };
/* The memory that hashing may take at once: RUNNING times 64 MiB. */
enum { RUNNING = 2, WAITING = 8 };
static struct {
	pthread_mutex_t lock;
	pthread_cond_t change;
	int running, waiting;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };

static bool enter(void)
{
	(void)pthread_mutex_lock(&gate.lock);
	bool mine = gate.running < RUNNING || gate.waiting < WAITING;
	if (mine) {
		gate.waiting++;
		while (gate.running == RUNNING)
			(void)pthread_cond_wait(&gate.change, &gate.lock);
		gate.waiting--;
		gate.running++;
	}
	(void)pthread_mutex_unlock(&gate.lock);
	return mine;
}
static void leave(void)
{
	(void)pthread_mutex_lock(&gate.lock);
	gate.running--;
	(void)pthread_cond_signal(&gate.change);
	(void)pthread_mutex_unlock(&gate.lock);
}
static struct err full(struct ctx *cx)
{
	struct err e =
	    fail(cx, E_BUSY, "too many sign-ins at once; try again in a moment", "argon2: %d waiting", WAITING);

	cx->cause.retry_after_s = 2;
	return e;
}

struct err password_check_rules(struct ctx *cx, struct sv password)
{
	if (password.n < PASSWORD_LEAST)
		return bad_field(cx, "password", "min", "must be at least %d characters", PASSWORD_LEAST);
	if (password.n > PASSWORD_MOST)
		return bad_field(cx, "password", "max", "must be at most %d bytes", PASSWORD_MOST);
	if (!text_is_utf8(password))
		return bad_field(cx, "password", "utf8", "must be UTF-8");
	return OK;
}
struct err password_hash(struct ctx *cx, struct sv password, char out[static PASSWORD_TEXT])
{
	uint8_t salt[SALT];

	rnd_bytes(salt, sizeof salt);
	if (!enter())
		return full(cx);
	int rc = argon2id_hash_encoded(TIME_COST, MEMORY_KIB, LANES, password.p, password.n, salt, SALT, HASH, out,
				       PASSWORD_TEXT);
	leave();
	return rc == ARGON2_OK ? OK
			       : fail(cx, E_INTERNAL, "the password can not be hashed", "%s", argon2_error_message(rc));
}
/* The same work for a name nobody has, so that time does not tell whether an account exists. */
static int nobody(struct sv password)
{
	static const uint8_t salt[SALT] = "no such account";
	uint8_t hash[HASH];
	int rc = argon2id_hash_raw(TIME_COST, MEMORY_KIB, LANES, password.p, password.n, salt, SALT, hash, HASH);

	wipe(hash, sizeof hash);
	return rc == ARGON2_OK ? ARGON2_VERIFY_MISMATCH : rc;
}
struct err password_verify(struct ctx *cx, const char *encoded, struct sv password, bool *same)
{
	*same = false;
	if (password.n > PASSWORD_MOST)
		password.n = 0; /* no account has so long a one, nor an empty one */
	if (!enter())
		return full(cx);
	int rc = encoded == NULL ? nobody(password) : argon2id_verify(encoded, password.p, password.n);
	leave();
	if (rc != ARGON2_OK && rc != ARGON2_VERIFY_MISMATCH)
		return fail(cx, E_INTERNAL, "the password can not be checked", "%s", argon2_error_message(rc));
	*same = rc == ARGON2_OK;
	return OK;
}
