/* SPDX-License-Identifier: Apache-2.0 */
#include "app/doctor.h"
#include "app/cmd.h"
#include "app/term.h"
#include "core/arena.h"
#include "core/jout.h"
#include "core/text.h"
#include "net/net.h"
#include <stdarg.h>
#include <stdlib.h>

enum { TEXT_BYTES = 32 << 20 };

/* In this order: later ones use what earlier ones found. */
static void (*const checks[])(struct doctor *d) = {
	doctor_config,      doctor_folder,  doctor_engine,  doctor_address,  doctor_providers,
	doctor_credentials, doctor_issuers, doctor_servers, doctor_verifier, doctor_clock,
};

void doctor_say(struct doctor *d, const char *check, enum doctor_verdict v, const char *mend, const char *fmt, ...)
{
	struct doctor_finding *f = arena_alloc(d->cli->cx->arena, sizeof *f);
	va_list ap;

	va_start(ap, fmt);
	const char *what = arena_vprintf(d->cli->cx->arena, fmt, ap),
		   *name = arena_text(d->cli->cx->arena, sv_of(check));
	va_end(ap);
	if (f == NULL || what == NULL || name == NULL) {
		d->lost++;
		return;
	}
	*f = (struct doctor_finding){ .verdict = v, .check = name, .what = what, .mend = mend };
	if (d->last == NULL)
		d->first = f;
	else
		d->last->next = f;
	d->last = f;
}

bool doctor_here(struct doctor *d, const char *check)
{
	if (d->config != NULL)
		return true;
	doctor_say(d, check, DOCTOR_SKIPPED, "", "not looked at: %s",
		   d->remote ? "only the engine's own machine shows it" : "the configuration could not be read");
	return false;
}

static const char *verdict_word(enum doctor_verdict v)
{
	switch (v) {
	case DOCTOR_OK: return "ok";
	case DOCTOR_WARNING: return "warning";
	case DOCTOR_FAILED: return "failed";
	case DOCTOR_SKIPPED:
	default: return "skipped";
	}
}

static size_t count(const struct doctor *d, enum doctor_verdict v)
{
	size_t n = 0;

	for (const struct doctor_finding *f = d->first; f != NULL; f = f->next)
		n += f->verdict == v ? 1 : 0;
	return n;
}

static struct err print_json(const struct doctor *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_bool(&w, "ok", d->lost == 0 && count(d, DOCTOR_FAILED) == 0);
	jout_i64(&w, "skipped", (int64_t)count(d, DOCTOR_SKIPPED));
	jout_list(&w, "checks");
	for (const struct doctor_finding *f = d->first; f != NULL; f = f->next) {
		jout_open(&w, NULL);
		jout_strz(&w, "check", f->check);
		jout_strz(&w, "status", verdict_word(f->verdict));
		jout_strz(&w, "message", f->what);
		jout_strz(&w, "mend", f->mend == NULL || f->mend[0] == '\0' ? NULL : f->mend);
		jout_close(&w);
	}
	jout_list_end(&w);
	jout_close(&w);
	TRY(jout_done(d->cli->cx, &w));
	buf_char(&b, '\n');
	return cli_print(d->cli, buf_view(&b));
}

/* Claims no more than was looked at. */
static void sum_up(const struct doctor *d, struct buf *b)
{
	size_t bad = count(d, DOCTOR_FAILED), skipped = count(d, DOCTOR_SKIPPED);

	if (bad > 0)
		buf_printf(b, "\n%zu %s wrong.\n", bad, bad == 1 ? "thing is" : "things are");
	else
		buf_printf(b, "\nNothing is wrong%s.\n", skipped + d->lost > 0 ? " in what was looked at" : "");
	if (skipped > 0)
		buf_printf(b, "%zu %s not made: see \"skipped\" above.\n", skipped,
			   skipped == 1 ? "check was" : "checks were");
	if (d->lost > 0)
		buf_printf(b, "%zu more could not be kept for want of memory.\n", d->lost);
}

static struct err print_text(const struct doctor *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);

	for (const struct doctor_finding *f = d->first; f != NULL; f = f->next) {
		buf_printf(&b, "%-8s %s: ", verdict_word(f->verdict), f->check);
		term_plain(&b, sv_of(f->what));
		if (f->mend != NULL && f->mend[0] != '\0') {
			buf_str(&b, "\n         mend: ");
			term_plain(&b, sv_of(f->mend));
		}
		buf_char(&b, '\n');
	}
	sum_up(d, &b);
	TRY(buf_done(d->cli->cx, &b, "the findings"));
	return cli_print(d->cli, buf_view(&b));
}

struct err doctor_run(struct cli *cli)
{
	struct doctor *d = calloc(1, sizeof *d);

	if (d == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "doctor");
	d->cli = cli;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		checks[i](d);
		(void)forgive(cli->cx);
	}
	cli->status = d->lost + count(d, DOCTOR_FAILED) > 0 ? CLI_FAILED : CLI_DONE;
	struct err e = cli_has(cli, OPT_JSON) ? print_json(d) : print_text(d);
	client_free(d->client);
	net_free(d->out);
	conf_free(d->conf);
	free(d);
	return e;
}
