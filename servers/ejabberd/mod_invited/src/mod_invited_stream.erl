%%% Streams before login: XEP-0445, and XEP-0077 with and without a token.
%%%
%%% No stream's process waits. While a question is out, what the client sends of ours stands in a short queue, and the answer comes as a
%%% message. A hook that crashes has ejabberd log all it was given, so each catches what happens in it.
-module(mod_invited_stream).

-export([features/2, unauthenticated_packet/2, handle_info/2, stream_started/2, auth_result/3]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(KEY, mod_invited).
-define(PASSED, mod_invited_passed).
-define(MOST_QUEUED, 5).
-define(FORM_TIMEOUT, 300000).
%% Longer than a question, and a disk, may take.
-define(STEP_TIMEOUT, 15000).

%% What a stream's token was found to be, and what is under way.
-type attempt() :: #{id := binary(), token := binary() | undefined,
                     found := none | unavailable | #{kind := account | reset, username := binary() | undefined, checked := binary() | undefined},
                     done := boolean(), step := none | step(), queue := [iq()]}.
-type secret() :: fun(() -> binary()).
-type step() :: {asked, mod_invited_link:question(), check, iq(), attempt()}
              | {asked, mod_invited_link:question(), {reserve, binary(), secret()}, iq()}
              | {asked, mod_invited_link:question(), {name, binary()}, iq()}
              | {owed, reference(), binary(), secret(), iq()}
              | {confirmed, reference(), iq()}
              | {reset, reference(), reference(), iq()}.
-type stream() :: ejabberd_c2s:state().

-spec features([xmpp_element() | xmlel()], binary()) -> [xmpp_element() | xmlel()].
features(Acc, Host) ->
    try mod_invited_accounts:can_register(Host) of
        true ->
            [#xmlel{name = <<"register">>, attrs = [{<<"xmlns">>, Namespace}]}
             || Namespace <- [<<"urn:xmpp:invite">>, <<"urn:xmpp:ibr-token:0">>]] ++ Acc;
        false -> Acc
    catch _:_ -> Acc
    end.

