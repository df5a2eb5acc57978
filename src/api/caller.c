/* SPDX-License-Identifier: Apache-2.0 */
#include "api/caller.h"
#include "core/text.h"
#include "http/route.h"

static const char *source_of(const struct request *rq)
{
	struct sv agent = http_header_in(rq, "User-Agent");

	return sv_starts(agent, SV("Arcade/")) || sv_starts(agent, SV("AsyncArcade/")) ? "SDK" : "API";
}

struct actor caller_actor(const struct request *rq)
{
	struct actor a = { .type = "end_user", .id = "", .source = "BROWSER", .client_ip = rq->client_ip };

	switch (rq->by.is) {
	case WHO_API_KEY: a = (struct actor){ "api_key", rq->by.id, source_of(rq), rq->client_ip }; break;
	case WHO_SESSION: a = (struct actor){ "account", rq->by.id, "DASHBOARD", rq->client_ip }; break;
	case WHO_OPERATOR: a = (struct actor){ "operator", rq->by.id, "CLI", rq->client_ip }; break;
	case WHO_SCRAPER:
	case WHO_NOBODY:
	case WHO_ANYONE:
	default: break;
	}
	return a;
}

enum role caller_role(const struct request *rq)
{
	return rq->by.is == WHO_OPERATOR ? ROLE_OWNER : (enum role)rq->by.role;
}

enum access_lane caller_lane(const struct request *rq)
{
	return rq->lane == LANE_CALL ? ACCESS_CALL : rq->lane == LANE_POOL ? ACCESS_POOL : ACCESS_INLINE;
}
struct sv caller_user(const struct request *rq, struct sv given)
{
	given = sv_trim(given);
	return given.n == 0 && rq->by.is == WHO_SESSION ? sv_of(rq->by.email) : given;
}
