/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of tests/flow/http-cases.tsv, and rows of our own, against a running server. */
#include "core/buf.h"
#include "core/text.h"
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the notation of the table ---- */
static size_t repeat(struct buf *b, const char *p)
{
	char text[64];
	int n = 0, used = 0;

	if (sscanf(p, "<%1[a-z]*%d>%n", text, &n, &used) == 2 && used > 0) {
		for (int i = 0; i < n; i++)
			buf_str(b, text);
		return (size_t)used;
	}
	if (sscanf(p, "<X-%%d: a\\r\\n * %d>%n", &n, &used) == 1 && used > 0) {
		for (int i = 0; i < n; i++)
			buf_printf(b, "X-%d: a\r\n", i);
		return (size_t)used;
	}
	return 0;
}

static size_t escape(struct buf *b, const char *p)
{
	switch (p[1]) {
	case 'r': buf_char(b, '\r'); return 2;
	case 'n': buf_char(b, '\n'); return 2;
	case 't': buf_char(b, '\t'); return 2;
	case '\\': buf_char(b, '\\'); return 2;
	case 'x': {
		char hex[3] = { p[2], p[3], '\0' };
		buf_char(b, (char)strtoul(hex, NULL, 16));
		return 4;
	}
	default: CHECK(!"an escape of the table that is not known"); return 0;
	}
}

static void expand(struct buf *b, const char *p)
{
	while (*p != '\0') {
		size_t n = *p == '<' ? repeat(b, p) : *p == '\\' ? escape(b, p) : 0;
		if (n == 0) {
			buf_char(b, *p);
			n = 1;
		}
		p += n;
	}
}

/* expect: "ok", "ok ok ok", "400", "400|501", "ok|505" */
static bool as_expected(struct sv expect, int status)
{
	struct sv rest = expect;

	while (rest.p != NULL) {
		struct sv one = sv_cut(&rest, '|');
		int64_t n;
		if (sv_eqz(one, "ok") ? status == 200 || status == 404 : sv_i64(one, 0, 999, &n) && n == status)
			return true;
	}
	return false;
}

static void try_row(struct world *w, const char *name, struct sv expect, struct sv bytes)
{
	struct reply r = { .status = 0 };
	struct sv rest = expect;

	ear.fd = dial(w);
	ear.n = 0;
	say(ear.fd, bytes);
	while (rest.p != NULL) {
		CHECK_ROW(name, hear(&ear, &r));
		CHECK_ROW(name, as_expected(sv_cut(&rest, ' '), r.status));
	}
	if (r.status != 200) {
		CHECK_ROW(name, has_line(&r, "Connection: close"));
		CHECK_ROW(name, strstr(r.body, "\"message\"") != NULL);
		CHECK_ROW(name, ended(&ear));
	}
	(void)close(ear.fd);
}

