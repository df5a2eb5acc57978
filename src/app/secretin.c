/* SPDX-License-Identifier: Apache-2.0 */
#include "app/secretin.h"
#include "core/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_BYTES = 64 << 10, LINE_BYTES = 1024 };

static void fd_drop(int *fd)
{
	if (*fd > STDERR_FILENO)
		(void)close(*fd);
}

static bool read_all(int fd, struct buf *b)
{
	for (;;) {
		if (!buf_reserve(b, 4096))
			return false;
		ssize_t n = read(fd, b->p + b->n, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		b->n += (size_t)n;
	}
}

struct err secretin_file(struct cli *cli, const char *path, struct secret **out)
{
	CLEANUP(buf_free) struct buf b = BUF(SECRET_BYTES);
	bool from_stdin = strcmp(path, "-") == 0;
	CLEANUP(fd_drop) int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	*out = NULL;
	if (fd < 0 || !read_all(fd, &b))
		return refuse(cli->cx, E_BAD_INPUT, "cannot read %s: %s", from_stdin ? "standard input" : path,
			      buf_ok(&b) ? strerror(errno) : "it is too large");
	struct sv v = buf_view(&b);
	if (sv_ends(v, SV("\n")))
		v.n--;
	if (sv_ends(v, SV("\r")))
		v.n--;
	if (v.n == 0)
		return refuse(cli->cx, E_BAD_INPUT, "%s is empty", from_stdin ? "standard input" : path);
	*out = secret_copy(v);
	return *out == NULL ? fail(cli->cx, E_INTERNAL, "out of memory", "secret") : OK;
}

struct err secretin_text(struct cli *cli, enum cli_option option, struct secret **out)
{
	return secretin_file(cli, cli->opt[option], out);
}

/* The terminal gets its echo back whatever happens in between. */
static struct err ask(struct cli *cli, const char *prompt, struct secret **out)
{
	struct termios was, quiet;
	char line[LINE_BYTES];

	if (tcgetattr(STDIN_FILENO, &was) != 0)
		return refuse(cli->cx, E_INTERNAL, "cannot ask for it at this terminal");
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* Before the prompt: what is typed as soon as it stands there is neither shown nor thrown away. */
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	fprintf(stderr, "%s: ", prompt);
	bool got = fgets(line, sizeof line, stdin) != NULL;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	(void)fputc('\n', stderr);
	struct sv v = got ? sv_of(line) : SV("");
	if (sv_ends(v, SV("\n")))
		v.n--;
	*out = v.n == 0 ? NULL : secret_copy(v);
	wipe(line, sizeof line);
	return *out == NULL ? refuse(cli->cx, E_BAD_INPUT, "nothing was typed") : OK;
}

struct err secretin_given(struct cli *cli, const char *path, const char *prompt, struct secret **out)
{
	*out = NULL;
	if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO) != 0)
		return ask(cli, prompt, out);
	return secretin_file(cli, path, out);
}

struct err secretin_read(struct cli *cli, enum cli_option option, const char *prompt, struct secret **out)
{
	*out = NULL;
	if (cli_has(cli, option))
		return secretin_given(cli, cli->opt[option], prompt == NULL ? "API key" : prompt, out);
	if (prompt != NULL && isatty(STDIN_FILENO) != 0)
		return ask(cli, prompt, out);
	return cli_usage(cli, "a secret is needed: give it in a file, or - for standard input");
}
