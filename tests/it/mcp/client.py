"""Drives `certgate mcp` with the official Python client: python client.py CERTGATE DIRECTORY CALLS.

CALLS is JSON: {"agent": NAME or null, "calls": [{"tool": ..., "arguments": {...}}, ...]}. Prints one JSON object: what the server said of
itself, its tools, and what each call gave."""

import asyncio
import json
import os
import sys

from mcp import ClientSession, MCPError, StdioServerParameters, stdio_client


async def main(certgate, directory, asked):
    arguments = ["mcp"] + (["--agent", asked["agent"]] if asked["agent"] else [])
    server = StdioServerParameters(command=certgate, args=arguments, cwd=directory, env=dict(os.environ))
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        info = await session.initialize()
        tools = (await session.list_tools()).tools
        answers = []
        for call in asked["calls"]:
            try:
                got = await session.call_tool(call["tool"], call["arguments"])
            except MCPError as error:
                answers.append({"refused": str(error)})
                continue
            text = "".join(block.text for block in got.content)
            answers.append({"text": text, "failed": bool(got.is_error), "structured": got.structured_content})
    said = {
        "name": info.server_info.name,
        "tools": {tool.name: {"schema": tool.input_schema, "reads": tool.annotations.read_only_hint} for tool in tools},
        "answers": answers,
    }
    print(json.dumps(said))


asyncio.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
