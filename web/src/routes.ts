// SPDX-License-Identifier: Apache-2.0
// The address of every page, below /dashboard.  app.tsx gives each of them its component and knows no other; the browser tests look
// at each of them, so a page that is not looked at fails there.
export const routes = [
  '', 'playground', 'playground/chat', 'projects', 'members', 'tools', 'tools/:name', 'servers', 'servers/new', 'servers/:id', 'auth/secrets', 'auth/oauth',
  'auth/oauth/new', 'auth/oauth/:id', 'auth/connections', 'auth/connections/:id', 'auth/authorizations', 'auth/authorizations/:id', 'auth/settings', 'audit-logs',
  'api-keys', 'account',
] as const
export type Route = (typeof routes)[number]
