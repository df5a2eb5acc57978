/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MCP_H
#define WIRE_MCP_H
/* wire_mcp.h: a remote MCP server: its revision found out, its tools listed, one of them called (contract 4.8).
 *
 * Speaks:   Streamable HTTP: 2026-07-28 (no handshake, no session; probed by server/discover), else 2025-11-25,
 * 2025-06-18, 2025-03-26 and 2024-11-05 (initialize; the session is kept in the peer and ended by wire_mcp_leave).
 * Promises: the token goes to this server's address and nowhere else: a redirect is followed on the same origin only.
 *           Deadline and size caps always hold.  A call that may have run is never sent twice; what a server refuses
 *           because its session is dead is sent once more in a new one.  Nothing a server asks of us is granted but
 * ping. Needs:    net/net.h (opaque here).
 */
#include "core/buf.h"
#include "core/node.h"
#include "core/secret.h"
enum { WIRE_MCP_VERSION = 16, WIRE_MCP_SESSION = 256 };
struct net;
struct wire_mcp_header {
	struct sv name, value;
};
struct wire_mcp {
	struct net *net;
	struct sv uri;
	const struct wire_mcp_header *headers; /* the operator's own, secrets put in */
	size_t n_headers;
	const struct secret *token;     /* a user's access token; NULL: none */
	int64_t deadline;               /* clock_mono(): of everything that is done with this peer */
	char version[WIRE_MCP_VERSION]; /* the revision that is spoken; "" before it is known */
	char session[WIRE_MCP_SESSION]; /* "" without one */
	int64_t ids;                    /* of the newest request */
	bool restarted;                 /* a dead session was replaced once already */
	bool called;                    /* a tools/call was sent */
	int64_t given_up;               /* the request of it that nobody waits for any more; 0: none */
};
/* Is this revision the stateless one? */
bool wire_mcp_modern(const struct wire_mcp *p) NONNULL(1);

enum wire_mcp_fate {
	MCP_ANSWERED,    /* a result */
	MCP_ERROR,       /* a JSON-RPC error */
	MCP_UNREACHABLE, /* nothing was sent */
	MCP_TIMEOUT,     /* sent, no answer in time: it may have run */
	MCP_CUT,         /* sent, and the answer broke off or was too large: it may have run */
	MCP_BUSY,        /* 502, 503, 504 */
	MCP_REFUSED,     /* another status without a JSON-RPC body, or a revision that is not ours */
	MCP_UNREADABLE,  /* 2xx, but no answer to this request */
	MCP_NO_TOKEN,    /* 401 */
	MCP_NO_SCOPE     /* 403 with a Bearer challenge */
};
struct wire_mcp_answer {
	enum wire_mcp_fate fate;
	bool too_large; /* with MCP_CUT: it would be so again */
	int status;
	const struct node *result; /* in cx->arena; NULL unless MCP_ANSWERED */
	int64_t code;              /* MCP_ERROR: */
	struct sv message;
	const struct node *data;
	struct sv challenge; /* WWW-Authenticate, several joined by ", "; p NULL: none.  In cx->arena */
	char say[240];       /* what is wrong, for the operator; "" when MCP_ANSWERED */
};

/* ---- the server ---- */
struct wire_mcp_server { /* text in cx->arena, as told; p NULL: not told */
	struct sv name, version, instructions;
};
/* Finds out the revision (unless the peer holds one) and, before 2026-07-28, opens a session.  MCP_ANSWERED: ready.
 * *settled: the verdict may be kept (a failing server's may not). */
struct err wire_mcp_greet(struct ctx *cx, struct wire_mcp *p, struct wire_mcp_server *server, bool *settled,
			  struct wire_mcp_answer *out) MUST_USE NONNULL(1, 2, 3, 4, 5);
/* Was a request refused because its session, or the handshake before it, does not count any more?  Then nothing ran. */
bool wire_mcp_forgotten(const struct wire_mcp_answer *a) NONNULL(1);
/* Before 2026-07-28 a server has to be told that nobody waits for a request; what comes of it is nobody's concern. */
void wire_mcp_cancel(struct ctx *cx, struct wire_mcp *p) NONNULL(1, 2);
/* Ends the session, if there is one, within `most` and the deadline; what comes of it is nobody's concern. */
void wire_mcp_leave(struct ctx *cx, struct wire_mcp *p, int64_t most) NONNULL(1, 2);
/* tools/list, every page.  *tools: a list of tools as they came, in cx->arena. */
struct err wire_mcp_tools(struct ctx *cx, struct wire_mcp *p, const struct node **tools,
			  struct wire_mcp_answer *out) MUST_USE NONNULL(1, 2, 3, 4);
/* The same as a list of Arcade's tool definitions (contract 4.3, 4.8), as JSON in cx->arena: the toolkit named after
 * the server; "mcp" of each holds its schema as it came, and what goes into headers.  Tools whose annotations break a
 * rule of 2026-07-28 are left out and logged. */
struct wire_mcp_told {
	const struct wire_mcp_server *server;
	const struct node *tools;
	bool modern;
	struct sv worker; /* its id, for the log */
};
struct err wire_mcp_catalogue(struct ctx *cx, const struct wire_mcp_told *in, struct sv *json) MUST_USE
    NONNULL(1, 2, 3);
/* The toolkit and version of a server (contract 4.8); `out` of at least 101 bytes each. */
enum { WIRE_MCP_NAME = 101 };
void wire_mcp_toolkit(struct sv server, char out[static WIRE_MCP_NAME]);
void wire_mcp_toolkit_version(struct sv told, char out[static WIRE_MCP_NAME]);
/* tools/call.  Rounds that only want their requestState back are gone through here. */
struct wire_mcp_call {
	struct sv name;
	const struct node *arguments; /* NULL: {} */
	struct sv meta;               /* JSON members for _meta; may be empty */
	const struct node *mirror;    /* list of {header, path, type} (wire_mcp_param.h); NULL: none */
};
struct err wire_mcp_call(struct ctx *cx, struct wire_mcp *p, const struct wire_mcp_call *call,
			 struct wire_mcp_answer *out) MUST_USE NONNULL(1, 2, 3, 4);
/* What came of a call as the answer of a worker (contract 4.5): {"success":…,"output":{…}}, in cx->arena. */
struct wire_mcp_done {
	const struct node *json; /* NULL: no answer of the tool; see the fate */
	bool unknown_tool;       /* the server does not know it: the catalogue is old */
	struct sv url;           /* where a person has to go first; p NULL: nowhere */
};
struct err wire_mcp_done(struct ctx *cx, const struct wire_mcp_answer *a, struct wire_mcp_done *out) MUST_USE
    NONNULL(1, 2, 3);
#endif
