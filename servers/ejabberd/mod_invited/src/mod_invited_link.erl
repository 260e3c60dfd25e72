%%% One process for each host: it says hello to the daemon, hears what that says of the host, and sees to what becomes of attempts
%%% (mod_invited_attempts). A process that asks the daemon waits by itself (mod_invited_question).
-module(mod_invited_link).
-behaviour(gen_server).

-export([registration/1, drain/1, changed/1, moved/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, format_status/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(RETRY_INTERVAL, 30000).
%% A connection that takes another's place says so itself.
-define(OTHER_INTERVAL, 1000).
-define(SWEEP_INTERVAL, 60000).

-type state() :: #{host := binary(), attempts := mod_invited_attempts:state(),
                   %% A hello that is due at some time, or not answered yet.
                   greeting := none | {due, reference()} | {asked, mod_invited_question:question()},
                   %% Of the component's connection, which may be another node's, and may end without a word.
                   monitor := none | reference()}.

%% Something that the hello says may have changed.
-spec changed(binary()) -> ok.
changed(Host) -> gen_server:cast(process(Host), greet).

%% The component is another one from now on.
-spec moved(binary()) -> ok.
moved(Host) -> gen_server:cast(process(Host), moved).

%% Answers all open questions, and takes no more. Called before the hooks are removed: a stream without them would wait for ever.
-spec drain(binary()) -> ok.
drain(Host) ->
    try gen_server:call(process(Host), drain) of
        ok -> mod_invited_question:await_none(Host)
    catch exit:_ -> ok
    end.

%% Who may register without a token.
-spec registration(binary()) -> invite | open.
registration(Host) ->
    Heard = case mod_invited_store:settings(Host) of
                {Registration, _} -> Registration;
                undefined -> undefined
            end,
    mod_invited_rules:registration(Heard, mod_invited:configured_registration(Host), mod_invited_accounts:is_server_open(Host)).

process(Host) -> mod_invited_question:name(Host).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% The process

-spec init(list()) -> {ok, state()}.
init([Host, _Opts]) ->
    process_flag(trap_exit, true),
    mod_invited_question:open(Host),
    mod_invited_service:open(Host),
    gen_server:cast(self(), greet),
    erlang:send_after(?SWEEP_INTERVAL, self(), sweep),
    {ok, #{host => Host, greeting => none, monitor => none, attempts => mod_invited_attempts:new(Host)}}.

handle_call(drain, _From, #{host := Host} = State) ->
    mod_invited_question:serve(Host, false),
    mod_invited_question:fail_waiting(Host),
    {reply, ok, State};
handle_call(flush, _From, State) -> {reply, ok, State};
handle_call(_Request, _From, State) -> {reply, {error, unknown}, State}.

-spec handle_cast(term(), state()) -> {noreply, state()}.
handle_cast(greet, State) -> {noreply, greet(State)};
handle_cast(moved, #{host := Host} = State) ->
    mod_invited_question:component_changed(Host),
    mod_invited_question:serve(Host, true),
    mod_invited_question:fail_waiting(Host),
    {noreply, greet(demonitored(State))};
handle_cast({connected, Connection}, #{host := Host} = State) ->
    %% Questions of another connection are lost with it, whether or not ejabberd knows yet that it is dead.
    mod_invited_question:fail_waiting(Host),
    mod_invited_question:connected(Host, Connection),
    Unmonitored = demonitored(State),
    {noreply, greet(Unmonitored#{monitor := monitor(process, Connection)})};
handle_cast({disconnected, Connection}, State) -> {noreply, disconnected(Connection, State)};
handle_cast({settings, IQ}, State) -> {noreply, hear_settings(IQ, State)};
handle_cast({answered, Id, Answer}, #{host := Host} = State) ->
    _ = mod_invited_question:answered(Host, Id, Answer),
    {noreply, State};
handle_cast({attempt, Message}, #{attempts := Attempts} = State) ->
    {noreply, State#{attempts := mod_invited_attempts:heard(Message, Attempts)}};
handle_cast(_, State) -> {noreply, State}.

handle_info({mod_invited_answer, Id, Answer}, #{host := Host, greeting := {asked, {Id, _} = Question}} = State) ->
    mod_invited_question:close(Host, Question, Answer),
    {noreply, greeted(Answer, State#{greeting := none})};
handle_info(greet, State) -> {noreply, greet(State)};
handle_info(sweep, #{host := Host} = State) ->
    mod_invited_question:sweep(Host),
    mod_invited_service:forget_made(Host, erlang:monotonic_time(millisecond)),
    erlang:send_after(?SWEEP_INTERVAL, self(), sweep),
    {noreply, State};
handle_info({'DOWN', Monitor, process, Connection, _}, #{monitor := Monitor} = State) ->
    {noreply, disconnected(Connection, State)};
handle_info(Message, #{attempts := Attempts} = State) ->
    {noreply, State#{attempts := mod_invited_attempts:informed(Message, Attempts)}}.

disconnected(Connection, #{host := Host} = State) ->
    case mod_invited_question:disconnected(Host, Connection) of
        false -> State;
        true ->
            mod_invited_question:fail_waiting(Host),
            greet_after(?OTHER_INTERVAL, demonitored(State)) % where there is another
    end.

demonitored(#{monitor := none} = State) -> State;
demonitored(#{monitor := Monitor} = State) ->
    demonitor(Monitor, [flush]),
    State#{monitor := none}.

terminate(_Reason, _State) -> ok.

%% For the log, if this process crashes: what is owed has tokens in it.
format_status(Status) -> maps:map(fun(reason, Reason) -> Reason; (_, _) -> hidden end, Status).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Hello

greet(#{host := Host} = State) ->
    Idle = called_off(State),
    case mod_invited_question:send(Host, set, mod_invited_accounts:hello(Host), self()) of
        {asked, Question} -> Idle#{greeting := {asked, Question}};
        away -> Idle % a hello is said when it connects
    end.

greet_after(Time, State) -> (called_off(State))#{greeting := {due, erlang:send_after(Time, self(), greet)}}.

called_off(#{host := Host, greeting := Greeting} = State) ->
    case Greeting of
        {due, Timer} -> erlang:cancel_timer(Timer);
        {asked, Question} -> mod_invited_question:close(Host, Question, called_off);
        none -> ok
    end,
    State#{greeting := none}.

greeted(Answer, #{host := Host, attempts := Attempts} = State) ->
    Heard = case Answer of
                {result, #xmlel{name = <<"hello">>} = El} -> mod_invited_protocol:heard(El);
                _ -> malformed
            end,
    Fits = is_map(Heard) andalso mod_invited_rules:is_compatible(maps:get(version, Heard)),
    case Answer of
        _ when Fits ->
            mod_invited_store:remember(Host, Heard),
            mod_invited_question:serve(Host, true),
            ?INFO_MSG("~ts speaks for invites of this host, ~ts; registration without one: ~ts",
                      [mod_invited:component(Host), Host, registration(Host)]),
            State#{attempts := mod_invited_attempts:pay(Attempts)};
        away -> greet_later(State);
        _ ->
            Text = case Answer of
                       {error, _, Condition, <<>>} -> atom_to_binary(Condition, utf8);
                       {error, _, _, Said} -> Said;
                       _ -> <<"it speaks another version">>
                   end,
            ?WARNING_MSG("~ts does not serve this host, ~ts: ~ts", [mod_invited:component(Host), Host, Text]),
            mod_invited_question:serve(Host, false),
            greet_later(State)
    end.

greet_later(#{host := Host} = State) ->
    case mod_invited_question:is_connected(Host) of
        true -> greet_after(?RETRY_INTERVAL, State);
        false -> State
    end.

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
            case mod_invited_question:is_served(Host) of
                true -> State;
                false -> greet(State)
            end
    end.
