%%% Accounts of a host, as ejabberd has and makes them.
-module(mod_invited_accounts).

-export([exists/2, existence/2, created/2, create/4, set_password/3, reset/4, refusal/4, is_server_open/1, can_register/1,
         are_in_mnesia/1, hello/1, random_id/0, welcome/3, is_held_back/4, remove_user/2]).

-include("xmpp.hrl").
-include("logger.hrl").

%% Also false while a database does not answer.
-spec exists(binary(), binary()) -> boolean().
exists(Host, Username) -> ejabberd_auth:user_exists(Username, Host) =:= true.

%% The same where a use of an invite is given back for an account that is absent: a database that does not answer must have no say then.
-spec existence(binary(), binary()) -> present | absent | unknown.
existence(Host, Username) ->
    try ejabberd_auth:user_exists_in_other_modules(none, Username, Host) of
        true -> present;
        false ->
            case lists:all(fun(Module) -> is_answering(Module, Host) end, ejabberd_auth:auth_modules(Host)) of
                true -> absent;
                false -> unknown
            end;
        _ -> unknown
    catch _:_ -> unknown
    end.

%% For accounts in SQL, ejabberd takes every failure for an account that is absent.
is_answering(ejabberd_auth_sql, Host) ->
    element(1, ejabberd_sql:sql_query(Host, [<<"select username from users where username=''">>])) =:= selected;
is_answering(_, _) -> true.

%% Seconds since 1970, where the server knows: until the first logout.
-spec created(binary(), binary()) -> integer() | undefined.
created(Host, Username) ->
    case gen_mod:is_loaded(Host, mod_last) andalso mod_last:get_last_info(Username, Host) of
        {ok, Seconds, <<"Registered but didn't login">>} -> Seconds;
        _ -> undefined
    end.

%% Whether an account and what was written into Mnesia before it get to the disk in this order.
-spec are_in_mnesia(binary()) -> boolean().
are_in_mnesia(Host) -> ejabberd_auth:auth_modules(Host) =:= [ejabberd_auth_mnesia].

%% Makes an account as the server does for everybody, with all its rules. `ok` also means that somebody else did it just now, if this
%% one crashed behind it.
-spec create(binary(), binary(), binary(), inet:ip_address() | undefined) -> ok | {error, atom()}.
create(Host, Username, Password, Address) ->
    put(mod_invited_creates, true),
    try mod_register:try_register(Username, Host, Password, Address, mod_invited) of
        ok -> ok;
        {error, Reason} when is_atom(Reason) -> {error, Reason};
        _ -> {error, db_failure}
    catch _:_ ->
            ?ERROR_MSG("The registration of ~ts at ~ts crashed", [Username, Host]),
            case exists(Host, Username) of
                true -> ok;
                false -> {error, db_failure}
            end
    after
        erase(mod_invited_creates)
    end.

