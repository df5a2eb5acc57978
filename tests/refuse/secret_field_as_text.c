/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: "client_secret has another type" */
#include "core/node.h"
struct conf {
	struct secret *client_secret;
};
extern const struct nfield fields[];
const struct nfield fields[] = { NSV(struct conf, client_secret, NREQ, 1, 99) };
