/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_H
#define POLICY_H
/* policy.h: who may do what: one table of actions with the least role that may take each, and whether an API key may.
 *
 * Promises: an unknown action admits nobody.  The operator (control socket) may everything.  An API key acts as an
 *           administrator of its project (contract 1.1), except that it makes no accounts and no members: an account is
 *           the engine's, not the project's.
 * Actions:  providers:read providers:write connections:read connections:delete keys:read keys:write settings:read
 *           settings:write members:read members:write accounts:read accounts:write projects:read events:read
 *           authorizations:read auth:use (authorize, status, confirm_user for anybody) metrics:read (the engine's
 * numbers) projects:list (those one is in) projects:write (name, picture) projects:create (the default project's
 * owners) auth:self (own session, own second factor, confirm that it is oneself: whoever is signed in, member or not).
 */
#include "model/person.h"
enum policy_who { POLICY_NOBODY, POLICY_MEMBER, POLICY_KEY, POLICY_OPERATOR, POLICY_SCRAPER /* metrics:read only */ };
const char *policy_action(size_t i);              /* NULL: there are no more */
bool policy_knows(const char *action) NONNULL(1); /* route tables are checked with it at start */
/* `role` counts for POLICY_MEMBER only. */
bool policy_allows(enum policy_who who, enum role role, const char *action) NONNULL(3);
#endif
