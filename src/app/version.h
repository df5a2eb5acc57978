/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VERSION_H
#define VERSION_H
/* version.h: which one this is; the build says (TOKENBOOTH_VERSION of meson.build). */
#define VERSION_TEXT TOKENBOOTH_VERSION
#endif
