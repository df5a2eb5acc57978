/* SPDX-License-Identifier: Apache-2.0 */
#include "app/cli.h"
#include "app/harden.h"

int main(int argc, char **argv)
{
	harden_process();
	return cli_main(argc, argv);
}
