/* SPDX-License-Identifier: Apache-2.0 */
#include "core/jdoc.h"
#include "tt.h"
#include "wire/wire_worker.h"

TEST(an_answer_of_another_shape_is_none)
{
	static const struct {
		const char *json;
		bool want;
	} t[] = {
		{ "{\"success\":true,\"output\":{\"value\":[1]}}", true },
		{ "{\"success\":true,\"output\":null}", true },
		{ "{\"success\":true}", true },
		{ "{\"success\":false,\"output\":{\"error\":{}}}", true },
		{ "{\"success\":false,\"output\":{\"error\":{\"message\":\"m\",\"kind\":null,\"can_retry\":true,"
		  "\"retry_after_ms\":5,"
		  "\"status_code\":500,\"extra\":{\"a\":1},\"more\":[1]}}}",
		  true },
		{ "{\"success\":false,\"output\":{\"requires_authorization\":{}}}", true },
		{ "[]", false },
		{ "null", false },
		{ "{}", false },
		{ "{\"success\":null}", false },
		{ "{\"success\":\"true\"}", false },
		{ "{\"success\":true,\"output\":[]}", false },
		{ "{\"success\":true,\"output\":\"text\"}", false },
		{ "{\"success\":true,\"output\":{\"error\":\"text\"}}", false },
		{ "{\"success\":false}", false },
		{ "{\"success\":false,\"output\":{\"value\":1}}", false },
		{ "{\"success\":false,\"output\":{\"error\":null,\"requires_authorization\":null}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"message\":1}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"kind\":{}}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"can_retry\":\"yes\"}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"retry_after_ms\":1.5}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"status_code\":\"500\"}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"developer_message\":[]}}}", false },
		{ "{\"success\":false,\"output\":{\"error\":{\"extra\":[]}}}", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const struct node *n = NULL;

		CHECK(!IS_ERR(jdoc_parse(tt_ctx(), sv_of(t[i].json), "answer", &n)));
		CHECK_ROW(t[i].json, wire_worker_fits(n) == t[i].want);
	}
}
