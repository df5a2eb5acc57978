/* SPDX-License-Identifier: Apache-2.0 */
#ifndef METRIC_H
#define METRIC_H
/* metric.h: what the process counts: one table of every metric; api/metrics.c writes it as text.
 *
 * Owns:     the numbers, for the life of the process.  Counting is one relaxed addition, from any thread, and never
 *           fails; what is counted for every request lies in shards, so that event threads do not share a cache line.
 * Promises: label values are closed lists or sets with a cap ("other" takes the rest): no user, no id of a grant, no
 *           address, no secret can become one.  Names follow Prometheus: base units, _total, _seconds, _bytes.
 */
#include "core/base.h"

/* Labels: kind, name (two names: the value holds both, a space between), most values, values known from the start. */
#define METRIC_LABELS(X)                                                                           \
	X(ML_NONE, "", 1, "-")                                                                     \
	X(ML_ROUTE, "method,route", 160, "-")                                                      \
	X(ML_CLASS, "class", 6, "-,1xx,2xx,3xx,4xx,5xx")                                           \
	X(ML_LANE, "lane", 4, "inline,pool,call,parked")                                           \
	X(ML_FULL, "lane", 4, "connections,pool,call,parked")                                      \
	X(ML_LEVEL, "level", 4, "debug,info,warn,error")                                           \
	X(ML_FOUND, "result", 3, "miss,none,hit")                                                  \
	X(ML_PROVIDER, "provider", 64, "")                                                         \
	X(ML_PURPOSE, "purpose", 24, "")                                                           \
	X(ML_FATE, "outcome", 16, "")                                                              \
	X(ML_OK, "outcome", 2, "ok,failed")                                                        \
	X(ML_OUTCOME, "outcome", 8, "ok,failed,refused,unknown,ignored")                           \
	X(ML_REASON, "reason", 24, "")                                                             \
	X(ML_END, "reason", 24, "")                                                                \
	X(ML_KIND, "kind", 80, "")                                                                 \
	X(ML_JOB, "task", 24, "")                                                                  \
	X(ML_STATE, "state", 4, "live,dead,closed")                                                \
	X(ML_THROTTLE, "limit", 7,                                                                 \
	  "sign_in_address,sign_in_account_address,sign_in_account,setup_address,api_key_address," \
	  "link,link_address")                                                                     \
	X(ML_CREDENTIAL, "credential", 2, "api_key,password")                                      \
	X(ML_CHECK, "check", 6, "store,root_key,jobs,disk,providers")                              \
	X(ML_VERSION, "version", 2, "")

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
/* What is stored is a whole number: microseconds are shown as seconds. */
enum metric_unit { METRIC_ONE, METRIC_USEC };
/* Which series are shown: SEEN: what was counted at least once; ALL: every combination of known label values, so that
 * the first one counted is seen as an increase. */
enum metric_shown { METRIC_SEEN, METRIC_ALL };

/* id, name, kind, unit, shown, three labels, help. */
#define METRICS_HOT(X)                                                                                              \
	X(M_HTTP_REQUESTS, "tokenbooth_http_requests_total", COUNTER, ONE, SEEN, ML_ROUTE, ML_CLASS, ML_NONE,       \
	  "Requests answered, by route pattern and class of status.")                                               \
	X(M_HTTP_DURATION, "tokenbooth_http_request_duration_seconds", HISTOGRAM, USEC, SEEN, ML_ROUTE, ML_LANE,    \
	  ML_NONE,                                                                                                  \
	  "From a request's first byte to the last of its answer; lane is where its handler ended (parked: it was " \
	  "held as a long poll).")                                                                                  \
	X(M_HTTP_SENT, "tokenbooth_http_sent_bytes_total", COUNTER, ONE, ALL, ML_NONE, ML_NONE, ML_NONE,            \
	  "Bytes of answers, heads included, TLS not counted.")                                                     \
	X(M_GRANT_LOOKUPS, "tokenbooth_grant_cache_lookups_total", COUNTER, ONE, ALL, ML_FOUND, ML_NONE, ML_NONE,   \
	  "Grants looked for in memory: hit, none (known not to be there), or miss (the store was read).")          \
	X(M_LOG_LINES, "tokenbooth_log_lines_total", COUNTER, ONE, ALL, ML_LEVEL, ML_NONE, ML_NONE,                 \
	  "Log lines written, by level.")

