-- mod_invited: the module of invited, the invitation daemon, for Prosody 0.12 and 13.0.
--
-- It asks the daemon about each token and decides nothing itself; docs/server-module.md is the protocol between the two.
--
--     VirtualHost "example.com"
--       modules_enabled = { "invited" }
--       invited_component = "invites.example.net"
--
-- Options: invited_component, the daemon's component on this server; invited_registration, who may register without a token when
-- the daemon leaves that to the server: "invite" (no one), "open", or "server" (the default: as allow_registration says, unless
-- registration_invite_only is set).

---------------------------------------------------------------------------------------------------------------------------------
-- Decisions. This part uses no API of Prosody: outside Prosody, the file returns these functions to the tests.

local rules = {
	version = 1;
	-- Commands of ours on the host. Everything else there belongs to other modules.
	nodes = { ["urn:xmpp:invite#invite"] = true, ["urn:xmpp:invite#create-account"] = true };
	conflicting_modules = { "invites_register", "invites_adhoc" };
};

-- Used in place of an answer when the daemon gives none.
rules.away = { away = true, type = "wait", condition = "resource-constraint", text = "Invites cannot be checked right now. Please try again." };

-- Who may register without a token. `heard` is the daemon's latest setting, `configured` the module's option.
function rules.registration(heard, configured, server_open)
	for _, said in ipairs({ heard or "server", configured or "server" }) do
		if said == "invite" or said == "open" then
			return said;
		end
	end
	return server_open and "open" or "invite";
end

function rules.is_registration(value)
	return value == "invite" or value == "open" or value == "server";
end

-- Versions that differ by one are compatible.
function rules.is_compatible(other)
	local number = tonumber(other);
	return number ~= nil and math.abs(number - rules.version) <= 1;
end

function rules.can_be_token(token)
	return type(token) == "string" and #token >= 1 and #token <= 64;
end

function rules.can_be_name(name)
	return type(name) == "string" and #name >= 1 and #name <= 1023;
end

-- Only our component's own session is accepted: another component for which Prosody does not check sender addresses could forge the
-- address.
function rules.is_daemon(origin, stanza, component)
	return origin.type == "component" and origin.host == component and stanza.attr.from == component;
end

-- A restart of the stream, with TLS or without, invalidates an attempt that was bound to it before.
function rules.is_same_stream(attempt, origin)
	return attempt.streamid == origin.streamid and attempt.secure == (origin.secure and true or false);
end

local error_types = {
	["conflict"] = "cancel", ["item-not-found"] = "cancel", ["not-allowed"] = "cancel", ["not-acceptable"] = "modify",
	["bad-request"] = "modify", ["resource-constraint"] = "wait", ["internal-server-error"] = "wait",
};
local error_texts = {
	["conflict"] = "The requested username already exists.";
	["item-not-found"] = "The invite is not valid, or not any more.";
	["not-acceptable"] = "The invite is for another username, or the username is invalid.";
	["not-allowed"] = "The invite is used up.";
};

-- The error that a client receives for the daemon's refusal. A suspended host or an unexpected condition is temporary, not a bad token.
function rules.refusal(answer)
	local condition = answer.condition;
	if answer.away or not error_types[condition or ""] or condition == "internal-server-error" then
		return rules.away;
	end
	return { type = error_types[condition], condition = condition, text = answer.text or error_texts[condition] or rules.away.text };
end

-- Conversations attributes the error to the password only for these two texts.
function rules.password_text(policy)
	return policy == "length" and "Please use a longer password." or "The password is too weak";
end

-- What remains of an account when Prosody 13 was interrupted, or failed, while making it: no password, and never enabled. Any later
-- change of an account changes password_updated.
function rules.is_husk(info, registered)
	return info ~= nil and info.enabled == false and not registered and info.created ~= nil and info.created == info.password_updated;
end

-- The error that the daemon receives when the server refuses an account.
function rules.creation_refusal(event)
	local err = event.error or { type = event.error_type, condition = event.error_condition, text = event.reason };
	if err.type == "wait" then
		return "wait", "resource-constraint", err.text;
	elseif err.condition == "conflict" then
		return "cancel", "conflict", err.text;
	end
	return "modify", "not-acceptable", err.text or "The server does not allow this username.";
end

-- Whether the daemon's answer settles a notification that was owed to it. One that it rejects as malformed would be rejected again.
function rules.is_settled(answer)
	return answer.ok or not answer.away and (answer.type == "cancel" or answer.type == "modify");
end

-- At most 200 bytes, cut at a character boundary: invalid UTF-8 would end the component's stream.
function rules.shortened(text)
	return #text <= 200 and text or (text:sub(1, 200):gsub("[\xC2-\xF4][\x80-\xBF]*$", ""));
end

-- The value of a field in a form of jabber:iq:register, which may be a data form or not. The first, as for mod_register_ibr.
function rules.submitted(query, name)
	local form = query:get_child("x", "jabber:x:data");
	if not form then
		return query:get_child_text(name);
	end
	for field in form:childtags("field") do
		if field.attr.var == name then
			return field:get_child_text("value");
		end
	end
end

if not module then return rules; end

---------------------------------------------------------------------------------------------------------------------------------

local async = require "util.async";
local datetime = require "util.datetime";
local errors = require "util.error";
local hex = require "util.hex";
local id = require "util.id";
local jid = require "util.jid";
local random = require "util.random";
local st = require "util.stanza";
local stringprep = require "util.encodings".stringprep;
local time = require "util.time";
local modulemanager = require "core.modulemanager";
local rostermanager = require "core.rostermanager";
local usermanager = require "core.usermanager";

