/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schemas.h"
#include "core/text.h"

#define REQUEST_OPTIONAL                                                                \
	" method:str auth_method:str auth_header_value_format:str<=200 params:map<str>" \
	" request_content_type:(application/x-www-form-urlencoded|application/json)"    \
	" response_content_type:(application/x-www-form-urlencoded|application/json) response_map:map<str>"
#define REQUEST_SHOWN                                                                                \
	"endpoint:str method:str auth_method:str auth_header_value_format:str expiration_format:str" \
	" params:map<str> request_content_type:str response_content_type:str response_map:map<str>"
#define EXECUTION                                                                                                 \
	"id:str execution_type:str execution_status:(scheduled|running|completed|failed|cancelled) tool_name:str" \
	" toolkit_name:str toolkit_version:str user_id:str run_at:time started_at:time finished_at:time"          \
	" created_at:time updated_at:time"
#define PAGE_OF(T) "items*:[" T "] limit*:int offset*:int page_count*:int total_count*:int"

/* Names and fields: contract appendix A; below it what is ours. */
static const struct schema all[] = {
	{ "Error", "name*:str message*:str field_errors:[FieldError]" },
	{ "FieldError", "field*:str rule*:str message*:str" },
	{ "ArbitraryObject", "" },
	{ "auth.OAuth2AuthorizationRequirement", "scopes:[str]" },
	{ "auth.AuthorizationRequirement",
	  "id:str provider_id:str provider_type:str oauth2:auth.OAuth2AuthorizationRequirement" },
	{ "AuthorizationInitiationRequest",
	  "auth_requirement*:auth.AuthorizationRequirement user_id*:text<=256 next_uri:str<=2048" },
	{ "auth.AuthorizationContext", "token:str user_info:map<any>" },
	{ "auth.AuthorizationResponse",
	  "id:str status:(not_started|pending|completed|failed) provider_id:str user_id:str scopes:[str] url:str"
	  " context:auth.AuthorizationContext" },
	{ "AuthorizationConfirmUserRequest", "flow_id*:text user_id*:text" },
	{ "AuthorizationConfirmUserResponse", "auth_id*:str next_uri:str" },
	{ "ValidateCustomVerifierRequest", "user_id*:text verifier_url*:text<=2048" },
	{ "ValidateCustomVerifierResponse", "flow_id:str next_uri:str" },
	{ "PKCEConfig", "enabled:bool code_challenge_method:str" },
	{ "RequestTriggers", "on_token_grant:bool on_token_refresh:bool" },
	{ "OAuth2RequestConfigCreateRequest", "endpoint*:text<=1000" REQUEST_OPTIONAL },
	{ "OAuth2RequestConfigPatchRequest", "endpoint:str<=1000" REQUEST_OPTIONAL },
	{ "OAuth2RequestConfigResponse", REQUEST_SHOWN },
	{ "UserInfoRequestConfigCreateRequest", "endpoint*:text<=1000 triggers*:RequestTriggers" REQUEST_OPTIONAL },
	{ "UserInfoRequestConfigPatchRequest", "endpoint:str<=1000 triggers:RequestTriggers" REQUEST_OPTIONAL },
	{ "UserInfoRequestConfigResponse", "triggers:RequestTriggers " REQUEST_SHOWN },
	{ "TokenIntrospectionCreateRequest",
	  "endpoint*:text<=1000 triggers*:RequestTriggers enabled:bool expiration_format:str" REQUEST_OPTIONAL },
	{ "TokenIntrospectionPatchRequest",
	  "endpoint:str<=1000 triggers:RequestTriggers enabled:bool expiration_format:str" REQUEST_OPTIONAL },
	{ "TokenIntrospectionRequestConfigResponse", "enabled:bool triggers:RequestTriggers " REQUEST_SHOWN },
	{ "OAuth2ConfigCreateRequest",
	  "client_id*:text<=1000 client_secret:str<=1000 scope_delimiter:(,| ) pkce:PKCEConfig"
	  " authorize_request:OAuth2RequestConfigCreateRequest token_request:OAuth2RequestConfigCreateRequest"
	  " refresh_request:OAuth2RequestConfigCreateRequest user_info_request:UserInfoRequestConfigCreateRequest"
	  " token_introspection_request:TokenIntrospectionCreateRequest variables:map<str> environment:str" },
	{ "OAuth2ConfigPatchRequest",
	  "client_id:str<=1000 client_secret:str<=1000 scope_delimiter:(,| ) pkce:PKCEConfig"
	  " authorize_request:OAuth2RequestConfigPatchRequest token_request:OAuth2RequestConfigPatchRequest"
	  " refresh_request:OAuth2RequestConfigPatchRequest user_info_request:UserInfoRequestConfigPatchRequest"
	  " token_introspection_request:TokenIntrospectionPatchRequest variables:map<str> environment:str" },
	{ "SecretResponse", "binding:(static|tenant|project|account) editable:bool exists:bool hint:str" },
	{ "OAuth2ConfigResponse",
	  "client_id:str client_secret:SecretResponse redirect_uri:str scope_delimiter:str pkce:PKCEConfig"
	  " authorize_request:OAuth2RequestConfigResponse token_request:OAuth2RequestConfigResponse"
	  " refresh_request:OAuth2RequestConfigResponse user_info_request:UserInfoRequestConfigResponse"
	  " token_introspection_request:TokenIntrospectionRequestConfigResponse" },
	{ "BindingResponse", "type:(static|tenant|project|account) id:str" },
	{ "AuthProviderCreateRequest", "id*:text<=100 description:str<=1000 external_id:str<=50 provider_id:str "
				       "status:(active|inactive) type:(oauth2)"
				       " oauth2:OAuth2ConfigCreateRequest" },
	{ "AuthProviderPatchRequest",
	  "id:str<=100 description:str<=1000 provider_id:str status:(active|inactive) type:(oauth2)"
	  " oauth2:OAuth2ConfigPatchRequest" },
	{ "AuthProviderResponse",
	  "id:str description:str type:str provider_id:str external_id:str status:(active|inactive) reason:Reason"
	  " binding:BindingResponse created_at:time updated_at:time etag:str oauth2:OAuth2ConfigResponse" },
	{ "OffsetPage-AuthProviderResponse", PAGE_OF("AuthProviderResponse") },
	{ "UserAuthProviderConnectionResponse",
	  "id:str connection_id:str connection_status:str reason:str provider_id:str provider_type:str"
	  " provider_description:str provider_user_info:any scopes:[str] user_id:str expires_at:time last_used_at:time"
	  " created_at:time updated_at:time" },
	{ "OffsetPage-UserAuthProviderConnectionResponse", PAGE_OF("UserAuthProviderConnectionResponse") },
	{ "SessionVerificationSettingsResponse",
	  "verifier_url:str unsafe_skip_verification:bool unsafe_skip_verification_choice_allowed:bool etag:str" },
	{ "UpdateSessionVerificationSettingsRequest", "verifier_url:str<=2048 unsafe_skip_verification:bool" },
	{ "StoredSecretResponse",
	  "id:str key:str description:str hint:str binding:BindingResponse created_at:time updated_at:time"
	  " last_accessed_at:time etag:str" },
	{ "UpsertStoredSecretRequest", "value:str<=5000 description:str<=1000" },
	{ "OffsetPage-StoredSecretResponse", PAGE_OF("StoredSecretResponse") },
	{ "HTTPWorkerConfigRequest", "uri*:str<=2048 secret*:str<=100 timeout*:int retry*:int" },
	{ "HTTPWorkerConfigUpdate", "uri:str<=2048 secret:str<=100 timeout:int retry:int" },
	{ "CreateWorkerRequest", "id*:str<=100 type:(http|mcp) enabled:bool http:HTTPWorkerConfigRequest"
				 " mcp:MCPWorkerConfigRequest" },
	{ "MCPWorkerConfigRequest",
	  "uri*:str<=2048 timeout*:int retry*:int headers:map<str> secrets:map<str> oauth2:MCPOAuth2Config" },
	{ "MCPWorkerConfigUpdate",
	  "uri:str<=2048 timeout:int retry:int headers:map<str> secrets:map<str> oauth2:MCPOAuth2Config" },
	{ "MCPOAuth2Config",
	  "client_id:str<=1000 client_secret:str<=1000 authorization_url:str<=2048 external_id:str<=100" },
	{ "MCPOAuth2Response", "client_id:str client_secret:SecretResponse authorization_url:str redirect_uri:str"
			       " external_id:str supported_scopes:[str]" },
	{ "MCPWorkerConfigResponse",
	  "uri:str timeout:int retry:int headers:map<str> secrets:map<SecretResponse> external_id:str"
	  " redirect_uri:str oauth2:MCPOAuth2Response" },
	{ "UpdateWorkerRequest", "enabled:bool http:HTTPWorkerConfigUpdate mcp:MCPWorkerConfigUpdate" },
	{ "HTTPWorkerConfigResponse", "uri:str timeout:int retry:int secret:SecretResponse" },
	{ "WorkerOAuth2RequirementResponse", "met:bool" },
	{ "WorkerAuthorizationRequirementResponse", "met:bool oauth2:WorkerOAuth2RequirementResponse" },
	{ "WorkerRequirementsResponse", "met:bool authorization:WorkerAuthorizationRequirementResponse" },
	{ "WorkerAuthorizeResponse", "worker_id*:str user_id*:str status*:(not_started|pending|completed|failed) "
				     "scopes*:[str] url:str next_uri:str" },
	{ "WorkerResponse",
	  "id:str type:(http|mcp|unknown) enabled:bool managed:bool binding:BindingResponse"
	  " http:HTTPWorkerConfigResponse mcp:MCPWorkerConfigResponse requirements:WorkerRequirementsResponse"
	  " etag:str" },
	{ "OffsetPage-WorkerResponse", PAGE_OF("WorkerResponse") },
	{ "WorkerHealthResponse", "id:str enabled:bool healthy:bool message:str" },
	{ "HTTPWorkerTestConfig", "uri*:str<=2048" },
	{ "WorkerTestRequest", "type:(http|mcp) http:HTTPWorkerTestConfig mcp:HTTPWorkerTestConfig" },
	{ "WorkerServerInfo", "name:str version:str description:str" },
	{ "WorkerTestResponse", "success:bool message:str serverInfo:WorkerServerInfo" },
	{ "ToolkitResponse", "name*:str description:any version:str" },
	{ "ToolResponse",
	  "name*:str qualified_name*:str fully_qualified_name*:str description:any toolkit*:ToolkitResponse"
	  " input*:map<any> output:map<any> requirements:map<any> metadata:map<any> formatted_schema:map<any>" },
	{ "OffsetPage-ToolResponse", PAGE_OF("ToolResponse") },
	{ "OffsetPage-ArbitraryObject", PAGE_OF("ArbitraryObject") },
	{ "AuthorizeToolRequest", "tool_name*:str tool_version:str user_id:str next_uri:str<=2048" },
	{ "ExecuteToolRequest", "tool_name*:str tool_version:str user_id:str input:map<any> run_at:str"
				" include_error_stacktrace:bool" },
	{ "ToolRef", "tool_name*:text tool_version:str" },
	{ "ToolRequirementsRequest", "tool_names:[str] tools:[ToolRef] user_id:str authorize:bool" },
	{ "AuthorizationRequirementResult",
	  "met*:bool status:(active|inactive) status_reason:str"
	  " token_status:(not_started|pending|completed|failed) provider_id:str provider_type:str"
	  " scopes:[str] tool_names:[str] authorization_id:str url:str" },
	{ "AuthorizationRequirementsInfo", "met:bool items:map<AuthorizationRequirementResult>" },
	{ "SecretRequirementResult", "met:bool status_reason:str tool_names:[str]" },
	{ "SecretRequirementsInfo", "met:bool items:map<SecretRequirementResult>" },
	{ "ToolRequirementsResponse",
	  "met:bool authorization:AuthorizationRequirementsInfo secrets:SecretRequirementsInfo" },
	{ "tool.Error", "message*:str kind*:str can_retry*:bool developer_message:str additional_prompt_content:str"
			" retry_after_ms:int status_code:int stacktrace:str extra:map<any>" },
	{ "tool.Log", "level*:str message*:str subtype:str" },
	{ "tool.ResponseOutput",
	  "value:any error:tool.Error logs:[tool.Log] authorization:auth.AuthorizationResponse" },
	{ "ExecuteToolResponse", "id:str execution_id:str execution_type:str run_at:time finished_at:time duration:num"
				 " status:str output:tool.ResponseOutput success:bool" },
	{ "ToolExecutionListResponse", EXECUTION },
	{ "OffsetPage-ToolExecutionListResponse", PAGE_OF("ToolExecutionListResponse") },
	{ "ToolExecutionAttemptResponse", "id:str started_at:time finished_at:time success:bool"
					  " output:tool.ResponseOutput system_error_message:str" },
	{ "ToolExecutionDetailResponse", EXECUTION " input:map<any> attempts:[ToolExecutionAttemptResponse]" },
	{ "HealthSchema", "healthy:bool reason:str checks:[HealthCheck]" },
	{ "HealthCheck", "name*:str status*:(ok|warn|fail) reason:HealthReason" },
	{ "HealthReason", "cause*:str fix*:str about:str" },
	{ "DashboardConfigResponse", "authority:str clientId:str coordinatorUri:str" },
	{ "EngineOAuth2ConfigResponse", "callback_url_template:str" },
	{ "EngineServersConfig", "timeout_max_seconds:int" },
	{ "EngineConfigResponse",
	  "dashboard:DashboardConfigResponse oauth2:EngineOAuth2ConfigResponse servers:EngineServersConfig" },
	/* ---- ours ---- */
	{ "ApiKey", "id*:str name*:str hint*:str created_at*:time expires_at:time revoked_at:time last_used_at:time" },
	{ "ApiKeyCreate", "name*:text<=256 expires_at:time" },
	{ "ApiKeyCreated", "id*:str name*:str key*:str created_at*:time expires_at:time" },
	{ "OffsetPage-ApiKey", PAGE_OF("ApiKey") },
	{ "Account", "id*:str email*:str created_at*:time last_sign_in_at:time has_password*:bool" },
	{ "AccountCreate", "email*:text<=254 password*:text<=256 role:(verify|viewer|member|admin|owner)" },
	{ "PasswordSet", "password*:text<=256 current_password:str<=256" },
	{ "OffsetPage-Account", PAGE_OF("Account") },
	{ "Member", "account_id*:str email*:str role*:(verify|viewer|member|admin|owner) created_at:time "
		    "last_sign_in_at:time etag:str" },
	{ "MemberPut", "role*:(verify|viewer|member|admin|owner)" },
	{ "OffsetPage-Member", PAGE_OF("Member") },
	{ "SessionCreate", "email*:text<=254 password*:text<=256 code:str<=64" },
	{ "Identity", "id*:str issuer_id:str name:str issuer*:str subject*:str created_at*:time" },
	{ "IdentityIssuer", "id*:str name*:str linked*:bool" },
	{ "Identities", "items*:[Identity] issuers*:[IdentityIssuer]" },
	{ "Totp", "enabled*:bool pending*:bool recovery_codes_left*:int" },
	{ "TotpBegin", "password*:text<=256" },
	{ "TotpBegun", "secret*:str otpauth_url*:str" },
	{ "TotpCode", "code*:text<=64" },
	{ "TotpCodes", "recovery_codes*:[str]" },
	{ "SessionProject",
	  "id*:str org_id*:str name*:str is_default*:bool color:str logo_url:str created_at*:time etag*:str"
	  " role*:(verify|viewer|member|admin|owner)" },
	{ "Session", "account_id*:str email*:str project_id*:str role*:(none|verify|viewer|member|admin|owner) "
		     "csrf*:str expires_at*:time"
		     " account*:Account projects*:[SessionProject] may*:[str] may_create_projects*:bool" },
	{ "ProviderScope", "name*:str meaning:str approval:str" },
	{ "ProviderVariable", "name*:str description:str default:str required*:bool pattern:str values:[str]" },
	{ "ProviderType",
	  "id*:str name*:str docs:str console:str pkce*:bool refresh*:bool revoke*:bool secret_required*:bool"
	  " default_scopes*:[str] scopes*:[ProviderScope] variables*:[ProviderVariable] environments*:[str] "
	  "unsure*:[str]" },
	{ "ProviderTypes", "items*:[ProviderType] total_count*:int" },
	{ "RedirectUri", "external_id*:str redirect_uri*:str" },
	{ "ProviderCheck", "name*:str outcome*:(passed|failed|unknown) cause:str fix:str asked:str answered:str" },
	{ "ProviderTest", "ok*:bool checks*:[ProviderCheck]" },
	{ "Reason", "code*:str cause*:str fix*:str" },
	{ "Authorization",
	  "id*:str status*:(pending|completed|failed) user_id*:str provider_id*:str scopes*:[str] created_at*:time"
	  " expires_at:time ended_at:time reason:Reason" },
	{ "AuthorizationEvent", "at*:time step:str outcome:str reason:str cause:str fix:str data*:map<any>" },
	{ "AuthorizationDetail",
	  "id*:str status*:(pending|completed|failed) user_id*:str provider_id*:str scopes*:[str] created_at*:time"
	  " expires_at:time ended_at:time reason:Reason events*:[AuthorizationEvent]" },
	{ "ConnectionDetail",
	  "id:str connection_id:str connection_status:str reason:str provider_id:str provider_type:str"
	  " provider_description:str provider_user_info:any scopes:[str] user_id:str expires_at:time last_used_at:time"
	  " created_at:time updated_at:time cause:str fix:str events*:[AuthorizationEvent]" },
	{ "OffsetPage-Authorization", PAGE_OF("Authorization") },
	{ "Event", "id*:int at*:time kind:str principal_type:str principal_id:str principal_name:str source:str "
		   "client_ip:str resource_type:str"
		   " resource_id:str authorization_id:str step:str outcome:str reason:str data*:map<any>" },
	{ "EventPage", "items*:[Event] limit*:int offset*:int page_count*:int total_count:int next_cursor:str" },
	{ "EventKinds", "kinds*:[str] resource_types*:[str] sources*:[str] outcomes*:[str]" },
	{ "Invitation",
	  "id*:str email*:str role*:(verify|viewer|member|admin|owner) created_at*:time expires_at*:time" },
	{ "InvitationCreate", "email*:text<=254 role*:(verify|viewer|member|admin|owner) replace:bool" },
	{ "InvitationCreated",
	  "id*:str email*:str role*:(verify|viewer|member|admin|owner) created_at*:time expires_at*:time url*:str"
	  " replaced:Invitation" },
	{ "OffsetPage-Invitation", PAGE_OF("Invitation") },
	{ "OverviewHealth", "healthy*:bool reason:str" },
	{ "OverviewCounts",
	  "providers:int connections_active:int connections_expired:int authorizations_pending:int"
	  " authorizations_failed_24h:int api_keys:int members:int workers:int tools:int secrets:int executions_24h:int"
	  " executions_failed_24h:int" },
	{ "OverviewStep", "id*:(api_key|provider|authorization|connection|worker|tool_run) done*:bool" },
	{ "OverviewVerification", "custom*:bool verifier_url:str" },
	{ "Overview", "project*:Project public_url*:str version*:str health*:OverviewHealth counts*:OverviewCounts"
		      " first_steps*:[OverviewStep] verification*:OverviewVerification" },
	{ "Project",
	  "id*:str org_id*:str name*:str is_default*:bool color:str logo_url:str created_at*:time etag*:str" },
	{ "ProjectCreate", "name*:text<=100 color:str<=7" },
	{ "ProjectPatch", "name:text<=100 color:str<=7 logo:str<=90000" },
	{ "OffsetPage-Project", PAGE_OF("Project") },
	{ "Backup", "file*:str bytes*:int schema_version*:int created_at*:time" },
};

