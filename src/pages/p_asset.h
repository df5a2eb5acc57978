/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_ASSET_H
#define P_ASSET_H
/* p_asset.h: files embedded at build: style sheet and sign of our own pages, and the dashboard's app (web/).
 *
 * Promises: an entity tag; what has a version in its address or a hash in its name may be kept for ever.  The
 * dashboard's files stand compressed in the binary, and go out so: brotli to who takes it, else gzip, which every
 * browser takes.
 */
#include "http/route.h"
enum { P_ASSET_TAG = 17 };
handler_fn p_asset_show, p_asset_logo /* of a project */;
/* The version of an asset: "" when there is none of that name. */
void p_asset_tag(struct sv name, char out[static P_ASSET_TAG]) NONNULL(2);
/* A file of the dashboard's app as the answer: body, ETag, content type and coding; 304 when the caller has it. */
struct err p_asset_app(struct request *rq, struct sv name) MUST_USE NONNULL(1);
#endif
