%%% What is kept over restarts: what the daemon said of each host, and what is owed to it. In Mnesia, as much of ejabberd is by
%%% default; each write is on the disk once `sync/0` returns.
-module(mod_invited_store).

-export([open/0, settings/1, remember/2, is_held/2, owe/3, forget/2, debts/1, debt/2, sync/0, maker/0, maker_of/1]).

-export_type([debt/0]).

%% The process of the stream that makes the account, and in which start of the node: a later one may have another process of this name.
-type maker() :: {Start :: binary(), pid()}.
-type debt() :: #{what := confirm, token := binary(), attempt := binary(), username := binary(), maker => maker(), made => true}
              | #{what := deleted, username := binary()}.

-record(invited_settings, {host :: binary(), registration :: invite | open | server, held :: #{binary() => true}}).
-record(invited_debt, {key :: {binary(), binary() | '_'} | '_', debt :: debt() | '_'}).

%% Each node of a cluster owes what it has done itself; what the daemon said is known to all.
-spec open() -> ok | {error, term()}.
open() ->
    persistent_term:get(?MODULE, none) =:= none andalso persistent_term:put(?MODULE, mod_invited_accounts:random_id()),
    Settings = ejabberd_mnesia:create(mod_invited, invited_settings,
                                      [{disc_copies, [node()]}, {attributes, record_info(fields, invited_settings)}]),
    Debts = ejabberd_mnesia:create(mod_invited, invited_debt,
                                   [{disc_copies, [node()]}, {local_content, true}, {type, ordered_set},
                                    {attributes, record_info(fields, invited_debt)}]),
    case {Settings, Debts} of
        {{atomic, ok}, {atomic, ok}} -> ok;
        _ -> {error, {Settings, Debts}}
    end.

%% What the daemon said last.
-spec settings(binary()) -> {invite | open | server, [binary()]} | undefined.
settings(Host) ->
    case mnesia:dirty_read(invited_settings, Host) of
        [#invited_settings{registration = Registration, held = Held}] -> {Registration, maps:keys(Held)};
        [] -> undefined
    end.

-spec is_held(binary(), binary()) -> boolean().
is_held(Host, Username) ->
    case mnesia:dirty_read(invited_settings, Host) of
        [#invited_settings{held = Held}] -> maps:is_key(Username, Held);
        [] -> false
    end.

-spec remember(binary(), mod_invited_protocol:settings()) -> ok.
remember(Host, #{registration := Registration, held := Names}) ->
    Heard = #invited_settings{host = Host, registration = Registration, held = maps:from_list([{Name, true} || Name <- Names])},
    case mnesia:dirty_read(invited_settings, Host) of
        [Heard] -> ok;
        _ -> mnesia:dirty_write(Heard)
    end.

%% Written in the order of the calls, and before whatever the caller writes into Mnesia afterwards: it has one log.
-spec owe(binary(), binary(), debt()) -> ok.
owe(Host, Key, Debt) -> mnesia:dirty_write(#invited_debt{key = {Host, Key}, debt = Debt}).

-spec forget(binary(), binary()) -> ok.
forget(Host, Key) -> mnesia:dirty_delete(invited_debt, {Host, Key}).

-spec debt(binary(), binary()) -> debt() | undefined.
debt(Host, Key) ->
    case mnesia:dirty_read(invited_debt, {Host, Key}) of
        [#invited_debt{debt = Debt}] -> Debt;
        [] -> undefined
    end.

%% Sorted: that an account was made before that it was deleted.
-spec debts(binary()) -> [{binary(), debt()}].
debts(Host) ->
    lists:sort([{Key, Debt} || #invited_debt{key = {_, Key}, debt = Debt}
                               <- mnesia:dirty_match_object(#invited_debt{key = {Host, '_'}, debt = '_'})]).

%% The caller.
-spec maker() -> maker().
maker() -> {persistent_term:get(?MODULE), self()}.

%% `none` also where the process was of an earlier start.
-spec maker_of(debt()) -> pid() | none.
maker_of(#{maker := {Start, Pid}}) ->
    case persistent_term:get(?MODULE) of
        Start -> Pid;
        _ -> none
    end;
maker_of(_) -> none.

%% Waits until all that was written before is on the disk.
-spec sync() -> ok | {error, term()}.
sync() -> mnesia:sync_log().
