%%% Attempts to redeem tokens, as the process of the host has them: whether their streams are still there, and what is owed to the daemon
%%% for the accounts that they make. What is owed is on the disk, and sent again after each hello until the daemon has answered.
-module(mod_invited_attempts).

-export([reserving/2, owe/3, owe_no_more/2, made/2, over/2, deleted/2, await_disk/1]).
%% For the process of the host alone.
-export([new/1, heard/2, informed/2, pay/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(RETRY_INTERVAL, 30000).

-export_type([state/0]).

-type attempt() :: #{pid := pid(), monitor := reference(), stage := reserving | owing | made}.
-type waiting() :: {Attempt :: binary(), owing | made} | {pid(), reference()}.
-type state() :: #{host := binary(), attempts := #{binary() => attempt()}, monitors := #{reference() => binary()},
                   %% Questions about debts, and which debts they are about.
                   asked := #{binary() => {binary(), mod_invited_question:question()}}, about := #{binary() => binary()},
                   %% What waits until the disk has what was written before it.
                   unsynced := [waiting()], syncing := {pid(), reference(), [waiting()]} | none,
                   paying := reference() | none}.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What others say of them

%% The stream of the caller is about to ask for a reservation: what comes of it is seen to here if the stream ends.
-spec reserving(binary(), binary()) -> ok.
reserving(Host, Attempt) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {reserving, Attempt, self()}}).

%% Writes down what will be owed. The caller gets `{mod_invited_owed, Attempt, ok}` when it is on the disk.
-spec owe(binary(), binary(), mod_invited_store:debt()) -> ok.
owe(Host, Attempt, Debt) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {owe, Attempt, Debt}}).

%% Takes that back, also where it is not written yet.
-spec owe_no_more(binary(), binary()) -> ok.
owe_no_more(Host, Attempt) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {owe_no_more, Attempt}}).

%% The account is there. The caller gets `{mod_invited_confirmed, Attempt}` when the daemon has it, or does not answer.
-spec made(binary(), binary()) -> ok.
made(Host, Attempt) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {made, Attempt}}).

%% There is neither account nor reservation.
-spec over(binary(), binary()) -> ok.
over(Host, Attempt) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {over, Attempt}}).

%% An account is gone.
-spec deleted(binary(), binary()) -> ok.
deleted(Host, Username) -> gen_server:cast(mod_invited_question:name(Host), {attempt, {deleted, Username}}).

%% Returns when the disk has what the caller has written into Mnesia. It is one write for all who wait.
-spec await_disk(binary()) -> ok.
await_disk(Host) ->
    Process = mod_invited_question:name(Host),
    Monitor = monitor(process, Process),
    gen_server:cast(Process, {attempt, {written, self(), Monitor}}),
    receive
        {mod_invited_on_disk, Monitor} ->
            demonitor(Monitor, [flush]),
            ok;
        {'DOWN', Monitor, process, _, _} ->
            ok = mod_invited_store:sync()
    end.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% In the process

-spec new(binary()) -> state().
new(Host) ->
    #{host => Host, attempts => #{}, monitors => #{}, asked => #{}, about => #{}, unsynced => [], syncing => none, paying => none}.

