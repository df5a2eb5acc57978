/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: selector of type 'struct secret *' is not compatible */
#include "core/logf.h"
#include "core/secret.h"
void use(struct secret *s);
void use(struct secret *s) { log_event(NULL, LOG_INFO, "x", LOG_STR("token", s)); }
