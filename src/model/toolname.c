/* SPDX-License-Identifier: Apache-2.0 */
#include "model/toolname.h"
#include "core/text.h"

static struct err unparsable(struct ctx *cx, struct sv name)
{
	struct sv shown = sv_upto(name, 100);

	while (shown.n > 0 && (!text_is_utf8(shown) || text_has_control(shown)))
		shown.n--;
	return refuse(cx, E_BAD_INPUT, "failed to parse tool name %.*s", SV_FMT(shown));
}
struct err toolname_parse(struct ctx *cx, struct sv name, struct sv version, struct toolname *out)
{
	struct sv rest = sv_trim(name);

	*out = (struct toolname){ .text = sv_cut(&rest, '@'), .version = rest };
	if (name.n > TOOLNAME_MOST || !text_is_id(out->text, TOOLNAME_MOST, "._-"))
		return unparsable(cx, name);
	if (out->version.p != NULL && (out->version.n == 0 || !text_is_id(out->version, 100, ".-+")))
		return unparsable(cx, name);
	if (version.n > 0 && out->version.p != NULL && !sv_ieq(version, out->version))
		return bad_field(cx, "tool_version", "same", "must be the version that tool_name names, or absent");
	if (version.n > 0)
		out->version = version;
	struct toolname look = *out;
	struct sv toolkit, tool;
	return toolname_next(&look, &toolkit, &tool) ? OK : unparsable(cx, name);
}
bool toolname_next(struct toolname *n, struct sv *toolkit, struct sv *tool)
{
	size_t dot;
	bool dotted = sv_find(n->text, SV("."), &dot);

	for (size_t i = n->split + 1; i + 1 < n->text.n; i++) {
		char c = n->text.p[i];

		if (n->alike ? c != '.' && c != '_' : dotted ? i != dot : c != '_')
			continue;
		n->split = i;
		*toolkit = sv_upto(n->text, i);
		*tool = sv_from(n->text, i + 1);
		return true;
	}
	return false;
}

/* ---- versions ---- */
static bool number(struct sv s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return s.n > 0 && i == s.n;
}
static int bytes(struct sv a, struct sv b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}
static struct sv without_zeros(struct sv s)
{
	while (s.n > 1 && s.p[0] == '0')
		s = sv_from(s, 1);
	return s;
}
static int part(struct sv a, struct sv b)
{
	bool x = number(a), y = number(b);

	if (x && y) {
		a = without_zeros(a);
		b = without_zeros(b);
		return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : bytes(a, b);
	}
	return x != y ? (x ? -1 : 1) : bytes(a, b);
}
/* A list that is the beginning of another comes first, but zeros at the end of a release mean nothing: 1.2 is 1.2.0. */
static int parts(struct sv a, struct sv b, struct sv missing)
{
	while (a.p != NULL || b.p != NULL) {
		struct sv x = a.p == NULL ? missing : sv_cut(&a, '.'), y = b.p == NULL ? missing : sv_cut(&b, '.');
		int d = x.p == NULL ? -1 : y.p == NULL ? 1 : part(x, y);

		if (d != 0)
			return d;
	}
	return 0;
}
int toolname_version_order(struct sv a, struct sv b)
{
	struct sv x = sv_cut(&a, '+'), y = sv_cut(&b, '+');
	struct sv release_x = sv_cut(&x, '-'), release_y = sv_cut(&y, '-');
	int d = parts(release_x, release_y, SV("0"));

	if (d != 0)
		return d;
	if (x.p == NULL || y.p == NULL)
		return (x.p == NULL) - (y.p == NULL);
	return parts(x, y, SV_NONE);
}
