-- A loopback Prosody with two hosts and the server module of invited. Used by scripts/demo, which copies the module and fills in
-- @DIRECTORY@, @CLIENT_PORT@, @COMPONENT_PORT@ and @SECRET@. A real server has TLS, s2s and its own accounts; what
-- concerns invited is between the two rules below.
pidfile = "@DIRECTORY@/prosody.pid"
data_path = "@DIRECTORY@/data"
daemonize = false
log = { info = "@DIRECTORY@/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { @CLIENT_PORT@ }
s2s_ports = { }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
modules_disabled = { "s2s"; "tls" }

-----------------------------------------------------------------------------------------------------------------------
plugin_paths = { "@DIRECTORY@/modules" }
component_ports = { @COMPONENT_PORT@ }
component_interfaces = { "127.0.0.1" }

modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; "invited" }
invited_component = "invites.host.example"

VirtualHost "a.example"

VirtualHost "b.example"

Component "invites.host.example"
  component_secret = "@SECRET@"
-----------------------------------------------------------------------------------------------------------------------
