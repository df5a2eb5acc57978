/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "seal/keyring.h"
#include "tt_folder.h"
#include "tt_keyring.h"
#include <sys/stat.h>

#define LONG_A "0123456789abcdef0123456789abcdef"
#define LONG_B "fedcba9876543210fedcba9876543210"

TEST(configured_root_keys_are_checked)
{
	static const struct {
		const char *row;
		struct {
			const char *id, *value;
			bool is_default;
		} k[2];
		bool development;
		enum err_code want;
	} t[] = {
		{ "one", { { "main", LONG_A, true } }, false, E_OK },
		{ "one is the default by itself", { { "main", LONG_A, false } }, false, E_OK },
		{ "two, second default", { { "old", LONG_A, false }, { "new", LONG_B, true } }, false, E_OK },
		{ "short in development", { { "main", "short", true } }, true, E_OK },
		{ "short", { { "main", "short", true } }, false, E_CONFIG },
		{ "31 bytes", { { "main", "0123456789abcdef0123456789abcde", true } }, false, E_CONFIG },
		{ "empty in development", { { "main", "", true } }, true, E_CONFIG },
		{ "two, none default", { { "old", LONG_A, false }, { "new", LONG_B, false } }, false, E_CONFIG },
		{ "two, both default", { { "old", LONG_A, true }, { "new", LONG_B, true } }, false, E_CONFIG },
		{ "same id twice", { { "main", LONG_A, true }, { "main", LONG_B, false } }, false, E_CONFIG },
		{ "no id", { { "", LONG_A, true } }, false, E_CONFIG },
		{ "id with a colon", { { "a:b", LONG_A, true } }, false, E_CONFIG },
		{ "id of 41", { { "12345678901234567890123456789012345678901", LONG_A, true } }, false, E_CONFIG },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(secret_drop) struct secret *a = secret_copy(sv_of(t[i].k[0].value));
		CLEANUP(secret_drop)
		struct secret *b = t[i].k[1].id == NULL ? NULL : secret_copy(sv_of(t[i].k[1].value));
		const struct root_key keys[] = { { t[i].k[0].id, t[i].k[0].is_default, a },
						 { t[i].k[1].id, t[i].k[1].is_default, b } };
		CLEANUP(keyring_drop) struct keyring *k = NULL;
		struct keyring_how how = { .keys = keys, .n = b == NULL ? 1 : 2, .development = t[i].development };
		struct err e = keyring_load(cx, &how, &k);

		CHECK_ROW(t[i].row, e.code == t[i].want && (k != NULL) == (t[i].want == E_OK));
		CHECK_ROW(t[i].row, strstr(cx->cause.say, LONG_A) == NULL && strstr(cx->cause.say, "short\"") == NULL);
	}
}

static struct err unwrap(struct ctx *cx, const struct keyring *k, const char *id, const struct box *b,
			 struct secret **out)
{
	return keyring_unwrap(cx, k, &(struct wrapped){ id, SV("w"), box_view(b) }, out);
}
TEST(wrapping_uses_the_default_and_unwrapping_the_named)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(secret_drop) struct secret *a = secret_copy(SV(LONG_A));
	CLEANUP(secret_drop) struct secret *b = secret_copy(SV(LONG_B));
	const struct root_key keys[] = { { "old", false, a }, { "new", true, b } };
	CLEANUP(keyring_drop) struct keyring *before = NULL;
	CLEANUP(keyring_drop) struct keyring *both = NULL;
	CLEANUP(box_free) struct box box = { .n = 0 };
	CLEANUP(secret_drop) struct secret *out = NULL;

	CHECK(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .keys = keys, .n = 1 }, &before)));
	CHECK(!IS_ERR(keyring_load(cx, &(struct keyring_how){ .keys = keys, .n = 2 }, &both)));
	CHECK(strcmp(keyring_default_id(before), "old") == 0 && strcmp(keyring_default_id(both), "new") == 0);
	CHECK(!IS_ERR(keyring_wrap(cx, before, SV("w"), SV("data key"), &box)));
	CHECK(!IS_ERR(unwrap(cx, both, "old", &box, &out)));
	CHECK(sv_eq(secret_view(out), SV("data key")));
}

