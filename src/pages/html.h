/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTML_H
#define HTML_H
/* html.h: one page: the frame, the headers that keep it safe, and text that is escaped unless told otherwise.
 *
 * A template is a literal of our own in which every {} stands for one value; values are escaped, so the only way for
 * foreign markup onto a page is html_markup, which takes what this file or a template has made.
 *
 * Promises: CSP without scripts, frames, foreign content; no-store; no referrer; no sniffing (design 8).
 */
#include "http/request.h"
#include "model/person.h"
struct html {
	struct request *rq;
	struct buf *b;
};
struct html_page {
	const char *title;
	int status;
	const char *refresh;     /* content of <meta http-equiv=refresh>; NULL: none */
	struct sv account_email; /* shown in the header when signed in; p NULL: not */
	struct sv csrf;          /* for the header's sign-out */
	const struct project
	    *project;   /* whose page it is: its name and picture in the header; NULL: the engine's own */
	bool leads_out; /* a form here may end at an app's address: its redirect must not be stopped */
	bool wide;
};
struct html html_begin(struct request *rq, const struct html_page *page) NONNULL(1, 2);
void html_end(struct html *h) NONNULL(1);
/* The headers of every page of ours, for one that is not made here. */
void html_headers(struct request *rq, struct sv csp, struct sv cache) NONNULL(1);
void html_put(struct html *h, const char *literal, const struct sv *values, size_t n) NONNULL(1, 2);
/* Why the request failed, for a person: of a field error only its sentence. */
struct sv html_cause(const struct request *rq) NONNULL(1);
/* The same for above a form; n 0 when it is about a field, which then says it itself. */
struct sv html_note(const struct request *rq) NONNULL(1);
/* One field of a form; what was wrong with it stands below it, by the name of the request's field error. */
struct html_field {
	const char *label, *hint;                              /* hint NULL: none */
	const char *type, *name, *autocomplete, *most, *least; /* lengths; least NULL: any */
	struct sv value;
	bool fixed; /* shown, not to be changed; else it is required */
};
void html_field(struct html *h, const struct html_field *f) NONNULL(1, 2);
void html_new_password(struct html *h) NONNULL(1); /* "password", as domain/people.h wants it */
#define HTML(h, literal) html_put((h), "" literal "", NULL, 0)
#define HTMLF(h, literal, ...)                                           \
	html_put((h), "" literal "", (const struct sv[]){ __VA_ARGS__ }, \
		 sizeof((const struct sv[]){ __VA_ARGS__ }) / sizeof(struct sv))
void html_hidden(struct html *h, const char *name, struct sv value) NONNULL(1, 2);
#endif
