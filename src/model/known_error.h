/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNOWN_ERROR_H
#define KNOWN_ERROR_H
/* known_error.h: what servers say when they refuse, and what it means: RFC 6749 and its relatives, then vendors that
 * have no definition here or whose words come from many servers.  A definition's own `errors:` are looked at first.
 *
 * Promises: one table, in the order it is looked through: the first row that fits counts; docs/ERRORS.md prints it.
 */
#include "model/pdef_parts.h"
#include "model/reason.h"
struct known_error {
	const char *from;  /* whose word it is */
	unsigned at;       /* enum pdef_at: in the answer to which call, PAT_CALLBACK for the redirect back; 0: any */
	const char *error; /* the error code; NULL: any */
	const char *contains; /* in its description, in any case of letters; NULL: whatever it says */
	enum pdef_error_is is;
	const char *cause, *fix; /* one sentence each */
};
const struct known_error *known_error_rows(size_t *n) RETURNS_NONNULL NONNULL(1);
const struct known_error *known_error_find(unsigned at, struct sv error, struct sv description); /* NULL: unknown */
/* The typed reason of a refusal: what an operator filters by. */
enum reason known_error_reason(enum pdef_error_is is, unsigned at);
const char *known_error_word(enum pdef_error_is is) RETURNS_NONNULL; /* as `is:` says it */
bool known_error_says(struct sv text, struct sv part); /* is part in text, whatever the case of ASCII letters? */
#endif
