/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_ENV_H
#define CONF_ENV_H
/* conf_env.h: variables of the environment and of dotenv files, and their use inside engine.yaml (contract 5.1).
 *
 * Promises: the real environment wins, then the files in the order they were read.  A value that names an undefined
 * variable becomes null and is remembered, so that the reader can name the variable where the value was needed.
 */
#include "core/node.h"
struct conf_env;
struct conf_env *conf_env_new(struct arena *a) MUST_USE NONNULL(1);
/* `must_exist`: E_CONFIG when it does not; else a missing file is no mistake. */
struct err conf_env_read(struct ctx *cx, struct conf_env *env, const char *path, bool must_exist) MUST_USE
    NONNULL(1, 2, 3);
struct sv conf_env_get(const struct conf_env *env, struct sv name) NONNULL(1); /* p NULL: undefined */
/* folder: where relative ${file:...} paths start; NULL: the working directory. */
struct err conf_env_put_in(struct ctx *cx, struct conf_env *env, struct node *tree, const char *folder) MUST_USE
    NONNULL(1, 2, 3);
/* The first undefined variable or missing file inside `tree`; p NULL: none. */
struct sv conf_env_undefined(const struct conf_env *env, const struct node *tree) NONNULL(1);
/* A text of the tree that is a secret: conf_env_forget wipes it.  p NULL: none. */
struct err conf_env_secret(struct ctx *cx, struct conf_env *env, struct sv text) MUST_USE NONNULL(1, 2);
/* Texts that were secrets, the variables they came from, and what the dotenv files held, are wiped. */
void conf_env_forget(struct conf_env *env) NONNULL(1);
#endif