local xmlns = "urn:invited:server-module:1";
local xmlns_client = "jabber:client";
local xmlns_commands = "http://jabber.org/protocol/commands";
local xmlns_delegation = "urn:xmpp:delegation:2";
local xmlns_forward = "urn:xmpp:forward:0";
local xmlns_pars = "urn:xmpp:pars:0";
local registering = "stanza/iq/jabber:iq:register:query";

local host = module.host;
local hosts = prosody.hosts;
local answer_timeout, retry_interval = 5, 30;

-- Together with one of these, every token would be looked up twice, and both modules would answer.
local conflicting = {};
for _, name in ipairs(rules.conflicting_modules) do
	local enabled = module:get_option_inherited_set("modules_enabled", {}):contains(name)
		and not module:get_option_inherited_set("modules_disabled", {}):contains(name);
	if enabled or modulemanager.is_loaded(host, name) then
		table.insert(conflicting, "mod_" .. name);
	end
end
if conflicting[1] then
	error(("mod_invited cannot be used on a host beside %s: take %s out of modules_enabled, or put %s into modules_disabled of %s")
		:format(table.concat(conflicting, " and "), conflicting[2] and "both" or "that", conflicting[2] and "them" or "it", host), 0);
end
local component = jid.prep(module:get_option_string("invited_component", ""));
if not component or component:find("[@/]") then
	error("invited_component is not set to the domain of invited's component, such as \"invites.example.net\"", 0);
elseif module:get_host_type() ~= "local" then
	error("mod_invited is for a VirtualHost", 0);
end

module:hook("module-loaded", function (event)
	for _, name in ipairs(rules.conflicting_modules) do
		if event.module == name then
			module:log("error", "mod_invited cannot be used on a host beside mod_%s, which another module has loaded: unloading mod_invited", name);
			modulemanager.unload(host, module.name);
		end
	end
end);

local require_encryption = module:get_option_boolean("c2s_require_encryption", module:get_option_boolean("require_encryption", true));

module:depends("adhoc"); -- says in disco#info that the host has commands, and lists those of others
local can_register, why_not = pcall(module.depends, module, "register_ibr");
if not can_register then
	module:log("warn", "Nobody can register on streams of %s: %s", host, why_not);
end

local account_details = module:open_store("account_details");
local accounts = module:open_store("accounts");
local debt_store = module:open_store("invited", "map");
local settled = debt_store.remove or {}; -- stored in place of a debt
local settings_store = module:open_store("invited_settings");

local weak = { __mode = "k" };
local attempts = setmetatable({}, weak); -- stream → its attempt: the token and what the daemon answered about it
local unloaded = false;

-- State that survives a reload. All other state is in the stores, or ends with the reload.
function module.save()
	return { attempts = attempts };
end

function module.restore(saved)
	attempts = saved.attempts or attempts;
end

---------------------------------------------------------------------------------------------------------------------------------
-- Asking the daemon

local questions = {}; -- id of the IQ → { callback, name, deadline }
local question_prefix = id.short(); -- so that no answer to a question from before a reload is accepted
local first_open, last_asked = 1, 0; -- numbers of questions: all before first_open are answered
local expiring; -- the timer of the oldest open question
local versions_fit = true;

local function is_connected()
	local served = modulemanager.get_module(component, "component");
	return served and served.connected and true or false;
end

local function element(name, attr)
	attr.xmlns = xmlns;
	return st.stanza(name, attr);
end

local function resolve(question_id, answer)
	local question = questions[question_id];
	if question then
		questions[question_id] = nil;
		question.callback(answer);
	end
end

