/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cli.h"
#include "core/os_linux.h"
#include "core/wiped.h"
#include <signal.h>

enum { FILES_WANTED = 65536 };

int main(int argc, char **argv)
{
	/* Best effort: a system that refuses one of these still runs. */
	if (!wiped_openssl()) /* first: OpenSSL takes it only before its first allocation */
		(void)fputs("tokenbooth: this OpenSSL does not let its memory be wiped\n", stderr);
	if (!os_linux_close_up())
		(void)fputs("tokenbooth: this system does not let the process close itself to debuggers\n", stderr);
	(void)os_linux_raise_files(FILES_WANTED);
	(void)signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