TEST(a_missing_or_wrong_root_key_is_named)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *a = tt_keyring(cx, LONG_A);
	CLEANUP(keyring_drop) struct keyring *b = tt_keyring(cx, LONG_B);
	CLEANUP(box_free) struct box box = { .n = 0 };
	CLEANUP(secret_drop) struct secret *out = NULL;

	CHECK(!IS_ERR(keyring_wrap(cx, a, SV("w"), SV("data key"), &box)));
	CHECK(unwrap(cx, b, "main", &box, &out).code == E_CONFIG);
	CHECK(strstr(cx->cause.say, "root key main does not open the store") != NULL);
	(void)forgive(cx);
	CHECK(unwrap(cx, a, "gone", &box, &out).code == E_CONFIG);
	CHECK(strstr(cx->cause.say, "root key gone is missing") != NULL && strstr(cx->cause.say, "root_keys") != NULL);
	(void)forgive(cx);
	CHECK(unwrap(cx, a, "file-00aa11bb", &box, &out).code == E_CONFIG);
	CHECK(strstr(cx->cause.say, "root.key") != NULL && out == NULL);
}

static struct err load_file(struct ctx *cx, const char *path, bool may_create, struct keyring **out)
{
	return keyring_load(cx, &(struct keyring_how){ .file = path, .may_create = may_create }, out);
}
TEST(the_key_file_is_made_once_private_and_used_again)
{
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *first = NULL;
	CLEANUP(keyring_drop) struct keyring *again = NULL;
	CLEANUP(keyring_drop) struct keyring *none = NULL;
	char dir[64], path[96];
	struct stat st;

	tt_folder(dir);
	(void)snprintf(path, sizeof path, "%s/root.key", dir);
	CHECK(load_file(cx, path, false, &none).code == E_NOT_FOUND && none == NULL);
	CHECK(strstr(cx->cause.say, path) != NULL);
	(void)forgive(cx);
	CHECK(!IS_ERR(load_file(cx, path, true, &first)) && cx->cause.code == E_OK);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 44);
	CHECK(!IS_ERR(load_file(cx, path, false, &again)));
	CHECK(strncmp(keyring_default_id(first), "file-", 5) == 0);
	CHECK(strcmp(keyring_default_id(first), keyring_default_id(again)) == 0);
	tt_folder_end(dir);
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}
TEST(a_key_file_that_others_could_have_touched_is_refused)
{
	static const char good[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	static const struct {
		const char *row, *text;
		mode_t mode;
		const char *say; /* NULL: accepted */
	} t[] = {
		{ "private", good, 0600, NULL },
		{ "read-only", good, 0400, NULL },
		{ "group may read", good, 0640, "type: chmod 600" },
		{ "world may read", good, 0604, "type: chmod 600" },
		{ "group may write", good, 0620, "type: chmod 600" },
		{ "empty", "", 0600, "is damaged" },
		{ "short", "AAAA\n", 0600, "is damaged" },
		{ "long", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", 0600, "is damaged" },
		{ "wrong letter", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A\n", 0600, "is damaged" },
	};
	char dir[64], path[96], link[96];

	tt_folder(dir);
	(void)snprintf(path, sizeof path, "%s/root.key", dir);
	(void)snprintf(link, sizeof link, "%s/link", dir);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ctx *cx = tt_ctx();
		CLEANUP(keyring_drop) struct keyring *k = NULL;

		(void)unlink(path);
		put(path, t[i].text, t[i].mode);
		struct err e = load_file(cx, path, true, &k);
		CHECK_ROW(t[i].row, e.code == (t[i].say == NULL ? E_OK : E_CONFIG));
		CHECK_ROW(t[i].row, t[i].say == NULL || strstr(cx->cause.say, t[i].say) != NULL);
		CHECK_ROW(t[i].row, strstr(cx->cause.say, "AAAA") == NULL);
	}
	struct ctx *cx = tt_ctx();
	CLEANUP(keyring_drop) struct keyring *k = NULL;
	CHECK(symlink(path, link) == 0);
	CHECK(load_file(cx, link, true, &k).code == E_CONFIG && strstr(cx->cause.say, "symbolic link") != NULL);
	(void)forgive(cx);
	CHECK(load_file(cx, dir, true, &k).code == E_CONFIG && strstr(cx->cause.say, "not a regular file") != NULL);
	tt_folder_end(dir);
}
