/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "domain/engine.h"
#include "pages/html.h"
#include "tt.h"

TEST(values_are_escaped_and_literals_are_not)
{
	static const struct {
		const char *value, *want;
	} t[] = {
		{ "plain", "<b>plain</b>" },
		{ "", "<b></b>" },
		{ "<script>alert(1)</script>", "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>" },
		{ "a\"b'c&d", "<b>a&quot;b&#39;c&amp;d</b>" },
		{ "{}", "<b>{}</b>" },
		{ "\xC3\xA9", "<b>\xC3\xA9</b>" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		CLEANUP(buf_free) struct buf b = BUF(1024);
		struct html h = { NULL, &b };
		HTMLF(&h, "<b>{}</b>", sv_of(t[i].value));
		CHECK_ROW(t[i].value, sv_eqz(buf_view(&b), t[i].want));
	}
}

TEST(an_absent_value_leaves_nothing_and_a_hidden_field_is_quoted)
{
	CLEANUP(buf_free) struct buf b = BUF(1024);
	struct html h = { NULL, &b };

	HTMLF(&h, "[{}|{}]", SV_NONE, SV("x"));
	html_hidden(&h, "return", SV("/a?b=\"><i>"));
	CHECK(sv_eqz(buf_view(&b), "[|x]<input type=\"hidden\" name=\"return\" value=\"/a?b=&quot;&gt;&lt;i&gt;\">"));
}

TEST(a_page_has_its_headers)
{
	CLEANUP(buf_free) struct buf out = BUF(65536);
	CLEANUP(buf_free) struct buf head = BUF(8192);
	struct config conf = { .public_https = true };
	struct engine en = { .version = "9.9", .config = &conf };
	struct request rq = { .cx = tt_ctx(), .en = &en, .out = &out, .head = &head };
	struct html h =
	    html_begin(&rq, &(struct html_page){ .title = "A<b>", .status = 404, .leads_out = true, .refresh = "2" });
	size_t at;

	html_end(&h);
	CHECK(rq.status == 404 && sv_find(buf_view(&out), SV("<title>A&lt;b&gt; \xC2\xB7 Tokenbooth</title>"), &at));
	CHECK(sv_find(buf_view(&head), SV("form-action 'self' https: http:\r\n"), &at));
	CHECK(sv_find(buf_view(&out), SV("<meta http-equiv=\"refresh\" content=\"2\">"), &at));
	CHECK(sv_find(buf_view(&out), SV("Tokenbooth 9.9"), &at));
	CHECK(sv_find(buf_view(&head), SV("Strict-Transport-Security: max-age=31536000\r\n"), &at));
	buf_clear(&head);
	conf.public_https = false;
	(void)html_begin(&rq, &(struct html_page){ .title = "plain", .status = 200 });
	CHECK(head.n > 0 && !sv_find(buf_view(&head), SV("Strict-Transport"), &at));
}
