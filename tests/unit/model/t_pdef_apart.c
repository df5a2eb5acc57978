/* SPDX-License-Identifier: Apache-2.0 */
/* t_pdef_apart.c: which scopes one token cannot have together. */
#include "core/text.h"
#include "core/ydoc.h"
#include "model/pdef.h"
#include "model/pdef_apart.h"
#include "tt_words.h"

#define HEAD      "authorize: {url: 'https://a.test/a'}\ntoken: {url: 'https://a.test/t'}\n"
#define ROW(more) "    - {access_token: $.a, scope: $.s" more "}\n"
static struct pdef *load(struct ctx *cx, const char *yaml)
{
	struct node *tree = NULL;
	struct pdef *d = NULL;

	CHECK_ROW(yaml, !IS_ERR(ydoc_parse(cx, sv_of(yaml), "t.yaml", &tree)));
	CHECK_ROW(yaml, !IS_ERR(pdef_load(cx, tree, &(struct pdef_how){ "x", false }, &d)));
	return d;
}

TEST(scopes_of_rows_with_other_prefixes_are_apart)
{
	static const char user_bot[] = HEAD "answer:\n  tokens:\n" ROW("") ROW(", scope_prefix: 'bot:'");
	static const char twice[] = HEAD "answer:\n  tokens:\n" ROW("") ROW("");
	static const char named[] =
	    HEAD "answer:\n  tokens:\n" ROW(", scope_prefix: 'app:'") ROW(", scope_prefix: 'bot:'");
	static const struct {
		const char *yaml, *a, *b, *one, *other; /* one NULL: not apart */
	} t[] = {
		{ user_bot, "read bot:chat", "read bot:chat", "read", "bot:chat" },
		{ user_bot, "bot:chat write read", "bot:chat write read", "bot:chat", "write" },
		{ user_bot, "bot:chat", "search", "bot:chat", "search" },
		{ user_bot, "bot:chat", "bot:read", NULL, NULL },
		{ user_bot, "read", "write robot:x", NULL, NULL },
		{ user_bot, "bot:chat", "", NULL, NULL },
		{ user_bot, "", "bot:chat", NULL, NULL },
		{ twice, "read bot:chat", "read bot:chat", NULL, NULL },
		{ HEAD, "read bot:chat", "read bot:chat", NULL, NULL },
		{ named, "app:a bot:b", "app:a bot:b", "app:a", "bot:b" },
		{ named, "app:a other", "app:a other", NULL, NULL }, /* nobody's */
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		struct pdef *d = load(cx, t[i].yaml);
		struct pdef_apart two;
		bool apart = pdef_apart(d, tt_words(cx, t[i].a), tt_words(cx, t[i].b), &two);

		CHECK_ROW(t[i].a, apart == (t[i].one != NULL));
		CHECK_ROW(t[i].a, !apart || (sv_eqz(two.one, t[i].one) && sv_eqz(two.other, t[i].other)));
		pdef_free(d);
	}
}
