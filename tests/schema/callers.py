# SPDX-License-Identifier: Apache-2.0
"""Schemathesis' hooks: every request comes from an address of its own, so that the throttle against guessers, which is tested
elsewhere, does not answer for the routes; a long poll waits a second at most.
And one check in place of schemathesis' unsupported_method, which wants 405: the contract answers 404, route_not_found."""
import ipaddress
import itertools

import schemathesis

_numbers = itertools.count(1)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    n = next(_numbers)
    case.headers = dict(case.headers or {})
    case.headers["X-Forwarded-For"] = str(ipaddress.ip_address("2001:db8::") + (n << 64))
    wait = (case.query or {}).get("wait")
    if isinstance(wait, (int, float)) and wait > 1:
        case.query["wait"] = 1


@schemathesis.check
def wrong_method_is_no_route(ctx, response, case):
    declared = {m.upper() for m in case.operation.schema.raw_schema["paths"][case.operation.path]}
    if response.request.method not in declared:
        assert response.status_code == 404 and response.json()["name"] == "route_not_found", f"{response.request.method}: {response.status_code} {response.text}"
