/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_CERT_H
#define SIM_CERT_H
/* sim_cert.h: a throw-away certification authority (P-256, 30 days) that signs one certificate for the simulated hosts.
 * The CA's key never touches the disk and is forgotten at once; ca.pem may be trusted by clients of this run only. */
#include "core/base.h"
#include "core/node.h"
struct sim_cert {
	char ca_file[512], cert_file[512], key_file[512];
}; /* in `dir`; key 0600 */
struct err sim_cert_make(struct ctx *cx, const char *dir, struct sv_list hosts, struct sim_cert *out) MUST_USE
    NONNULL(1, 2, 4);
#endif
