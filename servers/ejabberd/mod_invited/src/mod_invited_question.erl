%%% Questions to the daemon and their answers. The open ones are in a table of the host's, for the process that asks and for the one of
%%% the component's connection; the process that asks waits by itself.
%%%
%%% The host speaks from HOST/mod_invited, and is answered there: mod_privilege of ejabberd 24.10 and later drops what a component sends
%%% to a bare host.
-module(mod_invited_question).

-export([ask/4, send/4, await/3, notify/2, reply/2, close/3, answered/3, is_connected/1, resource/0]).
%% For the process of the host alone.
-export([open/1, table/1, name/1, component_changed/1, connected/2, disconnected/2, serve/2, is_served/1, fail_waiting/1, await_none/1,
         sweep/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(RESOURCE, <<"mod_invited">>).
-define(ANSWER_TIMEOUT, 5000).
%% Anybody can have the daemon asked, from other servers, too: beyond this it counts as away.
-define(MOST_OPEN, 4096).

-export_type([question/0]).

%% An open question: who asked gets `{mod_invited_answer, Id, Answer}`, and calls it off with the timer when it is done.
-type question() :: {Id :: binary(), Timer :: reference()}.

-spec resource() -> binary().
resource() -> ?RESOURCE.

%% Asks the daemon. The caller has the answer as `{mod_invited_answer, Id, Answer}`, exactly one that counts.
-spec ask(binary(), get | set, xmlel(), pid() | none) -> {asked, question()} | away.
ask(Host, Type, Payload, Pid) ->
    Table = table(Host),
    try ets:lookup_element(Table, is_served, 2) andalso (Pid =:= none orelse ets:info(Table, size) < ?MOST_OPEN) of
        true -> send(Host, Table, Type, Payload, Pid);
        false -> away
    catch error:badarg -> away
    end.

%% The same, also where the daemon does not serve the host as far as is known.
-spec send(binary(), get | set, xmlel(), pid() | none) -> {asked, question()} | away.
send(Host, Type, Payload, Pid) -> send(Host, table(Host), Type, Payload, Pid).

send(Host, Table, Type, Payload, Pid) ->
    try
        Connection = connection(Table),
        case Connection =/= none orelse has_route(Host) of
            true ->
                %% Of this start of the module: an answer to what was asked before it answers nothing.
                Start = ets:lookup_element(Table, start, 2),
                Id = <<Start/binary, (integer_to_binary(erlang:unique_integer([positive])))/binary>>,
                {_, From, To} = hd(ets:lookup(Table, addresses)),
                true = ets:insert(Table, {{question, Id}, Pid, erlang:monotonic_time(millisecond)}),
                route(Connection, #iq{type = Type, id = Id, from = From, to = To, sub_els = [Payload]}),
                {asked, {Id, timer(Pid, Id)}};
            false -> away
        end
    catch error:badarg -> away
    end.

timer(none, _) -> make_ref();
timer(Pid, Id) -> erlang:send_after(?ANSWER_TIMEOUT, Pid, {mod_invited_answer, Id, away}).

%% Of several connections of one component, of which all but one may be dead without anybody knowing it yet, the newest is used.
route(none, IQ) -> ejabberd_router:route(IQ);
route(Connection, IQ) -> Connection ! {route, IQ}.

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
-spec notify(binary(), xmlel()) -> ok.
notify(Host, Payload) ->
    _ = ask(Host, set, Payload, none),
    ok.

%% Answers a request of the daemon's.
-spec reply(binary(), iq()) -> ok.
reply(Host, IQ) ->
    _ = route(try connection(table(Host)) catch error:badarg -> none end, IQ),
    ok.

%% The question is answered, or called off.
-spec close(binary(), question(), mod_invited_rules:answer() | called_off) -> ok.
close(Host, {Id, Timer}, Answer) ->
    case erlang:cancel_timer(Timer) of
        false when Answer =:= away ->
            is_connected(Host) andalso ?WARNING_MSG("~ts has not answered a question of ~ts in time", [mod_invited:component(Host), Host]);
        _ -> ok
    end,
    %% With an answer, the question was removed when that arrived.
    (Answer =:= away orelse Answer =:= called_off) andalso (catch ets:delete(table(Host), {question, Id})),
    ok.

%% An answer has come. Where the question is of another node of the cluster, or it is too late, `unknown`.
-spec answered(binary(), binary(), mod_invited_rules:answer()) -> ok | unknown.
answered(Host, Id, Answer) ->
    case ets:take(table(Host), {question, Id}) of
        [{_, Pid, _}] when is_pid(Pid) ->
            Pid ! {mod_invited_answer, Id, Answer},
            ok;
        [_] -> ok;
        [] -> unknown
    end.

-spec is_connected(binary()) -> boolean().
is_connected(Host) ->
    try connection(table(Host)) =/= none orelse has_route(Host)
    catch error:badarg -> false
    end.

connection(Table) ->
    case ets:lookup(Table, connection) of
        [{_, Pid}] -> Pid;
        [] -> none
    end.

has_route(Host) -> ejabberd_router:is_my_route(mod_invited:component(Host)).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% The table

%% Of the process that calls this.
-spec open(binary()) -> ok.
open(Host) ->
    Table = ets:new(table(Host), [named_table, public, {read_concurrency, true}, {write_concurrency, true}]),
    true = ets:insert(Table, [{is_served, true}, {start, mod_invited_accounts:random_id()}]),
    component_changed(Host).

-spec table(binary()) -> atom().
table(Host) -> name(Host).

%% Of the host's process and of its table.
-spec name(binary()) -> atom().
name(Host) -> gen_mod:get_module_proc(Host, mod_invited_link).

%% The component is the one of the configuration from now on.
-spec component_changed(binary()) -> ok.
component_changed(Host) ->
    Table = table(Host),
    true = ets:insert(Table, {addresses, jid:make(<<>>, Host, ?RESOURCE), jid:make(mod_invited:component(Host))}),
    true = ets:delete(Table, connection),
    ok.

-spec connected(binary(), pid()) -> ok.
connected(Host, Connection) ->
    true = ets:insert(table(Host), {connection, Connection}),
    ok.

%% Whether it was the one that is asked, or there is none any more.
-spec disconnected(binary(), pid()) -> boolean().
disconnected(Host, Connection) ->
    case connection(table(Host)) of
        Connection -> ets:delete(table(Host), connection);
        none -> not has_route(Host);
        _ -> false
    end.

%% Whether the daemon serves the host, as far as is known.
-spec serve(binary(), boolean()) -> ok.
serve(Host, IsServed) ->
    true = ets:insert(table(Host), {is_served, IsServed}),
    ok.

-spec is_served(binary()) -> boolean().
is_served(Host) -> ets:lookup_element(table(Host), is_served, 2).

%% What waits is lost.
-spec fail_waiting(binary()) -> ok.
fail_waiting(Host) ->
    Waiting = ets:select(table(Host), [{{{question, '$1'}, '$2', '_'}, [{is_pid, '$2'}], [{{'$1', '$2'}}]}]),
    lists:foreach(fun({Id, Pid}) -> Pid ! {mod_invited_answer, Id, away} end, Waiting).

%% For a second at most.
-spec await_none(binary()) -> ok.
await_none(Host) -> await_none(Host, 100).

await_none(_, 0) -> ok;
await_none(Host, Tries) ->
    case ets:select_count(table(Host), [{{{question, '_'}, '$1', '_'}, [{is_pid, '$1'}], [true]}]) of
        0 -> ok;
        _ -> timer:sleep(10), await_none(Host, Tries - 1)
    end.

%% Removes those of processes that have ended.
-spec sweep(binary()) -> ok.
sweep(Host) ->
    Old = erlang:monotonic_time(millisecond) - 4 * ?ANSWER_TIMEOUT,
    _ = ets:select_delete(table(Host), [{{{question, '_'}, '_', '$1'}, [{'<', '$1', Old}], [true]}]),
    ok.