%% What mod_register does for its own registrations.
-spec welcome(binary(), binary(), inet:ip_address() | undefined) -> ok.
welcome(Host, Username, Address) ->
    JID = jid:make(Username, Host),
    try
        case mod_register_opt:welcome_message(Host) of
            {<<>>, <<>>} -> ok;
            {Subject, Body} ->
                ejabberd_router:route(#message{from = jid:make(Host), to = JID, subject = xmpp:mk_text(Subject), body = xmpp:mk_text(Body)})
        end,
        mod_register:send_registration_notifications(mod_invited, JID, Address),
        ok
    catch _:_ -> ?ERROR_MSG("Nobody could be told of the account ~ts at ~ts", [Username, Host])
    end.

%% Hook check_register_user, of 24.10: names that invites hold, whatever registers them. Only what is known here: it must not block.
is_held_back(true, Username, Host, _Password) ->
    case get(mod_invited_creates) =:= true orelse not is_known_as_held(Host, Username) of
        true -> true;
        false ->
            ?INFO_MSG("Refused the registration of ~ts at ~ts: an invite holds the name", [Username, Host]),
            {stop, false}
    end;
is_held_back(Acc, _, _, _) -> Acc.

is_known_as_held(Host, Username) ->
    case jid:nodeprep(Username) of
        error -> false;
        Prepared ->
            try mod_invited_store:is_held(Host, Prepared)
            catch exit:_ -> false
            end
    end.

%% Hook: written down before anything else can happen to the name.
remove_user(User, Server) ->
    Username = jid:nodeprep(User),
    Host = jid:nameprep(Server),
    try
        %% There was an account, so the invite stays used although it is gone.
        [mod_invited_store:owe(Host, Key, Debt#{made => true})
         || {Key, #{what := confirm, username := Name} = Debt} <- mod_invited_store:debts(Host), Name =:= Username],
        mod_invited_store:owe(Host, <<"deleted:", Username/binary>>, #{what => deleted, username => Username}),
        mod_invited_attempts:deleted(Host, Username)
    catch _:_ -> ?ERROR_MSG("That the account ~ts of ~ts is deleted could not be stored, and may never be told", [User, Server])
    end,
    ok.

%% Never makes an account, which ejabberd would do.
-spec set_password(binary(), binary(), binary()) -> ok | {error, mod_invited_rules:refusal()}.
set_password(Host, Username, Password) ->
    case exists(Host, Username) of
        true ->
            case ejabberd_auth:set_password(Username, Host, Password) of
                ok ->
                    _ = ejabberd_sm:kick_user(Username, Host),
                    mod_invited_attempts:await_disk(Host);
                {error, Reason} ->
                    ?ERROR_MSG("The password of ~ts at ~ts could not be set: ~p", [Username, Host, Reason]),
                    {error, {wait, 'internal-server-error', <<"The password could not be set. Please try again.">>}}
            end;
        false -> {error, {cancel, 'item-not-found', <<"There is no such account.">>}}
    end.

%% Spends the token, then sets the password: also when the stream has ended meanwhile, so not in its process.
-spec reset(binary(), binary(), xmlel(), binary()) -> ok | {error, mod_invited_rules:refusal()}.
reset(Host, Username, Spend, Password) ->
    case mod_invited_question:await(Host, set, Spend) of
        {result, _} ->
            Outcome = set_password(Host, Username, Password),
            Outcome =:= ok andalso ?INFO_MSG("The password of ~ts at ~ts was set with a reset token", [Username, Host]),
            Outcome;
        Answer -> {error, mod_invited_rules:refusal(Answer)}
    end.

%% Why the server would not make an account, as far as it can be known without making it; `Username` is prepared.
-spec refusal(binary(), binary(), binary(), inet:ip_address() | undefined | reset) -> atom() | none.
refusal(Host, Username, Password, Address) ->
    Checks = [fun() -> password_refusal(Host, Password) end
              | case Address of
                    reset -> [];
                    _ -> [fun() -> name_refusal(Host, Username) end, fun() -> access_refusal(Host, Username, Address) end,
                          fun() -> limit_refusal(Address) end]
                end],
    first(Checks).

first([]) -> none;
first([Check | Rest]) ->
    case Check() of
        none -> first(Rest);
        Refusal -> Refusal
    end.

password_refusal(_, <<>>) -> invalid_password;
password_refusal(Host, Password) ->
    case jid:resourceprep(Password) of
        error -> invalid_password;
        _ ->
            Strength = mod_register_opt:password_strength(Host),
            case Strength == 0 orelse ejabberd_auth:entropy(Password) >= Strength of
                true -> none;
                false -> weak_password
            end
    end.

name_refusal(Host, Username) ->
    case exists(Host, Username) of
        true -> exists;
        false -> none
    end.

access_refusal(Host, Username, Address) ->
    IsAllowed = acl:match_rule(Host, mod_register_opt:access(Host), jid:make(Username, Host)) =:= allow
        andalso acl:match_rule(Host, mod_register_opt:ip_access(Host), Address) =:= allow,
    case IsAllowed andalso can_register(Host) of
        true -> none;
        false -> eaccess
    end.

%% Read where mod_register keeps it. Mod_register decides; this saves the daemon a reservation.
limit_refusal(Address) ->
    try
        [{mod_register_ip, treap, Treap}] = mnesia:dirty_read(mod_register_ip, treap),
        Found = case treap:lookup(Address, Treap) of
                    {ok, Priority, _} -> {ok, Priority};
                    error -> error
                end,
        case mod_invited_rules:limit_passed(Found, erlang:system_time(millisecond), ejabberd_option:registration_timeout()) of
            true -> none;
            false -> wait
        end
    catch _:_ -> none
    end.

%% Whether the server lets people register without a token.
-spec is_server_open(binary()) -> boolean().
is_server_open(Host) -> makes_accounts(Host) andalso allows(Host, mod_register).

%% Whether it lets those with one.
-spec can_register(binary()) -> boolean().
can_register(Host) -> makes_accounts(Host) andalso allows(Host, mod_invited).

makes_accounts(Host) ->
    gen_mod:is_loaded(Host, mod_register) andalso mod_register_opt:access(Host) =/= none andalso mod_register_opt:ip_access(Host) =/= none.

allows(Host, Module) ->
    case mod_register_opt:allow_modules(Host) of
        all -> true;
        Modules -> lists:member(Module, Modules)
    end.

-spec hello(binary()) -> xmlel().
hello(Host) ->
    CanRegister = can_register(Host),
    Features = #{register => CanRegister, contacts => gen_mod:is_loaded(Host, mod_roster),
                 commands => gen_mod:is_loaded(Host, mod_adhoc) andalso gen_mod:is_loaded(Host, mod_disco)},
    Makes = makes_accounts(Host),
    Limits = #{makes_accounts => Makes, allows_us => CanRegister, is_open => is_server_open(Host), guards_all => guards_all()},
    Registration = case CanRegister of
                       true -> mod_invited_rules:registration(undefined, mod_invited:configured_registration(Host), is_server_open(Host));
                       false -> closed
                   end,
    mod_invited_protocol:hello(<<"mod_invited 1.0">>, <<"ejabberd ", (version())/binary>>,
                               mod_invited_rules:features(Features),
                               [{<<"registration">>, atom_to_binary(Registration, utf8)}, {<<"encryption">>, encryption()}],
                               mod_invited_rules:limits(Limits)).

%% Without the revision of a package.
version() -> hd(binary:split(ejabberd_option:version(), <<"-">>)).

%% Whether ejabberd has the hook check_register_user: known of versions, not by looking.
guards_all() ->
    try [binary_to_integer(Part) || Part <- lists:sublist(binary:split(version(), <<".">>, [global]), 2)] of
        Version -> Version >= [24, 10]
    catch error:badarg -> false
    end.

encryption() ->
    Streams = [Options || {_, ejabberd_c2s, Options} <- ejabberd_option:listen()],
    IsRequired = fun(Options) -> maps:get(starttls_required, Options, false) orelse maps:get(tls, Options, false) end,
    case Streams =/= [] andalso lists:all(IsRequired, Streams) of
        true -> <<"required">>;
        false -> <<"optional">>
    end.

%% 96 random bits.
-spec random_id() -> binary().
random_id() -> binary:encode_hex(crypto:strong_rand_bytes(12)).
