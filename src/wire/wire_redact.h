/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_REDACT_H
#define WIRE_REDACT_H
/* wire_redact.h: a provider's own words, fit for a page, a log and the timeline.
 *
 * Promises: every known secret, as it is and percent-encoded, and everything that looks like a token (20 or more
 * characters of base64 or hex that are not plain words) is shown as «redacted»; control characters and torn UTF-8
 * become spaces; cut at `cap` - 1 bytes, never inside a character; cut after redaction, so that no half of a secret is
 * left.
 */
#include "core/node.h"
void wire_redact(struct sv text, struct sv_list secrets, char *out, size_t cap) NONNULL(3);
/* Text of our own: known secrets only are taken out, not what merely looks like one. */
void wire_redact_known(struct sv text, struct sv_list secrets, char *out, size_t cap) NONNULL(3);
#endif
