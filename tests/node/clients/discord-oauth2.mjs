// SPDX-License-Identifier: Apache-2.0
// discord-oauth2 (npm) against Discord as it finds it: every method an app would use, one JSON line for what came.
import DiscordOauth2 from 'discord-oauth2'
import { createInterface } from 'node:readline'

const [clientId, clientSecret, redirectUri] = process.argv.slice(2)
const oauth = new DiscordOauth2({ clientId, clientSecret, redirectUri, credentials: Buffer.from(`${clientId}:${clientSecret}`).toString('base64') })
const say = (o) => console.log(JSON.stringify(o))
const attempt = async (f) => { try { return { ok: await f() } } catch (e) { return { error: e.code ?? e.message, status: e.res?.statusCode, response: e.response } } }

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...o } = JSON.parse(line)
  if (act === 'url') say({ ok: oauth.generateAuthUrl(o) })
  else if (act === 'code') say(await attempt(() => oauth.tokenRequest({ ...o, grantType: 'authorization_code' })))
  else if (act === 'refresh') say(await attempt(() => oauth.tokenRequest({ ...o, grantType: 'refresh_token' })))
  else if (act === 'user') say(await attempt(() => oauth.getUser(o.token)))
  else if (act === 'guilds') say(await attempt(() => oauth.getUserGuilds(o.token, o.options)))
  else if (act === 'join') say(await attempt(() => oauth.addMember(o)))
  else if (act === 'revoke') say(await attempt(() => oauth.revokeToken(o.token)))
}
