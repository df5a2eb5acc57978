/* SPDX-License-Identifier: Apache-2.0 */
#include "api/routes.h"
#include "api/handlers.h"

/* clang-format off */
#define ANYONE  WHO(WHO_ANYONE)
#define CALLER  (WHO(WHO_API_KEY) | WHO(WHO_SESSION) | WHO(WHO_OPERATOR))
#define PEOPLE  (WHO(WHO_SESSION) | WHO(WHO_OPERATOR))
#define ACCOUNT WHO(WHO_SESSION)
#define PAGED   "limit:integer offset:integer"

static const struct route rows[] = {
	/* ---- authorization (contract 2) ---- */
	{ M_POST, "/v1/auth/authorize", LANE_INLINE, CALLER, "auth:use", BODY_JSON, .parks = true, .scoped = true,
	  .handle = h_auth_authorize, .id = "initiate-authorization", .in = "AuthorizationInitiationRequest",
	  .out = "auth.AuthorizationResponse",
	  .doc = "Asks for a user's token at a provider: the token when it is there, else a link to give the user." },
	{ M_GET, "/v1/auth/status", LANE_INLINE, CALLER, "auth:use", .parks = true, .scoped = true,
	  .handle = h_auth_status, .id = "auth-status", .out = "auth.AuthorizationResponse", .query = "id*:string wait:integer",
	  .doc = "How an authorization stands; with wait (seconds, at most 59) the answer is held until it has ended." },
	{ M_POST, "/v1/auth/confirm_user", LANE_POOL, CALLER, "auth:use", BODY_JSON, .scoped = true,
	  .handle = h_auth_confirm, .id = "confirm-user-auth-flow", .in = "AuthorizationConfirmUserRequest",
	  .out = "AuthorizationConfirmUserResponse",
	  .doc = "Your verifier says which of your users came back; the authorization is completed before this answers." },
	{ M_POST, "/api/v1/oauth/confirm_user", LANE_POOL, CALLER, "auth:use", BODY_JSON,
	  .handle = h_auth_confirm, .id = "confirm-user-alias", .in = "AuthorizationConfirmUserRequest",
	  .out = "AuthorizationConfirmUserResponse", .doc = "The same as /v1/auth/confirm_user." },
	{ M_POST, "/v1/auth/validate_custom_verifier", LANE_POOL, CALLER, "auth:use", BODY_JSON, .scoped = true,
	  .handle = h_auth_test_verifier, .id = "test-authorization-flow", .in = "ValidateCustomVerifierRequest",
	  .out = "ValidateCustomVerifierResponse",
	  .doc = "A dry run of your verifier: open next_uri in a browser; confirming its flow_id succeeds." },

	/* ---- providers (contract 3.1) ---- */
	{ M_GET, "/v1/admin/auth_providers", LANE_INLINE, CALLER, "providers:read", .scoped = true,
	  .handle = h_provider_list, .id = "auth-providers-list", .out = "OffsetPage-AuthProviderResponse", .query = PAGED,
	  .doc = "The providers this project can use: its own and those of the configuration file." },
	{ M_POST, "/v1/admin/auth_providers", LANE_POOL, CALLER, "providers:write", BODY_JSON, .scoped = true,
	  .handle = h_provider_create, .id = "auth-providers-create", .in = "AuthProviderCreateRequest",
	  .out = "AuthProviderResponse", .ok = 201, .doc = "Adds a provider." },
	{ M_GET, "/v1/admin/auth_providers/{id}", LANE_INLINE, CALLER, "providers:read", .scoped = true,
	  .handle = h_provider_show, .id = "auth-providers-get", .out = "AuthProviderResponse", .doc = "One provider." },
	{ M_PATCH, "/v1/admin/auth_providers/{id}", LANE_POOL, CALLER, "providers:write", BODY_JSON, .scoped = true,
	  .handle = h_provider_patch, .id = "auth-providers-update", .in = "AuthProviderPatchRequest",
	  .out = "AuthProviderResponse",
	  .doc = "Changes a provider: absent fields stay, null removes an optional object, an empty client_secret keeps the old." },
	{ M_DELETE, "/v1/admin/auth_providers/{id}", LANE_POOL, CALLER, "providers:write", .scoped = true,
	  .handle = h_provider_delete, .id = "auth-providers-delete", .out = "AuthProviderResponse",
	  .doc = "Deletes a provider, its connections and its pending authorizations; answers with what was deleted." },

	/* ---- connections and settings (contract 2.9, 3.4) ---- */
	{ M_GET, "/v1/admin/user_connections", LANE_POOL, CALLER, "connections:read", .scoped = true,
	  .handle = h_connection_list, .id = "auth-connections-list",
	  .out = "OffsetPage-UserAuthProviderConnectionResponse", .query = PAGED " provider_id:string user_id:string",
	  .doc = "The users' connections to providers; never their tokens." },
	{ M_DELETE, "/v1/admin/user_connections/{id}", LANE_CALL, CALLER, "connections:delete", .scoped = true,
	  .handle = h_connection_delete, .id = "auth-connections-delete", .ok = 204,
	  .doc = "Disconnects a user; the header Tokenbooth-Revocation says what happened at the provider." },
	{ M_GET, "/v1/admin/settings/session_verification", LANE_POOL, CALLER, "settings:read", .scoped = true,
	  .handle = h_setting_show, .id = "session-verification-settings-get",
	  .out = "SessionVerificationSettingsResponse", .doc = "Who verifies users: your verifier_url, or null: the built-in page." },
	{ M_PUT, "/v1/admin/settings/session_verification", LANE_POOL, CALLER, "settings:write", BODY_JSON, .scoped = true,
	  .handle = h_setting_put, .id = "session-verification-settings-update",
	  .in = "UpdateSessionVerificationSettingsRequest", .out = "SessionVerificationSettingsResponse",
	  .doc = "Sets the custom verifier; absent, null or empty: the built-in page.  Verification cannot be skipped." },

	/* ---- the engine itself (contract 3.13) ---- */
	{ M_GET, "/v1/health", LANE_POOL, ANYONE, .handle = h_health_show, .id = "health", .out = "HealthSchema",
	  .doc = "Whether the engine works; 503 with a reason when it does not." },
	{ M_GET, "/v1/config", LANE_INLINE, ANYONE, .handle = h_health_config, .id = "engine-config",
	  .out = "EngineConfigResponse", .doc = "What dashboards need to know." },
	{ M_GET, "/v1/swagger", LANE_INLINE, ANYONE, .handle = h_health_swagger, .id = "swagger", .out = "ArbitraryObject",
	  .doc = "This description, as OpenAPI 3.0." },

	/* ---- ours (design 15) ---- */
	{ M_GET, "/tb/v1/api_keys", LANE_POOL, CALLER, "keys:read", .scoped = true, .handle = h_key_list,
	  .id = "api-keys-list", .out = "OffsetPage-ApiKey", .query = PAGED, .doc = "The project's API keys, revoked ones too." },
	{ M_POST, "/tb/v1/api_keys", LANE_POOL, CALLER, "keys:write", BODY_JSON, .scoped = true, .handle = h_key_create,
	  .id = "api-keys-create", .in = "ApiKeyCreate", .out = "ApiKeyCreated", .ok = 201,
	  .doc = "Makes an API key; it is shown this once." },
	{ M_DELETE, "/tb/v1/api_keys/{id}", LANE_POOL, CALLER, "keys:write", .scoped = true, .handle = h_key_revoke,
	  .id = "api-keys-revoke", .ok = 204, .doc = "Revokes an API key at once." },
	{ M_GET, "/tb/v1/accounts", LANE_POOL, PEOPLE, "accounts:read", .scoped = true, .handle = h_account_list,
	  .id = "accounts-list", .out = "OffsetPage-Account", .query = PAGED, .doc = "People who can sign in." },
	{ M_POST, "/tb/v1/accounts", LANE_POOL, PEOPLE, "accounts:write", BODY_JSON, .scoped = true, .handle = h_account_create,
	  .id = "accounts-create", .in = "AccountCreate", .out = "Account", .ok = 201,
	  .doc = "Makes an account and a member; without a role it may only verify itself." },
	{ M_GET, "/tb/v1/accounts/{id}", LANE_POOL, PEOPLE, "accounts:read", .scoped = true, .handle = h_account_show,
	  .id = "accounts-get", .out = "Account", .doc = "One account." },
	{ M_PUT, "/tb/v1/accounts/{id}/password", LANE_POOL, PEOPLE, "accounts:write", BODY_JSON, .scoped = true,
	  .handle = h_account_password, .id = "accounts-password", .in = "PasswordSet", .ok = 204,
	  .doc = "Sets a password and ends the account's sessions." },
	{ M_GET, "/tb/v1/members", LANE_POOL, CALLER, "members:read", .scoped = true, .handle = h_member_list,
	  .id = "members-list", .out = "OffsetPage-Member", .query = PAGED, .doc = "The project's members and their roles." },
	{ M_PUT, "/tb/v1/members/{account_id}", LANE_POOL, PEOPLE, "members:write", BODY_JSON, .scoped = true,
	  .handle = h_member_put, .id = "members-put", .in = "MemberPut", .out = "Member",
	  .doc = "Makes an account a member, or changes its role." },
	{ M_DELETE, "/tb/v1/members/{account_id}", LANE_POOL, PEOPLE, "members:write", .scoped = true,
	  .handle = h_member_remove, .id = "members-remove", .ok = 204, .doc = "Takes a member out of the project." },
	{ M_POST, "/tb/v1/sessions", LANE_POOL, ANYONE, .body = BODY_JSON, .max_body = 8192, .handle = h_session_create,
	  .id = "sessions-create", .in = "SessionCreate", .out = "Account", .ok = 201,
	  .doc = "Signs in; the session is an HttpOnly cookie." },
	{ M_GET, "/tb/v1/sessions/current", LANE_POOL, ACCOUNT, "auth:self", .scoped = true, .handle = h_session_show,
	  .id = "sessions-current", .out = "Session", .doc = "Who is signed in, and his role." },
	{ M_DELETE, "/tb/v1/sessions/current", LANE_POOL, ACCOUNT, "auth:self", .handle = h_session_end,
	  .id = "sessions-end", .ok = 204, .doc = "Signs out." },
	{ M_DELETE, "/tb/v1/sessions", LANE_POOL, ACCOUNT, "auth:self", .handle = h_session_end_all,
	  .id = "sessions-end-all", .ok = 204, .doc = "Signs out everywhere." },
	{ M_GET, "/tb/v1/authorizations", LANE_POOL, CALLER, "authorizations:read", .scoped = true,
	  .handle = h_authorization_list, .id = "authorizations-list", .out = "OffsetPage-Authorization",
	  .query = PAGED " user_id:string provider_id:string", .doc = "Authorizations, newest first." },
	{ M_GET, "/tb/v1/authorizations/{id}", LANE_POOL, CALLER, "authorizations:read", .scoped = true,
	  .handle = h_authorization_show, .id = "authorizations-get", .out = "AuthorizationDetail",
	  .doc = "One authorization with its timeline and, when it failed, cause and fix." },
	{ M_GET, "/tb/v1/events", LANE_POOL, CALLER, "events:read", .scoped = true, .handle = h_event_list,
	  .id = "events-list", .out = "OffsetPage-Event", .query = PAGED " kind:string resource_type:string",
	  .doc = "The audit log, newest first." },
	{ M_GET, "/tb/v1/projects", LANE_POOL, CALLER, "projects:read", .handle = h_project_list,
	  .id = "projects-list", .out = "OffsetPage-Project", .query = PAGED, .doc = "The projects the caller can see." },
};
/* clang-format on */

struct route_table routes_table(void) { return (struct route_table){ rows, ARRAY_LEN(rows) }; }
