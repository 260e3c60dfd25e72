%%% What tests do inside ejabberd, and a command of the host's own.
-module(mod_control).
-behaviour(gen_mod).

-export([start/2, stop/1, depends/2, mod_options/1, mod_doc/0, decode_iq_subel/1, process_iq/1, items/4, command/4, features/5,
         identity/5, wait_for_dying/1]).

-include("xmpp.hrl").

start(Host, _Opts) ->
    gen_iq_handler:add_iq_handler(ejabberd_local, Host, <<"urn:tests">>, ?MODULE, process_iq),
    ejabberd_hooks:add(adhoc_local_items, Host, ?MODULE, items, 101),
    ejabberd_hooks:add(adhoc_local_commands, Host, ?MODULE, command, 50),
    ejabberd_hooks:add(disco_local_features, Host, ?MODULE, features, 50),
    ejabberd_hooks:add(disco_local_identity, Host, ?MODULE, identity, 50),
    spawn(?MODULE, wait_for_dying, [Host]),
    ok.

stop(_Host) -> ok.

depends(_, _) -> [{mod_adhoc, hard}, {mod_invited, soft}].

mod_options(_) -> [].

mod_doc() -> #{}.

decode_iq_subel(El) -> El.

process_iq(#iq{to = #jid{lserver = Host}, sub_els = [#xmlel{attrs = Attributes}]} = IQ) ->
    Action = proplists:get_value(<<"action">>, Attributes),
    User = proplists:get_value(<<"user">>, Attributes),
    spawn(fun() ->
                  do(Action, Host, User),
                  ejabberd_router:route(xmpp:make_iq_result(IQ))
          end),
    ignore.

do(<<"reload">>, Host, _) -> stop_it(Host), start_it(Host);
do(<<"unload">>, Host, _) -> stop_it(Host);
do(<<"load">>, Host, _) -> start_it(Host);
do(<<"delete">>, Host, User) -> ejabberd_auth:remove_user(User, Host);
do(<<"flush">>, _, _) -> flush(3);
do(<<"kill-streams">>, _, _) -> [exit(Pid, kill) || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid)];
do(<<"reload-config">>, _, _) -> said(ejabberd_config:reload());
do(<<"install">>, _, Module) -> said(ext_mod:install(Module));
do(<<"register">>, Host, User) -> said(ejabberd_auth:try_register(User, Host, <<"a good password">>)).

%% For tests to read in the log.
said(What) -> error_logger:warning_msg("mod_control: ~p", [What]).

stop_it(Host) -> gen_mod:stop_module(Host, mod_invited).

start_it(Host) -> gen_mod:start_module(Host, mod_invited).

%% Returns when all that was asked before is done, except by whoever waits for an answer.
flush(0) -> ok;
flush(Times) ->
    wait_for_workers(),
    Streams = [Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid)],
    [catch sys:get_state(Pid, 5000) || Pid <- Streams],
    [catch gen_server:call(gen_mod:get_module_proc(Host, mod_invited_link), flush)
     || Host <- ejabberd_option:hosts(), gen_mod:is_loaded(Host, mod_invited)],
    flush(Times - 1).

wait_for_workers() ->
    case [Pid || Pid <- processes(), Pid =/= self(), is_busy(process_info(Pid, [current_stacktrace, dictionary]))] of
        [] -> ok;
        _ -> timer:sleep(2), wait_for_workers()
    end.

is_busy([{current_stacktrace, Stack}, {dictionary, Dictionary}]) ->
    IsServer = lists:keymember('$initial_call', 1, Dictionary),
    Modules = [atom_to_list(Module) || {Module, _, _, _} <- Stack],
    IsWaiting = lists:any(fun({mod_invited_link, await, 3, _}) -> true; (_) -> false end, Stack),
    not IsServer andalso not IsWaiting andalso lists:any(fun(Name) -> lists:prefix("mod_invited", Name) end, Modules);
is_busy(_) -> false.

%% After mod_invited has written down what it will owe, and before there is an account: the password of that is being hashed.
wait_for_dying(Host) ->
    process_flag(priority, max),
    {ok, _} = mnesia:subscribe({table, invited_debt, simple}),
    dying(Host).

dying(Host) ->
    receive
        {mnesia_table_event, {write, {invited_debt, {Host, _}, #{what := confirm, username := <<"dies", _/binary>> = User}}, _}} ->
            [erlang:suspend_process(Pid) || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid)],
            mnesia:sync_log(),
            case mnesia:dirty_read(passwd, {User, Host}) of
                [] -> erlang:halt(9, [{flush, false}]);
                _ -> erlang:halt(10, [{flush, false}])
            end;
        _ -> dying(Host)
    end.

items(_Acc, _From, To, _Lang) ->
    {result, [#disco_item{jid = jid:make(To#jid.lserver), node = <<"uptime">>, name = <<"Uptime">>}]}.

command(_Acc, _From, _To, #adhoc_command{node = <<"uptime">>} = Request) ->
    xmpp_util:make_adhoc_response(Request, #adhoc_command{status = completed});
command(Acc, _From, _To, _Request) -> Acc.

features(_Acc, _From, _To, <<"uptime">>, _Lang) -> {result, [?NS_COMMANDS]};
features(Acc, _From, _To, _Node, _Lang) -> Acc.

identity(Acc, _From, _To, <<"uptime">>, _Lang) -> [#identity{category = <<"automation">>, type = <<"command-node">>} | Acc];
identity(Acc, _From, _To, _Node, _Lang) -> Acc.
