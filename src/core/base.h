/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_H
#define BASE_H
/* base.h: the vocabulary every file shares.  Knows nothing of the product. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define MUST_USE         __attribute__((warn_unused_result))
#define NONNULL(...)     __attribute__((nonnull(__VA_ARGS__)))
#define RETURNS_NONNULL  __attribute__((returns_nonnull))
#define PRINTF_LIKE(f,a) __attribute__((format(printf, f, a)))
#ifdef __clang__                                   /* clang 14 has no malloc(free, n) */
#define MADE_BY(freefn)  __attribute__((malloc))
#else
#define MADE_BY(freefn)  __attribute__((malloc, malloc(freefn, 1)))
#endif
#define CLEANUP(fn)      __attribute__((cleanup(fn)))
#define TAKE(p)          __extension__ ({ __typeof__(p) t_ = (p); (p) = NULL; t_; })

/* A length only ever comes from a real array: a pointer fails to compile. */
#define SAME_TYPE(a, b)  __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define ARRAY_LEN(a)     (sizeof(a) / sizeof((a)[0]) + \
	0 * sizeof(struct { _Static_assert(!SAME_TYPE(a, &(a)[0]), "not an array"); int x_; }))

struct sv { const char *p; size_t n; };           /* borrowed bytes, never owned */
#define SV_INIT(lit) { "" lit "", sizeof(lit) - 1 }   /* in tables */
#define SV(lit) ((struct sv)SV_INIT(lit))             /* in expressions */
#define SV_NONE ((struct sv){ NULL, 0 })              /* absent: p is NULL; "" has p != NULL */
#define SV_FMT(s) (int)(s).n, (s).p                   /* for "%.*s" in details */
/* clang-format on */
static inline struct sv sv_of(const char *z) { return (struct sv){ z, z == NULL ? 0 : __builtin_strlen(z) }; }

/* Times are UTC microseconds since 1970 unless a name ends in _s or _ms. */
#define USEC    ((int64_t)1)
#define MSEC(n) ((int64_t)(n)*1000)
#define SEC(n)  ((int64_t)(n)*1000000)
#define MIN(n)  SEC((int64_t)(n)*60)
#define HOUR(n) MIN((int64_t)(n)*60)
#define DAY(n)  HOUR((int64_t)(n)*24)

/* err: a type of its own, so an int or a bool can never pass for one.
 * api/problem.c has the one switch from code to HTTP status and wire name (contract 1.5). */
enum err_code {
	E_OK,
	E_BAD_INPUT,          /* 400 malformed_request, with field_errors when a field is known */
	E_USER_MISMATCH,      /* 400 user_mismatch (contract 2.4) */
	E_PROVIDER_UNKNOWN,   /* 400 auth_provider_not_found (contract 2.2) */
	E_PROVIDER_AMBIGUOUS, /* 400 multiple_auth_providers (contract 2.2) */
	E_TOOL_NEEDS,         /* 400 tool_requirements_not_met (contract 1.5) */
	E_UNAUTHENTICATED,    /* 401 invalid_authorization */
	E_SECOND_FACTOR,      /* 401 second_factor_required: the password was right */
	E_FORBIDDEN,          /* 403 forbidden */
	E_CSRF,               /* 403 csrf_failed: the session's own token is wanting */
	E_TOOL_CONSENT,       /* 403 tool_authorization_required (contract 3.8) */
	E_NOT_FOUND,          /* 404 not_found */
	E_NO_ROUTE,           /* 404 route_not_found */
	E_CONFLICT,           /* 409 conflict, x-should-retry: false */
	E_GONE,               /* 410 authorization_failed (contract 2.3) */
	E_PRECONDITION,       /* 412 precondition_failed: If-Match names an older state */
	E_TOO_LARGE,          /* 413 */
	E_MEDIA_TYPE,         /* 415 unsupported_media_type */
	E_RATE,               /* 429 rate_limit_exceeded, with retry headers */
	E_INTERNAL,           /* 500 internal_server_error */
	E_UPSTREAM,           /* 502: the provider answered, but not usefully */
	E_BUSY,               /* 503 with Retry-After: a lane, lock or limit is full */
	E_PROVIDER_DOWN,      /* 503 provider_unavailable with Retry-After (design 8, refresh) */
	E_CONFIG,             /* configuration refused; exit status 3 */
	E_STALE,              /* inside only: generation or state moved on; the act changed nothing */
	E_TAKE_POOL,          /* control: run `handle` again on lane POOL */
	E_TAKE_CALL,          /* control: run `handle` again on lane CALL */
	E_PARK,               /* control: sleep until rq->park says so */
	E__COUNT
};
struct err {
	enum err_code code;
};
#define OK        ((struct err){ E_OK })
#define IS_ERR(e) ((e).code != E_OK)
#define TRY(call)                         \
	do {                              \
		struct err try_ = (call); \
		if (IS_ERR(try_))         \
			return try_;      \
	} while (0)

