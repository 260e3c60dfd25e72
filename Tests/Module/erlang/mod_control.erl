%%% What tests do inside ejabberd, and a command of the host's own.
-module(mod_control).
-behaviour(gen_mod).

-export([start/2, stop/1, depends/2, mod_options/1, mod_doc/0, decode_iq_subel/1, process_iq/1, items/4, command/4, features/5,
         identity/5, stream_ended/2, component_connected/1, component_disconnected/2, unauthenticated_packet/2, flush/1,
         watch_debts/2]).

-include("xmpp.hrl").

start(Host, _Opts) ->
    gen_iq_handler:add_iq_handler(ejabberd_local, Host, <<"urn:tests">>, ?MODULE, process_iq),
    ejabberd_hooks:add(adhoc_local_items, Host, ?MODULE, items, 101),
    ejabberd_hooks:add(adhoc_local_commands, Host, ?MODULE, command, 50),
    ejabberd_hooks:add(disco_local_features, Host, ?MODULE, features, 50),
    ejabberd_hooks:add(disco_local_identity, Host, ?MODULE, identity, 50),
    ejabberd_hooks:add(c2s_terminated, Host, ?MODULE, stream_ended, 90),
    ejabberd_hooks:add(c2s_unauthenticated_packet, Host, ?MODULE, unauthenticated_packet, 5),
    %% For all hosts at once.
    ejabberd_hooks:add(component_connected, ?MODULE, component_connected, 90),
    ejabberd_hooks:add(component_disconnected, ?MODULE, component_disconnected, 90), % mod_invited is at 50
    {Watcher, Monitor} = spawn_monitor(?MODULE, watch_debts, [Host, self()]),
    receive
        {watching, Watcher} -> demonitor(Monitor, [flush]), ok;
        {'DOWN', Monitor, process, _, _} -> ok % without mod_invited there is nothing to watch
    end.

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
do(<<"count">>, Host, _) ->
    Table = mod_invited_question:table(Host),
    {message_queue_len, Waiting} = process_info(whereis(Table), message_queue_len),
    said({counted, erlang:system_info(atom_count), ets:info(Table, size), Waiting});
%% As if so many others waited for answers.
do(<<"wait">>, Host, Number) ->
    Questions = [{{question, {number, N}}, none, erlang:monotonic_time(millisecond)} || N <- lists:seq(1, binary_to_integer(Number))],
    ets:insert(mod_invited_question:table(Host), Questions);
do(<<"greet">>, Host, _) ->
    mod_invited_link:changed(Host),
    gen_server:call(mod_invited_question:table(Host), flush);
%% The process of the host reads nothing more until it is resumed.
do(<<"hold">>, Host, _) -> sys:suspend(mod_invited_question:table(Host));
do(<<"go-on">>, Host, _) -> sys:resume(mod_invited_question:table(Host));
%% As an earlier start of the node would leave it, which had a process of the same number as one that lives now.
do(<<"owe-of-earlier-start">>, Host, User) ->
    mod_invited_store:owe(Host, <<"confirm:earlier">>, #{what => confirm, token => <<"token">>, attempt => <<"earlier">>, username => User,
                                                         maker => {<<"earlier">>, whereis(init)}});
do(<<"sync">>, _, _) -> mnesia:sync_log();
do(<<"flush">>, _, _) -> lists:foreach(fun(Node) -> rpc:call(Node, ?MODULE, flush, [3]) end, [node() | nodes()]);
do(<<"kill-streams">>, _, _) -> [exit(Pid, kill) || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid)];
do(<<"reload-config">>, _, _) -> said(ejabberd_config:reload());
do(<<"install">>, _, Module) -> said(ext_mod:install(Module));
do(<<"resume">>, Host, _) -> watcher(Host) ! resume;
do(<<"register">>, Host, User) -> said(ejabberd_auth:try_register(User, Host, <<"a good password">>)).

%% For tests to read in the log.
said(What) -> error_logger:warning_msg("mod_control: ~p", [What]).

%% Ejabberd logs nothing about streams before login. The number is the port of the other end, by which it knows which one it was.
stream_ended(#{ip := {_, Port}} = Stream, _Reason) -> said({'a stream has ended', Port}), Stream;
stream_ended(Stream, _Reason) -> Stream.

%% In the process of the connection.
component_connected(_) ->
    Ports = [Port || Socket <- element(2, process_info(self(), links)), is_port(Socket), {ok, {_, Port}} <- [inet:peername(Socket)]],
    put(?MODULE, Ports).

%% Once the hosts know of it.
component_disconnected(_, _Reason) ->
    flush_hosts(),
    [said({'component disconnected', Port}) || Ports <- [get(?MODULE)], is_list(Ports), Port <- Ports].

stop_it(Host) -> gen_mod:stop_module(Host, mod_invited).

start_it(Host) -> gen_mod:start_module(Host, mod_invited).

%% Returns when all earlier requests are handled, except by processes that wait for an answer.
flush(0) -> ok;
flush(Times) ->
    wait_for_workers(),
    Streams = [Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid)],
    [catch sys:get_state(Pid, 5000) || Pid <- Streams],
    flush_hosts(),
    flush(Times - 1).