-- One timer is enough for all questions, since they have the same timeout.
local function expire()
	local now, late = time.monotonic(), {};
	expiring = nil;
	while first_open <= last_asked and not expiring do
		local question_id = question_prefix .. first_open;
		local question = questions[question_id];
		if question and question.deadline > now then
			expiring = module:add_timer(question.deadline - now, expire);
		else
			if question then late[#late + 1] = question_id; end
			first_open = first_open + 1;
		end
	end
	for _, question_id in ipairs(late) do
		if questions[question_id] then
			module:log("warn", "%s has not answered <%s/> within %d seconds", component, questions[question_id].name, answer_timeout);
			resolve(question_id, rules.away);
		end
	end
end

local function give_up()
	local open = {};
	for question_id in pairs(questions) do open[#open + 1] = question_id; end
	for _, question_id in ipairs(open) do resolve(question_id, rules.away); end
end

-- Calls `callback` exactly once, possibly before it returns. Not module:send_iq(), which drops the oldest of more than 256.
local function ask(type, payload, callback)
	if unloaded or not is_connected() or not (versions_fit or payload.name == "hello") then
		callback(rules.away);
		return;
	end
	last_asked = last_asked + 1;
	local question_id = question_prefix .. last_asked;
	questions[question_id] = { callback = callback, name = payload.name, deadline = time.monotonic() + answer_timeout };
	expiring = expiring or module:add_timer(answer_timeout, expire);
	module:send(st.iq({ type = type, id = question_id, from = host, to = component }):add_child(payload));
end

-- Waits for the answer. Each client stream is served in a runner of its own, so only that stream waits.
local function await(type, payload)
	if not async.ready() then return rules.away; end
	local wait, done = async.waiter();
	local answer;
	ask(type, payload, function (result)
		answer = result;
		done();
	end);
	wait();
	return answer;
end

local function answered(stanza)
	if stanza.attr.type == "result" then
		return { ok = true, payload = stanza.tags[1] };
	end
	local type, condition, text = stanza:get_error();
	return { type = type, condition = condition, text = text };
end

---------------------------------------------------------------------------------------------------------------------------------
-- The daemon's settings for the host

local heard = settings_store:get() or {};
heard.held = heard.held or {};

local function hear(payload)
	local registration = payload.attr.registration;
	if not rules.is_registration(registration) then return false; end
	local held, changed = {}, registration ~= heard.registration;
	for item in payload:childtags("held") do
		local username = item.attr.username;
		if username then
			held[username] = true;
			changed = changed or not heard.held[username];
		end
	end
	for username in pairs(heard.held) do
		changed = changed or not held[username];
	end
	if changed then
		heard = { registration = registration, held = held };
		if not settings_store:set(nil, heard) then
			module:log("warn", "What %s says of registration could not be stored", component);
		end
	end
	return true;
end

local function is_server_open()
	return (module:get_option_boolean("allow_registration", false)
			or module:get_option_inherited_set("modules_enabled", {}):contains("register_ibr"))
		and not module:get_option_boolean("registration_invite_only", false);
end

local function configured_registration()
	local option = module:get_option_string("invited_registration", "server");
	if not rules.is_registration(option) then
		module:log("error", "invited_registration is %q, and neither \"invite\", \"open\" nor \"server\"; nobody registers without a token", option);
		return "invite";
	end
	return option;
end

local function registration()
	return rules.registration(heard.registration, configured_registration(), is_server_open());
end

---------------------------------------------------------------------------------------------------------------------------------
-- Accounts

-- Not usermanager.user_exists(), which also counts a deleted account as existing while it has a session.
local function user_exists(username)
	return usermanager.get_provider(host).user_exists(username) and true or false;
end

local function account_info(username)
	return usermanager.get_account_info and usermanager.get_account_info(username, host) or nil;
end

local function registered_at(username)
	local details = account_details:get(username);
	return details and details.registered or nil;
end

local function is_husk(username)
	return rules.is_husk(account_info(username), registered_at(username));
end

local function is_usable(username)
	return user_exists(username) and not is_husk(username);
end

-- The same where a use of an invite is given back for an account that is absent; nil where the accounts cannot be read, which providers
-- take for absent.
local function exists(username)
	if is_usable(username) then return true; end
	local _, err = accounts:get(username);
	if err then return nil; end
	return false;
end

-- Bypasses the usermanager: no complete account is deleted, so no user-deleted event is to be fired.
local function remove_husk(username)
	if user_exists(username) and is_husk(username) then
		module:log("info", "Removing what is left of the account %s, which could not be made", username);
		usermanager.get_provider(host).delete_user(username);
	end
end

local function can_create()
	return rawget(usermanager.get_provider(host), "create_user") ~= nil;
end

local function password_policy()
	return modulemanager.get_module(host, "password_policy");
end

-- Why an account cannot have a password: the policy that refuses it, and the server's text. Prosody 13 detects that a password cannot
-- be prepared only when it has already created the husk.
local function password_refusal(username, password)
	if not password or password == "" or not stringprep.saslprep(password) then
		return "characters", "The password is empty, or has characters that a password cannot have";
	end
	local policy = password_policy();
	if policy and policy.check_password then
		local good, text, name = policy.check_password(password, { username = username });
		if not good then return name or "policy", text; end
	end
end

---------------------------------------------------------------------------------------------------------------------------------
-- Debts, the notifications that are owed to the daemon: sent again after each hello, until it has answered

local debts = module:open_store("invited"):get() or {};
local in_progress = {}; -- keys of debts whose account is being made right now

-- Changes are written together: many accounts are made at once, and Prosody's internal storage writes the whole file for each write.
local unwritten, writers = {}, {}; -- key → debt or `settled`; callbacks that receive whether the write succeeded
local writing, writing_at; -- the timer of the next write, and its time

local function store(changes)
	if debt_store.set_keys and debt_store.remove then return debt_store:set_keys(nil, changes); end
	for key, debt in pairs(changes) do
		if not debt_store:set(nil, key, debt ~= settled and debt or nil) then return false; end
	end
	return true;
end

local function write()
	if writing then writing:stop(); writing = nil; end
	if next(unwritten) == nil then return true; end
	local changes, waiting = unwritten, writers;
	unwritten, writers = {}, {};
	local stored = store(changes) and true or false;
	if not stored then
		module:log("warn", "What %s is owed could not be stored; it will be told again of what it has acknowledged", component);
		for key, debt in pairs(changes) do
			if debt == settled then unwritten[key] = unwritten[key] or debt; end
		end
	end
	for _, call in ipairs(waiting) do call(stored); end
	return stored;
end

local function write_within(seconds)
	local at = time.monotonic() + seconds;
	if writing and writing_at <= at then return; end
	if writing then writing:stop(); end
	writing_at = at;
	writing = module:add_timer(seconds, function ()
		writing = nil;
		write();
	end);
end

-- Returns whether the debt is on the disk.
local function owe(key, debt)
	unwritten[key] = debt;
	if not write() then return false; end
	debts[key] = debt;
	return true;
end

-- The same for a caller that can wait: the write happens after all pending input is read, and covers the debts which that adds.
local function owe_with_others(key, debt)
	local wait, done = async.waiter();
	local stored;
	unwritten[key] = debt;
	writers[#writers + 1] = function (result)
		stored = result;
		done();
	end;
	write_within(0);
	wait();
	if stored then debts[key] = debt; end
	return stored;
end

-- Removes a debt, from the disk at once: after a restart it would be confirmed if someone else had made the account meanwhile.
local function forget(key)
	debts[key] = nil;
	unwritten[key] = settled;
	write();
end

-- Removes a debt that the daemon has acknowledged. Sending it twice does no harm, so it need not be removed from the disk at once.
local function forget_soon(key)
	if unloaded then return forget(key); end
	debts[key] = nil;
	unwritten[key] = settled;
	write_within(1);
end

local function release(attempt_id, reason)
	ask("set", element("release", { attempt = attempt_id, reason = rules.shortened(reason) }), function () end);
end

local function confirmation(debt)
	return element("confirm", { token = debt.token, attempt = debt.attempt, username = debt.username });
end

local pay_later;

local function settle(key, answer)
	if rules.is_settled(answer) then
		if not answer.ok then
			module:log("info", "%s does not know what it was told of %s: %s", component, debts[key] and debts[key].username, answer.text or answer.condition);
		end
		forget_soon(key);
	else
		pay_later();
	end
end

local function pay_account(key, debt)
	local is_made = debt.made or exists(debt.username);
	if is_made then
		ask("set", confirmation(debt), function (answer) settle(key, answer); end);
	elseif is_made == nil then
		pay_later();
	else
		remove_husk(debt.username);
		release(debt.attempt, "the account was not made");
		forget(key);
	end
end

local function pay()
	local keys = {};
	for key in pairs(debts) do keys[#keys + 1] = key; end
	table.sort(keys); -- "confirm:…" before "deleted:…" of the same account
	for _, key in ipairs(keys) do
		local debt = debts[key];
		if in_progress[key] then -- luacheck: ignore 542
			-- finish() or reserve() settles or removes it.
		elseif debt.what == "deleted" then
			ask("set", element("deleted", { username = debt.username }), function (answer) settle(key, answer); end);
		else
			pay_account(key, debt);
		end
	end
end

local paying;
function pay_later()
	if not paying and not unloaded then
		paying = module:add_timer(retry_interval, function ()
			paying = nil;
			if is_connected() then pay(); end
		end);
	end
end

local function tell_deleted(username)
	for key, debt in pairs(debts) do
		-- The account was made, so the invite stays used although the account is deleted.
		if debt.what == "confirm" and debt.username == username and not debt.made then
			debt.made = true;
			owe(key, debt);
		end
	end
	local key = "deleted:" .. username;
	if not owe(key, { what = "deleted", username = username }) then
		module:log("error", "That the account %s is deleted could not be stored, and may never be told", username);
		debts[key] = { what = "deleted", username = username };
	end
	ask("set", element("deleted", { username = username }), function (answer) settle(key, answer); end);
end

module:hook_global("user-deleted", function (event)
	if event.host == host then tell_deleted(event.username); end
end);
-- Prosody 13 with registration_delete_grace_period: the user has cancelled the registration, the account is deleted later.
module:hook("user-deregistered-pending", function (event) tell_deleted(event.username); end);

---------------------------------------------------------------------------------------------------------------------------------
-- Hello

local say_hello;
local greeting;

local function hello()
	local payload = element("hello", { version = tostring(rules.version), module = "mod_invited 1.0", server = "Prosody " .. prosody.version });
	local can = { register = can_register and can_create(), accounts = can_create() };
	for _, name in ipairs({ "register", "commands", "subscribe", "accounts", "contacts", "notices", "guard" }) do
		if can[name] ~= false then payload:tag("feature", { name = name }):up(); end
	end
	local policy = password_policy();
	local length = policy and policy.get_policy and policy.get_policy().length;
	payload:tag("rules", {
		registration = can.register and rules.registration(nil, configured_registration(), is_server_open()) or "closed";
		encryption = require_encryption and "required" or "optional";
		["password-length"] = length and tostring(length) or nil;
	}):up();
	return payload;
end

function say_hello()
	if greeting then greeting:stop(); greeting = nil; end
	ask("set", hello(), function (answer)
		if answer.ok and answer.payload and hear(answer.payload) and rules.is_compatible(answer.payload.attr.version) then
			versions_fit = true;
			module:log("info", "%s speaks for invites of this host; registration without one: %s", component, registration());
			pay();
			return;
		end
		if answer.away and not is_connected() or unloaded then return; end
		versions_fit = answer.away or false;
		if not versions_fit then
			module:log("warn", "%s does not serve this host: %s", component, answer.text or answer.condition or "it speaks another version");
		end
		greeting = module:add_timer(retry_interval, function ()
			greeting = nil;
			if is_connected() then say_hello(); end
		end);
	end);
end

local watched; -- the events of the component's host, which may be deactivated and activated again

local function watch_component()
	local served = hosts[component];
	if not served or served.events == watched then return; end
	watched = served.events;
	local its = module:context(component);
	its:hook("component-authenticated", function () say_hello(); end);
	its:hook("component-disconnected", function (event)
		-- The event is also fired for a second connection, which was refused.
		if event.session.type == "component" then give_up(); end
	end);
end

module:hook_global("host-activated", function (activated)
	if activated == component then watch_component(); end
end, -100);
module:hook_global("server-started", function ()
	if not hosts[component] then
		module:log("error", "There is no Component %q, which invited_component names", component);
	end
end);
module:hook_global("config-reloaded", function () say_hello(); end);
for _, change in ipairs({ "module-loaded", "module-unloaded" }) do
	module:hook(change, function (event)
		if event.module == "password_policy" then say_hello(); end
	end);
end

module:hook_global("server-stopping", function () write(); end);

function module.load()
	watch_component();
	if is_connected() then say_hello(); end
end

function module.unload()
	unloaded = true;
	give_up();
	write();
end

---------------------------------------------------------------------------------------------------------------------------------
-- Streams before login: XEP-0445

local function refuse(origin, stanza, type, condition, text)
	module:log("info", "Refused <%s/> of %s: %s", stanza.tags[1].name, stanza.attr.from or "a stream before login", text or condition);
	-- The reply does not repeat the client's request, which may have a password.
	origin.send(st.error_reply(stanza, type, condition, text));
	return true;
end

module:hook("stream-features", function (event)
	local origin = event.origin;
	if origin.type ~= "c2s_unauthed" or require_encryption and not origin.secure or not can_register then return; end
	event.features:tag("register", { xmlns = "urn:xmpp:invite" }):up();
	event.features:tag("register", { xmlns = "urn:xmpp:ibr-token:0" }):up();
end);

local function attempt_of(origin)
	local attempt = attempts[origin];
	if attempt and not rules.is_same_stream(attempt, origin) then
		attempts[origin] = nil;
		return nil;
	end
	return attempt;
end

local function new_attempt(origin, token)
	local old = attempt_of(origin);
	return {
		id = old and old.token == token and old.id or hex.encode(random.bytes(12));
		token = token, streamid = origin.streamid, secure = origin.secure and true or false;
	};
end

module:hook("stanza/iq/urn:xmpp:pars:0:preauth", function (event)
	local origin, stanza = event.origin, event.stanza;
	local old, token = attempt_of(origin), stanza.tags[1].attr.token;
	-- A stream of one host may address another host, but tokens and rules are those of the stream's own host.
	if origin.type ~= "c2s_unauthed" or origin.host ~= host then
		return refuse(origin, stanza, "cancel", "not-allowed", "This stream is not for " .. host);
	elseif require_encryption and not origin.secure then
		return refuse(origin, stanza, "modify", "policy-violation", "Encryption is required");
	elseif old and old.done then
		return refuse(origin, stanza, "cancel", "not-allowed", "This stream has used an invite already.");
	elseif stanza.attr.type ~= "set" or not rules.can_be_token(token) then
		return refuse(origin, stanza, "modify", "bad-request", "This cannot be a token.");
	end

	local attempt = new_attempt(origin, token);
	local answer = await("get", element("check", { token = token, attempt = attempt.id }));
	if origin.destroyed then return true; end
	if answer.ok and answer.payload and answer.payload.attr.kind then
		local found = answer.payload.attr;
		attempt.kind, attempt.username, attempt.checked = found.kind, found.username, found.checked;
		attempts[origin] = attempt;
		origin.send(st.reply(stanza));
		return true;
	end
	local refusal = rules.refusal(answer);
	-- A client that continues without its token must not get an account that is not counted as a use of its invite.
	attempt.unavailable = refusal.condition == "resource-constraint";
	attempts[origin] = attempt.unavailable and attempt or nil;
	return refuse(origin, stanza, refusal.type, refusal.condition, refusal.text);
end, 10);

-- mod_register_ibr's own handler. Handlers before it, such as a redirect to a web page, are for people without an invite; the password
-- policy is checked here instead.
local function server_register(event)
	local served = modulemanager.get_module(host, "register_ibr");
	if not served then return nil; end
	local _, _, handler = served.module.event_handlers:iter(nil, registering, nil)(served.module.event_handlers);
	return handler and handler(event);
end

local flows = setmetatable({}, weak); -- the stand-in for a stream → the state of its registration

-- Passed to mod_register_ibr in place of the stream, so that its reply can be inspected before it is sent to the client.
local function stand_in(origin, send)
	return setmetatable({ send = send }, { __index = origin, __newindex = function (_, key, value) origin[key] = value; end });
end

local function filled_in(reply, username)
	reply = st.clone(reply); -- mod_register_ibr has one form for all streams
	local query = reply:get_child("query", "jabber:iq:register");
	local plain = query and query:get_child("username");
	if plain then plain:text(username); end
	local form = query and query:get_child("x", "jabber:x:data");
	for field in form and form:childtags("field") or function () end do
		if field.attr.var == "username" then
			field:remove_children("value");
			field:tag("value"):text(username):up();
		end
	end
	return reply;
end

local function show_form(origin, stanza, attempt)
	local shown = stand_in(origin, function (reply)
		return origin.send(attempt.username and reply.attr.type == "result" and filled_in(reply, attempt.username) or reply);
	end);
	return server_register({ origin = shown, stanza = stanza });
end

-- Ends a registration with the server's reply, if it made one. Later calls do nothing.
local function finish(flow, reply)
	local attempt = flow.attempt;
	if not flow.reserved then return; end
	flow.reserved = false;
	-- Without a reply the server has failed while making the account.
	local refused = reply and reply.attr.type == "error";
	if refused or not reply and not is_usable(flow.username) then
		local _, condition, text;
		if refused then _, condition, text = reply:get_error(); end
		remove_husk(flow.username);
		forget(flow.key);
		release(attempt.id, text or condition or "the account was not made");
	else
		attempt.done = true;
		module:log("info", "The account %s was made with an invite", flow.username);
		settle(flow.key, await("set", confirmation(debts[flow.key])));
	end
	in_progress[flow.key] = nil;
end

local function register(origin, stanza, attempt)
	local query = stanza.tags[1];
	local submitted, password = rules.submitted(query, "username"), rules.submitted(query, "password");
	local username = submitted and stringprep.nodeprep(submitted, true);
	-- Missing or malformed fields are left to mod_register_ibr, which refuses them.
	if username and rules.can_be_name(username) and password and password ~= "" then
		local policy = password_refusal(username, password);
		if policy then
			return refuse(origin, stanza, "modify", "not-acceptable", rules.password_text(policy));
		elseif user_exists(username) then
			-- Before the server's own rules, some of which refuse a taken name with another error.
			return refuse(origin, stanza, "cancel", "conflict", error_texts["conflict"]);
		end
	elseif submitted and #submitted > 1023 then
		return refuse(origin, stanza, "modify", "bad-request", "The username is too long.");
	end

	local flow = { attempt = attempt, origin = origin };
	local shown = stand_in(origin, function (reply)
		if reply.name == "iq" and reply.attr.id == stanza.attr.id then finish(flow, reply); end
		return origin.send(reply);
	end);
	flows[shown] = flow;
	local done, result = pcall(server_register, { origin = shown, stanza = stanza });
	finish(flow);
	if not done then error(result, 0); end
	return result;
end

local function refuse_event(event, refusal)
	module:log("info", "Refused the registration of %s: %s", event.username, refusal.condition);
	event.allowed = false;
	event.error = errors.new({ type = refusal.type, condition = refusal.condition, text = refusal.text });
end

local function reserve(flow, event)
	local attempt, origin = flow.attempt, flow.origin;
	local answer = await("set", element("reserve",
		{ token = attempt.token, attempt = attempt.id, username = event.username, checked = attempt.checked }));
	local function is_over() return unloaded or origin.destroyed or origin.type ~= "c2s_unauthed"; end
	if not answer.ok then
		-- The daemon may have made the reservation although no answer was received.
		if answer.away then release(attempt.id, "no answer in time"); end
		refuse_event(event, rules.refusal(answer));
	elseif is_over() then
		release(attempt.id, "the stream ended");
		refuse_event(event, rules.away);
	else
		local key = "confirm:" .. attempt.id;
		in_progress[key] = true;
		local stored = owe_with_others(key,
			{ what = "confirm", token = attempt.token, attempt = attempt.id, username = event.username, since = os.time() });
		if stored and not is_over() then
			flow.reserved, flow.key, flow.username = true, key, event.username;
			return;
		end
		in_progress[key] = nil;
		if stored then
			forget(key);
			release(attempt.id, "the stream ended");
			refuse_event(event, rules.away);
		else
			release(attempt.id, "the server could not write");
			refuse_event(event, { type = "wait", condition = "internal-server-error", text = "Failed to write data to disk." });
		end
	end
end

-- A registration without a token.
local function guard(event)
	if registration() == "invite" then
		return refuse_event(event, { type = "cancel", condition = "not-allowed", text = "Registration on this server needs an invite." });
	end
	local answer = await("get", element("name", { username = event.username }));
	if not answer.ok and not answer.away and (answer.condition == "conflict" or answer.condition == "not-allowed") then
		refuse_event(event, { type = "cancel", condition = answer.condition, text = answer.text or error_texts[answer.condition] });
	elseif not answer.ok and heard.held[event.username] then
		refuse_event(event, { type = "cancel", condition = "conflict", text = error_texts["conflict"] });
	end
end

local creating = setmetatable({}, weak); -- the events of accounts that the daemon asked for

-- Runs last, so that nothing is reserved for a registration that the server's own rules refuse.
module:hook("user-registering", function (event)
	if event.allowed == false or creating[event] then return; end
	local flow = event.session and flows[event.session];
	if flow then
		reserve(flow, event);
	else
		guard(event);
	end
end, -1000);

local function reset(origin, stanza, attempt)
	local query = stanza.tags[1];
	local submitted, password = rules.submitted(query, "username"), rules.submitted(query, "password");
	local username = submitted and stringprep.nodeprep(submitted, true);
	if not username or username ~= attempt.username then
		return refuse(origin, stanza, "modify", "not-acceptable", "This invite is for another account.");
	elseif not user_exists(username) then
		return refuse(origin, stanza, "cancel", "item-not-found", "There is no such account.");
	end
	local policy = password_refusal(username, password);
	if policy then
		return refuse(origin, stanza, "modify", "not-acceptable", rules.password_text(policy));
	end
	local answer = await("set", element("spend",
		{ token = attempt.token, attempt = attempt.id, username = username, checked = attempt.checked }));
	if not answer.ok then
		local refusal = rules.refusal(answer);
		return refuse(origin, stanza, refusal.type, refusal.condition, refusal.text);
	elseif not user_exists(username) then -- deleted meanwhile
		return refuse(origin, stanza, "cancel", "item-not-found", "There is no such account.");
	end
	-- Also when the stream has ended meanwhile: the token is used up, and its holder asked for this password.
	local set, err = usermanager.set_password(username, password, host);
	if not set then
		module:log("error", "The password of %s could not be set: %s", username, err);
		return refuse(origin, stanza, "wait", "internal-server-error", "The password could not be set. Please try again.");
	end
	attempt.done = true;
	module:log("info", "The password of %s was set with a reset token", username);
	module:fire_event("user-password-reset", { username = username, host = host, session = origin });
	origin.send(st.reply(stanza));
	return true;
end

module:hook(registering, function (event)
	local origin, stanza = event.origin, event.stanza;
	if origin.type ~= "c2s_unauthed" then return; end -- the server refuses it
	if origin.host ~= host then
		return refuse(origin, stanza, "cancel", "not-allowed", "This stream is not for " .. host);
	end
	local attempt, query = attempt_of(origin), stanza.tags[1];
	if not attempt or query.tags[1] and query.tags[1].name == "remove" then
		return;
	elseif attempt.done then
		return refuse(origin, stanza, "cancel", "not-allowed", "This stream has used an invite already.");
	elseif attempt.unavailable then
		if stanza.attr.type == "get" then return; end
		return refuse(origin, stanza, rules.away.type, rules.away.condition, rules.away.text);
	elseif stanza.attr.type == "get" then
		return show_form(origin, stanza, attempt);
	elseif attempt.kind == "reset" then
		return reset(origin, stanza, attempt);
	end
	return register(origin, stanza, attempt);
end, 20);

---------------------------------------------------------------------------------------------------------------------------------
-- Subscription requests with a token: XEP-0379

local passed = setmetatable({}, weak); -- requests that the server handles as usual

module:hook("presence/bare", function (event)
	local origin, stanza = event.origin, event.stanza;
	if stanza.attr.type ~= "subscribe" or passed[stanza] or not stanza.attr.to or not stanza.attr.from then return; end
	local preauth = stanza:get_child("preauth", xmlns_pars);
	local token = preauth and preauth.attr.token;
	local user, contact = jid.node(stanza.attr.to), jid.bare(stanza.attr.from);
	if not rules.can_be_token(token) or not user or contact == user .. "@" .. host or not user_exists(user) then return; end
	if rostermanager.is_contact_subscribed(user, host, contact) then return; end

	-- A copy, since the server continues to use the original. Not await(), which would block all later stanzas of another server's stream.
	local request = st.clone(stanza);
	ask("set", element("subscribe", { token = token, user = user, contact = contact }), function (answer)
		if answer.ok then return; end -- the daemon asks for the contact
		if not answer.away then
			module:log("info", "A request from %s to %s has no good token: %s", contact, user, answer.condition);
		end
		passed[request] = true;
		prosody.core_post_stanza(origin.destroyed and hosts[host] or origin, request);
	end);
	return true;
end, 1); -- blocking lists are at 100

---------------------------------------------------------------------------------------------------------------------------------
-- The commands: XEP-0401, forwarded as XEP-0355 says

local function without_client_namespace(stanza)
	if stanza.attr.xmlns == xmlns_client then stanza.attr.xmlns = nil; end
	for _, child in ipairs(stanza.tags) do without_client_namespace(child); end
	return stanza;
end

-- Calls back with the answer to an entity's stanza, or with nil.
local function forward(stanza, callback)
	local request = st.clone(stanza);
	local sender, request_id = stanza.attr.from, stanza.attr.id;
	request.attr.xmlns = xmlns_client;
	local payload = st.stanza("delegation", { xmlns = xmlns_delegation }):tag("forwarded", { xmlns = xmlns_forward }):add_child(request):up();
	ask("set", payload, function (answer)
		local forwarded = answer.ok and answer.payload and answer.payload.name == "delegation"
			and answer.payload:get_child("forwarded", xmlns_forward);
		local inner = forwarded and forwarded:get_child("iq", xmlns_client);
		local type = inner and inner.attr.type;
		if type ~= "result" and type ~= "error" then return callback(nil); end
		inner = without_client_namespace(st.clone(inner));
		inner.attr.from, inner.attr.to, inner.attr.id = host, sender, request_id;
		callback(inner);
	end);
end

local function forward_and_reply(stanza)
	local original = st.clone(stanza);
	forward(stanza, function (answer)
		module:send(answer or st.error_reply(original, "cancel", "service-unavailable", "Invites are not available right now. Please try again."));
	end);
	return true;
end

module:hook("iq-set/host/" .. xmlns_commands .. ":command", function (event)
	if rules.nodes[event.stanza.tags[1].attr.node or ""] then return forward_and_reply(event.stanza); end
end, 501); -- mod_adhoc is at 500

module:hook("host-disco-info-node", function (event)
	if rules.nodes[event.node or ""] then return forward_and_reply(event.stanza); end
end, 1);

module:hook("host-disco-items-node", function (event)
	if event.node ~= xmlns_commands then return; end
	local reply = event.reply;
	forward(event.stanza, function (answer)
		local items = answer and answer.attr.type == "result" and answer:get_child("query", "http://jabber.org/protocol/disco#items");
		local query = reply:get_child("query", "http://jabber.org/protocol/disco#items");
		for item in items and items:childtags("item") or function () end do
			if rules.nodes[item.attr.node or ""] then
				query:add_child(st.stanza("item", { jid = host, node = item.attr.node, name = item.attr.name }));
			end
		end
		module:send(reply);
	end);
	return true;
end, -1); -- after mod_adhoc, which appends to the reply

---------------------------------------------------------------------------------------------------------------------------------
-- The daemon's requests: handlers return the payload of the result or true, or else nil and the error

local serve = {};

-- A username in a request, in its canonical form.
local function username_in(payload, name)
	local value = payload.attr[name];
	local username = rules.can_be_name(value) and stringprep.nodeprep(value, true);
	return username and username ~= "" and username or nil;
end

local bad_request = { "modify", "bad-request", "The request has no username, or one that cannot be" };

function serve.exists(payload)
	local username = username_in(payload, "username");
	if not username then return nil, bad_request; end
	local is_there = exists(username);
	if is_there == nil then return nil, { "wait", "internal-server-error", "The server cannot read its accounts" }; end
	if not is_there then return element("exists", { account = "absent" }); end
	local info = account_info(username);
	local created = registered_at(username) or info and info.created;
	return element("exists", { account = "present", created = created and datetime.datetime(created) or nil });
end

local made = {}; -- accounts made in the last minute: a repeated request gets the same answer as the first

function serve.create(payload)
	local username, password = username_in(payload, "username"), payload.attr.password;
	if not username or not password then return nil, bad_request; end
	if not can_create() then return nil, { "cancel", "not-allowed", "The server makes no accounts" }; end
	if user_exists(username) then
		if made[username] and usermanager.test_password(username, host, password) then return true; end
		return nil, { "cancel", "conflict", "There is such an account" };
	end
	local policy, text = password_refusal(username, password);
	if policy then return nil, { "modify", "not-acceptable", text }; end

	local event = {
		username = username, password = password, host = host, ip = payload.attr.address, additional = {}, allowed = true, source = "mod_invited";
	};
	creating[event] = true;
	module:fire_event("user-registering", event);
	if not event.allowed then return nil, { rules.creation_refusal(event) }; end
	if user_exists(username) then return nil, { "cancel", "conflict", "There is such an account" }; end -- one of the rules may have waited
	local created, err = usermanager.create_user(username, password, host);
	if not created then return nil, { "modify", "not-acceptable", err and tostring(err) }; end
	if not account_details:set(username, { registered = os.time() }) then
		module:log("warn", "When the account %s was made could not be stored", username);
	end
	made[username] = true;
	module:add_timer(60, function () made[username] = nil; end);
	module:log("info", "The account %s was made for %s", username, component);
	module:fire_event("user-registered", { username = username, host = host, source = "mod_invited", ip = event.ip });
	return true;
end

function serve.password(payload)
	local username, password = username_in(payload, "username"), payload.attr.password;
	if not username or not password then return nil, bad_request; end
	if not user_exists(username) then return nil, { "cancel", "item-not-found", "There is no such account" }; end
	local policy, text = password_refusal(username, password);
	if policy then return nil, { "modify", "not-acceptable", text }; end
	local set, err = usermanager.set_password(username, password, host); -- ends the sessions
	if not set then return nil, { "wait", "internal-server-error", err and tostring(err) }; end
	module:log("info", "The password of %s was set for %s", username, component);
	return true;
end

local function subscription(username, contact)
	local item = rostermanager.load_roster(username, host)[contact];
	return item and (item.subscription .. (item.ask or "")) or "";
end

-- One direction, as if `from` had asked and `to` approved. A step that was taken before has no effect.
local function subscribe(from, to)
	local from_jid, to_jid = from .. "@" .. host, to .. "@" .. host;
	rostermanager.set_contact_pending_out(from, host, to_jid);
	if rostermanager.set_contact_pending_in(to, host, from_jid) then
		rostermanager.subscribed(to, host, from_jid);
	end
	rostermanager.process_inbound_subscription_approval(from, host, to_jid);
end

local function befriend(user, contact)
	local user_jid, contact_jid = user .. "@" .. host, contact .. "@" .. host;
	local user_had, contact_had = subscription(user, contact_jid), subscription(contact, user_jid);
	subscribe(user, contact);
	subscribe(contact, user);
	if subscription(user, contact_jid) ~= user_had then rostermanager.roster_push(user, host, contact_jid); end
	if subscription(contact, user_jid) ~= contact_had then rostermanager.roster_push(contact, host, user_jid); end
	-- Presence probes, so that both users see whether the other is online.
	module:send(st.presence({ type = "probe", from = user_jid, to = contact_jid }));
	module:send(st.presence({ type = "probe", from = contact_jid, to = user_jid }));
	return subscription(user, contact_jid) == "both" and subscription(contact, user_jid) == "both";
end

local function approve(user, contact)
	local user_jid = user .. "@" .. host;
	local had = subscription(user, contact);
	if rostermanager.set_contact_pending_in(user, host, contact) then
		rostermanager.subscribed(user, host, contact);
	end
	local mutual = rostermanager.is_user_subscribed(user, host, contact);
	if not mutual then rostermanager.set_contact_pending_out(user, host, contact); end
	if subscription(user, contact) ~= had then rostermanager.roster_push(user, host, contact); end
	module:send(st.presence({ type = "subscribed", from = user_jid, to = contact }));
	module:send(st.presence({ type = "probe", from = contact, to = user_jid }));
	if not mutual then module:send(st.presence({ type = "subscribe", from = user_jid, to = contact })); end
	return rostermanager.is_contact_subscribed(user, host, contact);
end

function serve.contacts(payload)
	local user, contact = username_in(payload, "user"), jid.bare(jid.prep(payload.attr.contact));
	if not user or not contact or not jid.node(contact) or contact == user .. "@" .. host then return nil, bad_request; end
	local nobody = { "cancel", "item-not-found", "There is no such user" };
	if not user_exists(user) then return nil, nobody; end
	local done;
	if jid.host(contact) ~= host then
		done = approve(user, contact);
	elseif user_exists(jid.node(contact)) then
		done = befriend(user, jid.node(contact));
	else
		return nil, nobody;
	end
	if not done then return nil, { "wait", "internal-server-error", "The roster could not be stored" }; end
	return true;
end

function serve.notify(payload)
	local username = username_in(payload, "username");
	if not username then return nil, bad_request; end
	if not user_exists(username) then return nil, { "cancel", "item-not-found", "There is no such user" }; end
	module:send(st.message({
		type = "normal", id = id.medium(), from = host, to = username .. "@" .. host, ["xml:lang"] = payload.attr["xml:lang"];
	}, payload:get_text()));
	return true;
end

function serve.settings(payload)
	if not hear(payload) then return nil, { "modify", "bad-request", "There is no such registration" }; end
	module:log("info", "Registration without an invite: %s", registration());
	-- The daemon had refused this host, and serves it now.
	if not versions_fit then say_hello(); end
	return true;
end

local kinds = { exists = "get", create = "set", password = "set", contacts = "set", notify = "set", settings = "set" };

local function serve_request(stanza)
	local payload = stanza.tags[1];
	local handler = kinds[payload.name] == stanza.attr.type and serve[payload.name];
	if not handler then
		module:send(st.error_reply(stanza, "cancel", "feature-not-implemented"));
		return;
	end
	local result, err = handler(payload);
	if not result then
		module:log("info", "Refused to %s: %s", payload.name, err[2]);
		module:send(st.error_reply(stanza, err[1], err[2], err[3]));
		return;
	end
	local reply = st.reply(stanza);
	if result ~= true then reply:add_child(result); end
	module:send(reply);
end

-- Components are not served in runners, and the server's own rules for a new account may wait.
local function run(stanza)
	local runner = async.runner(serve_request, {
		error = function (_, err)
			module:log("error", "A request of %s failed: %s", component, err);
			module:send(st.error_reply(stanza, "wait", "internal-server-error"));
		end;
	});
	runner:run(stanza);
end

module:hook("iq/host", function (event)
	local origin, stanza = event.origin, event.stanza;
	local is_request = stanza.attr.type == "get" or stanza.attr.type == "set";
	if not is_request then
		if questions[stanza.attr.id or ""] and rules.is_daemon(origin, stanza, component) then
			resolve(stanza.attr.id, answered(stanza));
			return true;
		end
	elseif stanza.tags[1] and stanza.tags[1].attr.xmlns == xmlns then
		if not rules.is_daemon(origin, stanza, component) then
			return refuse(origin, stanza, "auth", "forbidden", "This is for " .. component .. " alone.");
		end
		run(stanza);
		return true;
	end
end, 10); -- mod_iq is at 0