/* Why the first error happened.  `say` may reach the client; `detail` is for the log only.
 * Neither may ever hold a token, secret, code, verifier, password or key. */
enum { CAUSE_FIELDS = 8 };
struct field_error {
	char field[96], rule[24], message[320];
};
struct cause {
	enum err_code code;
	char say[400];
	char detail[240];
	const char *where; /* file:line */
	struct field_error fields[CAUSE_FIELDS];
	size_t n_fields;
	int retry_after_s; /* for E_RATE, E_BUSY, E_PROVIDER_DOWN; 0 = let the edge choose */
};

/* On what condition a change is wanted (RFC 9110 section 13.1): that the thing is there, is at one of the versions that
 * its asker has seen, is not there, or is at none of them.  Acts that change a single thing keep it
 * (store/store_version.h). */
enum want_kind { WANT_ANY, WANT_THERE, WANT_VERSION, WANT_ABSENT, WANT_OTHER };
enum { WANT_VERSIONS = 8 };
struct precondition {
	enum want_kind kind;
	size_t n; /* of version[] */
	int64_t version[WANT_VERSIONS];
};

struct arena;
struct trace; /* core/trace.h */
/* ctx: what travels with a piece of work.  One per request or job run; never shared between threads. */
struct ctx {
	struct cause cause;
	int64_t now;               /* set at the start of the step, by clock_now() */
	int64_t deadline;          /* absolute; 0 = none */
	const char *request_id;    /* borrowed; never NULL */
	const struct trace *trace; /* borrowed; NULL: none */
	struct precondition want;  /* the caller's; zero: none */
	struct arena *arena;       /* request-lifetime memory; wiped when it ends; never NULL */
};

/* fail(cx, code, say, detail...): record why, once; the deepest caller wins.  `say` is a plain sentence. */
#define STR2_(x)                 #x
#define STR_(x)                  STR2_(x)
#define fail(cx, code, say, ...) fail_at((cx), (code), (say), __FILE__ ":" STR_(__LINE__), __VA_ARGS__)
struct err fail_at(struct ctx *cx, enum err_code code, const char *say, const char *where, const char *detail,
		   ...) MUST_USE NONNULL(1, 3, 4, 5) PRINTF_LIKE(5, 6);

/* refuse(cx, code, fmt...): as fail, for a sentence that names something (the client's own ids, fields, limits). */
#define refuse(cx, code, ...) refuse_at((cx), (code), __FILE__ ":" STR_(__LINE__), __VA_ARGS__)
struct err refuse_at(struct ctx *cx, enum err_code code, const char *where, const char *fmt, ...) MUST_USE
    NONNULL(1, 3, 4) PRINTF_LIKE(4, 5);

/* bad_field(cx, "oauth2.client_id", "max", "must be at most %d bytes", n): adds a field error and
 * makes the cause "failed to validate request body: oauth2.client_id must be ..." (contract 1.5).
 * May be called several times; always returns E_BAD_INPUT.  bad_query and bad_header: the same for what is no body. */
#define bad_field(cx, field, rule, ...) bad_field_at((cx), (field), (rule), BAD_AT_("body"), __VA_ARGS__)
#define bad_query(cx, name, rule, ...)  bad_field_at((cx), (name), (rule), BAD_AT_("query"), __VA_ARGS__)
#define bad_header(cx, name, rule, ...) bad_field_at((cx), (name), (rule), BAD_AT_("header"), __VA_ARGS__)
#define BAD_AT_(part)                   ((struct bad_at){ (part), __FILE__ ":" STR_(__LINE__) })
struct bad_at {
	const char *part, *where; /* part: of the request, as in "failed to validate request body" */
};
struct err bad_field_at(struct ctx *cx, const char *field, const char *rule, struct bad_at at, const char *fmt,
			...) MUST_USE NONNULL(1, 2, 3, 5) PRINTF_LIKE(5, 6);

struct err forgive(struct ctx *cx) NONNULL(1);            /* handled: clear the cause and go on; returns OK */
const char *err_name(enum err_code code) RETURNS_NONNULL; /* "E_BAD_INPUT": for logs and tests */
#endif
