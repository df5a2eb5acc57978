/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api_inside.h"
#include "core/jout.h"

void api_openapi_head_security(struct jout *w)
{
	jout_open(w, "securitySchemes");
	jout_open(w, "Bearer");
	jout_strz(w, "type", "apiKey");
	jout_strz(w, "in", "header");
	jout_strz(w, "name", "Authorization");
	jout_strz(w, "description", "An API key, alone or after \"Bearer \".");
	jout_close(w);
	jout_open(w, "Session");
	jout_strz(w, "type", "apiKey");
	jout_strz(w, "in", "cookie");
	jout_strz(w, "name", "__Host-tb_session");
	jout_strz(w, "description",
		  "The cookie of somebody signed in; tb_session_<port> on http.  What is no GET needs "
		  "the header Tokenbooth-CSRF too: the csrf of /tb/v1/sessions/current.");
	jout_close(w);
	jout_close(w);
}

void api_openapi_head(struct jout *w, const char *public_url, const char *version)
{
	jout_strz(w, "openapi", "3.0.3");
	jout_open(w, "info");
	jout_strz(w, "title", "Tokenbooth");
	jout_strz(w, "version", version);
	jout_strz(w, "description",
		  "OAuth grants of end-users for AI agents and apps; fresh access tokens on request.");
	jout_open(w, "license");
	jout_strz(w, "name", "Apache-2.0");
	jout_close(w);
	jout_close(w);
	jout_list(w, "servers");
	jout_open(w, NULL);
	jout_strz(w, "url", public_url);
	jout_close(w);
	jout_list_end(w);
}