flush_hosts() ->
    [catch gen_server:call(gen_mod:get_module_proc(Host, mod_invited_link), flush)
     || Host <- ejabberd_option:hosts(), gen_mod:is_loaded(Host, mod_invited)].

wait_for_workers() ->
    case [Pid || Pid <- processes(), Pid =/= self(), is_busy(process_info(Pid, [current_stacktrace, dictionary]))] of
        [] -> ok;
        _ -> timer:sleep(2), wait_for_workers()
    end.

is_busy([{current_stacktrace, Stack}, {dictionary, Dictionary}]) ->
    IsServer = lists:keymember('$initial_call', 1, Dictionary),
    Modules = [atom_to_list(Module) || {Module, _, _, _} <- Stack],
    IsWaiting = lists:any(fun({mod_invited_question, await, 3, _}) -> true; (_) -> false end, Stack),
    not IsServer andalso not IsWaiting andalso lists:any(fun(Name) -> lists:prefix("mod_invited", Name) end, Modules);
is_busy(_) -> false.

%% With one scheduler, the watcher runs before the process that makes the account, however busy the machine is.
unauthenticated_packet(Stream, Packet) ->
    case re:run(fxml:element_to_binary(xmpp:encode(Packet)), <<"<username>(dies|pauses)">>, [{capture, none}]) of
        match -> erlang:system_flag(schedulers_online, 1);
        nomatch -> ok
    end,
    Stream.

%% After mod_invited has stored what it will owe, and before the account exists: its password is being hashed.
watch_debts(Host, Starter) ->
    process_flag(priority, max),
    register(watcher(Host), self()),
    {ok, _} = mnesia:subscribe({table, invited_debt, simple}),
    Starter ! {watching, self()},
    watching(Host, []).

watcher(Host) -> gen_mod:get_module_proc(Host, ?MODULE).

%% `Paused` are the streams that are suspended.
watching(Host, Paused) ->
    receive
        {mnesia_table_event, {write, {invited_debt, {Host, _}, #{what := confirm, username := <<"dies", _/binary>> = User}}, _}} ->
            _ = suspended_streams(),
            mnesia:sync_log(),
            case has_account(User, Host) of
                false -> erlang:halt(9, [{flush, false}]);
                true -> erlang:halt(10, [{flush, false}])
            end;
        {mnesia_table_event, {write, {invited_debt, {Host, _}, #{what := confirm, username := <<"pauses", _/binary>> = User}}, _}} ->
            Suspended = suspended_streams(),
            said(case has_account(User, Host) of
                     false -> 'Paused before there is an account';
                     true -> 'Too late to pause'
                 end),
            watching(Host, Suspended ++ Paused);
        resume ->
            erlang:system_flag(schedulers_online, erlang:system_info(schedulers)),
            [catch erlang:resume_process(Pid) || Pid <- Paused],
            watching(Host, []);
        _ -> watching(Host, Paused)
    end.

suspended_streams() ->
    [Pid || {_, Pid, _, _} <- supervisor:which_children(ejabberd_c2s_sup), is_pid(Pid), is_suspended(Pid)].

%% Unless it has just ended.
is_suspended(Pid) ->
    try erlang:suspend_process(Pid)
    catch error:_ -> false
    end.

has_account(User, Host) -> mnesia:dirty_read(passwd, {User, Host}) =/= [].

items(_Acc, _From, To, _Lang) ->
    {result, [#disco_item{jid = jid:make(To#jid.lserver), node = <<"uptime">>, name = <<"Uptime">>}]}.

command(_Acc, _From, _To, #adhoc_command{node = <<"uptime">>} = Request) ->
    xmpp_util:make_adhoc_response(Request, #adhoc_command{status = completed});
command(Acc, _From, _To, _Request) -> Acc.

features(_Acc, _From, _To, <<"uptime">>, _Lang) -> {result, [?NS_COMMANDS]};
features(Acc, _From, _To, _Node, _Lang) -> Acc.

identity(Acc, _From, _To, <<"uptime">>, _Lang) -> [#identity{category = <<"automation">>, type = <<"command-node">>} | Acc];
identity(Acc, _From, _To, _Node, _Lang) -> Acc.
