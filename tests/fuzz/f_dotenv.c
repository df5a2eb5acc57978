/* SPDX-License-Identifier: Apache-2.0 */
/* A dotenv file, from a file without a name. */
#include "app/conf_env.h"
#include "core/text.h"
#include "fuzz.h"
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctx *cx = fuzz_ctx();
	struct conf_env *env = conf_env_new(cx->arena);
	FILE *f = tmpfile();
	char path[64];

	MUST(f != NULL && env != NULL && fwrite(data, 1, size, f) == size && fflush(f) == 0);
	MUST(snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(f)) > 0);
	struct err e = conf_env_read(cx, env, path, true);
	fuzz_outcome(cx, e);
	if (!IS_ERR(e))
		(void)conf_env_get(env, SV("A"));
	MUST(fclose(f) == 0);
	return 0;
}
