/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_backup.c: asks the engine for a copy of its store and takes it to where the user wants it. */
#include "app/client.h"
#include "app/cmd.h"
#include "app/filecopy.h"
#include "core/arena.h"
#include "core/jout.h"
#include <stdio.h>
#include <unistd.h>

#define BACKUP_TIMEOUT HOUR(2) /* the engine reads all of the store twice */

static bool told(const struct cli *cli) { return !cli_has(cli, OPT_JSON) && isatty(STDERR_FILENO) == 1; }

/* The engine's copy lies in the data folder, which whoever may ask may enter (domain/backup.h). */
static struct err ask(struct cli *cli, struct client_answer *out)
{
	CLEANUP(client_drop) struct client *c = NULL;

	TRY(client_open(cli, &c));
	if (told(cli))
		fprintf(stderr, "The engine copies and checks its store ...\n");
	client_patience(c, BACKUP_TIMEOUT);
	return client_call(cli, c, &(struct client_ask){ "POST", "/tb/v1/backup", SV_NONE }, out);
}

static struct err take(struct cli *cli, const char *staged, const char *to)
{
	const char *part = arena_printf(cli->cx->arena, "%s.part-%ld", to, (long)getpid());

	if (part == NULL)
		return fail(cli->cx, E_INTERNAL, "out of memory", "backup");
	TRY(filecopy_make(cli->cx, &(struct filecopy){ .from = staged, .to = part, .shown = told(cli) }));
	return filecopy_place(cli->cx, part, to, cli_has(cli, OPT_FORCE));
}

static struct err say_done(struct cli *cli, const struct client_answer *a, const char *to)
{
	CLEANUP(buf_free) struct buf b = BUF(16 << 10);
	struct jout w = JOUT(&b);
	const struct node *bytes = node_get(a->json, "bytes");

	if (!cli_has(cli, OPT_JSON)) {
		buf_printf(&b,
			   "Copied the store to %s (%lld bytes).  It holds no root key: without root.key, or the keys "
			   "under\nsecurity.root_keys, nobody can open it.  Keep those at another place.\n",
			   to, bytes == NULL ? 0LL : (long long)bytes->i);
		TRY(buf_done(cli->cx, &b, "the answer"));
		return cli_print(cli, buf_view(&b));
	}
	jout_open(&w, NULL);
	jout_strz(&w, "file", to);
	jout_node(&w, "bytes", bytes);
	jout_node(&w, "schema_version", node_get(a->json, "schema_version"));
	jout_node(&w, "created_at", node_get(a->json, "created_at"));
	jout_close(&w);
	TRY(jout_done(cli->cx, &w));
	buf_char(&b, '\n');
	return cli_print(cli, buf_view(&b));
}

struct err cmd_backup(struct cli *cli)
{
	const char *to = cli->args[0];
	struct client_answer a;

	if (!cli_has(cli, OPT_FORCE) && access(to, F_OK) == 0)
		return refuse(cli->cx, E_CONFLICT, "%s is there already; --force replaces it", to);
	TRY(ask(cli, &a));
	struct sv file = node_text_at(a.json, "file");
	const char *staged = file.p == NULL ? NULL : arena_text(cli->cx->arena, file);
	if (staged == NULL)
		return refuse(cli->cx, E_UPSTREAM, "the engine did not say where its copy is");
	struct err e = take(cli, staged, to);
	(void)unlink(staged); /* what stays is swept at the engine's next start */
	TRY(e);
	return say_done(cli, &a, to);
}
