/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buf.h"
#include "core/text.h"
#include "model/toolname.h"
#include "tt.h"

TEST(every_spelling_of_a_name_is_read)
{
	static const struct {
		const char *name, *version, *splits, *wants; /* splits: "toolkit|tool " each; NULL: refused */
	} t[] = {
		{ "Github.CreateIssue", "", "Github|CreateIssue ", NULL },
		{ "Github_CreateIssue", "", "Github|CreateIssue ", NULL },
		{ "github.createissue@1.2.0", "", "github|createissue ", "1.2.0" },
		{ "Loan_ping_probe", "", "Loan|ping_probe Loan_ping|probe ", NULL },
		{ "Loan.ping_probe", "", "Loan|ping_probe ", NULL },
		{ "A.b.c", "", "A|b.c ", NULL },
		{ " A.b ", "", "A|b ", NULL },
		{ "A.b", "2.0.0", "A|b ", "2.0.0" },
		{ "A.b@2.0.0", "2.0.0", "A|b ", "2.0.0" },
		{ "A.b@2.0.0", "2.0.1", NULL, NULL },
		{ "", "", NULL, NULL },
		{ "noseparator", "", NULL, NULL },
		{ ".b", "", NULL, NULL },
		{ "A.", "", NULL, NULL },
		{ "_b", "", NULL, NULL },
		{ "A_", "", NULL, NULL },
		{ "A.b@", "", NULL, NULL },
		{ "A.b@1@2", "", NULL, NULL },
		{ "A.b@1 2", "", NULL, NULL },
		{ "A.b c", "", NULL, NULL },
		{ "A.\x01", "", NULL, NULL },
		{ "A.\xC3\xA4", "", NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct sv toolkit, tool;
		struct toolname n;
		CLEANUP(buf_free) struct buf got = BUF(256);
		struct err e = toolname_parse(cx, sv_of(t[i].name), sv_of(t[i].version), &n);

		CHECK_ROW(t[i].name, IS_ERR(e) == (t[i].splits == NULL));
		while (!IS_ERR(e) && toolname_next(&n, &toolkit, &tool))
			buf_printf(&got, "%.*s|%.*s ", SV_FMT(toolkit), SV_FMT(tool));
		CHECK_ROW(t[i].name, IS_ERR(e) || sv_eqz(buf_view(&got), t[i].splits));
		CHECK_ROW(t[i].name,
			  IS_ERR(e) || (t[i].wants == NULL ? n.version.p == NULL : sv_eqz(n.version, t[i].wants)));
	}
}

/* What models are shown has no dot; who mixes the two is understood as well. */
TEST(either_separator_may_be_meant)
{
	static const struct {
		const char *name, *splits;
	} t[] = { { "Odd_files.read", "Odd|files.read Odd_files|read " },
		  { "Odd.files_read", "Odd|files_read Odd.files|read " },
		  { "Odd.do", "Odd|do " } };
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sv toolkit, tool;
		struct toolname n;
		CLEANUP(buf_free) struct buf got = BUF(256);

		CHECK_ROW(t[i].name, !IS_ERR(toolname_parse(tt_ctx(), sv_of(t[i].name), SV_NONE, &n)));
		n.split = 0;
		n.alike = true;
		while (toolname_next(&n, &toolkit, &tool))
			buf_printf(&got, "%.*s|%.*s ", SV_FMT(toolkit), SV_FMT(tool));
		CHECK_ROW(t[i].name, sv_eqz(buf_view(&got), t[i].splits));
	}
}

TEST(versions_are_ordered_as_semantic_versioning_says)
{
	/* Each is older than the next. */
	static const char *const t[] = { "",
					 "0.0.0",
					 "0.9",
					 "1.0.0-alpha",
					 "1.0.0-alpha.1",
					 "1.0.0-alpha.beta",
					 "1.0.0-beta",
					 "1.0.0-beta.2",
					 "1.0.0-beta.11",
					 "1.0.0-rc.1",
					 "1.0.0",
					 "1.0.1",
					 "1.2.0",
					 "1.9.9",
					 "1.10.0",
					 "2.0.0",
					 "10.0.0",
					 "99999999999999999999999.0.0" };
	for (size_t i = 1; i < ARRAY_LEN(t); i++)
		for (size_t k = 1; k < ARRAY_LEN(t); k++) {
			int d = toolname_version_order(sv_of(t[i]), sv_of(t[k]));

			CHECK_ROW(t[i], (d < 0) == (i < k) && (d > 0) == (i > k));
		}
	CHECK(toolname_version_order(SV("1.2"), SV("1.2.0")) == 0);
	CHECK(toolname_version_order(SV("1.2.0+build.5"), SV("1.2.0+build.6")) == 0);
	CHECK(toolname_version_order(SV("01.2.0"), SV("1.2.0")) == 0);
}
