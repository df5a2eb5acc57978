// SPDX-License-Identifier: Apache-2.0
// The calls of the page's JavaScript sample, with nothing but address and key in the environment.  Arguments: user, and a provider other than the page's.
import { Arcade } from '@arcadeai/arcadejs'

const client = new Arcade()
let auth = await client.auth.start(process.argv[2], process.argv[3] ?? 'discord', { scopes: ['identify', 'email', 'guilds', 'guilds.join'] })
console.log(JSON.stringify({ status: auth.status, url: auth.url }))
auth = await client.auth.waitForCompletion(auth)
console.log(JSON.stringify({ status: auth.status, token: auth.context.token }))
