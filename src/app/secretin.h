/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SECRETIN_H
#define SECRETIN_H
/* secretin.h: secrets for commands: from the file an option names, from standard input ("-"), or asked for at a
 * terminal without echo.  One newline at the end is dropped.  Never from the command line itself. */
#include "app/cli.h"
/* prompt NULL: never asked for. */
struct err secretin_read(struct cli *cli, enum cli_option option, const char *prompt, struct secret **out) MUST_USE
    NONNULL(1, 4);
/* Of a file; "-" is standard input, and at a terminal the prompt. */
struct err secretin_given(struct cli *cli, const char *path, const char *prompt, struct secret **out) MUST_USE
    NONNULL(1, 2, 3, 4);
/* A file of text that may hold secrets (an oauth2 section); "-" is standard input. */
struct err secretin_file(struct cli *cli, const char *path, struct secret **out) MUST_USE NONNULL(1, 2, 3);
struct err secretin_text(struct cli *cli, enum cli_option option, struct secret **out) MUST_USE NONNULL(1, 3);
#endif
