/* SPDX-License-Identifier: Apache-2.0 */
#include "app/doctor.h"
#include "app/cmd.h"
#include "app/term.h"
#include "core/jout.h"
#include "core/text.h"
#include "net/net.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_BYTES = 256 << 10 };

/* In this order: later ones use what earlier ones found. */
static void (*const checks[])(struct doctor *d) = {
	doctor_config,    doctor_folder,  doctor_engine,   doctor_address,
	doctor_providers, doctor_issuers, doctor_verifier, doctor_clock,
};

void doctor_say(struct doctor *d, const char *check, enum doctor_verdict v, const char *mend, const char *fmt, ...)
{
	va_list ap;

	if (d->n == DOCTOR_MOST)
		return;
	struct doctor_finding *f = &d->v[d->n++];
	f->verdict = v;
	f->what[0] = '\0';
	if (!sv_copy(sv_upto(sv_of(check), sizeof f->check - 1), f->check, sizeof f->check) ||
	    !sv_copy(sv_upto(sv_of(mend), sizeof f->mend - 1), f->mend, sizeof f->mend))
		return;
	va_start(ap, fmt);
	if (vsnprintf(f->what, sizeof f->what, fmt, ap) < 0)
		f->what[0] = '\0';
	va_end(ap);
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

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].verdict == v ? 1 : 0;
	return n;
}

static struct err print_json(const struct doctor *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	struct jout w = JOUT(&b);

	jout_open(&w, NULL);
	jout_bool(&w, "ok", count(d, DOCTOR_FAILED) == 0);
	jout_list(&w, "checks");
	for (size_t i = 0; i < d->n; i++) {
		jout_open(&w, NULL);
		jout_strz(&w, "check", d->v[i].check);
		jout_strz(&w, "status", verdict_word(d->v[i].verdict));
		jout_strz(&w, "message", d->v[i].what);
		jout_strz(&w, "mend", d->v[i].mend[0] == '\0' ? NULL : d->v[i].mend);
		jout_close(&w);
	}
	jout_list_end(&w);
	jout_close(&w);
	TRY(jout_done(d->cli->cx, &w));
	buf_char(&b, '\n');
	return cli_print(d->cli, buf_view(&b));
}

static struct err print_text(const struct doctor *d)
{
	CLEANUP(buf_free) struct buf b = BUF(TEXT_BYTES);
	size_t bad = count(d, DOCTOR_FAILED);

	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->v[i];

		buf_printf(&b, "%-8s %s: ", verdict_word(f->verdict), f->check);
		term_plain(&b, sv_of(f->what));
		if (f->mend[0] != '\0')
			buf_printf(&b, "\n         mend: %s", f->mend);
		buf_char(&b, '\n');
	}
	if (bad == 0)
		buf_str(&b, "\nNothing is wrong.\n");
	else
		buf_printf(&b, "\n%zu %s wrong.\n", bad, bad == 1 ? "thing is" : "things are");
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
	cli->status = count(d, DOCTOR_FAILED) > 0 ? CLI_FAILED : CLI_DONE;
	struct err e = cli_has(cli, OPT_JSON) ? print_json(d) : print_text(d);
	client_free(d->client);
	net_free(d->out);
	conf_free(d->conf);
	free(d);
	return e;
}
