/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_sse.h"
#include "core/text.h"

void wire_sse_clear(struct wire_sse *s)
{
	buf_free(&s->line);
	buf_free(&s->data);
}

enum { RETRY_MOST_MS = 24 * 3600 * 1000 };

/* ---- one line ---- */
static void take_id(struct wire_sse *s, struct sv value)
{
	bool fits = value.n < sizeof s->next_id;

	for (size_t i = 0; i < value.n && fits; i++)
		fits = value.p[i] > ' ' && value.p[i] <= '~';
	if (!fits || !sv_copy(value, s->next_id, sizeof s->next_id))
		s->next_id[0] = '\0';
}
static void take_retry(struct wire_sse *s, struct sv value)
{
	int64_t ms;

	if (sv_i64(value, 0, RETRY_MOST_MS, &ms))
		s->retry = MSEC(ms);
}
static void field(struct wire_sse *s, struct sv name, struct sv value)
{
	if (value.n > 0 && value.p[0] == ' ')
		value = sv_from(value, 1);
	if (sv_eqz(name, "event"))
		s->other_type = value.n > 0 && !sv_eqz(value, "message");
	else if (sv_eqz(name, "id"))
		take_id(s, value);
	else if (sv_eqz(name, "retry"))
		take_retry(s, value);
	if (!sv_eqz(name, "data"))
		return;
	if (s->has_data)
		buf_char(&s->data, '\n');
	s->has_data = true;
	buf_sv(&s->data, value);
}
/* A blank line ends an event; one without data is none. */
static void blank(struct wire_sse *s)
{
	memcpy(s->id, s->next_id, sizeof s->id);
	s->ready = s->data.n > 0 && !s->other_type;
	if (!s->ready)
		buf_clear(&s->data);
	s->has_data = s->other_type = false;
}
static void line(struct wire_sse *s)
{
	struct sv rest = buf_view(&s->line);

	if (!s->begun && sv_starts(rest, SV("\xEF\xBB\xBF")))
		rest = sv_from(rest, 3);
	s->begun = true;
	if (rest.n == 0) {
		blank(s);
	} else if (rest.p[0] != ':') {
		struct sv name = sv_cut(&rest, ':');

		field(s, name, rest.p == NULL ? SV("") : rest);
	}
	if (buf_ok(&s->data))
		buf_clear(&s->line);
	else
		s->line.broken = true;
}

/* ---- bytes ---- */
/* Takes what belongs to the line that stands open; true: the line is whole. */
static bool take(struct wire_sse *s, struct sv *rest)
{
	size_t n = 0;

	if (rest->n == 0)
		return false;
	if (s->after_cr && rest->p[0] == '\n')
		*rest = sv_from(*rest, 1); /* the second half of a CRLF */
	s->after_cr = false;
	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	buf_add(&s->line, rest->p, n);
	if (n == rest->n) {
		*rest = sv_from(*rest, n);
		return false;
	}
	s->after_cr = rest->p[n] == '\r';
	*rest = sv_from(*rest, n + 1);
	return true;
}
bool wire_sse_next(struct wire_sse *s, struct sv *rest, struct sv *event)
{
	*event = SV_NONE;
	if (s->ready) { /* the last one has been looked at */
		buf_clear(&s->data);
		s->ready = false;
	}
	while (rest->n > 0 && !wire_sse_broken(s)) {
		if (!take(s, rest) || wire_sse_broken(s))
			return false;
		line(s);
		if (s->ready && !wire_sse_broken(s)) {
			*event = buf_view(&s->data);
			return true;
		}
	}
	return false;
}
void wire_sse_again(struct wire_sse *s)
{
	buf_clear(&s->line);
	buf_clear(&s->data);
	memcpy(s->next_id, s->id, sizeof s->next_id);
	s->after_cr = s->begun = s->ready = s->has_data = s->other_type = false;
}
