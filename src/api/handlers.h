/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HANDLERS_H
#define HANDLERS_H
/* handlers.h: one function a row of routes.c, one file a noun.  A handler reads its input, makes one domain call and
 * writes the answer; who may call it, and with what body, is the row's business. */
#include "http/route.h"
handler_fn h_auth_authorize, h_auth_status, h_auth_confirm, h_auth_test_verifier;
handler_fn h_provider_list, h_provider_create, h_provider_show, h_provider_patch, h_provider_delete;
handler_fn h_provider_type_list, h_provider_type_redirect, h_provider_type_test;
handler_fn h_connection_list, h_connection_show, h_connection_delete;
handler_fn h_setting_show, h_setting_put;
handler_fn h_worker_list, h_worker_create, h_worker_show, h_worker_patch, h_worker_delete, h_worker_health;
handler_fn h_worker_tools, h_worker_test, h_worker_auth_link, h_worker_auth_client;
handler_fn h_tool_list, h_tool_show, h_tool_formatted_list, h_tool_formatted_show;
handler_fn h_run_execute, h_run_authorize;
handler_fn h_requirement_show;
handler_fn h_schedule_list, h_schedule_show, h_schedule_cancel;
handler_fn h_secret_list, h_secret_put, h_secret_remove;
handler_fn h_key_list, h_key_create, h_key_revoke;
handler_fn h_account_list, h_account_create, h_account_show, h_account_password, h_account_own_password, h_account_totp;
handler_fn h_member_list, h_member_put, h_member_remove, h_member_leave;
handler_fn h_invitation_list, h_invitation_create, h_invitation_remove;
handler_fn h_overview_show;
handler_fn h_identity_list, h_identity_unlink;
handler_fn h_totp_show, h_totp_begin, h_totp_confirm, h_totp_renew, h_totp_remove;
handler_fn h_session_create, h_session_show, h_session_end, h_session_end_all;
handler_fn h_authorization_list, h_authorization_show;
handler_fn h_event_list, h_event_words, h_backup_make;
handler_fn h_project_list, h_project_create, h_project_show, h_project_patch;
handler_fn h_health_show, h_health_config, h_health_swagger;
handler_fn h_metrics_show;
#endif
