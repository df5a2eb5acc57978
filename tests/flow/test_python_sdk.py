# SPDX-License-Identifier: Apache-2.0
"""Every auth and connection method of the unmodified Python SDK, sync and async (providers: test_providers.py)."""
import asyncio

import arcadepy
import pytest
from world import Browser

REQ = {"provider_id": "discord", "provider_type": "oauth2", "oauth2": {"scopes": ["identify"]}}


@pytest.fixture()
def sdk(engine):
    return arcadepy.Arcade(base_url=engine.url, api_key=engine.key)


def test_auth_methods(engine, simulator, sdk):
    start = sdk.auth.authorize(auth_requirement=REQ, user_id="py@example.com", next_uri="https://app.example/py")
    assert start.status == "pending" and start.id and start.url
    assert sdk.auth.status(id=start.id).status == "pending"
    assert sdk.auth.status(id=start.id, wait=0).status == "pending"
    with Browser(simulator) as b:
        flow = b.flow_id(start.url, simulator.person())
    done = sdk.auth.confirm_user(flow_id=flow, user_id="py@example.com")
    assert done.auth_id == start.id and done.next_uri == "https://app.example/py"
    for waited in (sdk.auth.wait_for_completion(start), sdk.auth.wait_for_completion(start.id)):
        assert waited.status == "completed" and waited.context.token and waited.context.user_info["id"]
    again = sdk.auth.start("py@example.com", "discord", scopes=["identify"])
    assert again.status == "completed" and again.context.token == waited.context.token
    assert sdk.auth.wait_for_completion(again) is again


def test_user_connections(engine, simulator, sdk):
    start = sdk.auth.start("pyc@example.com", "discord", scopes=["identify"])
    with Browser(simulator) as b:
        flow = b.flow_id(start.url, simulator.person())
    sdk.auth.confirm_user(flow_id=flow, user_id="pyc@example.com")
    page = sdk.admin.user_connections.list(user={"id": "pyc@example.com"}, provider={"id": "discord"}, limit=10)
    assert [i.user_id for i in page.items] == ["pyc@example.com"]
    item = page.items[0]
    assert item.id == item.connection_id and item.connection_status == "active" and item.provider_id == "my-discord" and item.provider_type == "oauth2"
    assert item.scopes == ["identify"] and item.provider_user_info["id"]
    assert [i.id for i in sdk.admin.user_connections.list(limit=1)], "auto-paging walks on"
    sdk.admin.user_connections.delete(item.id)
    assert not sdk.admin.user_connections.list(user={"id": "pyc@example.com"}).items
    with pytest.raises(arcadepy.NotFoundError):
        sdk.admin.user_connections.delete(item.id)


def test_health_and_errors(engine, sdk):
    assert sdk.health.check().healthy is True
    with pytest.raises(arcadepy.BadRequestError) as e:
        sdk.auth.start("x@example.com", "nowhere")
    assert e.value.body["name"] == "auth_provider_not_found"
    with pytest.raises(arcadepy.AuthenticationError):
        arcadepy.Arcade(base_url=engine.url, api_key="My API Key").auth.status(id="ar_x")
    with pytest.raises(arcadepy.NotFoundError):
        sdk.auth.status(id="ar_unknown")


def test_the_async_client(engine, simulator):
    async def go():
        async with arcadepy.AsyncArcade(base_url=engine.url, api_key=engine.key) as client:
            start = await client.auth.start("async@example.com", "discord", scopes=["identify"])
            waiting = asyncio.create_task(client.auth.wait_for_completion(start))

            def legs():
                with Browser(simulator) as b:
                    return b.flow_id(start.url, simulator.person())

            flow = await asyncio.to_thread(legs)
            await client.auth.confirm_user(flow_id=flow, user_id="async@example.com")
            return await asyncio.wait_for(waiting, 30)

    assert asyncio.run(go()).context.token
