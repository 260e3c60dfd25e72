%%% The tie between one host and the daemon's component: questions and their answers, the hello, and what is owed. One process for
%%% each host; whoever asks waits by itself.
%%%
%%% All that the component sends to HOST/mod_invited is taken in the process of its connection, in the order in which it came, and
%%% only there: the address alone could be written by another component for which ejabberd's check of addresses is off. An address
%%% with a resource it has to be, since mod_privilege of ejabberd 24.10 and later drops what a component sends to a bare host.
-module(mod_invited_link).
-behaviour(gen_server).

-export([ask/4, await/3, tell/2, close/3, reserving/2, owe/3, made/2, over/2, deleted/2, is_connected/1, registration/1, drain/1, changed/1,
         moved/1]).
-export([component_connected/1, component_disconnected/2, component_send_packet/1, local_packet/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, format_status/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(RESOURCE, <<"mod_invited">>).
-define(ANSWER_TIMEOUT, 5000).
-define(RETRY_INTERVAL, 30000).
%% A connection that takes another's place says so itself.
-define(OTHER_INTERVAL, 1000).

-export_type([question/0]).

%% An open question: who asked gets `{mod_invited_answer, Id, Answer}`, and calls it off with the timer when it is done.
-type question() :: {Id :: binary(), Timer :: reference()}.
-type attempt() :: #{pid := pid(), monitor := reference(), stage := reserving | owing | made}.
-type state() :: #{host := binary(), attempts := #{binary() => attempt()}, monitors := #{reference() => binary()},
                   %% Questions of this process, and what the last one about something is.
                   asked := #{binary() => {hello | {debt, binary()}, reference()}}, about := #{hello | {debt, binary()} => binary()},
                   %% What waits until the disk has what was written before it.
                   unsynced := [{binary(), owing | made}],
                   syncing := {pid(), reference(), [{binary(), owing | made}]} | none,
                   greeting := reference() | none, paying := reference() | none}.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Questions. They are in a table of the host's, for whoever asks and for the component's process.

%% Asks the daemon. The caller has the answer as `{mod_invited_answer, Id, Answer}`, exactly one that counts.
-spec ask(binary(), get | set, xmlel(), pid() | none) -> {asked, question()} | away.
ask(Host, Type, Payload, Pid) ->
    case is_available(Host) of
        true -> send(Host, Type, Payload, Pid);
        false -> away
    end.

send(Host, Type, Payload, Pid) ->
    Id = mod_invited_accounts:random_id(),
    try ets:insert(table(Host), {{question, Id}, Pid, erlang:monotonic_time(millisecond)}) of
        true ->
            route(Host, #iq{type = Type, id = Id, from = address(Host), to = jid:make(mod_invited:component(Host)), sub_els = [Payload]}),
            Timer = case Pid of
                        none -> make_ref();
                        _ -> erlang:send_after(?ANSWER_TIMEOUT, Pid, {mod_invited_answer, Id, away})
                    end,
            {asked, {Id, Timer}}
    catch error:badarg -> away
    end.

%% Of several connections of one component, of which all but one may be dead without anybody knowing it yet, the newest is asked.
route(Host, IQ) ->
    case connection(Host) of
        none -> ejabberd_router:route(IQ);
        Pid -> Pid ! {route, IQ}
    end.

connection(Host) ->
    case ets:lookup(table(Host), connection) of
        [{_, Pid}] -> Pid;
        [] -> none
    end.

%% Asks, and waits here: not for the process of a stream or of the component.
-spec await(binary(), get | set, xmlel()) -> mod_invited_rules:answer().
await(Host, Type, Payload) ->
    case ask(Host, Type, Payload, self()) of
        away -> away;
        {asked, {Id, _} = Question} ->
            receive
                {mod_invited_answer, Id, Answer} ->
                    close(Host, Question, Answer),
                    Answer
            end
    end.

%% What needs no answer.
-spec tell(binary(), xmlel()) -> ok.
tell(Host, Payload) ->
    _ = ask(Host, set, Payload, none),
    ok.

%% The question is answered, or called off.
-spec close(binary(), question(), mod_invited_rules:answer() | called_off) -> ok.
close(Host, {Id, Timer}, Answer) ->
    case erlang:cancel_timer(Timer) of
        false when Answer =:= away ->
            is_connected(Host) andalso ?WARNING_MSG("~ts has not answered a question of ~ts in time", [mod_invited:component(Host), Host]);
        _ -> ok
    end,
    catch ets:delete(table(Host), {question, Id}),
    ok.

-spec is_connected(binary()) -> boolean().
is_connected(Host) -> ejabberd_router:is_my_route(mod_invited:component(Host)).

is_available(Host) ->
    try ets:lookup_element(table(Host), fits, 2) andalso is_connected(Host)
    catch error:badarg -> false
    end.

table(Host) -> gen_mod:get_module_proc(Host, ?MODULE).
process(Host) -> gen_mod:get_module_proc(Host, ?MODULE).
address(Host) -> jid:make(<<>>, Host, ?RESOURCE).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What others say of attempts

%% The stream of the caller is about to ask for a reservation: what comes of it is seen to here if the stream ends.
-spec reserving(binary(), binary()) -> ok.
reserving(Host, Attempt) -> gen_server:cast(process(Host), {reserving, Attempt, self()}).

%% Writes down what will be owed. The caller gets `{mod_invited_owed, Attempt, ok}` when it is on the disk.
-spec owe(binary(), binary(), mod_invited_store:debt()) -> ok.
owe(Host, Attempt, Debt) -> gen_server:cast(process(Host), {owe, Attempt, Debt}).

%% The account is there. The caller gets `{mod_invited_confirmed, Attempt}` when the daemon has it, or does not answer.
-spec made(binary(), binary()) -> ok.
made(Host, Attempt) -> gen_server:cast(process(Host), {made, Attempt}).

%% There is neither account nor reservation.
-spec over(binary(), binary()) -> ok.
over(Host, Attempt) -> gen_server:cast(process(Host), {over, Attempt}).

%% An account is gone.
-spec deleted(binary(), binary()) -> ok.
deleted(Host, Username) -> gen_server:cast(process(Host), {deleted, Username}).

%% Something that the hello says may have changed.
-spec changed(binary()) -> ok.
changed(Host) -> gen_server:cast(process(Host), greet).

%% The component is another one from now on.
-spec moved(binary()) -> ok.
moved(Host) -> gen_server:cast(process(Host), moved).

%% Answers whoever waits, and takes no more questions. Called before the hooks go: a stream without them would wait for ever.
-spec drain(binary()) -> ok.
drain(Host) ->
    try gen_server:call(process(Host), drain) of
        ok -> await_drained(Host, 100)
    catch exit:_ -> ok
    end.

await_drained(_, 0) -> ok;
await_drained(Host, Tries) ->
    case ets:select_count(table(Host), [{{{question, '_'}, '$1', '_'}, [{is_pid, '$1'}], [true]}]) of
        0 -> ok;
        _ -> timer:sleep(10), await_drained(Host, Tries - 1)
    end.

%% Who may register without a token.
-spec registration(binary()) -> invite | open.
registration(Host) ->
    Heard = case mod_invited_store:settings(Host) of
                {Registration, _} -> Registration;
                undefined -> undefined
            end,
    mod_invited_rules:registration(Heard, mod_invited:configured_registration(Host), mod_invited_accounts:is_server_open(Host)).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Hooks, of which all but the last are global

%% In the process of the component's connection.
component_connected(Component) -> cast_to_hosts(Component, {connected, self()}).

component_disconnected(Component, _Reason) -> cast_to_hosts(Component, {disconnected, self()}).

cast_to_hosts(Component, Message) ->
    lists:foreach(
      fun(Host) ->
              case gen_mod:is_loaded(Host, mod_invited) andalso mod_invited:component(Host) =:= Component of
                  true -> gen_server:cast(process(Host), Message);
                  false -> ok
              end
      end, ejabberd_option:hosts()).

%% In the process of a component's connection. A crash would have ejabberd log the stanza.
component_send_packet({#iq{to = #jid{luser = <<>>, lserver = Host, lresource = ?RESOURCE}} = IQ, Stream} = Acc) ->
    case gen_mod:is_loaded(Host, mod_invited) of
        true ->
            try take(Host, IQ, Stream) of
                Next -> {stop, {drop, Next}}
            catch _:_ ->
                    ?ERROR_MSG("What a component sent to ~ts could not be read", [Host]),
                    {stop, {drop, Stream}}
            end;
        false -> Acc
    end;
component_send_packet(Acc) -> Acc.

take(Host, #iq{type = Type, from = #jid{luser = Local, lserver = Sender, lresource = Resource}} = IQ, Stream) ->
    Component = mod_invited:component(Host),
    IsDaemon = {Local, Sender, Resource} =:= {<<>>, Component, <<>>} andalso lists:member(Component, maps:get(routes, Stream, [])),
    if IsDaemon, Type =:= result orelse Type =:= error -> answered(Host, IQ), Stream;
       IsDaemon -> requested(Host, IQ), Stream;
       Type =:= get; Type =:= set -> ejabberd_service:send(Stream, mod_invited_service:forbidden(IQ));
       true -> Stream
    end.

answered(Host, #iq{id = Id} = IQ) ->
    Answer = answer(IQ),
    case ets:take(table(Host), {question, Id}) of
        [{_, Pid, _}] when is_pid(Pid) -> Pid ! {mod_invited_answer, Id, Answer};
        [_] -> ok;
        [] ->
            %% Of another node of the cluster, or too late.
            [gen_server:cast({process(Host), Node}, {answered, Id, Answer}) || Node <- ejabberd_cluster:get_nodes(), Node =/= node()]
    end.

answer(#iq{type = result, sub_els = Elements}) ->
    {result, case Elements of
                 [El | _] -> xmpp:encode(El);
                 [] -> undefined
             end};
answer(#iq{type = error} = IQ) ->
    case xmpp:get_error(IQ) of
        #stanza_error{type = Type, reason = Reason, text = Text} when is_atom(Reason) -> {error, Type, Reason, xmpp:get_text(Text)};
        #stanza_error{type = Type} -> {error, Type, 'undefined-condition', <<>>};
        undefined -> {error, cancel, 'undefined-condition', <<>>}
    end.

requested(Host, #iq{sub_els = Elements} = IQ) ->
    case [xmpp:encode(El) || El <- Elements] of
        [#xmlel{name = <<"settings">>} = Settings] when IQ#iq.type =:= set ->
            gen_server:cast(process(Host), {settings, IQ#iq{sub_els = [Settings]}});
        [El] -> mod_invited_service:serve(Host, IQ#iq{sub_els = [El]});
        _ -> mod_invited_service:reply_error(IQ, {modify, 'bad-request', <<>>})
    end.

%% What others send to the module's address: users, other servers.
local_packet(#iq{type = Type, to = #jid{lresource = ?RESOURCE}} = IQ) when Type =:= get; Type =:= set ->
    ejabberd_router:route(mod_invited_service:forbidden(IQ)),
    stop;
local_packet(_) -> ok.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% The process

-spec init(list()) -> {ok, state()}.
init([Host, _Opts]) ->
    process_flag(trap_exit, true),
    Table = ets:new(table(Host), [named_table, public, {write_concurrency, true}]),
    true = ets:insert(Table, {fits, true}),
    gen_server:cast(self(), greet),
    erlang:send_after(60000, self(), sweep),
    {ok, #{host => Host, attempts => #{}, monitors => #{}, asked => #{}, about => #{}, unsynced => [], syncing => none, greeting => none,
           paying => none}}.

handle_call(drain, _From, #{host := Host} = State) ->
    ets:insert(table(Host), {fits, false}),
    fail_waiting(Host),
    {reply, ok, State};
handle_call(flush, _From, State) -> {reply, ok, State};
handle_call(_Request, _From, State) -> {reply, {error, unknown}, State}.

-spec handle_cast(term(), state()) -> {noreply, state()}.
handle_cast(greet, State) -> {noreply, greet(State)};
handle_cast(moved, #{host := Host} = State) ->
    ets:delete(table(Host), connection),
    ets:insert(table(Host), {fits, true}),
    fail_waiting(Host),
    {noreply, greet(State)};
handle_cast({connected, Pid}, #{host := Host} = State) ->
    %% Questions of another connection are lost with it, whether or not ejabberd knows yet that it is dead.
    fail_waiting(Host),
    ets:insert(table(Host), {connection, Pid}),
    {noreply, greet(State)};
handle_cast({disconnected, Pid}, #{host := Host} = State) ->
    case connection(Host) of
        Other when is_pid(Other), Other =/= Pid -> {noreply, State}; % an old one
        _ ->
            ets:delete(table(Host), connection),
            fail_waiting(Host),
            {noreply, greet_after(?OTHER_INTERVAL, State)} % where there is another
    end;
handle_cast({settings, IQ}, State) -> {noreply, hear_settings(IQ, State)};
handle_cast({reserving, Attempt, Pid}, #{attempts := Attempts, monitors := Monitors} = State) ->
    case Attempts of
        #{Attempt := _} -> {noreply, State};
        _ ->
            Monitor = monitor(process, Pid),
            {noreply, State#{attempts := Attempts#{Attempt => #{pid => Pid, monitor => Monitor, stage => reserving}},
                             monitors := Monitors#{Monitor => Attempt}}}
    end;
handle_cast({owe, Attempt, Debt}, #{host := Host} = State) ->
    try mod_invited_store:owe(Host, confirm_key(Attempt), Debt) of
        ok -> {noreply, sync(wait_for_disk(Attempt, owing, State))}
    catch exit:Reason -> {noreply, tell_owed(Attempt, {error, Reason}, State)}
    end;
handle_cast({made, Attempt}, #{host := Host} = State) ->
    %% Where Mnesia has the accounts, they are in the same log, behind what is owed.
    case mod_invited_accounts:are_in_mnesia(Host) of
        true -> {noreply, sync(wait_for_disk(Attempt, made, State))};
        false -> {noreply, confirm(Attempt, State)}
    end;
handle_cast({over, Attempt}, State) -> {noreply, drop_attempt(Attempt, State)};
handle_cast({deleted, Username}, State) -> {noreply, pay_key(deleted_key(Username), State)};
handle_cast({answered, Id, Answer}, #{host := Host} = State) ->
    case ets:take(table(Host), {question, Id}) of
        [{_, Pid, _}] when is_pid(Pid) -> Pid ! {mod_invited_answer, Id, Answer};
        _ -> ok
    end,
    {noreply, State};
handle_cast(_, State) -> {noreply, State}.

handle_info({mod_invited_answer, Id, Answer}, #{host := Host, asked := Asked, about := About} = State) ->
    case maps:take(Id, Asked) of
        {{What, Timer}, Rest} ->
            close(Host, {Id, Timer}, Answer),
            case About of
                #{What := Id} -> {noreply, answered_to(What, Answer, State#{asked := Rest, about := maps:remove(What, About)})};
                _ -> {noreply, State#{asked := Rest}} % asked anew since
            end;
        error -> {noreply, State}
    end;
handle_info({'DOWN', Monitor, process, Pid, Reason}, #{syncing := {Pid, Monitor, Batch}} = State) ->
    Reason =:= normal orelse ?ERROR_MSG("Mnesia could not write to the disk: ~p", [Reason]),
    {noreply, sync(lists:foldl(fun on_disk/2, State#{syncing := none}, Batch))};
handle_info({'DOWN', Monitor, process, _, _}, #{monitors := Monitors} = State) ->
    case Monitors of
        #{Monitor := Attempt} -> {noreply, stream_ended(Attempt, State)};
        _ -> {noreply, State}
    end;
handle_info(greet, State) -> {noreply, greet(State#{greeting := none})};
handle_info(pay, #{host := Host} = State) ->
    Paying = State#{paying := none},
    {noreply, case is_available(Host) of
                  true -> pay(Paying);
                  false -> Paying
              end};
handle_info(sweep, #{host := Host} = State) ->
    %% Of those who asked and died.
    Old = erlang:monotonic_time(millisecond) - 4 * ?ANSWER_TIMEOUT,
    ets:select_delete(table(Host), [{{{question, '_'}, '_', '$1'}, [{'<', '$1', Old}], [true]}]),
    mod_invited_service:forget_made(table(Host), Old),
    erlang:send_after(60000, self(), sweep),
    {noreply, State};
handle_info(_, State) -> {noreply, State}.

terminate(_Reason, _State) -> ok.

%% For the log, if this process crashes: what is owed has tokens in it.
format_status(Status) -> maps:map(fun(reason, Reason) -> Reason; (_, _) -> hidden end, Status).

fail_waiting(Host) ->
    Waiting = ets:select(table(Host), [{{{question, '$1'}, '$2', '_'}, [{is_pid, '$2'}], [{{'$1', '$2'}}]}]),
    lists:foreach(fun({Id, Pid}) -> Pid ! {mod_invited_answer, Id, away} end, Waiting).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Hello

greet(#{host := Host, greeting := Timer} = State) ->
    is_reference(Timer) andalso erlang:cancel_timer(Timer),
    case is_connected(Host) of
        true -> asked(hello, send(Host, set, mod_invited_accounts:hello(Host), self()), State#{greeting := none});
        false -> State#{greeting := none}
    end.

asked(What, {asked, {Id, Timer}}, #{asked := Asked, about := About} = State) ->
    State#{asked := Asked#{Id => {What, Timer}}, about := About#{What => Id}};
asked(What, away, State) -> answered_to(What, away, State).

answered_to(hello, Answer, #{host := Host} = State) ->
    Heard = case Answer of
                {result, #xmlel{name = <<"hello">>} = El} -> mod_invited_protocol:heard(El);
                _ -> malformed
            end,
    Fits = is_map(Heard) andalso mod_invited_rules:is_compatible(maps:get(version, Heard)),
    case Answer of
        _ when Fits ->
            mod_invited_store:remember(Host, Heard),
            ets:insert(table(Host), {fits, true}),
            ?INFO_MSG("~ts speaks for invites of this host, ~ts; registration without one: ~ts",
                      [mod_invited:component(Host), Host, registration(Host)]),
            pay(State);
        away -> greet_later(State);
        _ ->
            Text = case Answer of
                       {error, _, Condition, <<>>} -> atom_to_binary(Condition, utf8);
                       {error, _, _, Said} -> Said;
                       _ -> <<"it speaks another version">>
                   end,
            ?WARNING_MSG("~ts does not serve this host, ~ts: ~ts", [mod_invited:component(Host), Host, Text]),
            ets:insert(table(Host), {fits, false}),
            greet_later(State)
    end;
answered_to({debt, Key}, Answer, State) -> settle(Key, Answer, State).

greet_later(#{host := Host} = State) ->
    case is_connected(Host) of
        true -> greet_after(?RETRY_INTERVAL, State);
        false -> State % a hello is said when it connects
    end.

greet_after(Time, #{greeting := Timer} = State) ->
    is_reference(Timer) andalso erlang:cancel_timer(Timer),
    State#{greeting := erlang:send_after(Time, self(), greet)}.

hear_settings(#iq{sub_els = [El]} = IQ, #{host := Host} = State) ->
    case mod_invited_protocol:heard(El) of
        malformed ->
            mod_invited_service:reply_error(IQ, {modify, 'bad-request', <<"There is no such registration">>}),
            State;
        Heard ->
            mod_invited_store:remember(Host, Heard),
            ?INFO_MSG("Registration without an invite: ~ts (~ts)", [registration(Host), Host]),
            mod_invited_service:reply(IQ, []),
            %% A host that the daemon has refused, and serves now.
            case ets:lookup_element(table(Host), fits, 2) of
                true -> State;
                false -> greet(State)
            end
    end.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Attempts

confirm_key(Attempt) -> <<"confirm:", Attempt/binary>>.
deleted_key(Username) -> <<"deleted:", Username/binary>>.

drop_attempt(Attempt, #{attempts := Attempts, monitors := Monitors} = State) ->
    case maps:take(Attempt, Attempts) of
        {#{monitor := Monitor}, Rest} ->
            demonitor(Monitor, [flush]),
            State#{attempts := Rest, monitors := maps:remove(Monitor, Monitors)};
        error -> State
    end.

%% What is owed by then says how far it came: whoever has written nothing down has made no account.
stream_ended(Attempt, #{host := Host, attempts := Attempts} = State) ->
    #{Attempt := #{stage := Stage}} = Attempts,
    Dropped = drop_attempt(Attempt, State),
    Key = confirm_key(Attempt),
    case mod_invited_store:debt(Host, Key) of
        undefined when Stage =:= made -> Dropped;
        undefined ->
            release(Host, Attempt, <<"the stream ended">>),
            Dropped;
        _ when Stage =:= made -> Dropped; % it is being told
        _ -> pay_key(Key, Dropped)
    end.

release(Host, Attempt, Reason) ->
    tell(Host, mod_invited_protocol:element(<<"release">>, [{<<"attempt">>, Attempt}, {<<"reason">>, Reason}])).

%% One call for all that has come up to then: each waits for the disk anyhow.
wait_for_disk(Attempt, What, #{unsynced := Unsynced} = State) -> set_stage(Attempt, What, State#{unsynced := [{Attempt, What} | Unsynced]}).

set_stage(Attempt, Stage, #{attempts := Attempts} = State) ->
    case Attempts of
        #{Attempt := Known} -> State#{attempts := Attempts#{Attempt := Known#{stage := Stage}}};
        _ -> State
    end.

sync(#{syncing := none, unsynced := [_ | _] = Batch} = State) ->
    {Pid, Monitor} = spawn_monitor(fun() -> ok = mod_invited_store:sync() end),
    State#{syncing := {Pid, Monitor, lists:reverse(Batch)}, unsynced := []};
sync(State) -> State.

on_disk({Attempt, owing}, State) -> tell_owed(Attempt, ok, State);
on_disk({Attempt, made}, State) -> confirm(Attempt, State).

tell_owed(Attempt, Outcome, #{attempts := Attempts} = State) ->
    case Attempts of
        #{Attempt := #{pid := Pid}} -> Pid ! {mod_invited_owed, Attempt, Outcome};
        _ -> ok
    end,
    State.

confirm(Attempt, State) -> pay_key(confirm_key(Attempt), set_stage(Attempt, made, State)).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What is owed to the daemon: told again after each hello, until it has answered

pay(#{host := Host} = State) -> lists:foldl(fun pay_debt/2, State, mod_invited_store:debts(Host)).

pay_key(Key, #{host := Host} = State) ->
    case mod_invited_store:debt(Host, Key) of
        undefined -> State;
        Debt -> pay_debt({Key, Debt}, State)
    end.

pay_debt({Key, Debt}, #{host := Host, about := About} = State) ->
    case {maps:is_key({debt, Key}, About), Debt} of
        {true, _} -> State;
        {false, #{what := deleted, username := Username}} ->
            tell_debt(Key, mod_invited_protocol:element(<<"deleted">>, [{<<"username">>, Username}]), State);
        {false, #{attempt := Attempt, username := Username}} ->
            case maps:get(attempts, State) of
                #{Attempt := #{stage := Stage}} when Stage =/= made -> State; % whoever makes the account tells
                _ ->
                    case maps:is_key(made, Debt) orelse mod_invited_accounts:exists(Host, Username) of
                        true -> tell_debt(Key, mod_invited_protocol:confirmation(Debt), State);
                        false ->
                            release(Host, Attempt, <<"the account was not made">>),
                            mod_invited_store:forget(Host, Key),
                            State
                    end
            end
    end.

tell_debt(Key, Payload, #{host := Host} = State) -> asked({debt, Key}, ask(Host, set, Payload, self()), State).

settle(Key, Answer, #{host := Host} = State) ->
    Settled = case mod_invited_rules:is_settled(Answer) of
                  true ->
                      is_tuple(Answer) andalso element(1, Answer) =:= error
                          andalso ?INFO_MSG("~ts does not know what it was told: ~ts", [mod_invited:component(Host), element(3, Answer)]),
                      mod_invited_store:forget(Host, Key),
                      State;
                  false -> pay_later(State)
              end,
    case Key of
        <<"confirm:", Attempt/binary>> ->
            case maps:get(attempts, Settled) of
                #{Attempt := #{pid := Pid}} -> Pid ! {mod_invited_confirmed, Attempt};
                _ -> ok
            end,
            drop_attempt(Attempt, Settled);
        _ -> Settled
    end.

pay_later(#{paying := none} = State) -> State#{paying := erlang:send_after(?RETRY_INTERVAL, self(), pay)};
pay_later(State) -> State.
