# SPDX-License-Identifier: Apache-2.0
"""The page's tool, and the same with the answer that Discord gives, served by arcade-mcp-server as its documentation has it; with
ARCADE_WORKER_SECRET it is a tool worker too."""
from arcade_mcp_server import MCPApp

from guilds_tool import list_guilds
from page_tool import list_servers

app = MCPApp(name="Custom", version="1.2.3", instructions="Servers of a Discord user.")
app.add_tool(list_servers)
app.add_tool(list_guilds)

if __name__ == "__main__":
    app.run(transport="http", host="127.0.0.1", port=0)
