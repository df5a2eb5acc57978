/* SPDX-License-Identifier: Apache-2.0 */
/* refuse: selector of type 'struct sv' is not compatible */
#include "core/logf.h"
void use(struct sv s);
void use(struct sv s) { log_event(NULL, LOG_INFO, "x", LOG_STR("id", s)); }
