/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOCTOR_H
#define DOCTOR_H
/* doctor.h: what is wrong with the set-up, in words, and the mend.
 *
 * Promises: looks only; sends no credentials anywhere but the API key to its own engine.  With --try-credentials that
 * engine tries its providers' client ids and secrets.
 *           No finding is left out, and what was not looked at is a finding of its own.
 */
#include "app/client.h"
#include "app/conf.h"
enum doctor_verdict { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED, DOCTOR_SKIPPED };
struct doctor_finding {
	struct doctor_finding *next;
	enum doctor_verdict verdict;
	const char *check, *what, *mend;
};
struct net;
struct err doctor_run(struct cli *cli) MUST_USE NONNULL(1); /* the command */
struct doctor {
	struct cli *cli;
	bool remote; /* --url: nothing of this machine is looked at */
	struct conf *conf;
	const struct config *config; /* NULL: refused, or remote */
	const char *data;
	bool running; /* an engine listens on the folder's control socket */
	struct client *client;
	const char *public_url; /* what the running engine says, else the configuration's */
	struct net *out;        /* as the engine calls */
	int64_t clock_off;      /* of whoever answered with a Date */
	bool clock_known;
	struct doctor_finding *first, *last;
	size_t lost; /* findings for which there was no memory: said at the end */
};
/* mend is kept as it is given: a constant, or in the arena. */
void doctor_say(struct doctor *d, const char *check, enum doctor_verdict v, const char *mend, const char *fmt, ...)
    NONNULL(1, 2, 4, 5) PRINTF_LIKE(5, 6);
/* What only the engine's own machine and its configuration show: false, and said that and why it was not looked at. */
bool doctor_here(struct doctor *d, const char *check) NONNULL(1, 2);
/* doctor_local.c: this machine; doctor_peers.c, doctor_issuers.c: whoever is called; doctor_servers.c: what the engine
 * itself tries when it is asked to. */
void doctor_config(struct doctor *d) NONNULL(1);
void doctor_folder(struct doctor *d) NONNULL(1);
void doctor_engine(struct doctor *d) NONNULL(1);
void doctor_address(struct doctor *d) NONNULL(1);
void doctor_providers(struct doctor *d) NONNULL(1);
void doctor_issuers(struct doctor *d) NONNULL(1);
void doctor_verifier(struct doctor *d) NONNULL(1);
void doctor_credentials(struct doctor *d) NONNULL(1);
void doctor_servers(struct doctor *d) NONNULL(1);
void doctor_clock(struct doctor *d) NONNULL(1);
/* Calls as the engine does, without credentials.  net: false, and said, when it can not be started.  reach: any answer
 * at all will do, since most say 400 or 405.  mend: of what came of a call. */
struct net_reply;
bool doctor_net(struct doctor *d) NONNULL(1);
bool doctor_reach(struct doctor *d, struct sv url, struct net_reply *r) NONNULL(1, 3);
const char *doctor_mend(int fate) RETURNS_NONNULL;
#endif