-spec heard(tuple(), state()) -> state().
heard({reserving, Attempt, Pid}, State) -> monitor_maker(Attempt, Pid, reserving, State);
heard({owe, Attempt, Debt}, #{host := Host} = State) ->
    Monitored = monitor_maker(Attempt, mod_invited_store:maker_of(Debt), owing, State),
    try mod_invited_store:owe(Host, confirm_key(Attempt), Debt) of
        ok -> sync(wait_for_disk(Attempt, owing, Monitored))
    catch exit:Reason -> tell_owed(Attempt, {error, Reason}, Monitored)
    end;
heard({owe_no_more, Attempt}, #{host := Host} = State) ->
    mod_invited_store:forget(Host, confirm_key(Attempt)),
    State;
heard({made, Attempt}, #{host := Host} = State) ->
    %% Where Mnesia has the accounts, they are in the same log, behind what is owed.
    case mod_invited_accounts:are_in_mnesia(Host) of
        true -> sync(wait_for_disk(Attempt, made, State));
        false -> confirm(Attempt, State)
    end;
heard({written, Pid, Monitor}, #{unsynced := Unsynced} = State) -> sync(State#{unsynced := [{Pid, Monitor} | Unsynced]});
heard({over, Attempt}, State) -> drop_attempt(Attempt, State);
heard({deleted, Username}, #{host := Host} = State) ->
    %% That it was made comes first.
    Debts = [Each || {_, #{username := Name}} = Each <- mod_invited_store:debts(Host), Name =:= Username],
    lists:foldl(fun pay_debt/2, State, Debts).

%% Of what the process is sent: answers to its questions, and the ends of streams and of writes.
-spec informed(term(), state()) -> state().
informed({mod_invited_answer, Id, Answer}, #{host := Host, asked := Asked, about := About} = State) ->
    case maps:take(Id, Asked) of
        {{Key, Question}, Rest} ->
            mod_invited_question:close(Host, Question, Answer),
            settle(Key, Answer, State#{asked := Rest, about := maps:remove(Key, About)});
        error -> State
    end;
informed({'DOWN', Monitor, process, Pid, Reason}, #{syncing := {Pid, Monitor, Batch}} = State) ->
    Reason =:= normal orelse ?ERROR_MSG("Mnesia could not write to the disk: ~p", [Reason]),
    sync(lists:foldl(fun on_disk/2, State#{syncing := none}, Batch));
informed({'DOWN', Monitor, process, _, _}, #{monitors := Monitors} = State) ->
    case Monitors of
        #{Monitor := Attempt} -> stream_ended(Attempt, State);
        _ -> State
    end;
informed(pay, #{host := Host} = State) ->
    Idle = State#{paying := none},
    case mod_invited_question:is_served(Host) andalso mod_invited_question:is_connected(Host) of
        true -> pay(Idle);
        false -> Idle % after the next hello
    end;
informed(_, State) -> State.

confirm_key(Attempt) -> <<"confirm:", Attempt/binary>>.

%% The 'DOWN' of a stream that has ended comes at once. An attempt that is known already stays as it is.
monitor_maker(_, none, _, State) -> State;
monitor_maker(Attempt, Pid, Stage, #{attempts := Attempts, monitors := Monitors} = State) ->
    case Attempts of
        #{Attempt := _} -> State;
        _ ->
            Monitor = monitor(process, Pid),
            State#{attempts := Attempts#{Attempt => #{pid => Pid, monitor => Monitor, stage => Stage}},
                   monitors := Monitors#{Monitor => Attempt}}
    end.

drop_attempt(Attempt, #{attempts := Attempts, monitors := Monitors} = State) ->
    case maps:take(Attempt, Attempts) of
        {#{monitor := Monitor}, Rest} ->
            demonitor(Monitor, [flush]),
            State#{attempts := Rest, monitors := maps:remove(Monitor, Monitors)};
        error -> State
    end.

%% What is owed by then says how far the stream got: without a debt there is no account.
stream_ended(Attempt, #{host := Host, attempts := Attempts} = State) ->
    #{Attempt := #{stage := Stage}} = Attempts,
    Dropped = drop_attempt(Attempt, State),
    Key = confirm_key(Attempt),
    case mod_invited_store:debt(Host, Key) of
        undefined when Stage =:= made -> Dropped;
        undefined ->
            release(Host, Attempt, <<"the stream ended">>),
            Dropped;
        _ when Stage =:= made -> Dropped; % it is being confirmed
        Debt -> pay_without_maker(Key, Debt, Dropped)
    end.

release(Host, Attempt, Reason) ->
    mod_invited_question:notify(Host, mod_invited_protocol:element(<<"release">>, [{<<"attempt">>, Attempt}, {<<"reason">>, Reason}])).

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
on_disk({Attempt, made}, State) -> confirm(Attempt, State);
on_disk({Pid, Monitor}, State) ->
    Pid ! {mod_invited_on_disk, Monitor},
    State.

tell_owed(Attempt, Outcome, #{attempts := Attempts} = State) ->
    case Attempts of
        #{Attempt := #{pid := Pid}} -> Pid ! {mod_invited_owed, Attempt, Outcome};
        _ -> ok
    end,
    State.

confirm(Attempt, State) -> pay_key(confirm_key(Attempt), set_stage(Attempt, made, State)).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What is owed

-spec pay(state()) -> state().
pay(#{host := Host} = State) -> lists:foldl(fun({Key, _}, Paid) -> pay_key(Key, Paid) end, State, mod_invited_store:debts(Host)).

pay_key(Key, #{host := Host} = State) ->
    case mod_invited_store:debt(Host, Key) of
        undefined -> State;
        Debt -> pay_debt({Key, Debt}, State)
    end.

pay_debt({Key, Debt}, #{about := About} = State) ->
    case {maps:is_key(Key, About), Debt} of
        {true, _} -> State;
        {false, #{what := deleted, username := Username}} ->
            send_debt(Key, mod_invited_protocol:element(<<"deleted">>, [{<<"username">>, Username}]), State);
        {false, #{attempt := Attempt}} ->
            case maps:get(attempts, State) of
                #{Attempt := #{stage := made}} -> send_debt(Key, mod_invited_protocol:confirmation(Debt), State);
                #{Attempt := _} -> State; % its stream confirms it
                _ -> pay_unknown(Key, Debt, State)
            end
    end.

%% This process was started after the debt was written, or has not read the message about its attempt yet: a stream may be making the
%% account now.
pay_unknown(Key, #{attempt := Attempt} = Debt, #{host := Host} = State) ->
    case mod_invited_store:maker_of(Debt) of
        none -> pay_without_maker(Key, Debt, State);
        Pid ->
            case account(Host, Debt) of
                present -> send_debt(Key, mod_invited_protocol:confirmation(Debt), monitor_maker(Attempt, Pid, made, State));
                _ -> monitor_maker(Attempt, Pid, owing, State)
            end
    end.

%% No stream makes the account any more: it exists, or never will.
pay_without_maker(Key, #{attempt := Attempt} = Debt, #{host := Host} = State) ->
    case account(Host, Debt) of
        present -> send_debt(Key, mod_invited_protocol:confirmation(Debt), State);
        absent ->
            release(Host, Attempt, <<"the account was not made">>),
            mod_invited_store:forget(Host, Key),
            State;
        unknown -> pay_later(State)
    end.

%% Also present where it is gone again.
account(_, #{made := true}) -> present;
account(Host, #{username := Username}) -> mod_invited_accounts:existence(Host, Username).

send_debt(Key, Payload, #{host := Host, asked := Asked, about := About} = State) ->
    case mod_invited_question:ask(Host, set, Payload, self()) of
        {asked, {Id, _} = Question} -> State#{asked := Asked#{Id => {Key, Question}}, about := About#{Key => Id}};
        away -> settle(Key, away, State)
    end.

settle(Key, Answer, #{host := Host} = State) ->
    Settled = case mod_invited_rules:is_settled(Answer) of
                  true ->
                      is_tuple(Answer) andalso element(1, Answer) =:= error
                          andalso ?INFO_MSG("~ts does not know what it was told: ~ts", [mod_invited:component(Host), element(3, Answer)]),
                      mod_invited_store:forget(Host, Key),
                      State;
                  false -> pay_later(record_made(Key, State))
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

%% By the next time the account may be gone, or on another node be removed.
record_made(<<"confirm:", _/binary>> = Key, #{host := Host} = State) ->
    case mod_invited_store:debt(Host, Key) of
        #{made := true} -> ok;
        #{what := confirm} = Debt -> mod_invited_store:owe(Host, Key, Debt#{made => true});
        _ -> ok
    end,
    State;
record_made(_, State) -> State.

pay_later(#{paying := none} = State) -> State#{paying := erlang:send_after(?RETRY_INTERVAL, self(), pay)};
pay_later(State) -> State.
