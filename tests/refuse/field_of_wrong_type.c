/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: "port has another type" */
#include "core/node.h"
struct conf {
	int port;
};
extern const struct nfield fields[];
const struct nfield fields[] = { NI64(struct conf, port, NOPT, 1, 65535) };