#define METRICS_COLD(X)                                                                                                \
	X(M_HTTP_REFUSED, "tokenbooth_http_refused_total", COUNTER, ONE, ALL, ML_FULL, ML_NONE, ML_NONE,               \
	  "Answered 503 because this lane (or the number of connections or of long polls) was full.")                  \
	X(M_LANE_BUSY, "tokenbooth_lane_busy", GAUGE, ONE, SEEN, ML_FULL, ML_NONE, ML_NONE,                            \
	  "Requests running or queued on a lane; long polls parked; connections open.")                                \
	X(M_LANE_LIMIT, "tokenbooth_lane_limit", GAUGE, ONE, SEEN, ML_FULL, ML_NONE, ML_NONE,                          \
	  "How many a lane takes before it answers 503.")                                                              \
	X(M_CREDENTIALS_REFUSED, "tokenbooth_credentials_refused_total", COUNTER, ONE, ALL, ML_CREDENTIAL, ML_NONE,    \
	  ML_NONE, "Wrong API keys and wrong passwords.")                                                              \
	X(M_THROTTLED, "tokenbooth_throttled_total", COUNTER, ONE, ALL, ML_THROTTLE, ML_NONE, ML_NONE,                 \
	  "Tries refused because too many came before, by limit.")                                                     \
	X(M_EVENTS, "tokenbooth_events_total", COUNTER, ONE, SEEN, ML_KIND, ML_OUTCOME, ML_NONE,                       \
	  "Events written to the audit log and timelines.")                                                            \
	X(M_REFRESHES, "tokenbooth_refreshes_total", COUNTER, ONE, ALL, ML_PROVIDER, ML_OUTCOME, ML_NONE,              \
	  "Refreshes ended: ok; failed (nothing was sent); refused (the provider said no or not now); unknown (sent, " \
	  "no usable answer).")                                                                                        \
	X(M_REFRESH_FAILURES, "tokenbooth_refresh_failures_total", COUNTER, ONE, ALL, ML_PROVIDER, ML_REASON, ML_NONE, \
	  "Refreshes without a new pair, by reason.")                                                                  \
	X(M_GRANTS_ENDED, "tokenbooth_grants_ended_total", COUNTER, ONE, ALL, ML_END, ML_NONE, ML_NONE,                \
	  "Grants that came to an end, by reason.")                                                                    \
	X(M_GRANTS, "tokenbooth_grants", GAUGE, ONE, SEEN, ML_PROVIDER, ML_STATE, ML_NONE,                             \
	  "Grants in the store, by state; counted every five minutes.")                                                \
	X(M_REFRESH_QUEUE, "tokenbooth_refresh_queue", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                    \
	  "Refreshes queued or running in the background.")                                                            \
	X(M_REFRESH_LAG, "tokenbooth_refresh_lag_seconds", GAUGE, USEC, SEEN, ML_NONE, ML_NONE, ML_NONE,               \
	  "How long the oldest grant that is to be refreshed ahead of its expiry had been due at the last scan.")      \
	X(M_CIRCUIT, "tokenbooth_provider_circuit_open", GAUGE, ONE, SEEN, ML_PROVIDER, ML_NONE, ML_NONE,              \
	  "1 while calls to a provider are held back because five in a row reached nobody.")                           \
	X(M_OUTBOUND, "tokenbooth_outbound_requests_total", COUNTER, ONE, SEEN, ML_PROVIDER, ML_PURPOSE, ML_FATE,      \
	  "Calls to providers, by what came of them: a class of status, or why there was none.")                       \
	X(M_OUTBOUND_DURATION, "tokenbooth_outbound_duration_seconds", HISTOGRAM, USEC, SEEN, ML_PROVIDER, ML_PURPOSE, \
	  ML_NONE, "Duration of calls to providers.")                                                                  \
	X(M_CACHE_BYTES, "tokenbooth_grant_cache_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                  \
	  "Memory taken by sealed grants.")                                                                            \
	X(M_CACHE_ROWS, "tokenbooth_grant_cache_rows", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                    \
	  "Grants (and known absences) in memory.")                                                                    \
	X(M_STORE_COMMITS, "tokenbooth_store_commits_total", COUNTER, ONE, ALL, ML_OK, ML_NONE, ML_NONE,               \
	  "Transactions of the store's writer.")                                                                       \
	X(M_STORE_COMMIT_DURATION, "tokenbooth_store_commit_duration_seconds", HISTOGRAM, USEC, SEEN, ML_NONE,         \
	  ML_NONE, ML_NONE, "Duration of COMMIT, the write to the disk included.")                                     \
	X(M_STORE_ACTS, "tokenbooth_store_acts_total", COUNTER, ONE, ALL, ML_OK, ML_NONE, ML_NONE,                     \
	  "Acts of the store's writer; failed are those of the store itself (disk full, damaged, locked).")            \
	X(M_STORE_GROUP, "tokenbooth_store_commit_acts", HISTOGRAM, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,              \
	  "Acts that shared one COMMIT.")                                                                              \
	X(M_STORE_CHECKPOINTS, "tokenbooth_store_checkpoints_total", COUNTER, ONE, ALL, ML_OK, ML_NONE, ML_NONE,       \
	  "Checkpoints of the write-ahead log.")                                                                       \
	X(M_STORE_BYTES, "tokenbooth_store_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                        \
	  "Size of the store's file.")                                                                                 \
	X(M_WAL_BYTES, "tokenbooth_store_wal_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                      \
	  "Size of the store's write-ahead log.")                                                                      \
	X(M_DISK_FREE, "tokenbooth_disk_free_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                      \
	  "Free space for us on the disk of the data folder.")                                                         \
	X(M_DISK_SIZE, "tokenbooth_disk_size_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                      \
	  "Size of the disk of the data folder.")                                                                      \
	X(M_JOB_RUNS, "tokenbooth_job_runs_total", COUNTER, ONE, ALL, ML_JOB, ML_OK, ML_NONE, "Runs of timed jobs.")   \
	X(M_JOB_DURATION, "tokenbooth_job_duration_seconds", HISTOGRAM, USEC, SEEN, ML_JOB, ML_NONE, ML_NONE,          \
	  "Duration of timed jobs.")                                                                                   \
	X(M_JOB_LAST, "tokenbooth_job_last_success_timestamp_seconds", GAUGE, USEC, SEEN, ML_JOB, ML_NONE, ML_NONE,    \
	  "When a timed job last ended well.")                                                                         \
	X(M_STORE_HEALTHY, "tokenbooth_store_healthy", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                    \
	  "0 while the last acts could not be written (disk full, read-only, damaged, locked); /v1/health says why.")  \
	X(M_HEALTH, "tokenbooth_health_check", GAUGE, ONE, SEEN, ML_CHECK, ML_NONE, ML_NONE,                           \
	  "How a check of /v1/health stands, which says why: 0 ok, 1 warning, 2 failing.")                             \
	X(M_TLS_EXPIRY, "tokenbooth_tls_certificate_expiry_timestamp_seconds", GAUGE, USEC, SEEN, ML_NONE, ML_NONE,    \
	  ML_NONE, "When the certificate of tls.cert_file ends; absent without TLS.")                                  \
	X(M_BUILD, "tokenbooth_build_info", GAUGE, ONE, SEEN, ML_VERSION, ML_NONE, ML_NONE,                            \
	  "1; the version is a label.")                                                                                \
	X(M_START, "process_start_time_seconds", GAUGE, USEC, SEEN, ML_NONE, ML_NONE, ML_NONE,                         \
	  "When the process started, since 1970.")                                                                     \
	X(M_CPU, "process_cpu_seconds_total", COUNTER, USEC, ALL, ML_NONE, ML_NONE, ML_NONE,                           \
	  "User and system CPU time spent.")                                                                           \
	X(M_RSS, "process_resident_memory_bytes", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                         \
	  "Resident memory size.")                                                                                     \
	X(M_FDS, "process_open_fds", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE, "Open file descriptors.")            \
	X(M_MAX_FDS, "process_max_fds", GAUGE, ONE, SEEN, ML_NONE, ML_NONE, ML_NONE,                                   \
	  "Most file descriptors that may be open.")

enum metric_label {
#define X(id, name, most, values) id,
	METRIC_LABELS(X)
#undef X
	    ML__COUNT
};
enum metric {
#define X(id, ...) id,
	METRICS_HOT(X) METRICS_COLD(X)
#undef X
	    M__COUNT
};
/* Places of the values of closed lists. */
enum { METRIC_INLINE, METRIC_CONNECTIONS = METRIC_INLINE, METRIC_POOL, METRIC_CALL, METRIC_PARKED };
enum { METRIC_OK, METRIC_FAILED };
enum { METRIC_LIVE, METRIC_DEAD, METRIC_CLOSED };
enum { METRIC_API_KEY, METRIC_PASSWORD };
enum { METRIC_BUCKETS = 16 };

/* Label values by place, in the order of the table: METRIC_AT(provider, reason). */
struct metric_at {
	int v[3];
};
#define METRIC_AT(...) ((struct metric_at){ { __VA_ARGS__ } })
#define METRIC_HERE    ((struct metric_at){ { 0, 0, 0 } })
/* The place of a value; a new one is taken into the set, or is "other" when the set is full. */
int metric_label(enum metric_label label, struct sv value);
void metric_add(enum metric m, struct metric_at at, int64_t n); /* a counter */
void metric_set(enum metric m, struct metric_at at, int64_t v); /* a gauge (>= 0), or a counter kept elsewhere */
void metric_observe(enum metric m, struct metric_at at, int64_t v);

/* ---- reading ---- */
struct metric_row {
	const char *name, *help;
	enum metric_kind kind;
	enum metric_unit unit;
	enum metric_shown shown;
	enum metric_label labels[3];
};
const struct metric_row *metric_row(enum metric m) RETURNS_NONNULL;
int metric_values(enum metric_label label);                                    /* how many there are now */
const char *metric_value(enum metric_label label, int i) RETURNS_NONNULL;      /* the i-th */
const char *metric_label_name(enum metric_label label) RETURNS_NONNULL;        /* "provider" */
bool metric_read(enum metric m, struct metric_at at, int64_t *out) NONNULL(3); /* false: a gauge never set */
struct metric_histogram {
	int64_t bucket[METRIC_BUCKETS + 1]; /* not cumulative; the last is +Inf */
	int64_t count, sum;
};
void metric_read_histogram(enum metric m, struct metric_at at, struct metric_histogram *out) NONNULL(3);
int64_t metric_bound(enum metric_unit unit, int bucket); /* upper bound; 0: there are fewer */
#endif
