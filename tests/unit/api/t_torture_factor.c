/* SPDX-License-Identifier: Apache-2.0 */
/* t_torture_factor.c: as t_torture.c, for the second factor: on with its recovery codes or not on, off or not off. */
#include "core/otp.h"
#include "tt_torture.h"

#define PASSWORD_BODY "{\"password\":\"a long sentence\"}"
static const char *ada;

/* The bytes of a base32 text. */
static struct sv unbase32(struct tt_api *w, const char *text)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char *out = arena_alloc(w->cx->arena, strlen(text) + 1);
	unsigned bits = 0, have = 0;
	size_t n = 0;

	CHECK(out != NULL);
	for (const char *p = text; *p != '\0'; p++) {
		const char *at = strchr(digit, *p);
		CHECK(at != NULL);
		bits = bits << 5 | (unsigned)(at - digit);
		have += 5;
		if (have >= 8)
			out[n++] = (char)(unsigned char)(bits >> (have -= 8));
	}
	return (struct sv){ out, n };
}
/* A secret that is not proved yet; the body that proves it. */
static const char *begun(struct tt_api *w)
{
	char code[OTP_DIGITS + 1];

	tt_sql(w->cx, w->f.en, "DELETE FROM recovery_codes; DELETE FROM second_factors");
	struct tt_answer a = tt_send(w, "POST", "/tb/v1/totp", PASSWORD_BODY);
	CHECK_ROW(a.body, a.status == 200);
	otp_code(unbase32(w, tt_value(w, a.body, "secret")), clock_now() / SEC(OTP_STEP_S), code);
	return arena_printf(w->cx->arena, "{\"code\":\"%s\"}", code);
}
static void before_begin(struct tt_api *w, struct tt_call *c, long run)
{
	(void)c;
	(void)run;
	tt_sql(w->cx, w->f.en, "DELETE FROM recovery_codes; DELETE FROM second_factors");
}
static void before_confirm(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	c->body = begun(w);
}
/* On, with one recovery code, and the code of now not used yet. */
static void before_use(struct tt_api *w, struct tt_call *c, long run)
{
	before_confirm(w, c, run);
	tt_sql(w->cx, w->f.en,
	       "UPDATE second_factors SET confirmed_at = 1; INSERT INTO recovery_codes SELECT account_id, x'00' FROM "
	       "second_factors");
}
static void before_reset(struct tt_api *w, struct tt_call *c, long run)
{
	(void)run;
	c->target = arena_printf(w->cx->arena, "/tb/v1/accounts/%s/totp", ada);
	tt_sql(w->cx, w->f.en,
	       "INSERT OR REPLACE INTO second_factors SELECT id, x'00', 1, 0, 1 FROM accounts WHERE email = "
	       "'ada@example.com'");
}
#define ON TT_ROWS("second_factors WHERE confirmed_at > 0")

TEST(the_second_factor_without_each_allocation)
{
	static const struct tt_exact own[] = {
		{ { "begin", "POST", "/tb/v1/totp", PASSWORD_BODY, 200, 0, "\"otpauth_url\":\"otpauth://totp/" },
		  before_begin,
		  TT_ROWS("second_factors") },
		{ { "confirm", "PUT", "/tb/v1/totp", NULL, 200, 0, "\"recovery_codes\":[\"" },
		  before_confirm,
		  TT_THREE(ON, TT_ROWS("recovery_codes"), TT_EVENTS("account.second_factor_on")) },
		{ { "recovery codes", "POST", "/tb/v1/totp/recovery_codes", NULL, 200, 0, "\"recovery_codes\":[\"" },
		  before_use,
		  TT_THREE(ON, TT_ROWS("recovery_codes"), TT_EVENTS("account.recovery_codes_renewed")) },
		{ { "off", "DELETE", "/tb/v1/totp", NULL, 204, 0, NULL },
		  before_use,
		  TT_THREE(ON, TT_ROWS("recovery_codes"), TT_EVENTS("account.second_factor_off")) },
	};
	static const struct tt_exact reset = { { "reset", "DELETE", NULL, NULL, 204, 0, NULL },
					       before_reset,
					       TT_THREE(ON, TT_EVENTS("account.second_factor_off"), "0") };
	CLEANUP(tt_api_end) struct tt_api w = { .api = NULL };

	tt_api_begin(tt_ctx(), &w);
	ada = tt_account(&w, "ada@example.com", "owner");
	tt_sign_in(&w, "ada@example.com");
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		tt_torture_exact(&w, &own[i], TT_SHORT);
	tt_torture(&w, &(struct tt_call){ "shown", "GET", "/tb/v1/totp", NULL, 200, 0, "\"enabled\":" }, TT_SHORT);
	w.cookie = w.csrf = w.origin = NULL;
	w.control = true;
	tt_torture_exact(&w, &reset, TT_SHORT);
	tt_whole(&w);
}
