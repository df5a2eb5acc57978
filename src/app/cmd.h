/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_H
#define CMD_H
/* cmd.h: what `run` of each row of cmd_table is.  Every one but serve, init, demo, simulate, version and docs
 * is a client of the public API (design 15). */
#include "app/cli.h"
#include "app/conf.h"
struct conf_how cmd_conf_how(const struct cli *cli) NONNULL(1);
typedef struct err cmd_fn(struct cli *cli) MUST_USE;
cmd_fn cmd_serve, cmd_init, cmd_version, cmd_docs;
cmd_fn cmd_key_create, cmd_key_list, cmd_key_revoke;
cmd_fn cmd_provider_add, cmd_provider_list, cmd_provider_set, cmd_provider_show, cmd_provider_remove;
cmd_fn cmd_authorization_list, cmd_authorization_show;
cmd_fn cmd_connection_list, cmd_connection_show, cmd_connection_delete;
cmd_fn cmd_server_add, cmd_server_test, cmd_server_list, cmd_server_show, cmd_server_remove, cmd_server_authorize;
cmd_fn cmd_tool_list, cmd_tool_show, cmd_tool_run;
cmd_fn cmd_secret_set, cmd_secret_list, cmd_secret_remove;
cmd_fn cmd_user_add, cmd_simulate, cmd_demo, cmd_backup, cmd_restore;
extern const struct cli_command cmd_table[];
extern const size_t cmd_table_n;
#endif
