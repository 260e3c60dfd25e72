%%% Rosters: both in each other's, and subscription requests with a token (XEP-0379).
-module(mod_invited_contacts).

-export([befriend/3, roster_in_subscription/2]).

-include("xmpp.hrl").
-include("logger.hrl").
-include("mod_roster.hrl").

-define(PASSED, mod_invited_passed).

%% Makes both see each other's presence, as if both had asked and approved.
-spec befriend(binary(), binary(), jid()) -> ok | {error, mod_invited_rules:refusal()}.
befriend(Host, Username, #jid{luser = Other, lserver = Host} = Contact) ->
    case mod_invited_accounts:exists(Host, Username) andalso mod_invited_accounts:exists(Host, Other) of
        true ->
            User = jid:make(Username, Host),
            _ = item_changed(User, Contact, both),
            _ = item_changed(Contact, User, both),
            probe(User, Contact),
            probe(Contact, User),
            done(has(User, Contact, [both]) andalso has(Contact, User, [both]));
        false -> no_such_user()
    end;
befriend(Host, Username, Contact) ->
    case mod_invited_accounts:exists(Host, Username) of
        true -> approve(jid:make(Username, Host), Contact);
        false -> no_such_user()
    end.

%% A contact of another host: the request is approved, and one is sent back.
approve(User, Contact) ->
    #roster{subscription = Had} = item(User, Contact),
    SeesContact = Had =:= to orelse Had =:= both,
    _ = item_changed(User, Contact, case SeesContact of true -> both; false -> from end),
    ejabberd_router:route(#presence{type = subscribed, from = User, to = Contact}),
    probe(Contact, User),
    case SeesContact of
        true -> ok;
        false ->
            Request = #presence{type = subscribe, from = User, to = Contact},
            ejabberd_hooks:run(roster_out_subscription, User#jid.lserver, [Request]),
            ejabberd_router:route(Request)
    end,
    done(has(User, Contact, [from, both])).

done(true) -> ok;
done(false) -> {error, {wait, 'internal-server-error', <<"The roster could not be stored">>}}.

no_such_user() -> {error, {cancel, 'item-not-found', <<"There is no such user">>}}.

%% The roster item of a user, also where there is none yet.
item(#jid{luser = Username, lserver = Host}, Contact) ->
    {Local, Domain, _} = jid:tolower(Contact),
    Key = {Local, Domain, <<>>},
    case lists:keyfind(Key, #roster.jid, mod_roster:get_roster(Username, Host)) of
        #roster{} = Item -> Item;
        false -> #roster{us = {Username, Host}, jid = Key}
    end.

has(User, Contact, Subscriptions) ->
    #roster{subscription = Subscription} = item(User, Contact),
    lists:member(Subscription, Subscriptions).

%% Changes the subscription, with a push; nothing where nothing changes. Names and groups stay. An open request of either side is over:
%% mod_roster would leave it there.
item_changed(User, Contact, Subscription) ->
    #roster{name = Name, groups = Groups, subscription = Had, ask = Ask} = Item = item(User, Contact),
    Open = case Ask of
               _ when Subscription =:= both -> none;
               both -> out;
               in -> none;
               _ -> Ask
           end,
    Open =:= Ask orelse mod_roster:set_roster(Item#roster{ask = Open, askmessage = <<>>}),
    case Had of
        Subscription when Open =:= Ask -> unchanged;
        _ ->
            mod_roster:set_item_and_notify_clients(
              User, #roster_item{jid = Contact, name = Name, groups = Groups, subscription = Subscription}, true)
    end.

%% What a server sends to learn of presence.
probe(From, To) -> ejabberd_router:route(#presence{type = probe, from = From, to = To}).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Requests with a token. In the process of the sender's stream, behind the user's blocking list.

roster_in_subscription(Acc, #presence{type = subscribe, from = From, to = #jid{luser = Username, lserver = Host} = To} = Request) ->
    try token(Request) of
        {token, Token} ->
            IsAsked = mod_invited_rules:can_be_token(Token) andalso Username =/= <<>>
                andalso jid:remove_resource(jid:tolower(From)) =/= jid:remove_resource(jid:tolower(To))
                andalso mod_invited_accounts:exists(Host, Username)
                andalso not has(jid:remove_resource(To), From, [from, both]),
            case IsAsked of
                true ->
                    _ = spawn(fun() -> ask(Host, Token, Request) end),
                    {stop, false};
                false -> Acc
            end;
        none -> Acc
    catch _:_ ->
            ?ERROR_MSG("A subscription request to ~ts at ~ts could not be read", [Username, Host]),
            Acc
    end;
roster_in_subscription(Acc, _) -> Acc.

token(Request) ->
    case xmpp:get_meta(Request, ?PASSED, false) of
        true -> none;
        false -> mod_invited_protocol:preauth([xmpp:encode(El) || El <- xmpp:get_els(Request)])
    end.

%% Not waited for here: it would hold up everything that follows on the stream of another server.
ask(Host, Token, #presence{from = From, to = #jid{luser = Username}} = Request) ->
    Contact = jid:encode(jid:remove_resource(From)),
    Question = mod_invited_protocol:element(<<"subscribe">>, [{<<"token">>, Token}, {<<"user">>, Username}, {<<"contact">>, Contact}]),
    case mod_invited_question:await(Host, set, Question) of
        {result, _} -> ok; % the daemon asks for the contact
        Answer ->
            case Answer of
                {error, _, Condition, _} ->
                    ?INFO_MSG("A request from ~ts to ~ts at ~ts has no good token: ~ts", [Contact, Username, Host, Condition]);
                away -> ok
            end,
            ejabberd_sm:route(xmpp:put_meta(Request, ?PASSED, true))
    end.
