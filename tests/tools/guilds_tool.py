# SPDX-License-Identifier: Apache-2.0
"""The page's tool with the answer that Discord gives: a list."""
from typing import Annotated

import httpx

from arcade_tdk import ToolContext, tool
from arcade_tdk.auth import Discord


@tool(requires_auth=Discord(scopes=["guilds"]))
async def list_guilds(context: ToolContext) -> Annotated[list[dict], "Servers"]:
    """The same, with the answer that Discord gives."""
    async with httpx.AsyncClient() as client:
        response = await client.get("https://discord.com/api/users/@me/guilds", headers={"Authorization": f"Bearer {context.authorization.token}"})
        response.raise_for_status()
        return response.json()
