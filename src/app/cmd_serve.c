/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_serve.c: serve and init: the commands that make a data folder. */
#include "app/cmd.h"
#include "app/greet.h"
#include "app/life.h"
#include "core/logf.h"
#include "core/os_linux.h"
#include "core/secret.h"

struct conf_how cmd_conf_how(const struct cli *cli)
{
	return (struct conf_how){ .file = cli->opt[OPT_CONFIG],
				  .env_file = cli->opt[OPT_ENV],
				  .data = cli->opt[OPT_DATA],
				  .listen = cli->opt[OPT_LISTEN],
				  .public_url = cli->opt[OPT_PUBLIC_URL],
				  .log_level = cli->opt[OPT_LOG_LEVEL],
				  .log_format = cli->opt[OPT_LOG_FORMAT] };
}

/* A folder in use, a port taken: for whoever starts the engine these are mistakes of its set-up. */
static struct err as_setup(struct cli *cli, struct err e)
{
	if (e.code == E_BUSY)
		cli->status = CLI_CONFIG;
	return e;
}

struct err cmd_serve(struct cli *cli)
{
	struct life_how how = { .conf = cmd_conf_how(cli), .may_create = true, .listen = true };
	struct life l;

	life_block_signals();
	TRY(as_setup(cli, life_up(cli->cx, &l, &how)));
	log_event(NULL, LOG_INFO, "serve.ready", LOG_STR("url", l.en.config->public_url),
		  LOG_STR("data", l.en.config->data_dir), LOG_STR("config", conf_file(l.conf)),
		  LOG_STR("version", l.en.version));
	struct err e = greet_started(cli, &l, true);
	if (IS_ERR(e)) {
		life_down(&l);
		return e;
	}
	secret_drop(&l.first_key); /* shown: it need not be here any longer */
	secret_drop(&l.setup_token);
	os_linux_give_back();
	life_until_signal(&l);
	return OK;
}

struct err cmd_init(struct cli *cli)
{
	struct life_how how = { .conf = cmd_conf_how(cli), .may_create = true };
	struct life l;

	TRY(as_setup(cli, life_up(cli->cx, &l, &how)));
	struct err e = l.first_run ? greet_started(cli, &l, false)
				   : refuse(cli->cx, E_CONFLICT, "%s is set up already", l.en.config->data_dir);
	life_down(&l);
	return e;
}
