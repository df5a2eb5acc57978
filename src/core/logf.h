/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGF_H
#define LOGF_H
/* logf.h: one line = one event name + typed fields, to stderr.  There is no "%s".
 *
 * Promises: a line is written whole (one write); control characters are escaped; a secret does not compile as a field.
 *           Formats: console (for people) or json (one object a line).  Safe from any thread.
 */
#include "core/base.h"
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_CONSOLE, LOG_JSON };
enum log_kind { LOG_K_INT, LOG_K_STR, LOG_K_SV, LOG_K_OBJECT /* JSON text of our own, as it is */ };
struct log_field {
	const char *key;
	enum log_kind kind;
	union {
		int64_t i;
		const char *s;
		struct sv v;
	} v;
};
bool log_wants(enum log_level level);                         /* whether a line of this level is written at all */
void log_setup(enum log_level least, enum log_format format); /* before threads */
/* clang-format off */
#define LOG_INT(k, val) { (k), LOG_K_INT, { .i = (val) } }
#define LOG_STR(k, val) { (k), LOG_K_STR, { .s = _Generic((val), char *: (val), const char *: (val)) } }
#define LOG_SV(k, val)  { (k), LOG_K_SV,  { .v = _Generic((val), struct sv: (val)) } }
#define LOG_OBJECT(k, val) { (k), LOG_K_OBJECT, { .v = _Generic((val), struct sv: (val)) } }
#define log_event(cx, level, name, ...) log_event_((cx), (level), (name), (const struct log_field[]){ __VA_ARGS__ }, \
	sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
#define log_note(cx, level, name) log_event_((cx), (level), (name), (const struct log_field[1]){ { .key = NULL } }, 0)   /* no fields */
/* clang-format on */
void log_event_(const struct ctx *cx, enum log_level level, const char *name, const struct log_field *f, size_t n)
    NONNULL(3, 4); /* cx may be NULL */
void log_cause(const struct ctx *cx, enum log_level level, const char *name)
    NONNULL(1, 3); /* code, say, detail, where */
#endif
