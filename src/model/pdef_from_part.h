/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PDEF_FROM_PART_H
#define PDEF_FROM_PART_H
/* pdef_from_part.h: inside of pdef_from: the pieces that every request of Arcade's oauth2 section has
 * (contract 3.1, 5.4).
 *
 * Promises: a refusal is a field error under Arcade's own name ("oauth2.token_request.params.scope").
 */
#include "model/pdef_parts.h"
#include "model/tmpl.h"
/* Arcade's section as it is sent. */
struct pdef_request {
	struct sv endpoint, method, auth_method, auth_header_value_format, request_content_type, response_content_type,
	    expiration_format;
	const struct node *params, *response_map, *triggers;
	bool enabled;
};
/* The whole mapping: what is set, and the maps of the base that are replaced as a whole. */
struct pdef_mapping {
	struct ctx *cx;
	const struct node *oauth2;
	bool custom;
	struct node *patch, *clear;
};
struct pdef_part {
	struct pdef_mapping *m;
	const char *name, *key;
	unsigned place;
	struct pdef_request rq;
	bool there;
	struct node *patch, *clear;
};

struct err pdef_from_part_open(struct pdef_part *s) MUST_USE NONNULL(1);
struct err pdef_from_part_close(const struct pdef_part *s) MUST_USE NONNULL(1);
struct err pdef_from_part_nothing(const struct pdef_part *s) MUST_USE
    NONNULL(1); /* the base's own section is taken out */
struct err pdef_from_part_put(const struct pdef_part *s, const char *key, struct node *v) MUST_USE NONNULL(1, 2);
struct err pdef_from_part_text(const struct pdef_part *s, const char *key, struct sv v) MUST_USE NONNULL(1, 2);
struct err pdef_from_part_words(const struct pdef_part *s, const char *key, const char *const *words, size_t n) MUST_USE
    NONNULL(1, 2);
struct err pdef_from_part_forget(const struct pdef_part *s, const char *key) MUST_USE NONNULL(1, 2);
struct err pdef_from_part_endpoint(const struct pdef_part *s) MUST_USE NONNULL(1);
struct err pdef_from_part_params(const struct pdef_part *s) MUST_USE NONNULL(1);
/* method, client authentication, content type, header; preset_auth NULL: none. */
struct err pdef_from_part_call(const struct pdef_part *s, const char *preset_method, const char *preset_auth) MUST_USE
    NONNULL(1, 2);
struct err pdef_from_part_triggers(const struct pdef_part *s) MUST_USE NONNULL(1);
/* known NULL: any key; expires_as: what expires_in is called in our format, NULL: the same. */
struct err pdef_from_part_map(const struct pdef_part *s, const char *const *known, const char *expires_as,
			      struct node *into) MUST_USE NONNULL(1, 4);
#endif