struct schema_list schemas_all(void) { return (struct schema_list){ all, ARRAY_LEN(all) }; }

const struct schema *schemas_find(struct sv name)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (sv_eqz(name, all[i].name))
			return &all[i];
	return NULL;
}

/* Where the type that starts at s ends: at a space outside brackets. */
static size_t type_end(struct sv s)
{
	int depth = 0;
	size_t i = 0;

	while (i < s.n && (depth > 0 || s.p[i] != ' ')) {
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')')
			depth--;
		i++;
	}
	return i;
}

bool schemas_next(struct sv *rest, struct schema_field *out, bool *bad)
{
	*bad = false;
	while (rest->n > 0 && rest->p[0] == ' ')
		*rest = sv_from(*rest, 1);
	if (rest->n == 0)
		return false;
	struct sv after = *rest, name = sv_cut(&after, ':');
	if (after.p == NULL || name.n == 0 || type_end(after) == 0) {
		*bad = true;
		return false;
	}
	out->required = name.p[name.n - 1] == '*';
	out->name = sv_upto(name, name.n - out->required);
	out->type = sv_upto(after, type_end(after));
	*rest = sv_from(after, out->type.n);
	return true;
}

static struct sv inside(struct sv s, size_t head) { return sv_upto(sv_from(s, head), s.n - head - 1); }

