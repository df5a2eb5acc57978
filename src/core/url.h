/* SPDX-License-Identifier: Apache-2.0 */
#ifndef URL_H
#define URL_H
/* url.h: absolute http(s) URLs, taken apart by the same parser that fetches them (curl_url()), so there is no parser
 * differential.  core/url.c is, beside net/, the only file that may include curl's header, and only for
 * <curl/urlapi.h>.
 *
 * Promises: scheme http or https only; no user info; no control characters or spaces; a host; parts are in cx->arena.
 */
#include "core/base.h"
struct url {
	struct sv scheme, host; /* lower case; an IPv6 host without its brackets */
	struct sv port;         /* always given */
	struct sv path;         /* starts with '/' */
	struct sv query, fragment;
	bool https;
	bool loopback; /* 127/8, ::1, localhost */
};
struct err url_parse(struct ctx *cx, struct sv text, const char *field, struct url *out) MUST_USE
    NONNULL(1, 3, 4); /* bad_field(field) */
/* For an address that nobody gave just now: *good false when it is none, and nothing to tell; an error only for want of
 * memory. */
struct err url_look(struct ctx *cx, struct sv text, struct url *out, bool *good) MUST_USE NONNULL(1, 3, 4);
/* `url` with name=value added to its query (percent-encoded), the fragment kept; p NULL on out of memory. */
struct sv url_with_param(struct ctx *cx, struct sv url, const char *name, struct sv value) NONNULL(1, 3);
#endif
