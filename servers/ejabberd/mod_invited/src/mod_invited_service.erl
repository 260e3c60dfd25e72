%%% What the daemon asks for (docs/server-module.md §8). Each request is served in a process of its own: a disk or a database may be slow,
%%% and the component's connection serves all hosts.
-module(mod_invited_service).

-export([open/1, serve/2, reply/2, reply_error/2, error_of/2, forbidden/1, forget_made/2]).

-include("xmpp.hrl").
-include("logger.hrl").

%% The accounts that were made lately are in a table of their own, of the process that calls this: in that of the questions, they would
%% count as open ones.
-spec open(binary()) -> ok.
open(Host) ->
    _ = ets:new(made(Host), [named_table, public, {write_concurrency, true}]),
    ok.

made(Host) -> gen_mod:get_module_proc(Host, mod_invited_made).

-spec serve(binary(), iq()) -> ok.
serve(Host, IQ) ->
    _ = spawn(fun() -> run(Host, IQ) end),
    ok.

%% Nothing of a request gets into the log: it may have a password in it.
run(Host, #iq{type = Type, sub_els = [#xmlel{name = Name} = El]} = IQ) ->
    IsOurs = mod_invited_protocol:attribute(<<"xmlns">>, El) =:= mod_invited_protocol:namespace(),
    try IsOurs andalso handle(Name, Type, Host, El) of
        false -> reply_error(IQ, {cancel, 'feature-not-implemented', <<>>});
        ok -> reply(IQ, []);
        {ok, Payload} -> reply(IQ, [Payload]);
        {error, {_, Condition, Text} = Refusal} ->
            ?INFO_MSG("Refused to ~ts at ~ts: ~ts: ~ts", [Name, Host, Condition, Text]),
            reply_error(IQ, Refusal)
    catch _:_ ->
            ?ERROR_MSG("The request ~ts of ~ts for ~ts failed", [Name, mod_invited:component(Host), Host]),
            reply_error(IQ, {wait, 'internal-server-error', <<>>})
    end.

handle(<<"exists">>, get, Host, El) ->
    with_username(<<"username">>, El,
                  fun(Username) ->
                          case mod_invited_accounts:existence(Host, Username) of
                              present -> existence([{<<"account">>, <<"present">>}, {<<"created">>, created(Host, Username)}]);
                              absent -> existence([{<<"account">>, <<"absent">>}]);
                              unknown -> {error, {wait, 'internal-server-error', <<"The server cannot read its accounts">>}}
                          end
                  end);
handle(<<"create">>, set, Host, El) ->
    with_password(El, fun(Username, Password) -> create(Host, Username, Password, address(El)) end);
handle(<<"password">>, set, Host, El) ->
    with_password(El, fun(Username, Password) -> set_password(Host, Username, Password) end);
handle(<<"contacts">>, set, Host, El) ->
    with_username(<<"user">>, El, fun(Username) -> contacts(Host, Username, mod_invited_protocol:attribute(<<"contact">>, El)) end);
handle(<<"notify">>, set, Host, El) ->
    with_username(<<"username">>, El, fun(Username) -> notify(Host, Username, El) end);
handle(_, _, _, _) -> false.

existence(Attributes) -> {ok, mod_invited_protocol:element(<<"exists">>, Attributes)}.

with_username(Attribute, El, Fun) ->
    Name = mod_invited_protocol:attribute(Attribute, El),
    case mod_invited_rules:can_be_name(Name) andalso jid:nodeprep(Name) of
        Username when is_binary(Username), Username =/= <<>> -> Fun(Username);
        _ -> {error, {modify, 'bad-request', <<"The request has no username, or one that cannot be">>}}
    end.

with_password(El, Fun) ->
    case mod_invited_protocol:attribute(<<"password">>, El) of
        undefined -> {error, {modify, 'bad-request', <<"The request has no password">>}};
        Password -> with_username(<<"username">>, El, fun(Username) -> Fun(Username, Password) end)
    end.

created(Host, Username) ->
    case mod_invited_accounts:created(Host, Username) of
        undefined -> undefined;
        Seconds -> mod_invited_protocol:utc(Seconds)
    end.

%% The web's visitor. Without one it is somewhere on this machine, as ejabberd's rules for addresses see it, but no address in particular, so
%% that mod_register's limit for each address does not count.
address(El) ->
    Text = mod_invited_protocol:attribute(<<"address">>, El),
    case is_binary(Text) andalso inet:parse_address(binary_to_list(Text)) of
        {ok, Address} -> Address;
        _ ->
            <<A, B, C>> = crypto:strong_rand_bytes(3),
            {127, A, B, C}
    end.

create(Host, Username, Password, Address) ->
    case mod_invited_accounts:can_register(Host) of
        false -> {error, {cancel, 'not-allowed', <<"The server makes no accounts">>}};
        true ->
            case mod_invited_accounts:refusal(Host, Username, Password, Address) of
                none -> made_now(Host, Username, Password, Address);
                exists -> made_before(Host, Username, Password);
                Reason -> {error, refused(Reason)}
            end
    end.

made_now(Host, Username, Password, Address) ->
    case mod_invited_accounts:create(Host, Username, Password, Address) of
        ok ->
            ets:insert(made(Host), {Username, erlang:monotonic_time(millisecond)}),
            ?INFO_MSG("The account ~ts at ~ts was made for ~ts", [Username, Host, mod_invited:component(Host)]),
            mod_invited_accounts:welcome(Host, Username, Address),
            mod_invited_attempts:await_disk(Host);
        {error, exists} -> made_before(Host, Username, Password);
        {error, Reason} -> {error, refused(Reason)}
    end.

%% The same request within a minute is answered as the first time.
made_before(Host, Username, Password) ->
    IsSame = ets:member(made(Host), Username) andalso ejabberd_auth:check_password(Username, <<>>, Host, Password) =:= true,
    case IsSame of
        true -> ok;
        false -> {error, {cancel, 'conflict', <<"There is such an account">>}}
    end.

%% What is older than a minute.
-spec forget_made(binary(), integer()) -> non_neg_integer().
forget_made(Host, Now) -> ets:select_delete(made(Host), [{{'_', '$1'}, [{'<', '$1', Now - 60000}], [true]}]).

refused(Reason) -> mod_invited_rules:creation_refusal(Reason).

set_password(Host, Username, Password) ->
    case mod_invited_accounts:exists(Host, Username) andalso mod_invited_accounts:refusal(Host, Username, Password, reset) of
        false -> {error, {cancel, 'item-not-found', <<"There is no such account">>}};
        none ->
            Outcome = mod_invited_accounts:set_password(Host, Username, Password),
            Outcome =:= ok andalso ?INFO_MSG("The password of ~ts at ~ts was set for ~ts", [Username, Host, mod_invited:component(Host)]),
            Outcome;
        Reason -> {error, refused(Reason)}
    end.

contacts(Host, Username, Contact) ->
    try jid:remove_resource(jid:decode(Contact)) of
        #jid{luser = <<>>} -> bad_contact();
        #jid{luser = Username, lserver = Host} -> bad_contact();
        #jid{} = JID ->
            case mod_invited_contacts:befriend(Host, Username, JID) of
                ok -> mod_invited_attempts:await_disk(Host);
                {error, _} = Error -> Error
            end
    catch _:_ -> bad_contact()
    end.

bad_contact() -> {error, {modify, 'bad-request', <<"The contact is missing, or cannot be one">>}}.

notify(Host, Username, El) ->
    case mod_invited_accounts:exists(Host, Username) of
        true ->
            Language = case mod_invited_protocol:attribute(<<"xml:lang">>, El) of
                           undefined -> <<>>;
                           Said -> Said
                       end,
            ejabberd_router:route(#message{type = normal, id = mod_invited_accounts:random_id(), lang = Language, from = jid:make(Host),
                                           to = jid:make(Username, Host), body = [#text{data = mod_invited_protocol:text(El)}]}),
            ok;
        false -> {error, {cancel, 'item-not-found', <<"There is no such user">>}}
    end.

%%%------------------------------------------------------------------------------------------------------------------------------

-spec reply(iq(), [xmlel()]) -> ok.
reply(#iq{from = From, to = #jid{lserver = Host} = To, id = Id}, Payload) ->
    mod_invited_question:reply(Host, #iq{type = result, id = Id, from = To, to = From, sub_els = Payload}).

-spec reply_error(iq(), mod_invited_rules:refusal()) -> ok.
reply_error(#iq{to = #jid{lserver = Host}} = IQ, Refusal) -> mod_invited_question:reply(Host, error_of(IQ, Refusal)).

-spec forbidden(iq()) -> iq().
forbidden(IQ) -> error_of(IQ, {auth, 'forbidden', <<"This is for the component of invited alone.">>}).

%% Without the request, which may have a password in it.
-spec error_of(iq(), mod_invited_rules:refusal()) -> iq().
error_of(#iq{from = From, to = To, id = Id}, {Type, Condition, Text}) ->
    #iq{type = error, id = Id, from = To, to = From,
        sub_els = [#stanza_error{type = Type, reason = Condition, text = [#text{lang = <<"en">>, data = Text} || Text =/= <<>>]}]}.
