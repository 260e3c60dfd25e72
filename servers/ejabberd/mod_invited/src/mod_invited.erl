%%% The module of invited, the invitation daemon, for ejabberd 23.01 and newer.
%%%
%%% It asks the daemon about each token and decides nothing itself; docs/server-module.md is what the two say to each other.
-module(mod_invited).
-behaviour(gen_mod).

-export([start/2, stop/1, reload/3, depends/2, mod_opt_type/1, mod_options/1, mod_doc/0]).
-export([component/1, configured_registration/1, config_reloaded/0]).

-include("logger.hrl").

%% Beside it every token would be asked about twice, and both modules would answer.
-define(OTHER, mod_invites).

start(Host, Opts) ->
    case is_beside_other(Host) of
        true ->
            ?ERROR_MSG("mod_invited cannot be used on a host beside ~ts: take one of the two out of the modules of ~ts", [?OTHER, Host]),
            {error, beside_mod_invites};
        false ->
            gen_mod:is_loaded_elsewhere(Host, ?MODULE) orelse load_parts(),
            case mod_invited_store:open() of
                ok -> start_parts(Host, Opts);
                {error, _} = Error -> Error
            end
    end.

start_parts(Host, Opts) ->
    case gen_mod:start_child(mod_invited_link, Host, Opts) of
        {ok, _} = Started ->
            lists:foreach(fun({Hook, Module, Function, Order}) -> ejabberd_hooks:add(Hook, Host, Module, Function, Order) end, hooks()),
            lists:foreach(fun({Hook, Module, Function, Order}) -> ejabberd_hooks:add(Hook, Module, Function, Order) end, global_hooks()),
            mod_invited_commands:start(Host),
            Started;
        {error, _} = Error -> Error
    end.

stop(Host) ->
    %% Open questions are answered while the hooks are there.
    mod_invited_link:drain(Host),
    mod_invited_commands:stop(Host),
    lists:foreach(fun({Hook, Module, Function, Order}) -> ejabberd_hooks:delete(Hook, Host, Module, Function, Order) end, hooks()),
    case gen_mod:is_loaded_elsewhere(Host, ?MODULE) of
        true -> ok;
        false ->
            lists:foreach(fun({Hook, Module, Function, Order}) -> ejabberd_hooks:delete(Hook, Module, Function, Order) end, global_hooks())
    end,
    gen_mod:stop_child(mod_invited_link, Host).

%% A hello follows, as after each reload.
reload(Host, #{component := Component}, #{component := Component}) ->
    mod_invited_link:changed(Host);
reload(Host, _NewOpts, _OldOpts) ->
    mod_invited_link:moved(Host).

%% After module_upgrade ejabberd has loaded this file again, and not the others.
load_parts() ->
    lists:foreach(fun(Part) -> code:purge(Part), code:load_file(Part) end,
                  [mod_invited_accounts, mod_invited_answer, mod_invited_attempts, mod_invited_commands, mod_invited_component,
                   mod_invited_contacts, mod_invited_form, mod_invited_link, mod_invited_protocol, mod_invited_question,
                   mod_invited_registration, mod_invited_reset, mod_invited_rules, mod_invited_service, mod_invited_store,
                   mod_invited_stream]).

hooks() ->
    [{c2s_pre_auth_features, mod_invited_stream, features, 50},
     {c2s_unauthenticated_packet, mod_invited_stream, unauthenticated_packet, 10}, % mod_register is at 50
     {c2s_handle_info, mod_invited_stream, handle_info, 10},
     {c2s_stream_started, mod_invited_stream, stream_started, 10},
     {c2s_auth_result, mod_invited_stream, auth_result, 10},
     {roster_in_subscription, mod_invited_contacts, roster_in_subscription, 10},
     {check_register_user, mod_invited_accounts, is_held_back, 50},
     {remove_user, mod_invited_accounts, remove_user, 50},
     {local_send_to_resource_hook, mod_invited_component, local_packet, 50}].

global_hooks() ->
    [{component_connected, mod_invited_component, component_connected, 50},
     {component_disconnected, mod_invited_component, component_disconnected, 50},
     {component_send_packet, mod_invited_component, component_send_packet, 10}, % mod_privilege is at 50
     {config_reloaded, ?MODULE, config_reloaded, 90}]. % gen_mod is at 60

%% All hosts once. What other modules have changed changes the hello, and mod_adhoc may have taken its handler back.
config_reloaded() ->
    lists:foreach(
      fun(Host) ->
              case gen_mod:is_loaded(Host, ?MODULE) of
                  true ->
                      case is_beside_other(Host) of
                          true ->
                              ?ERROR_MSG("mod_invited cannot be used on a host beside ~ts, which was loaded at ~ts: stopping mod_invited there",
                                         [?OTHER, Host]),
                              gen_mod:stop_module(Host, ?MODULE);
                          false ->
                              mod_invited_commands:start(Host),
                              mod_invited_link:changed(Host)
                      end;
                  false -> ok
              end
      end, ejabberd_option:hosts()).

is_beside_other(Host) ->
    gen_mod:is_loaded(Host, ?OTHER) orelse lists:keymember(?OTHER, 1, ejabberd_option:modules(Host)).

%% The domain of the daemon's component.
-spec component(binary()) -> binary().
component(Host) -> gen_mod:get_module_opt(Host, ?MODULE, component).

-spec configured_registration(binary()) -> invite | open | server.
configured_registration(Host) -> gen_mod:get_module_opt(Host, ?MODULE, registration).

%% They come first, where they are there at all.
depends(_Host, _Opts) -> [{mod_adhoc, soft}, {mod_disco, soft}, {mod_register, soft}, {mod_roster, soft}].

mod_opt_type(component) -> econf:domain();
mod_opt_type(registration) -> econf:enum([invite, open, server]).

mod_options(_Host) -> [component, {registration, server}].

mod_doc() ->
    #{desc =>
          [<<"This module lets people redeem invites that the daemon invited makes: it asks the daemon's component about each token of "
             "XEP-0445 and XEP-0379, serves the commands of XEP-0401 on the host, and makes accounts and contacts for the daemon.">>],
      opts =>
          [{component,
            #{value => <<"Domain">>,
              desc => <<"The domain of the daemon's component on this server, such as 'invites.example.net'. It has to be set.">>}},
           {registration,
            #{value => <<"invite | open | server">>,
              desc => <<"Who may register on streams without a token when the daemon leaves that to the server: nobody, everybody, or "
                        "whom mod_register lets. The default is 'server'.">>}}],
      example =>
          ["modules:",
           "  mod_invited:",
           "    component: invites.example.net"]}.