bool schemas_type(struct sv s, struct schema_type *out)
{
	static const struct {
		const char *word;
		enum schema_kind kind;
	} plain[] = { { "str", SCHEMA_STR },   { "int", SCHEMA_INT }, { "num", SCHEMA_NUM },
		      { "bool", SCHEMA_BOOL }, { "any", SCHEMA_ANY }, { "time", SCHEMA_TIME } };

	*out = (struct schema_type){ .kind = SCHEMA_REF, .of = s };
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		if (sv_eqz(s, plain[i].word)) {
			out->kind = plain[i].kind;
			return true;
		}
	}
	bool text = sv_starts(s, SV("text"));
	if (text || sv_starts(s, SV("str"))) {
		struct sv most = sv_from(s, text ? 4 : 3);
		*out = (struct schema_type){ .kind = SCHEMA_STR, .least = text ? 1 : 0 };
		return most.n == 0 || (sv_starts(most, SV("<=")) && sv_i64(sv_from(most, 2), 1, INT64_MAX, &out->most));
	}
	if (sv_starts(s, SV("map<")) && sv_ends(s, SV(">")))
		*out = (struct schema_type){ .kind = SCHEMA_MAP, .of = inside(s, 4) };
	else if (sv_starts(s, SV("[")) && sv_ends(s, SV("]")))
		*out = (struct schema_type){ .kind = SCHEMA_LIST, .of = inside(s, 1) };
	else if (sv_starts(s, SV("(")) && sv_ends(s, SV(")")))
		*out = (struct schema_type){ .kind = SCHEMA_WORDS, .of = inside(s, 1) };
	return out->kind != SCHEMA_REF || schemas_find(s) != NULL;
}