-spec unauthenticated_packet(stream(), xmpp_element()) -> stream() | {stop, stream()}.
unauthenticated_packet(Stream, #iq{type = Type, sub_els = [Payload]} = IQ) when Type =:= get; Type =:= set ->
    try {xmpp:get_meta(IQ, ?PASSED, false), xmpp:encode(Payload)} of
        {true, _} -> Stream;
        {false, #xmlel{name = <<"preauth">>} = El} -> ours(preauth, <<"urn:xmpp:pars:0">>, El, IQ, Stream);
        {false, #xmlel{name = <<"query">>} = El} -> ours(register, ?NS_REGISTER, El, IQ, Stream);
        _ -> Stream
    catch _:_ -> Stream
    end;
unauthenticated_packet(Stream, _) -> Stream.

ours(Kind, Namespace, El, IQ, Stream) ->
    case mod_invited_protocol:attribute(<<"xmlns">>, El) of
        Namespace ->
            try received(Kind, El, IQ, Stream)
            catch _:_ -> {stop, crashed(IQ, Stream)}
            end;
        _ -> Stream
    end.

-spec handle_info(stream(), term()) -> stream() | {stop, stream()}.
handle_info(Stream, Message) when element(1, Message) =:= mod_invited_answer; element(1, Message) =:= mod_invited_owed;
                                  element(1, Message) =:= mod_invited_confirmed; element(1, Message) =:= mod_invited_reset;
                                  element(1, Message) =:= mod_invited_late ->
    #{step := Step} = Attempt = attempt(Stream),
    try {stop, queued(continued(Step, Message, Attempt, Stream))}
    catch _:_ -> {stop, crashed(iq_of(Step), Stream)}
    end;
handle_info(Stream, _) -> Stream.

%% A stream's restart, with TLS or without, ends what was bound to it before.
stream_started(Stream, _) -> forget(Stream).

auth_result(Stream, true, _) -> forget(Stream);
auth_result(Stream, _, _) -> Stream.

forget(#{?KEY := #{step := Step, id := Id}, lserver := Host} = Stream) ->
    try Step of
        {asked, Question, {reserve, _, _}, _} ->
            mod_invited_link:close(Host, Question, called_off),
            give_back(Host, Id, <<"the stream went on without it">>);
        {asked, Question, _, _, _} -> mod_invited_link:close(Host, Question, called_off);
        {asked, Question, _, _} -> mod_invited_link:close(Host, Question, called_off);
        {owed, Timer, _, _, _} ->
            erlang:cancel_timer(Timer),
            mod_invited_store:forget(Host, debt_key(Id)),
            give_back(Host, Id, <<"the stream went on without it">>);
        _ -> ok
    catch _:_ -> ok
    end,
    maps:remove(?KEY, Stream);
forget(Stream) -> Stream.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What comes

-spec attempt(stream()) -> attempt().
attempt(#{?KEY := Attempt}) -> Attempt;
attempt(_) -> new(undefined).

new(Token) -> #{id => mod_invited_accounts:random_id(), token => Token, found => none, done => false, step => none, queue => []}.

received(Kind, El, IQ, #{lserver := Host} = Stream) ->
    #{step := Step, queue := Queue, done := Done, found := Found} = Attempt = attempt(Stream),
    IsForHost = is_for(IQ#iq.to, Host),
    if not IsForHost ->
            %% A stream of one host may address another: it then has neither that one's token nor its rules.
            refused(IQ, {cancel, 'not-allowed', <<"This stream is not for that host.">>}, Stream);
       Step =/= none, length(Queue) >= ?MOST_QUEUED ->
            refused(IQ, {wait, 'resource-constraint', <<"One thing after the other.">>}, Stream);
       Step =/= none -> {stop, Stream#{?KEY => Attempt#{queue := Queue ++ [IQ]}}};
       Kind =:= preauth -> preauth(El, IQ, Attempt, Stream);
       true ->
            IsRemoval = mod_invited_protocol:child(<<"remove">>, El) =/= undefined,
            case IQ#iq.type of
                _ when IsRemoval -> refused(IQ, {auth, 'forbidden', <<"Access denied by service policy">>}, Stream);
                _ when Done -> refused(IQ, {cancel, 'not-allowed', <<"This stream has used an invite already.">>}, Stream);
                get when is_map(Found) -> {stop, send(form(IQ, Found), Stream)};
                get -> Stream;
                set when Found =:= unavailable -> refused(IQ, mod_invited_rules:away(), Stream);
                set when Found =:= none -> without_token(El, IQ, Attempt, Stream);
                set when map_get(kind, Found) =:= reset -> reset(El, IQ, Attempt, Stream);
                set -> register(El, IQ, Attempt, Stream)
            end
    end.

is_for(undefined, _) -> true;
is_for(#jid{luser = <<>>, lserver = Host}, Host) -> true;
is_for(_, _) -> false.

preauth(El, #iq{type = Type} = IQ, #{done := Done, token := Before, queue := Queue} = Attempt, #{lserver := Host} = Stream) ->
    Token = mod_invited_protocol:attribute(<<"token">>, El),
    CanBe = Type =:= set andalso mod_invited_rules:can_be_token(Token),
    if Done -> refused(IQ, {cancel, 'not-allowed', <<"This stream has used an invite already.">>}, Stream);
       not CanBe -> refused(IQ, {modify, 'bad-request', <<"This cannot be a token.">>}, Stream);
       true ->
            #{id := Id} = Next = case Before of
                                     Token -> Attempt#{found := none};
                                     _ -> (new(Token))#{queue := Queue}
                                 end,
            Check = mod_invited_protocol:element(<<"check">>, [{<<"token">>, Token}, {<<"attempt">>, Id}]),
            case mod_invited_link:ask(Host, get, Check, self()) of
                {asked, Question} -> {stop, Stream#{?KEY => Attempt#{step := {asked, Question, check, IQ, Next}}}};
                away -> {stop, checked(away, IQ, Next, Stream)}
            end
    end.

checked({result, El}, IQ, Attempt, Stream) ->
    case mod_invited_protocol:checked(El) of
        malformed -> checked(away, IQ, Attempt, Stream);
        Found ->
            %% Whoever has a good token has time for the form. ejabberd counts from the beginning of the stream.
            Timely = ejabberd_c2s:set_timeout(Stream#{?KEY => Attempt#{found := Found}}, ?FORM_TIMEOUT),
            send(xmpp:make_iq_result(IQ), Timely)
    end;
checked(Answer, IQ, Attempt, Stream) ->
    {_, Condition, _} = Refusal = mod_invited_rules:refusal(Answer),
    %% A client that goes on without its token must not end up with an account that its invite knows nothing of.
    Found = case Condition of
                'resource-constraint' -> unavailable;
                _ -> none
            end,
    refuse(IQ, Refusal, Stream#{?KEY => Attempt#{found := Found}}).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Registering with a token

%% What was submitted: in a form or not, and the name prepared.
submitted(El) ->
    Form = mod_invited_protocol:child(<<"x">>, ?NS_XDATA, El),
    Value = fun(Name) when Form =:= undefined -> mod_invited_protocol:text(mod_invited_protocol:child(Name, El));
               (Name) ->
                    case [Field || Field <- mod_invited_protocol:children(<<"field">>, Form),
                                   mod_invited_protocol:attribute(<<"var">>, Field) =:= Name] of
                        [Field | _] -> mod_invited_protocol:text(mod_invited_protocol:child(<<"value">>, Field));
                        [] -> undefined
                    end
            end,
    {Value(<<"username">>), Value(<<"password">>)}.

prepared(Name) ->
    case jid:nodeprep(Name) of
        Prepared when is_binary(Prepared), Prepared =/= <<>> -> Prepared;
        _ -> error
    end.

register(El, IQ, #{id := Id, token := Token, found := #{checked := Checked}} = Attempt, #{lserver := Host} = Stream) ->
    case submitted(El) of
        {Name, Password} when is_binary(Name), is_binary(Password), byte_size(Name) =< 1023, byte_size(Password) =< 1023 ->
            Refusal = case prepared(Name) of
                          error -> invalid_jid;
                          Username -> mod_invited_accounts:refusal(Host, Username, Password, address(Stream))
                      end,
            case Refusal of
                none ->
                    Prepared = prepared(Name),
                    Reserve = mod_invited_protocol:element(<<"reserve">>, [{<<"token">>, Token}, {<<"attempt">>, Id},
                                                                           {<<"username">>, Prepared}, {<<"checked">>, Checked}]),
                    mod_invited_link:reserving(Host, Id),
                    case mod_invited_link:ask(Host, set, Reserve, self()) of
                        {asked, Question} ->
                            Step = {asked, Question, {reserve, Prepared, secret(Password)}, IQ},
                            {stop, Stream#{?KEY => Attempt#{step := Step}}};
                        away ->
                            mod_invited_link:over(Host, Id),
                            refused(IQ, mod_invited_rules:away(), Stream)
                    end;
                _ -> refused(IQ, mod_invited_rules:creation_refusal(Refusal), Stream)
            end;
        _ -> refused(IQ, {modify, 'bad-request', <<"The username or the password is missing, or too long.">>}, Stream)
    end.

%% A process that crashes has its state logged; what is in a function is not.
secret(Password) -> fun() -> Password end.

reserved({result, _}, Username, Password, IQ, #{id := Id} = Attempt, #{lserver := Host, stream_state := Phase} = Stream) ->
    case Phase of
        disconnected ->
            give_back(Host, Id, <<"the stream ended">>),
            Stream;
        _ ->
            #{token := Token} = Attempt,
            Debt = #{what => confirm, token => Token, attempt => Id, username => Username},
            case mod_invited_accounts:are_in_mnesia(Host) of
                true ->
                    %% In Mnesia's log before the account, and so on the disk before it.
                    ok = mod_invited_store:owe(Host, debt_key(Id), Debt),
                    create(Username, Password, IQ, Attempt, Stream);
                false ->
                    mod_invited_link:owe(Host, Id, Debt),
                    Timer = erlang:send_after(?STEP_TIMEOUT, self(), {mod_invited_late, Id}),
                    Stream#{?KEY => Attempt#{step := {owed, Timer, Username, Password, IQ}}}
            end
    end;
reserved(Answer, _, _, IQ, #{id := Id}, #{lserver := Host} = Stream) ->
    case Answer of
        %% There may be a reservation all the same.
        away -> give_back(Host, Id, <<"no answer in time">>);
        _ -> mod_invited_link:over(Host, Id)
    end,
    refuse(IQ, mod_invited_rules:refusal(Answer), Stream).

create(Username, Password, IQ, #{id := Id} = Attempt, #{lserver := Host} = Stream) ->
    case mod_invited_accounts:create(Host, Username, Password(), address(Stream)) of
        ok ->
            mod_invited_link:made(Host, Id),
            ?INFO_MSG("The account ~ts at ~ts was made with an invite", [Username, Host]),
            mod_invited_accounts:welcome(Host, Username, address(Stream)),
            Timer = erlang:send_after(?STEP_TIMEOUT, self(), {mod_invited_late, Id}),
            Stream#{?KEY => Attempt#{done := true, step := {confirmed, Timer, IQ}}};
        {error, Reason} ->
            mod_invited_store:forget(Host, debt_key(Id)),
            {_, _, Text} = Refusal = mod_invited_rules:creation_refusal(Reason),
            give_back(Host, Id, Text),
            refuse(IQ, Refusal, Stream)
    end.

debt_key(Id) -> <<"confirm:", Id/binary>>.

give_back(Host, Id, Reason) ->
    mod_invited_link:tell(Host, mod_invited_protocol:element(
                                  <<"release">>, [{<<"attempt">>, Id}, {<<"reason">>, mod_invited_protocol:shortened(Reason)}])),
    mod_invited_link:over(Host, Id).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Resets

reset(El, IQ, #{id := Id, token := Token, found := #{username := Fixed, checked := Checked}} = Attempt, #{lserver := Host} = Stream) ->
    {Name, Password} = submitted(El),
    Username = case is_binary(Name) of
                   true -> prepared(Name);
                   false -> error
               end,
    if Username =:= error; Username =/= Fixed ->
            refused(IQ, {modify, 'not-acceptable', <<"This invite is for another account.">>}, Stream);
       not is_binary(Password); byte_size(Password) > 1023 ->
            refused(IQ, {modify, 'bad-request', <<"The password is missing, or too long.">>}, Stream);
       true ->
            case {mod_invited_accounts:exists(Host, Username), mod_invited_accounts:refusal(Host, Username, Password, reset)} of
                {false, _} -> refused(IQ, {cancel, 'item-not-found', <<"There is no such account.">>}, Stream);
                {true, none} ->
                    Spend = mod_invited_protocol:element(<<"spend">>, [{<<"token">>, Token}, {<<"attempt">>, Id},
                                                                       {<<"username">>, Username}, {<<"checked">>, Checked}]),
                    {Reference, Timer} = spawn_reset(Host, Username, Spend, secret(Password), Id),
                    {stop, Stream#{?KEY => Attempt#{step := {reset, Reference, Timer, IQ}}}};
                {true, Refusal} -> refused(IQ, mod_invited_rules:creation_refusal(Refusal), Stream)
            end
    end.

spawn_reset(Host, Username, Spend, Password, Id) ->
    Stream = self(),
    Reference = make_ref(),
    _ = spawn(fun() ->
                      Outcome = try mod_invited_accounts:reset(Host, Username, Spend, Password())
                                catch _:_ ->
                                        ?ERROR_MSG("The reset of the password of ~ts at ~ts failed", [Username, Host]),
                                        {error, mod_invited_rules:creation_refusal(crashed)}
                                end,
                      Stream ! {mod_invited_reset, Reference, Outcome}
              end),
    {Reference, erlang:send_after(?STEP_TIMEOUT, Stream, {mod_invited_late, Id})}.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Registering without a token

without_token(El, IQ, Attempt, #{lserver := Host} = Stream) ->
    {Name, _} = submitted(El),
    Username = case is_binary(Name) andalso byte_size(Name) =< 1023 of
                   true -> prepared(Name);
                   false -> error
               end,
    case mod_invited_link:registration(Host) of
        invite -> refused(IQ, {cancel, 'not-allowed', <<"Registration on this server needs an invite.">>}, Stream);
        open when Username =:= error -> Stream; % the server says what is wrong with it
        open ->
            Question = mod_invited_protocol:element(<<"name">>, [{<<"username">>, Username}]),
            case mod_invited_link:ask(Host, get, Question, self()) of
                {asked, Asked} -> {stop, Stream#{?KEY => Attempt#{step := {asked, Asked, {name, Username}, IQ}}}};
                away -> {stop, named(away, Username, IQ, Stream)}
            end
    end.

named({error, _, Condition, Text}, _, IQ, Stream) when Condition =:= 'conflict'; Condition =:= 'not-allowed' ->
    Said = case {Text, Condition} of
               {<<>>, 'conflict'} -> mod_invited_rules:error_text(Condition);
               {<<>>, _} -> <<"Registration on this server needs an invite.">>;
               _ -> Text
           end,
    refuse(IQ, {cancel, Condition, Said}, Stream);
named(Answer, Username, IQ, #{lserver := Host} = Stream) ->
    IsFree = case Answer of
                 {result, _} -> true;
                 _ -> not mod_invited_store:is_held(Host, Username)
             end,
    case IsFree of
        true -> again(xmpp:put_meta(IQ, ?PASSED, true), Stream);
        false -> refuse(IQ, {cancel, 'conflict', mod_invited_rules:error_text('conflict')}, Stream)
    end.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What goes on

-spec continued(none | step(), tuple(), attempt(), stream()) -> stream().
continued({asked, {Id, _} = Question, check, IQ, Next}, {mod_invited_answer, Id, Answer}, #{queue := Queue}, Stream) ->
    called_off(Question, Answer, Stream),
    checked(Answer, IQ, Next#{queue := Queue}, Stream);
continued({asked, {Id, _} = Question, {reserve, Username, Password}, IQ}, {mod_invited_answer, Id, Answer}, Attempt, Stream) ->
    called_off(Question, Answer, Stream),
    Idle = Attempt#{step := none},
    reserved(Answer, Username, Password, IQ, Idle, Stream#{?KEY => Idle});
continued({asked, {Id, _} = Question, {name, Username}, IQ}, {mod_invited_answer, Id, Answer}, Attempt, Stream) ->
    called_off(Question, Answer, Stream),
    named(Answer, Username, IQ, Stream#{?KEY => Attempt#{step := none}});
continued({owed, Timer, Username, Password, IQ}, {Message, Id, Outcome}, #{id := Id} = Attempt, #{lserver := Host} = Stream)
  when Message =:= mod_invited_owed ->
    erlang:cancel_timer(Timer),
    Idle = Attempt#{step := none},
    case Outcome of
        ok -> create(Username, Password, IQ, Idle, Stream#{?KEY => Idle});
        {error, _} -> not_written(IQ, Id, Host, Stream#{?KEY => Idle})
    end;
continued({owed, _, _, _, IQ}, {mod_invited_late, Id}, #{id := Id} = Attempt, #{lserver := Host} = Stream) ->
    not_written(IQ, Id, Host, Stream#{?KEY => Attempt#{step := none}});
continued({confirmed, Timer, IQ}, {_, Id}, #{id := Id} = Attempt, Stream) ->
    erlang:cancel_timer(Timer),
    send(xmpp:make_iq_result(IQ), Stream#{?KEY => Attempt#{step := none}});
continued({reset, Reference, Timer, IQ}, {mod_invited_reset, Reference, Outcome}, Attempt, Stream) ->
    erlang:cancel_timer(Timer),
    case Outcome of
        ok -> send(xmpp:make_iq_result(IQ), Stream#{?KEY => Attempt#{step := none, done := true}});
        {error, Refusal} -> refuse(IQ, Refusal, Stream#{?KEY => Attempt#{step := none}})
    end;
continued({reset, _, _, IQ}, {mod_invited_late, Id}, #{id := Id} = Attempt, Stream) ->
    refuse(IQ, mod_invited_rules:creation_refusal(late), Stream#{?KEY => Attempt#{step := none}});
continued(_, _, _, Stream) -> Stream. % too late

called_off(Question, Answer, #{lserver := Host}) -> mod_invited_link:close(Host, Question, Answer).

not_written(IQ, Id, Host, Stream) ->
    mod_invited_store:forget(Host, debt_key(Id)),
    give_back(Host, Id, <<"the server could not write">>),
    refuse(IQ, {wait, 'internal-server-error', <<"The server could not write to its disk.">>}, Stream).

%% What has waited.
queued(#{?KEY := #{step := none, queue := [IQ | Rest]} = Attempt} = Stream) ->
    queued(again(IQ, Stream#{?KEY => Attempt#{queue := Rest}}));
queued(Stream) -> Stream.

again(IQ, #{lserver := Host} = Stream) -> ejabberd_hooks:run_fold(c2s_unauthenticated_packet, Host, Stream, [IQ]).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What goes out

address(#{ip := {Address, _}}) -> Address.

send(IQ, #{lserver := Host} = Stream) -> ejabberd_c2s:send(Stream, xmpp:set_from_to(IQ, jid:make(Host), undefined)).

refused(IQ, Refusal, Stream) -> {stop, refuse(IQ, Refusal, Stream)}.

%% Not with the client's request in it, which may have a password.
refuse(#iq{sub_els = [El]} = IQ, {_, Condition, Text} = Refusal, #{lserver := Host} = Stream) ->
    Name = case submitted(xmpp:encode(El)) of
               {Submitted, _} when is_binary(Submitted), byte_size(Submitted) =< 1023 -> Submitted;
               _ -> <<"a token">>
           end,
    ?INFO_MSG("Refused ~ts: ~ts at ~ts: ~ts", [described(El, Name), Condition, Host, Text]),
    send(mod_invited_service:error_of(IQ, Refusal), Stream).

described(El, Name) ->
    case xmpp:encode(El) of
        #xmlel{name = <<"preauth">>} -> <<"a token">>;
        _ -> <<"the registration of ", Name/binary>>
    end.

-spec iq_of(none | step()) -> none | iq().
iq_of({asked, _, _, IQ}) -> IQ;
iq_of({asked, _, _, IQ, _}) -> IQ;
iq_of({owed, _, _, _, IQ}) -> IQ;
iq_of({confirmed, _, IQ}) -> IQ;
iq_of({reset, _, _, IQ}) -> IQ;
iq_of(none) -> none.

crashed(none, Stream) -> Stream;
crashed(IQ, #{lserver := Host} = Stream) ->
    ?ERROR_MSG("A registration at ~ts could not be handled", [Host]),
    Idle = case Stream of
               #{?KEY := Attempt} -> Stream#{?KEY => Attempt#{step := none, queue := []}};
               _ -> Stream
           end,
    send(mod_invited_service:error_of(IQ, {wait, 'internal-server-error', <<>>}), Idle).

%% Prefilled, where the name is fixed. Without the redirect that people without an invite may be shown.
form(IQ, #{username := Username, kind := Kind}) ->
    Name = case Username of
               undefined -> <<>>;
               _ -> Username
           end,
    Instructions = case Kind of
                       reset -> <<"Choose a new password">>;
                       account -> <<"Choose a username and password to register with this server">>
                   end,
    Plain = [#xmlel{name = Tag, children = [{xmlcdata, Text} || Text =/= <<>>]}
             || {Tag, Text} <- [{<<"instructions">>, Instructions}, {<<"username">>, Name}, {<<"password">>, <<>>}]],
    Fields = [field(<<"FORM_TYPE">>, <<"hidden">>, undefined, ?NS_REGISTER), field(<<"username">>, <<"text-single">>, <<"Username">>, Name),
              field(<<"password">>, <<"text-private">>, <<"Password">>, <<>>)],
    Form = #xmlel{name = <<"x">>, attrs = [{<<"xmlns">>, ?NS_XDATA}, {<<"type">>, <<"form">>}],
                  children = [#xmlel{name = <<"instructions">>, children = [{xmlcdata, Instructions}]} | Fields]},
    xmpp:make_iq_result(IQ, #xmlel{name = <<"query">>, attrs = [{<<"xmlns">>, ?NS_REGISTER}], children = Plain ++ [Form]}).

field(Name, Type, Label, Value) ->
    #xmlel{name = <<"field">>,
           attrs = [{<<"var">>, Name}, {<<"type">>, Type} | [{<<"label">>, Label} || Label =/= undefined]],
           children = [#xmlel{name = <<"required">>} || Type =/= <<"hidden">>]
               ++ [#xmlel{name = <<"value">>, children = [{xmlcdata, Value}]} || Value =/= <<>>]}.