TEST(every_row_of_http_cases)
{
	struct world w = { .value = 0 };
	static char line[65536];
	int rows = 0;

	FILE *f = fopen(TT_SOURCE "/tests/flow/http-cases.tsv", "re");
	CHECK(f != NULL);
	world_start(&w);
	while (fgets(line, sizeof line, f) != NULL) {
		if (line[0] == '#' || strncmp(line, "name\t", 5) == 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		char *expect = strchr(line, '\t'), *bytes = expect == NULL ? NULL : strchr(expect + 1, '\t');
		CHECK_ROW(line, bytes != NULL);
		*expect++ = *bytes++ = '\0';
		CLEANUP(buf_free) struct buf b = BUF(1 << 20);
		expand(&b, bytes);
		CHECK_ROW(line, buf_ok(&b));
		try_row(&w, line, sv_of(expect), buf_view(&b));
		rows++;
	}
	(void)fclose(f);
	CHECK(rows >= 28);
	world_stop(&w);
}

#define HEAD    "POST /echo HTTP/1.1\r\nHost: x\r\n"
#define LENGTH3 "Content-Length: 3\r\n\r\nabc"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"
static const struct {
	const char *name, *expect;
	struct sv bytes;
} more[] = {
	{ "an empty line before", "ok", SV_INIT("\r\n" HEAD LENGTH3) },
	{ "two empty lines before", "400", SV_INIT("\r\n\r\n" HEAD LENGTH3) },
	{ "header names in any case", "ok", SV_INIT("POST /echo HTTP/1.1\r\nhOST: x\r\nCONTENT-length: 3\r\n\r\nabc") },
	{ "white space around a value", "ok", SV_INIT(HEAD "X-A: \t y \t\r\nContent-Length:   3  \r\n\r\nabc") },
	{ "chunk extension and trailer", "ok", SV_INIT(CHUNKED "3;a=\"b\"\r\nabc\r\n0;z\r\nX-T: v\r\nY:\r\n\r\n") },
	{ "chunk size with zeros", "ok", SV_INIT(CHUNKED "0003\r\nabc\r\n000\r\n\r\n") },
	{ "chunked in capitals", "ok", SV_INIT(HEAD "Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n") },
	{ "empty header value", "ok", SV_INIT(HEAD "X-A:\r\n" LENGTH3) },
	{ "an upgrade that is not taken", "ok",
	  SV_INIT(HEAD "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
		       "HTTP2-Settings: AAMAAABkAAQAAP__\r\n" LENGTH3) },
	{ "HTTP/2 preface", "505", SV_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
	{ "TLS hello", "400", SV_INIT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n") },
	{ "no version", "400", SV_INIT("GET /fast\r\nHost: x\r\n\r\n") },
	{ "version in small letters", "400", SV_INIT("GET /fast http/1.1\r\nHost: x\r\n\r\n") },
	{ "two spaces", "400", SV_INIT("GET  /fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "space behind the version", "400", SV_INIT("GET /fast HTTP/1.1 \r\nHost: x\r\n\r\n") },
	{ "tab in the request line", "400", SV_INIT("GET\t/fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "target without a slash", "400", SV_INIT("GET fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "target with a byte above ASCII", "400", SV_INIT("GET /f\xc3\xa4st HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "target with a fragment", "400", SV_INIT("GET /fast#x HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "target with user info", "400", SV_INIT("GET http://a@b/fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "CONNECT", "501|400", SV_INIT("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "TRACE", "501", SV_INIT("TRACE /fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "method in small letters", "501|400", SV_INIT("get /fast HTTP/1.1\r\nHost: x\r\n\r\n") },
	{ "colon first", "400", SV_INIT(HEAD ": x\r\n" LENGTH3) },
	{ "no colon", "400", SV_INIT(HEAD "Xabc\r\n" LENGTH3) },
	{ "name with a space", "400", SV_INIT(HEAD "X y: z\r\n" LENGTH3) },
	{ "name with a byte above ASCII", "400", SV_INIT(HEAD "X\xc3\xa4: z\r\n" LENGTH3) },
	{ "vertical tab in a value", "400",
	  SV_INIT(HEAD "X-A: a\x0b"
		       "b\r\n" LENGTH3) },
	{ "DEL in a value", "400",
	  SV_INIT(HEAD "X-A: a\x7f"
		       "b\r\n" LENGTH3) },
	{ "CR CR LF", "400", SV_INIT(HEAD "X-A: a\r\r\n" LENGTH3) },
	{ "LF CR", "400", SV_INIT(HEAD "X-A: a\n\r" LENGTH3) },
	{ "same length twice", "400", SV_INIT(HEAD "Content-Length: 3\r\n" LENGTH3) },
	{ "empty length", "400", SV_INIT(HEAD "Content-Length:\r\n\r\n") },
	{ "length with a space inside", "400", SV_INIT(HEAD "Content-Length: 3 3\r\n\r\nabc") },
	{ "length then coding of HTTP/1.0", "400",
	  SV_INIT("POST /echo HTTP/1.0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc") },
	{ "coding twice", "400",
	  SV_INIT(HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
	{ "gzip, chunked", "501", SV_INIT(HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") },
	{ "chunked with a vertical tab", "400",
	  SV_INIT(HEAD "Transfer-Encoding: \x0b"
		       "chunked\r\n\r\n0\r\n\r\n") },
	{ "coding empty", "501|400", SV_INIT(HEAD "Transfer-Encoding:\r\n\r\n0\r\n\r\n") },
	{ "unknown expectation", "417", SV_INIT(HEAD "Expect: gold\r\n" LENGTH3) },
	{ "Host with a path", "400", SV_INIT("GET /fast HTTP/1.1\r\nHost: x/y\r\n\r\n") },
	{ "Host with user info", "400", SV_INIT("GET /fast HTTP/1.1\r\nHost: a@x\r\n\r\n") },
	{ "Host list", "400", SV_INIT("GET /fast HTTP/1.1\r\nHost: x, y\r\n\r\n") },
	{ "two Hosts on HTTP/1.0", "400", SV_INIT("GET /fast HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n") },
	{ "chunk without size", "400", SV_INIT(CHUNKED "\r\nabc\r\n0\r\n\r\n") },
	{ "chunk size with a sign", "400", SV_INIT(CHUNKED "+3\r\nabc\r\n0\r\n\r\n") },
	{ "chunk size with a space", "400", SV_INIT(CHUNKED "3 \r\nabc\r\n0\r\n\r\n") },
	{ "chunk size with an underscore", "400", SV_INIT(CHUNKED "1_0\r\nabc\r\n0\r\n\r\n") },
	{ "chunk longer than its size", "400", SV_INIT(CHUNKED "3\r\nabcd\r\n0\r\n\r\n") },
	{ "chunk end is LF", "400", SV_INIT(CHUNKED "3\r\nabc\n0\r\n\r\n") },
	{ "size line end is LF", "400", SV_INIT(CHUNKED "3\nabc\r\n0\r\n\r\n") },
	{ "size line has CR alone", "400", SV_INIT(CHUNKED "3\rabc\r\n0\r\n\r\n") },
	{ "NUL in a chunk extension", "400", SV_INIT(CHUNKED "3;a\0b\r\nabc\r\n0\r\n\r\n") },
	{ "CR in a chunk extension", "400", SV_INIT(CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n") },
	{ "trailer folded", "400", SV_INIT(CHUNKED "0\r\nX: a\r\n b\r\n\r\n") },
	{ "trailer without a colon", "400", SV_INIT(CHUNKED "0\r\nXa\r\n\r\n") },
	{ "trailer with a space before the colon", "400", SV_INIT(CHUNKED "0\r\nX : a\r\n\r\n") },
	{ "trailer that begins with a colon", "400", SV_INIT(CHUNKED "0\r\n: a\r\n\r\n") },
	{ "trailer with a bare LF", "400", SV_INIT(CHUNKED "0\r\nX: a\n\r\n") },
	{ "trailer with a NUL", "400", SV_INIT(CHUNKED "0\r\nX: \0\r\n\r\n") },
	{ "last line is LF", "400", SV_INIT(CHUNKED "0\r\n\n") },
};

TEST(more_odd_requests)
{
	struct world w = { .value = 0 };

	world_start(&w);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		try_row(&w, more[i].name, sv_of(more[i].expect), more[i].bytes);
	world_stop(&w);
}

/* Whatever the pieces a request comes in, the answer is the same. */
TEST(every_cut_reads_the_same)
{
	static const struct sv good = SV_INIT(CHUNKED "3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nX: y\r\n\r\n" HEAD LENGTH3);
	struct world w = { .how = { .loops = 1 } };

	world_start(&w);
	for (size_t at = 1; at < good.n; at++) {
		struct reply r;
		ear.fd = dial(&w);
		ear.n = 0;
		say(ear.fd, sv_upto(good, at));
		(void)usleep(300); /* only makes two reads likelier; either way the answer must be right */
		say(ear.fd, sv_from(good, at));
		CHECK(hear(&ear, &r) && r.status == 200 && strcmp(r.body, "abcdefg") == 0);
		CHECK(hear(&ear, &r) && r.status == 200 && strcmp(r.body, "abc") == 0);
		(void)close(ear.fd);
	}
	world_stop(&w);
}

TEST(limits_have_edges)
{
	struct world w = { .how = { .header_bytes = 1000, .body_bytes = 50 } };
	CLEANUP(buf_free) struct buf b = BUF(100000);
	struct reply r;

	world_start(&w);
	for (size_t extra = 0; extra < 2; extra++) {
		buf_clear(&b);
		buf_str(&b, HEAD "Content-Length: 0\r\nX: ");
		while (b.n + 4 < 1000 + extra)
			buf_char(&b, 'a');
		buf_str(&b, "\r\n\r\n");
		try_row(&w, "header_bytes", sv_of(extra == 0 ? "ok" : "431"), buf_view(&b));
	}
	for (int n = 50; n < 52; n++) {
		buf_clear(&b);
		buf_printf(&b, HEAD "Content-Length: %d\r\n\r\n%.*s", n, n,
			   "0123456789012345678901234567890123456789012345678901");
		try_row(&w, "body_bytes", sv_of(n == 50 ? "ok" : "413"), buf_view(&b));
		buf_clear(&b);
		buf_printf(&b, CHUNKED "a\r\n0123456789\r\n%x\r\n%.*s\r\n0\r\n\r\n", (unsigned)n - 10, n - 10,
			   "0123456789012345678901234567890123456789012345678901");
		try_row(&w, "body_bytes, chunked", sv_of(n == 50 ? "ok" : "413"), buf_view(&b));
	}
	/* many tiny chunks with long extensions are not a way around the limits */
	buf_clear(&b);
	buf_str(&b, CHUNKED);
	for (int i = 0; i < 40; i++) {
		buf_str(&b, "1;");
		for (int k = 0; k < 1000; k++)
			buf_char(&b, 'e');
		buf_str(&b, "\r\na\r\n");
	}
	try_row(&w, "extensions", SV("431"), buf_view(&b));
	ear.fd = dial(&w);
	ear.n = 0;
	say(ear.fd, SV(HEAD LENGTH3));
	CHECK(hear(&ear, &r) && r.status == 200);
	(void)close(ear.fd);
	world_stop(&w);
}
