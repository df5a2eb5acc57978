/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H
/* fuzz.h: what the targets f_*.c share.  A target reads bytes from outside with one parser and checks what the parser
 * promises: beside "no crash", that two ways to read the same bytes agree, or that what was read writes back to itself.
 *
 * Built twice: with replay.c (every compiler; a corpus of files) and with libFuzzer (clang; option `fuzz`).
 */
#include "core/arena.h"
#include "core/base.h"
#include "core/buf.h"
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A context whose arena is empty; the last one is gone.  Every allocation of its arena stands alone, so that
 * AddressSanitizer sees where each ends. */
struct ctx *fuzz_ctx(void) RETURNS_NONNULL;
struct ctx *fuzz_ctx_now(void) RETURNS_NONNULL; /* the present one, with all that is in it */
static inline struct sv fuzz_sv(const uint8_t *data, size_t size) { return (struct sv){ (const char *)data, size }; }
/* A promise that does not hold ends the process, which every fuzzer reports with its input. */
void fuzz_broken(const char *file, int line, const char *what) __attribute__((noreturn));
#define MUST(cond)                                              \
	do {                                                    \
		if (!(cond))                                    \
			fuzz_broken(__FILE__, __LINE__, #cond); \
	} while (0)
/* An error says why, with a sentence that is text; success says nothing. */
void fuzz_outcome(const struct ctx *cx, struct err e) NONNULL(1);
#endif
