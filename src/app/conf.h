/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_H
#define CONF_H
/* conf.h: from engine.yaml, the environment and the command line to struct config (contract 5.1, 5.2; design 15).
 *
 * Owns:     the memory everything in the struct config points to, for as long as the process runs.
 * Promises: the command line wins over the file, the file over the defaults; ${env:NAME} and ${file:PATH} are put in
 * anywhere inside strings; a mistake is E_CONFIG "engine.yaml:12: api.port: must be ...".  Unknown keys are refused in
 * our sections and warned of in Arcade's.
 */
#include "core/buf.h"
#include "model/config.h"
struct conf;
struct conf_how { /* NULL: not given on the command line */
	const char *file, *env_file, *data, *listen, *public_url, *log_level, *log_format;
};
void conf_free(struct conf *c);
struct err conf_load(struct ctx *cx, const struct conf_how *how, struct conf **out) MUST_USE NONNULL(1, 2, 3);
const struct config *conf_get(const struct conf *c) NONNULL(1) RETURNS_NONNULL;
const char *conf_file(const struct conf *c) NONNULL(1); /* the file that was read; NULL: none */
const struct sv_list *conf_warnings(const struct conf *c) NONNULL(1) RETURNS_NONNULL; /* sentences for the log */
/* --data, else $TOKENBOOTH_DATA, $STATE_DIRECTORY, $XDG_DATA_HOME/tokenbooth, ~/.local/share/tokenbooth; in cx->arena.
 */
struct err conf_data_dir(struct ctx *cx, const char *given, const char **out) MUST_USE NONNULL(1, 3);
/* Once keyring and registry have what they need: root key values and client secrets are gone from the struct, from what
 * was read and from this process's environment. */
void conf_forget(struct conf *c) NONNULL(1);
static inline void conf_drop(struct conf **c)
{
	conf_free(*c);
	*c = NULL;
}
#endif
