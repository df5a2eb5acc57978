/* SPDX-License-Identifier: Apache-2.0 */
#ifndef P_ASSET_H
#define P_ASSET_H
/* p_asset.h: the style sheet and the sign, embedded at build; their addresses carry a version, so they may be kept. */
#include "http/route.h"
enum { P_ASSET_TAG = 17 };
handler_fn p_asset_show;
/* The version of an asset: "" when there is none of that name. */
void p_asset_tag(struct sv name, char out[static P_ASSET_TAG]) NONNULL(2);
#endif
