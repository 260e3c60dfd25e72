-- The decisions of mod_invited without a server: lua5.4 rules.lua PATH/mod_invited.lua
local rules = dofile(arg[1]);

local function same(value, expected, what)
	assert(value == expected, ("%s: %s, not %s"):format(what, tostring(value), tostring(expected)));
end

-- Who may register without a token: by the daemon's setting, then the option, then the server.
for _, case in ipairs({
	{ nil, nil, false, "invite" }, { nil, nil, true, "open" },
	{ "server", "server", true, "open" }, { "server", nil, false, "invite" },
	{ "invite", "open", true, "invite" }, { "open", "invite", false, "open" },
	{ "server", "invite", true, "invite" }, { nil, "open", false, "open" }, { "nonsense", nil, false, "invite" },
}) do
	same(rules.registration(case[1], case[2], case[3]), case[4], "registration");
end

for version, fits in pairs({ ["0"] = true, ["1"] = true, ["2"] = true, ["3"] = false, ["x"] = false, [""] = false }) do
	same(rules.is_compatible(version), fits, "version " .. version);
end
same(rules.is_compatible(nil), false, "no version");

same(rules.can_be_token(nil), false, "no token");
same(rules.can_be_token(""), false, "empty token");
same(rules.can_be_token(("x"):rep(64)), true, "long token");
same(rules.can_be_token(("x"):rep(65)), false, "longer token");
same(rules.can_be_name(("x"):rep(1023)), true, "long name");
same(rules.can_be_name(("x"):rep(1024)), false, "longer name");
same(rules.can_be_name(""), false, "empty name");

-- Only the component, on its own session.
local function stanza(from) return { attr = { from = from } }; end
same(rules.is_daemon({ type = "component", host = "i.example" }, stanza("i.example"), "i.example"), true, "daemon");
same(rules.is_daemon({ type = "component", host = "i.example" }, stanza("x@i.example"), "i.example"), false, "user of the component");
same(rules.is_daemon({ type = "component", host = "o.example" }, stanza("i.example"), "i.example"), false, "other component");
for _, type in ipairs({ "c2s", "c2s_unauthed", "s2sin", "local", "component_unauthed" }) do
	same(rules.is_daemon({ type = type, host = "i.example" }, stanza("i.example"), "i.example"), false, type);
end

-- Bound to the stream as it was.
local attempt = { streamid = "one", secure = false };
same(rules.is_same_stream(attempt, { streamid = "one" }), true, "same stream");
same(rules.is_same_stream(attempt, { streamid = "two" }), false, "restarted stream");
same(rules.is_same_stream(attempt, { streamid = "one", secure = true }), false, "encrypted since");

-- The errors that clients receive.
for condition, expected in pairs({
	["item-not-found"] = "cancel item-not-found", ["conflict"] = "cancel conflict", ["not-acceptable"] = "modify not-acceptable",
	["not-allowed"] = "cancel not-allowed", ["resource-constraint"] = "wait resource-constraint",
	["service-unavailable"] = "wait resource-constraint", ["internal-server-error"] = "wait resource-constraint",
	["feature-not-implemented"] = "wait resource-constraint", ["gone"] = "wait resource-constraint",
}) do
	local refusal = rules.refusal({ condition = condition, type = "cancel" });
	same(refusal.type .. " " .. refusal.condition, expected, condition);
	assert(refusal.text, condition .. " has no text");
end
same(rules.refusal({ condition = "conflict", text = "taken" }).text, "taken", "the daemon's text");
same(rules.refusal(rules.away).condition, "resource-constraint", "away");
same(rules.refusal({}).condition, "resource-constraint", "an error without a condition");

same(rules.password_text("length"), "Please use a longer password.", "short password");
same(rules.password_text("username"), "The password is too weak", "other password");

same(rules.shortened("short"), "short", "short text");
same(rules.shortened(("x"):rep(199) .. "é"), ("x"):rep(199), "text that ends within a character");
same(rules.shortened(("x"):rep(198) .. "\u{1F600}"), ("x"):rep(198), "text that ends within a long character");
same(#rules.shortened(("x"):rep(300)), 200, "long text");

-- Of an account that was never finished, and of one that was, and was then disabled.
same(rules.is_husk({ created = 1, password_updated = 1, enabled = false }, nil), true, "husk");
same(rules.is_husk({ created = 1, password_updated = 2, enabled = false }, nil), false, "disabled account");
same(rules.is_husk({ created = 1, password_updated = 1, enabled = false }, 1), false, "disabled account that was registered");
same(rules.is_husk({ created = 1, password_updated = 1, enabled = true }, nil), false, "account");
same(rules.is_husk({ enabled = false }, nil), false, "account of a provider that does not know when");
same(rules.is_husk(nil, nil), false, "Prosody 0.12");

-- The errors that the daemon receives.
local function creation(event)
	local type, condition, text = rules.creation_refusal(event);
	return type .. " " .. condition .. " " .. tostring(text);
end
same(creation({ error = { type = "wait", condition = "policy-violation", text = "Too many" } }), "wait resource-constraint Too many", "limit");
same(creation({ error = { type = "auth", condition = "forbidden", text = "Listed" } }), "modify not-acceptable Listed", "blocklist");
same(creation({ error = { type = "cancel", condition = "conflict" } }), "cancel conflict nil", "taken");
same(creation({ reason = "No" }), "modify not-acceptable No", "old handler");
same(creation({}), "modify not-acceptable The server does not allow this username.", "no reason");

same(rules.is_settled({ ok = true }), true, "acknowledged");
same(rules.is_settled({ type = "cancel", condition = "item-not-found" }), true, "refused");
same(rules.is_settled({ type = "modify", condition = "bad-request" }), true, "malformed");
same(rules.is_settled({ type = "wait", condition = "resource-constraint" }), false, "later");
same(rules.is_settled(rules.away), false, "not answered");

print("ok");
